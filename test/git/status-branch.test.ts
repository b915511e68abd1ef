// The status branch under everything that can happen to it: races, hooks, deletion, edits, lost answers, crashes, a full disk.

import { execFileSync, spawn } from 'node:child_process';
import { mkdirSync } from 'node:fs';
import { join } from 'node:path';

import { describe, expect, it, onTestFinished } from 'vitest';

import { NOT_ROOT } from '../support/not-root.ts';
import { commitFiles, deleteBranch, git, installHook, moveBranch, tipOf } from '../support/git-repo.ts';
import { basic } from '../support/git-server.ts';
import { failureOf, makeWorld, never, openStatus, page, temporaryFolder, traffic, type World } from './world.ts';

const BRANCH = 'nodewright-status';
const strict = { config: { 'receive.denyNonFastForwards': 'true', 'receive.fsckObjects': 'true' } };

describe('publishing', () => {
  it('starts an orphan branch in an empty repository, and reads it back', async () => {
    const world = await makeWorld({}, strict);
    const status = openStatus(world);
    expect(await status.read('a', never)).toEqual(new Map());
    const { commit, pushed } = await status.publish(
      page('a', { 'sync.yaml': 'x: 1\n', 'nodes/n/b.yaml': '2\n' }),
      never,
    );
    expect(pushed).toBe(true);
    expect(tipOf(world.repo, BRANCH)).toBe(commit);
    expect(git(world.repo, ['log', '--format=%an <%ae> %at %s %p', BRANCH])).toBe(
      'a <a@example.com> 1700000000 Status of a',
    );
    expect(await status.read('a', never)).toEqual(new Map([['a/nodes/n/b.yaml', '2\n'], ['a/sync.yaml', 'x: 1\n']])); // prettier-ignore
    expect(await status.read('a/nodes', never)).toEqual(new Map([['a/nodes/n/b.yaml', '2\n']]));
    expect(git(world.repo, ['fsck', '--strict', '--no-dangling'])).toBe('');
  });

  it('makes no commit when nothing changed, for under 1 KB, also in a new process', async () => {
    const world = await makeWorld();
    const first = await openStatus(world).publish(page('a', manyFiles(200)), never);
    const status = openStatus(world);
    await status.read('a', never);
    traffic(world.server);
    const again = await status.publish(page('a', manyFiles(200), 1_800_000_000), never);
    expect(again).toEqual({ commit: first.commit, pushed: false });
    expect(traffic(world.server).bytes).toBeLessThan(1024);
  });

  it('sends only what changed', async () => {
    const world = await makeWorld();
    const status = openStatus(world);
    await status.publish(page('a', manyFiles(500)), never);
    traffic(world.server);
    await status.publish(page('a', { ...manyFiles(500), 'nodes/g1/n1.yaml': 'changed' }), never);
    expect(traffic(world.server).bytes).toBeLessThan(6000);
  });

  it('replaces its folder as a whole and leaves everything else byte for byte', async () => {
    const world = await makeWorld({}, strict);
    commitFiles(
      world.repo,
      {
        'b/keep.yaml': 'b',
        'b/run': { executable: 'x' },
        'b/link': { symlink: 'x' },
        'a/edited-by-hand.yaml': 'oops',
        'aa/x': 'not ours',
      },
      { branch: BRANCH },
    );
    const before = git(world.repo, ['ls-tree', '-r', BRANCH, 'b', 'aa']);
    await openStatus(world).publish(page('a', { 'sync.yaml': '1' }), never);
    expect(git(world.repo, ['ls-tree', '-r', '--name-only', BRANCH, 'a'])).toBe('a/sync.yaml');
    expect(git(world.repo, ['ls-tree', '-r', BRANCH, 'b', 'aa'])).toBe(before);
  });

  it('writes shared files from what the branch will hold', async () => {
    const world = await makeWorld();
    commitFiles(world.repo, { 'b/sync.yaml': 'theirs' }, { branch: BRANCH });
    const shared = (tree: ReadonlyMap<string, string>) =>
      new Map([
        [
          'README.md',
          [...tree]
            .filter(([path]) => path.endsWith('sync.yaml'))
            .map(([path, text]) => `${path}=${text}`)
            .join(' '),
        ],
      ]);
    await openStatus(world).publish({ ...page('a', { 'sync.yaml': 'ours' }), shared }, never);
    expect(git(world.repo, ['show', `${BRANCH}:README.md`])).toBe('a/sync.yaml=ours b/sync.yaml=theirs');
  });

  it.each([
    { because: "another executor's folder", files: { '../b/x': '1' } },
    { because: "Git's own folder", files: { '.git/config': '1' } },
    { because: 'a name with a line break', files: { 'a\nb': '1' } },
    { because: 'a file that is also a folder', files: { x: '1', 'x/y': '1' } },
  ])('refuses $because', async ({ files }) => {
    const world = await makeWorld();
    expect(await failureOf(openStatus(world).publish(page('a', files), never))).toMatchObject({ code: 'BAD_PATH' });
    expect(tipOf(world.repo, BRANCH)).toBeUndefined();
  });
});

