// The desired branch as people move it: polling, changes, rewinds, rewrites, restarts, and the cost of each.

import { randomBytes } from 'node:crypto';
import { readdirSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';

import { describe, expect, it } from 'vitest';

import { commitFiles, deleteBranch, git, moveBranch, tipOf } from '../support/git-repo.ts';
import { basic } from '../support/git-server.ts';
import { failureOf, makeWorld, never, openSource, temporaryFolder, textsOf, traffic } from './world.ts';

describe('what a poll costs', () => {
  it('under 1 KB when nothing changed, also as a fetch', async () => {
    const world = await makeWorld();
    commitFiles(world.repo, manyFiles(1000));
    const source = openSource(world);
    await source.fetch('main', never);
    traffic(world.server);
    await source.resolve('main', never);
    const poll = traffic(world.server);
    await source.fetch('main', never);
    const fetch = traffic(world.server);
    for (const cost of [poll, fetch]) {
      expect(cost.bytes).toBeLessThan(1024);
      expect(cost.requests).toBeLessThanOrEqual(2);
    }
  });

  it('one changed file among 1,000 downloads little', async () => {
    const world = await makeWorld();
    commitFiles(world.repo, manyFiles(1000));
    const source = openSource(world);
    await source.fetch('main', never);
    const whole = traffic(world.server).bytes;
    const tip = commitFiles(world.repo, { 'nodes/g1/n1.yaml': 'changed: true\n' });
    expect(await source.fetch('main', never)).toBe(tip);
    const change = traffic(world.server).bytes;
    expect(change).toBeLessThan(10_000);
    expect(change).toBeLessThan(whole / 3);
    expect((await textsOf(source, tip))['nodes/g1/n1.yaml']).toBe('changed: true\n');
  });

  it('sends the credentials at once, without a 401 first', async () => {
    const world = await makeWorld({ accept: [basic('x-access-token', 't1')] });
    commitFiles(world.repo, { a: '1' });
    const source = openSource(world, { credentials: async () => ({ kind: 'token', token: 't1' }) });
    await source.resolve('main', never);
    expect(world.server.requests.map(({ status }) => status)).toEqual([200, 200]);
  });

  it('asks for credentials once per operation, because tokens rotate', async () => {
    const world = await makeWorld({ accept: ['Bearer two'] });
    const tip = commitFiles(world.repo, { a: '1' });
    const tokens = ['one', 'two'];
    const source = openSource(world, {
      credentials: async () => ({ kind: 'bearer', token: tokens.shift() ?? 'none' }),
    });
    expect(await failureOf(source.resolve('main', never))).toMatchObject({ code: 'AUTHENTICATION_FAILED' });
    expect(await source.resolve('main', never)).toBe(tip);
  });
});

describe('a branch that people move', () => {
  it('knows forward, rewound, rewritten and same, with what the server still has', async () => {
    const world = await makeWorld();
    const commits = history(world.repo, 5);
    const [first = '', , , , last = ''] = commits;
    const source = openSource(world);
    await source.fetch('main', never);
    expect(await source.ancestry(last, last, never)).toBe('same');
    expect(await source.ancestry(first, last, never)).toBe('forward');
    moveBranch(world.repo, 'main', first);
    expect(await source.fetch('main', never)).toBe(first);
    expect(await source.ancestry(last, first, never)).toBe('rewound');
    const other = commitFiles(world.repo, { b: '2' }, { parent: first });
    await source.fetch('main', never);
    expect(await source.ancestry(last, other, never)).toBe('rewritten');
    const unrelated = commitFiles(world.repo, { c: '3' }, { parent: 'none' });
    await source.fetch('main', never);
    expect(await source.ancestry(other, unrelated, never)).toBe('rewritten');
    expect(await textsOf(source, unrelated)).toEqual({ c: '3' });
  });

  it('answers after a restart with an empty store, whose first fetch is shallow', async () => {
    const world = await makeWorld();
    const commits = history(world.repo, 300); // more than the first step of deepening
    const [first = ''] = commits;
    const source = openSource(world);
    const tip = await source.fetch('main', never);
    expect(await source.ancestry(commits[290] ?? '', tip, never)).toBe('forward');
    expect(await source.ancestry(first, tip, never)).toBe('forward');
    expect(await source.ancestry('1'.repeat(40), tip, never)).toBe('rewritten');
    expect(await source.between(commits[296] ?? '', tip, never)).toEqual([commits[299], commits[298], commits[297]]);
  });

  it('finds a rewind after a restart when the server still gives the old commit', async () => {
    const world = await makeWorld({}, { config: { 'uploadpack.allowAnySHA1InWant': 'true' } });
    const commits = history(world.repo, 6);
    moveBranch(world.repo, 'main', commits[2] ?? '');
    const source = openSource(world);
    const tip = await source.fetch('main', never);
    expect(await source.ancestry(commits[5] ?? '', tip, never)).toBe('rewound');
  });

  it('lists what a merge brought, not what was there before', async () => {
    const world = await makeWorld();
    const base = commitFiles(world.repo, { a: '1' });
    const side = commitFiles(world.repo, { b: '1' }, { branch: 'side', parent: base });
    const applied = commitFiles(world.repo, { a: '2' });
    const tree = git(world.repo, ['merge-tree', '--write-tree', applied, side]);
    const person = ['-c', 'user.name=T', '-c', 'user.email=t@example.com'];
    const merge = git(world.repo, [...person, 'commit-tree', tree, '-p', applied, '-p', side, '-m', 'Merge']);
    moveBranch(world.repo, 'main', merge);
    const source = openSource(world);
    await source.fetch('main', never);
    expect(new Set(await source.between(applied, merge, never))).toEqual(new Set([merge, side]));
  });

  it('lists nothing when the server leaves out the history of a merged line', async () => {
    const world = await makeWorld();
    const base = commitFiles(world.repo, { a: '1' });
    commitFiles(world.repo, { b: '1' }, { branch: 'side', parent: base });
    const side = commitFiles(world.repo, { b: '2' }, { branch: 'side' });
    const applied = commitFiles(world.repo, { a: '2' });
    const tree = git(world.repo, ['merge-tree', '--write-tree', applied, side]);
    const person = ['-c', 'user.name=T', '-c', 'user.email=t@example.com'];
    const merge = git(world.repo, [...person, 'commit-tree', tree, '-p', applied, '-p', side, '-m', 'Merge']);
    moveBranch(world.repo, 'main', merge);
    // A server whose repository is shallow at the side line: what lies below it never arrives.
    writeFileSync(join(world.repo, 'shallow'), `${side}\n`);
    const source = openSource(world);
    await source.fetch('main', never);
    const error = await failureOf(source.between(applied, merge, never));
    expect(error).toMatchObject({ code: 'OBJECT_MISSING' });
  });

  it('knows which commit a file came with, also of a side line, and its newest content only', async () => {
    const world = await makeWorld();
    const base = commitFiles(world.repo, { 'jobs/old.yaml': '1', 'jobs/edited.yaml': '1' });
    const source = openSource(world);
    await source.fetch('main', never);
    const side = commitFiles(world.repo, { 'jobs/new.yaml': '1' }, { branch: 'side', parent: base });
    commitFiles(world.repo, { 'nodes/other.yaml': '1' }, { branch: 'side' });
    const edit = commitFiles(world.repo, { 'jobs/edited.yaml': '2' });
    const tree = git(world.repo, ['merge-tree', '--write-tree', edit, 'side']);
    const person = ['-c', 'user.name=T', '-c', 'user.email=t@example.com'];
    const merge = git(world.repo, [...person, 'commit-tree', tree, '-p', edit, '-p', 'side', '-m', 'Merge']);
    moveBranch(world.repo, 'main', merge);
    const tip = commitFiles(world.repo, { 'nodes/last.yaml': '1' });
    await source.fetch('main', never);
    expect(await source.lastChange(tip, 'jobs/new.yaml')).toBe(side);
    expect(await source.lastChange(tip, 'jobs/edited.yaml')).toBe(edit);
    expect(await source.lastChange(tip, 'jobs/old.yaml')).toBe(base);
    expect(await source.lastChange(tip, 'nodes/last.yaml')).toBe(tip);
    expect(await source.lastChange(tip, 'jobs/none.yaml')).toBeUndefined();
    expect(await source.lastChange(tip, 'jobs/new.yaml/below')).toBeUndefined();
  });

  it('says that a branch is missing and which there are, and sees it come back', async () => {
    const world = await makeWorld();
    const tip = commitFiles(world.repo, { a: '1' });
    commitFiles(world.repo, { a: '1' }, { branch: 'other' });
    commitFiles(world.repo, { a: '1' }, { branch: 'main-2' });
    const source = openSource(world);
    await source.fetch('main', never);
    deleteBranch(world.repo, 'main');
    expect(await source.resolve('main', never)).toBeUndefined();
    const error = await failureOf(source.fetch('main', never));
    expect(error.code).toBe('BRANCH_MISSING');
    expect(error.message).toContain('main-2, other');
    expect(await textsOf(source, tip)).toEqual({ a: '1' });
    const again = commitFiles(world.repo, { a: '3' }, { parent: 'none' });
    expect(await source.fetch('main', never)).toBe(again);
  });

  it('distinguishes an empty repository from a missing branch', async () => {
    const source = openSource(await makeWorld());
    expect(await source.resolve('main', never)).toBeUndefined();
    expect(await failureOf(source.fetch('main', never))).toMatchObject({ code: 'EMPTY_REPOSITORY' });
  });

  it('refuses a SHA-256 repository by name', async () => {
    const world = await makeWorld({}, { objectFormat: 'sha256' });
    commitFiles(world.repo, { a: '1' });
    expect(await failureOf(openSource(world).fetch('main', never))).toMatchObject({
      code: 'UNSUPPORTED_OBJECT_FORMAT',
    });
  });

  it.each(['-x', '../x', 'a..b', 'a b', 'x.lock', 'refs/heads/x', 'a\nb', '', '@', 'x'.repeat(300), 'a//b', '.a'])(
    'refuses the branch name %j before any request',
    async (branch) => {
      const world = await makeWorld();
      expect(await failureOf(openSource(world).fetch(branch, never))).toMatchObject({ code: 'BAD_BRANCH_NAME' });
      expect(world.server.requests).toEqual([]);
    },
  );
});

describe('the store', () => {
  it('does not collect packs: 210 fetches leave few, and the tip readable', { timeout: 120_000 }, async () => {
    const world = await makeWorld();
    commitFiles(world.repo, manyFiles(20));
    const directory = temporaryFolder();
    const source = openSource(world, { directory });
    let tip = '';
    for (let i = 0; i < 210; i++) {
      tip = commitFiles(world.repo, { [`nodes/g${i % 10}/n0.yaml`]: `round: ${i}\n` });
      await source.fetch('main', never);
      await source.maintain(never);
    }
    expect(packsIn(directory).length).toBeLessThan(100);
    expect(readdirSync(directory).filter((name) => name.startsWith('gen-'))).toHaveLength(1);
    expect((await textsOf(source, tip))['nodes/g9/n0.yaml']).toBe('round: 209\n');
  });

  it('serves the next process without a download', async () => {
    const world = await makeWorld();
    const tip = commitFiles(world.repo, manyFiles(100));
    const directory = temporaryFolder();
    const one = openSource(world, { directory });
    await one.fetch('main', never);
    await one.close();
    traffic(world.server);
    const two = openSource(world, { directory });
    expect(await two.fetch('main', never)).toBe(tip);
    expect(traffic(world.server).bytes).toBeLessThan(1024);
    expect(Object.keys(await textsOf(two, tip))).toHaveLength(100);
  });

  it.each([
    { because: 'a torn pack', suffix: '.pack', damage: (data: Buffer) => data.subarray(0, data.length / 2) },
    { because: 'an empty index', suffix: '.idx', damage: () => Buffer.alloc(0) },
    { because: 'a torn index', suffix: '.idx', damage: (data: Buffer) => data.subarray(0, 1500) },
    { because: 'a flipped bit', suffix: '.pack', damage: (data: Buffer) => flip(data, 30) },
  ])('starts with an empty store after a crash that left $because', async ({ suffix, damage }) => {
    const world = await makeWorld();
    const tip = commitFiles(world.repo, manyFiles(50));
    const directory = temporaryFolder();
    const one = openSource(world, { directory });
    await one.fetch('main', never);
    await one.close();
    const [path = ''] = packsIn(directory).filter((file) => file.endsWith(suffix));
    writeFileSync(path, damage(readFileSync(path)));
    const two = openSource(world, { directory });
    expect(await two.fetch('main', never)).toBe(tip);
    expect(Object.keys(await textsOf(two, tip))).toHaveLength(50);
  });

  it('damage that a read finds is an error, never an empty repository, and the next fetch heals it', async () => {
    const world = await makeWorld();
    // More than what was read a moment ago is held of.
    const noise = (): string => randomBytes(30_000).toString('hex');
    const tip = commitFiles(world.repo, Object.fromEntries(Array.from({ length: 50 }, (_, at) => [`f${at}`, noise()])));
    const directory = temporaryFolder();
    const source = openSource(world, { directory });
    await source.fetch('main', never);
    const [path = ''] = packsIn(directory).filter((file) => file.endsWith('.pack'));
    const data = readFileSync(path);
    writeFileSync(path, Buffer.concat([data.subarray(0, 12), Buffer.alloc(data.length - 12, 0x55)]));
    expect(await failureOf(textsOf(source, tip))).toMatchObject({ code: 'STORE_CORRUPT', retryable: true });
    expect(await source.fetch('main', never)).toBe(tip);
    expect(Object.keys(await textsOf(source, tip))).toHaveLength(50);
  });

  it('says how large a file is instead of reading it', async () => {
    const world = await makeWorld();
    const tip = commitFiles(world.repo, { big: 'x'.repeat(2_000_000), small: 'y' });
    const source = openSource(world);
    await source.fetch('main', never);
    const big = (await source.list(tip)).find(({ path }) => path === 'big');
    const error = await failureOf(source.read(big?.oid ?? ''));
    expect(error.code).toBe('FILE_TOO_LARGE');
    expect(error.message).toContain('2000000 bytes');
  });
});

describe('commit facts', () => {
  it('are cleaned: no forged lines, bounded lengths', async () => {
    const world = await makeWorld();
    const message = `Fix \u001b[31mthis ${'long '.repeat(100)}\n\nSigned-off-by: a\n${'x'.repeat(100_000)}`;
    const tip = commitFiles(
      world.repo,
      { a: '1' },
      { message, author: 'Ev\u0007il <e@example.com>', at: 1_600_000_000 },
    );
    const source = openSource(world);
    await source.fetch('main', never);
    const info = await source.commit(tip);
    expect(info).toMatchObject({ author: 'Ev il <e@example.com>', authoredAt: 1_600_000_000, parents: [] });
    expect(info.subject).toMatch(/^Fix \[31mthis long.*…$/);
    expect(info.subject).toHaveLength(200);
    expect(info.message.length).toBeLessThanOrEqual(65_536);
    expect(info.tree).toBe(git(world.repo, ['rev-parse', 'main^{tree}']));
  });
});

function history(repo: string, commits: number): readonly string[] {
  const stream = Array.from(
    { length: commits },
    (_, i) =>
      `commit refs/heads/main\ncommitter T <t@example.com> ${1_600_000_000 + i} +0000\ndata 1\nm\nM 100644 inline a\ndata 5\n${10_000 + i}\n`,
  );
  git(repo, ['fast-import', '--quiet'], stream.join(''));
  expect(tipOf(repo, 'main')).toBeDefined();
  return git(repo, ['rev-list', '--reverse', 'main']).split('\n');
}

function manyFiles(count: number): Record<string, string> {
  return Object.fromEntries(
    Array.from({ length: count }, (_, i) => [`nodes/g${i % 10}/n${i}.yaml`, `kind: BlockchainNode\nname: n${i}\n`]),
  );
}

function packsIn(directory: string): readonly string[] {
  const files = readdirSync(directory, { recursive: true, encoding: 'utf8' });
  return files.filter((file) => /\.(pack|idx)$/.test(file)).map((file) => join(directory, file));
}

function flip(data: Buffer, at: number): Buffer {
  const copy = Buffer.from(data);
  copy.writeUInt8(copy.readUInt8(at) ^ 1, at);
  return copy;
}
