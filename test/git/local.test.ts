// Repositories on this disk, as people have them: linked work trees, borrowed objects, old commits.

import { rmSync } from 'node:fs';
import { join } from 'node:path';

import { onTestFinished, describe, expect, it } from 'vitest';

import { openLocalRepository, type LocalRepository } from '../../src/git/local.ts';
import { commitFiles, createBareRepo, git } from '../support/git-repo.ts';
import { failureOf, temporaryFolder } from './world.ts';

async function open(dir: string): Promise<LocalRepository> {
  const repository = await openLocalRepository(dir);
  onTestFinished(() => repository.close());
  return repository;
}

function bare(): string {
  return createBareRepo(join(temporaryFolder(), 'a.git'));
}

describe('a linked work tree', () => {
  it('has a HEAD of its own, on a branch and detached', async () => {
    const repo = bare();
    const main = commitFiles(repo, { a: '1' });
    const other = commitFiles(repo, { a: '2' }, { branch: 'other' });
    const [onBranch, detached] = [join(temporaryFolder(), 'w'), join(temporaryFolder(), 'd')];
    git(repo, ['worktree', 'add', '-q', onBranch, 'other']);
    git(repo, ['worktree', 'add', '-q', '--detach', detached, other]);
    for (const dir of [onBranch, detached]) expect(await (await open(dir)).resolve('HEAD')).toBe(other);
    expect(await (await open(onBranch)).resolve('main')).toBe(main);
    expect(await (await open(repo)).resolve('HEAD')).toBe(main);
  });
});

describe('a name of a branch and of a tag', () => {
  it('is refused where they are different commits, and each is found under its full name', async () => {
    const repo = bare();
    const published = commitFiles(repo, { 'x/policy.yaml': 'the policy' });
    const other = commitFiles(repo, { 'x/policy.yaml': 'another' }, { branch: 'other' });
    git(repo, ['update-ref', 'refs/remotes/origin/nodewright-status', published]);
    git(repo, ['tag', 'origin/nodewright-status', published]);
    const repository = await open(repo);
    expect(await repository.resolve('origin/nodewright-status')).toBe(published);
    git(repo, ['tag', '-f', 'origin/nodewright-status', other]);
    const error = await failureOf(repository.resolve('origin/nodewright-status'));
    expect(error).toMatchObject({ code: 'BRANCH_MISSING', message: expect.stringContaining('in full') });
    expect(await repository.resolve('refs/remotes/origin/nodewright-status')).toBe(published);
  });
});

describe('a clone that borrows objects', () => {
  it('is read with them, packed and loose', async () => {
    const repo = bare();
    const tip = commitFiles(repo, { a: '1' });
    const clone = join(temporaryFolder(), 'clone');
    git(repo, ['clone', '-q', '--shared', repo, clone]);
    const loose = git(clone, ['hash-object', '-w', '--stdin'], 'own');
    const repository = await open(clone);
    expect((await repository.list(await repository.resolve('HEAD'))).map(({ path }) => path)).toEqual(['a']);
    expect(await repository.resolve('HEAD')).toBe(tip);
    expect(Buffer.from(await repository.read(loose)).toString()).toBe('own');
  });

  it('is refused with advice when the other repository is gone', async () => {
    const repo = bare();
    commitFiles(repo, { a: '1' });
    const clone = join(temporaryFolder(), 'clone');
    git(repo, ['clone', '-q', '--shared', repo, clone]);
    rmSync(repo, { recursive: true });
    const error = await failureOf(openLocalRepository(clone));
    expect(error.code).toBe('REPOSITORY_NOT_FOUND');
    expect(error.message).toContain('clone the repository again without --shared');
  });
});

describe('a partial clone', () => {
  it.each(['blob:none', 'tree:0'])('made with --filter=%s names the command that completes it', async (filter) => {
    const repo = bare();
    const tip = commitFiles(repo, { a: '1' });
    git(repo, ['config', 'uploadpack.allowFilter', 'true']);
    const clone = join(temporaryFolder(), 'clone');
    git(repo, ['clone', '-q', `--filter=${filter}`, '--no-checkout', `file://${repo}`, clone]);
    const readAll = async (): Promise<string> => {
      const repository = await open(clone);
      const [entry] = await repository.list(await repository.resolve('HEAD'));
      return Buffer.from(await repository.read(entry?.oid ?? tip)).toString();
    };
    const { code, message } = await failureOf(readAll());
    expect(code).toBe('OBJECT_MISSING');
    const command = /run "git (.*?)"/.exec(message)?.[1];
    git(clone, (command ?? '').split(' '));
    expect(await readAll()).toBe('1');
  });
});

describe('what other programs have written', () => {
  it('a commit in ISO-8859-1, and one with an odd time zone', async () => {
    const repo = bare();
    const tree = git(repo, ['mktree'], '');
    const commit = (zone: string, encoding: string, text: string): string =>
      git(
        repo,
        ['hash-object', '-t', 'commit', '-w', '--stdin', '--literally'],
        Buffer.from(
          `tree ${tree}\nauthor J\u00fcrg <j@example.com> 1700000000 ${zone}\ncommitter x <x> 1 +0000\n${encoding}\n${text}\n`,
          'latin1',
        ),
      );
    const repository = await open(repo);
    expect(await repository.commit(commit('+0100', 'encoding ISO-8859-1\n', 'Gr\u00fc\u00dfe'))).toMatchObject({
      author: 'J\u00fcrg <j@example.com>',
      subject: 'Gr\u00fc\u00dfe',
    });
    expect(await repository.commit(commit('+051800', '', 'x'))).toMatchObject({ authoredAt: 1_700_000_000 });
    expect(await repository.commit(commit('+0100', 'encoding no-such\n', 'x'))).toMatchObject({ subject: 'x' });
  });

  it('a file whose mode has a leading zero', async () => {
    const repo = bare();
    const blob = git(repo, ['hash-object', '-w', '--stdin'], 'text');
    const entry = Buffer.concat([Buffer.from('0100644 a.yaml\0'), Buffer.from(blob, 'hex')]);
    const tree = git(repo, ['hash-object', '-t', 'tree', '-w', '--stdin', '--literally'], entry);
    const commit = `tree ${tree}\nauthor x <x> 1 +0000\ncommitter x <x> 1 +0000\n\nx\n`;
    const tip = git(repo, ['hash-object', '-t', 'commit', '-w', '--stdin', '--literally'], commit);
    expect(await (await open(repo)).list(tip)).toMatchObject([{ path: 'a.yaml', type: 'file' }]);
  });
});