describe('two executors', () => {
  it('racing 20 publishes each lose nothing and stay in one line', { timeout: 180_000 }, async () => {
    const world = await makeWorld({}, strict);
    const race = async (executor: string): Promise<void> => {
      const status = openStatus(world);
      for (let i = 0; i < 20; i++) await status.publish(page(executor, { 'count.yaml': `${i}\n` }), never);
    };
    await Promise.all([race('a'), race('b')]);
    const log = git(world.repo, ['log', '--reverse', '--format=%H %P', BRANCH]).split('\n');
    expect(log).toHaveLength(40);
    expect(log.filter((line) => line.trim().split(' ').length !== 2)).toHaveLength(1); // the orphan at the root
    for (const executor of ['a', 'b']) {
      const commits = git(world.repo, ['rev-list', '--reverse', BRANCH, '--', executor]).split('\n');
      const counts = commits.map((commit) => git(world.repo, ['show', `${commit}:${executor}/count.yaml`]));
      expect(counts).toEqual(Array.from({ length: 20 }, (_, i) => String(i)));
    }
    expect(git(world.repo, ['fsck', '--strict', '--no-dangling'])).toBe('');
  });

  it('that both start the branch keep both folders', async () => {
    const world = await makeWorld({}, strict);
    const work = ['a', 'b', 'c'].map((name) => openStatus(world).publish(page(name, { x: name }), never));
    await Promise.all(work);
    expect(git(world.repo, ['ls-tree', '-r', '--name-only', BRANCH])).toBe('a/x\nb/x\nc/x');
    expect(git(world.repo, ['rev-list', '--count', BRANCH])).toBe('3');
  });

  it('that take one thing decide on the tip that they push on: one gets it', { timeout: 180_000 }, async () => {
    const world = await makeWorld({}, strict);
    const calls: string[] = [];
    const take = async (executor: string): Promise<void> => {
      const decide = (tip: ReadonlyMap<string, string | undefined>): ReadonlyMap<string, string> => {
        calls.push(executor);
        const isTaken = [...tip].some(([path, text]) => path !== `${executor}/take` && text === 'mine');
        return new Map([[`${executor}/take`, isTaken ? 'not mine' : 'mine']]);
      };
      const decided = { reads: (path: string) => path.endsWith('/take'), decide };
      await openStatus(world).publish({ ...page(executor, { x: '1' }), decided }, never);
    };
    const names = ['a', 'b', 'c', 'd'];
    await Promise.all(names.map(take));
    const taken = names.map((name) => git(world.repo, ['show', `${BRANCH}:${name}/take`]));
    expect(taken.toSorted()).toEqual(['mine', 'not mine', 'not mine', 'not mine']);
    expect(calls.length).toBeGreaterThan(names.length);
  });

  it('see a file that cannot be read as one that is there', async () => {
    const world = await makeWorld();
    commitFiles(world.repo, { 'b/take': { symlink: 'x' }, 'c/take': 'c' }, { branch: BRANCH });
    const seen: [string, string | undefined][] = [];
    const decide = (tip: ReadonlyMap<string, string | undefined>): ReadonlyMap<string, string> => {
      seen.push(...tip);
      return new Map();
    };
    const decided = { reads: (path: string) => path.endsWith('/take'), decide };
    await openStatus(world).publish({ ...page('a', { x: '1' }), decided }, never);
    expect(seen).toEqual([
      ['b/take', undefined],
      ['c/take', 'c'],
    ]);
  });

  it('a tip that moves between our look and our push is never overwritten', async () => {
    const world = await makeWorld({}, strict);
    const status = openStatus(world);
    await status.publish(page('a', { x: '1' }), never);
    let moves = 0;
    world.server.fault = ({ method, service }) => {
      if (service === 'git-receive-pack' && method === 'POST' && moves++ < 3)
        commitFiles(world.repo, { [`b/${moves}`]: 'x' }, { branch: BRANCH });
      return 'pass';
    };
    await status.publish(page('a', { x: '2' }), never);
    expect(git(world.repo, ['ls-tree', '-r', '--name-only', BRANCH])).toBe('a/x\nb/1\nb/2\nb/3');
    expect(git(world.repo, ['rev-list', '--count', BRANCH])).toBe('5');
  });
});

