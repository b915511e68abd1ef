// What a listing says about hostile and odd trees: nothing is followed, nothing crashes, nothing is silently left out.

import * as fc from 'fast-check';
import { describe, expect, it } from 'vitest';

import { encodeTree, parseTree } from '../../src/git/tree-object.ts';
import { commitFiles, git, moveBranch } from '../support/git-repo.ts';
import { failureOf, makeWorld, never, openSource, textsOf, type World } from './world.ts';

const EMPTY_BLOB = 'e69de29bb2d1d6434b8b29ae775ad8c2e48c5391';

const names: readonly { because: string; name: Buffer | string; shown: string; problem: RegExp }[] = [
  { because: 'invalid UTF-8', name: Buffer.from([0x61, 0xff]), shown: 'a\\xff', problem: /UTF-8/ },
  { because: 'a line break forges log lines', name: 'a\nb', shown: 'a\\x0ab', problem: /control/ },
  { because: 'an escape sequence colours terminals', name: 'a\u001b[31m', shown: 'a\\x1b[31m', problem: /control/ },
  { because: 'a direction mark turns text round', name: 'a\u202eb', shown: 'a\\u202eb', problem: /control/ },
  { because: 'a backslash is a separator elsewhere', name: '..\\a', shown: '..\\a', problem: /slash/ },
  { because: 'a slash inside one name', name: 'a/b', shown: 'a/b', problem: /slash/ },
  { because: 'dot-dot', name: '..', shown: '..', problem: /not a file name/ },
  { because: 'dot', name: '.', shown: '.', problem: /not a file name/ },
  { because: 'Git\'s own folder', name: '.git', shown: '.git', problem: /reserved/ },
  { because: 'the same for a file system without case', name: '.GiT', shown: '.GiT', problem: /reserved/ },
  { because: 'the same by its short name', name: 'git~1', shown: 'git~1', problem: /reserved/ },
  { because: 'a path that no system takes', name: 'x'.repeat(4097), shown: 'x'.repeat(4096), problem: /4096/ },
]; // prettier-ignore

describe('an entry with a bad name', () => {
  it.each(names)('$because', async ({ name, shown, problem }) => {
    const world = await makeWorld();
    const tip = rawCommit(world, [file(name), file('good.yaml')]);
    const source = openSource(world);
    await source.fetch('main', never);
    const entries = await source.list(tip);
    expect(entries).toHaveLength(2);
    expect(entries.find((entry) => entry.path === 'good.yaml')?.problem).toBeUndefined();
    const bad = entries.find((entry) => entry.problem !== undefined);
    expect(bad?.path).toBe(shown);
    expect(bad?.problem).toMatch(problem);
  });

  it('that is a folder is not entered', async () => {
    const world = await makeWorld();
    const inner = rawTree(world, [file('config')]);
    const tip = rawCommit(world, [{ mode: '40000', name: Buffer.from('.git'), oid: inner }]);
    const source = openSource(world);
    await source.fetch('main', never);
    expect(await source.list(tip)).toEqual([
      { path: '.git', oid: inner, type: 'other', problem: 'its name is reserved by Git; rename it' },
    ]);
  });

  it('that stands twice in its folder is flagged once', async () => {
    const world = await makeWorld();
    const tip = rawCommit(world, [file('a'), file('a')]);
    const source = openSource(world);
    await source.fetch('main', never);
    expect((await source.list(tip)).map(({ problem }) => problem === undefined)).toEqual([true, false]);
  });
});