it('builds on what it fetched when the branch moves between the look and the first fetch', async () => {
  const world = await makeWorld({}, strict);
  commitFiles(world.repo, { 'b/1': 'x' }, { branch: BRANCH });
  let looks = 0;
  world.server.fault = ({ method, service }) => {
    if (method === 'GET' && service === 'git-upload-pack' && ++looks === 2)
      commitFiles(world.repo, { 'b/2': 'x' }, { branch: BRANCH });
    return 'pass';
  };
  await openStatus(world).publish(page('a', { x: '1' }), never);
  expect(git(world.repo, ['ls-tree', '-r', '--name-only', BRANCH])).toBe('a/x\nb/1\nb/2');
});

describe('a branch that others touch', () => {
  it('is started again after it was deleted', async () => {
    const world = await makeWorld();
    const status = openStatus(world);
    await status.publish(page('a', { x: '1' }), never);
    deleteBranch(world.repo, BRANCH);
    expect(await status.read('a', never)).toEqual(new Map());
    const { commit, pushed } = await status.publish(page('a', { x: '1' }, 1_700_000_001), never);
    expect(pushed).toBe(true);
    expect(git(world.repo, ['rev-list', BRANCH])).toBe(commit);
  });

  it('is built on when its history was replaced', async () => {
    const world = await makeWorld();
    const status = openStatus(world);
    await status.publish(page('a', { x: '1' }), never);
    const other = commitFiles(world.repo, { 'b/y': '1' }, { branch: BRANCH, parent: 'none' });
    await status.publish(page('a', { x: '1' }), never);
    expect(git(world.repo, ['rev-parse', `${BRANCH}^`])).toBe(other);
    expect(git(world.repo, ['ls-tree', '-r', '--name-only', BRANCH])).toBe('a/x\nb/y');
  });

  it.each([
    { lost: 'deleted', harm: ({ repo }: World) => deleteBranch(repo, BRANCH) },
    { lost: 'rewound', harm: ({ repo }: World) => moveBranch(repo, BRANCH, git(repo, ['rev-parse', `${BRANCH}~1`])) },
    {
      lost: 'replaced',
      harm: ({ repo }: World) => {
        deleteBranch(repo, BRANCH);
        commitFiles(repo, { 'b/y': 'y' }, { branch: BRANCH });
      },
    },
    { lost: undefined, harm: ({ repo }: World) => void commitFiles(repo, { 'b/y': 'y' }, { branch: BRANCH }) },
  ])('says that it was $lost since the last commit', async ({ lost, harm }) => {
    const world = await makeWorld();
    const status = openStatus(world);
    await status.publish(page('a', { x: '1' }), never);
    const { commit: last } = await status.publish(page('a', { x: '2' }), never);
    harm(world);
    expect(await status.publish({ ...page('a', { x: '3' }), last }, never)).toMatchObject({ pushed: true, lost });
  });

  it("protected by a hook: says so with the hook's words, does not try again", async () => {
    const world = await makeWorld();
    installHook(world.repo, 'pre-receive', 'echo "GL-HOOK-ERR: branch is protected" >&2; exit 1');
    const error = await failureOf(openStatus(world).publish(page('a', { x: '1' }), never));
    expect(error).toMatchObject({ code: 'PUSH_DECLINED', retryable: false });
    expect(error.message).toContain('pre-receive hook declined');
    expect(error.message).toContain('branch is protected');
    expect(
      world.server.requests.filter(({ method, service }) => method === 'POST' && service === 'git-receive-pack'),
    ).toHaveLength(1);
  });

  it('on a server whose disk is full: advises about the disk, not about permissions', async () => {
    const world = await makeWorld();
    installHook(world.repo, 'pre-receive', 'echo "fatal: write error: No space left on device" >&2; exit 1');
    const error = await failureOf(openStatus(world).publish(page('a', { x: '1' }), never));
    expect(error.message).toContain('free space on its disk');
    expect(error.message).not.toContain('allow this controller');
  });

  it('with a token that may only read: READ_ONLY, and reading still works', async () => {
    const world = await makeWorld({ accept: [], readOnly: [basic('x-access-token', 'ro')] });
    commitFiles(world.repo, { 'a/x': 'old' }, { branch: BRANCH });
    const status = openStatus(world, { credentials: async () => ({ kind: 'token', token: 'ro' }) });
    const error = await failureOf(status.publish(page('a', { x: '1' }), never));
    expect(error).toMatchObject({ code: 'READ_ONLY', retryable: false });
    expect(error.message).toContain('write access');
    expect(await status.read('a', never)).toEqual(new Map([['a/x', 'old']]));
  });
});

describe('a push whose answer is lost', () => {
  it.each([
    { because: 'the connection drops after the work was done', fault: { do: 'drop-answer' } as const },
    { because: 'the answer is cut', fault: { do: 'cut', after: 5 } as const },
    { because: 'the answer ends early but cleanly', fault: { do: 'truncate', after: 0 } as const },
  ])('is one commit: $because', async ({ fault }) => {
    const world = await makeWorld();
    const status = openStatus(world);
    await status.publish(page('a', { x: '1' }), never);
    let lost = 0;
    world.server.fault = ({ method, service }) =>
      method === 'POST' && service === 'git-receive-pack' && lost++ === 0 ? fault : 'pass';
    const { commit, pushed } = await status.publish(page('a', { x: '2' }), never);
    expect(lost).toBe(1);
    expect(pushed).toBe(true);
    expect(tipOf(world.repo, BRANCH)).toBe(commit);
    expect(git(world.repo, ['rev-list', '--count', BRANCH])).toBe('2');
  });

  it('is one commit also when another executor pushed meanwhile', async () => {
    const world = await makeWorld();
    const status = openStatus(world);
    let lost = 0;
    world.server.fault = ({ method, service }) => {
      if (lost === 1) commitFiles(world.repo, { 'b/y': '1' }, { branch: BRANCH });
      if (lost === 1) lost = 2;
      if (method !== 'POST' || service !== 'git-receive-pack' || lost > 0) return 'pass';
      lost = 1;
      return { do: 'drop-answer' };
    };
    await status.publish(page('a', { x: '1' }), never);
    expect(git(world.repo, ['log', '--format=%s', BRANCH])).toBe('change\nStatus of a');
  });

  it('before the server did anything is made good by the retry', async () => {
    const world = await makeWorld();
    let lost = 0;
    world.server.fault = ({ method, service }) =>
      method === 'POST' && service === 'git-receive-pack' && lost++ === 0 ? { do: 'status', status: 502 } : 'pass';
    expect(await openStatus(world).publish(page('a', { x: '1' }), never)).toMatchObject({ pushed: true });
    expect(git(world.repo, ['rev-list', '--count', BRANCH])).toBe('1');
  });
});