describe('a listing', () => {
  it('says what is no plain file, and a read of a link gives its text, never its target', async () => {
    const world = await makeWorld();
    const first = commitFiles(world.repo, { x: '1' });
    const tip = commitFiles(world.repo, {
      'nodes/a.yaml': 'a',
      'nodes/run.sh': { executable: 'x' },
      'nodes/passwd.yaml': { symlink: '/etc/passwd' },
      'nodes/up': { symlink: '..' },
      'nodes/sub': { submodule: first },
      '.gitattributes': '* filter=evil export-subst',
    });
    const source = openSource(world);
    await source.fetch('main', never);
    expect((await source.list(tip)).map(({ path, type }) => `${type} ${path}`)).toEqual([
      'file .gitattributes', 'file nodes/a.yaml', 'symlink nodes/passwd.yaml', 'file nodes/run.sh',
      'submodule nodes/sub', 'symlink nodes/up', 'file x',
    ]); // prettier-ignore
    const link = (await source.list(tip)).find(({ path }) => path === 'nodes/passwd.yaml');
    expect(Buffer.from(await source.read(link?.oid ?? '')).toString()).toBe('/etc/passwd');
  });

  it('does not enter skipped folders', async () => {
    const world = await makeWorld();
    const tip = commitFiles(world.repo, { 'a/x': '1', 'b/x': '1', 'a/c/x': '1' });
    const source = openSource(world);
    await source.fetch('main', never);
    const seen: string[] = [];
    const list = await source.list(tip, { skip: (folder) => seen.push(folder) > 0 && folder === 'a' });
    expect(list.map(({ path }) => path)).toEqual(['b/x']);
    expect(seen.toSorted()).toEqual(['a', 'b']);
  });

  it('stops at too many entries instead of giving a part', async () => {
    const world = await makeWorld();
    const tip = commitFiles(world.repo, Object.fromEntries(Array.from({ length: 30 }, (_, i) => [`f${i}`, '1'])));
    const source = openSource(world, { limits: { maxEntries: 29 } });
    await source.fetch('main', never);
    expect(await failureOf(source.list(tip))).toMatchObject({ code: 'TOO_MANY_FILES' });
  });

  it('is not caught by a tree that holds itself ten times over, twenty folders deep', async () => {
    const world = await makeWorld();
    let tree = rawTree(world, [file('leaf')]);
    for (let depth = 0; depth < 20; depth++)
      tree = rawTree(
        world,
        Array.from({ length: 10 }, (_, i) => ({ mode: '40000', name: Buffer.from(`d${i}`), oid: tree })),
      );
    const tip = commitTree(world, tree);
    const source = openSource(world);
    expect(await source.fetch('main', never)).toBe(tip);
    expect(await failureOf(source.list(tip))).toMatchObject({ code: 'TOO_MANY_FILES' });
  });

  it('names a folder that lies too deep', async () => {
    const world = await makeWorld();
    const tip = commitFiles(world.repo, { [`${'d/'.repeat(1000)}f`]: '1', top: '1' });
    const source = openSource(world);
    await source.fetch('main', never);
    expect(await source.list(tip)).toMatchObject([
      { path: 'd/'.repeat(33).slice(0, -1), type: 'other', problem: 'lies deeper than 32 folders; move it up' },
      { path: 'top' },
    ]);
  });

  it('gives every file and every byte, for all kinds of files', { timeout: 120_000 }, async () => {
    const world = await makeWorld();
    const part = fc.stringMatching(/^[a-z0-9._ -]{1,12}$/).filter((name) => !/^\.+$|^\.git$|^ | $/.test(name));
    const files = fc.dictionary(
      fc.array(part, { minLength: 1, maxLength: 4 }).map((parts) => `${parts.join('/')}~`),
      fc.string({ maxLength: 300 }),
      { minKeys: 1, maxKeys: 30 },
    );
    const source = openSource(world);
    await fc.assert(
      fc.asyncProperty(files, async (wanted) => {
        const tip = commitFiles(world.repo, wanted, { replaceAll: true });
        expect(await source.fetch('main', never)).toBe(tip);
        const texts = await textsOf(source, tip);
        expect({ ...texts }).toEqual({ ...wanted });
        expect(Object.keys(texts)).toEqual(Object.keys(wanted).toSorted((a, b) => (a < b ? -1 : 1)));
      }),
      { numRuns: 40 },
    );
  });
});

it('a tree encoded and parsed is the same tree, in the order that git itself writes', () => {
  const entry = fc.record({
    mode: fc.constantFrom('100644', '40000', '120000'),
    name: fc
      .uint8Array({ minLength: 1, maxLength: 8 })
      .map((bytes) => Buffer.from(bytes.map((byte) => (byte === 0 || byte === 47 ? 97 : byte)))),
    oid: fc.stringMatching(/^[0-9a-f]{40}$/),
  });
  const entries = fc.uniqueArray(entry, { selector: ({ name }) => name.toString('hex') });
  fc.assert(
    fc.property(entries, (wanted) => {
      const parsed = parseTree(encodeTree(wanted));
      const key = ({ name, mode }: { name: Buffer; mode: string }): string =>
        Buffer.concat([name, Buffer.from(mode === '40000' ? '/' : '')]).toString('latin1');
      expect(parsed.map(key)).toEqual(wanted.map(key).toSorted((a, b) => (a < b ? -1 : 1)));
      expect(new Set(parsed.map(({ oid }) => oid))).toEqual(new Set(wanted.map(({ oid }) => oid)));
    }),
  );
});

interface Raw {
  readonly mode: string;
  readonly name: Buffer;
  readonly oid: string;
}

function file(name: Buffer | string): Raw {
  return { mode: '100644', name: Buffer.from(name), oid: EMPTY_BLOB };
}

/** Writes a tree that git itself would refuse to make. */
function rawTree({ repo }: World, entries: readonly Raw[]): string {
  git(repo, ['hash-object', '-w', '--stdin'], '');
  const parts = entries.flatMap(({ mode, name, oid }) => [
    Buffer.from(`${mode} `),
    name,
    Buffer.from([0]),
    Buffer.from(oid, 'hex'),
  ]);
  return git(repo, ['hash-object', '--literally', '-t', 'tree', '-w', '--stdin'], Buffer.concat(parts));
}

function commitTree({ repo }: World, tree: string): string {
  const commit = git(repo, ['-c', 'user.name=T', '-c', 'user.email=t@example.com', 'commit-tree', tree, '-m', 'raw']);
  moveBranch(repo, 'main', commit);
  return commit;
}

function rawCommit(world: World, entries: readonly Raw[]): string {
  return commitTree(world, rawTree(world, entries));
}