it(
  'a writer killed at any moment leaves a store with which the next process continues',
  { timeout: 180_000 },
  async () => {
    const world = await makeWorld({}, strict);
    const directory = temporaryFolder();
    for (let round = 0; round < 6; round++) {
      await publishUntilKilled(world, directory, round * 17);
      const status = openStatus(world, { directory });
      const text = `survivor ${round}`;
      await status.publish(page('b', { x: text }), never);
      expect((await status.read('b', never)).get('b/x')).toBe(text);
      await status.close();
      expect(git(world.repo, ['fsck', '--strict', '--no-dangling'])).toBe('');
    }
    expect(
      git(world.repo, ['log', '--format=%p', BRANCH])
        .split('\n')
        .every((parents) => !parents.includes(' ')),
    ).toBe(true);
  },
);

it.skipIf(NOT_ROOT)(
  'a full disk is DISK_FULL, loses nothing on the branch, and passes when there is room again',
  async () => {
    const world = await makeWorld({}, strict);
    const mount = join(temporaryFolder(), 'small');
    mkdirSync(mount);
    execFileSync('mount', ['-t', 'tmpfs', '-o', 'size=512k', 'tmpfs', mount]);
    onTestFinished(() => void execFileSync('umount', ['-l', mount]));
    const status = openStatus(world, { directory: join(mount, 'store') });
    const first = await status.publish(page('a', { x: '1' }), never);
    const large = Object.fromEntries(Array.from({ length: 300 }, (_, i) => [`n${i}`, `${i} `.repeat(1000)]));
    const error = await failureOf(status.publish(page('a', large), never));
    expect(error).toMatchObject({ code: 'DISK_FULL', retryable: true });
    expect(error.message).toContain('enlarge its volume');
    expect(tipOf(world.repo, BRANCH)).toBe(first.commit);
    execFileSync('mount', ['-o', 'remount,size=64m', mount]);
    expect(await status.publish(page('a', large), never)).toMatchObject({ pushed: true });
    expect(git(world.repo, ['ls-tree', '-r', '--name-only', BRANCH]).split('\n')).toHaveLength(300);
    expect(git(world.repo, ['fsck', '--strict', '--no-dangling'])).toBe('');
  },
);

/** Lets another process publish, and kills it after its second publish and a little. */
async function publishUntilKilled(world: World, directory: string, afterMs: number): Promise<void> {
  const child = spawn(process.execPath, [join(import.meta.dirname, 'endless-writer.ts'), world.url, directory]);
  const exited = new Promise<void>((resolve) => child.once('exit', () => resolve()));
  let published = 0;
  for await (const chunk of child.stdout as AsyncIterable<Buffer>) {
    published += chunk.toString().split('\n').length - 1;
    if (published >= 2) break;
  }
  expect(published).toBeGreaterThanOrEqual(2);
  // Not a wait for a fact: the point of the kill inside a publish is what varies from round to round.
  await new Promise((resolve) => setTimeout(resolve, afterMs));
  child.kill('SIGKILL');
  await exited;
}

function manyFiles(count: number): Record<string, string> {
  return Object.fromEntries(Array.from({ length: count }, (_, i) => [`nodes/g${i % 20}/n${i}.yaml`, `node: ${i}\n`]));
}
