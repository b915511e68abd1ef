// A push costs what changed, and the branch has the same tree as if everything had been written again.

import { createHash } from 'node:crypto';
import { join } from 'node:path';

import * as fc from 'fast-check';
import { describe, expect, it, vi } from 'vitest';

import { ObjectStore } from '../../src/git/object-store.ts';
import { collectObjects, encodePack } from '../../src/git/push/outgoing-pack.ts';
import { applyDelta } from '../../src/git/pack-entry.ts';
import { readReport } from '../../src/git/push/receive-report.ts';
import { compareTrees } from '../../src/git/push/tree-difference.ts';
import { encodeTree, type RawEntry } from '../../src/git/tree-object.ts';
import { commitFiles, createBareRepo, deleteBranch, git, moveBranch, tipOf } from '../support/git-repo.ts';
import { failureOf, makeWorld, never, openStatus, page, temporaryFolder, traffic, type World } from './world.ts';

const BRANCH = 'nodewright-status';
const strict = { config: { 'receive.fsckObjects': 'true' } };

describe('a push of one changed file of 2,000', () => {
  it('hashes and looks up what changed alone', async () => {
    const world = await makeWorld({}, strict);
    const status = openStatus(world);
    const files = manyFiles(2000);
    await status.publish(withReadme(files), never);
    const writes = vi.spyOn(ObjectStore.prototype, 'write');
    const lookups = vi.spyOn(ObjectStore.prototype, 'has');
    const reads = vi.spyOn(ObjectStore.prototype, 'read');
    traffic(world.server);
    files['nodes/n/7.yaml'] = 'changed';
    await status.publish(withReadme(files), never);
    // The file, the README, three folders of ours, the root twice, the commit.
    expect(writes.mock.calls.length).toBeLessThan(12);
    expect(lookups.mock.calls.length).toBeLessThan(14);
    expect(reads.mock.calls.length).toBeLessThan(24);
    // Deltas of the folders, not the folders.
    expect(traffic(world.server).bytes).toBeLessThan(4000);
    vi.restoreAllMocks();
    expect(git(world.repo, ['show', `${BRANCH}:README.md`])).toBe('2002 files');
    expect(git(world.repo, ['fsck', '--strict', '--no-dangling'])).toBe('');
  });

  it('writes everything again after a failure, which may have lost what was here', async () => {
    const world = await makeWorld();
    const status = openStatus(world);
    await status.publish(page('a', manyFiles(20)), never);
    const writes = vi.spyOn(ObjectStore.prototype, 'write');
    world.server.fault = () => ({ do: 'status', status: 403 });
    await failureOf(status.publish(page('a', { ...manyFiles(20), x: '1' }), never));
    world.server.fault = undefined;
    await status.publish(page('a', { ...manyFiles(20), x: '1' }), never);
    expect(writes.mock.calls.filter(([type]) => type === 'blob').length).toBe(21);
    vi.restoreAllMocks();
  });
});

type Event = (world: World, at: number) => void;

/** What others do to the branch between two pushes. */
const EVENTS: Readonly<Record<string, Event>> = {
  nothing: () => undefined,
  'another executor pushes': ({ repo }, at) =>
    void commitFiles(repo, { [`b/${at}`]: 'theirs', 'c/x/y': `${at}` }, { branch: BRANCH }),
  'our files are edited by hand': ({ repo }) =>
    void commitFiles(repo, { 'a/n/1': 'by hand', 'a/more': 'by hand' }, { branch: BRANCH }),
  'the branch is rewound': ({ repo }) => {
    moveBranch(repo, BRANCH, git(repo, ['rev-parse', `${BRANCH}^`]));
  },
  'the branch is replaced': ({ repo }, at) =>
    void commitFiles(repo, { 'd/new': `${at}` }, { branch: BRANCH, parent: 'none' }),
  'the branch is deleted': ({ repo }) => deleteBranch(repo, BRANCH),
};

it.each(['no restart', 'a restart', 'a restart without the store'])(
  'gives the tree of a fresh start, for everything that others do, after %s',
  { timeout: 120_000 },
  async (restart) => {
    const world = await makeWorld({}, strict);
    let directory = temporaryFolder();
    let status = openStatus(world, { directory });
    for (const [at, event] of Object.values(EVENTS).entries()) {
      for (const files of sets(at)) {
        await status.publish(page('a', files, 1_700_000_000 + at), never);
        event(world, at);
        if (restart !== 'no restart') await status.close();
        if (restart === 'a restart without the store') directory = temporaryFolder();
        if (restart !== 'no restart') status = openStatus(world, { directory });
        const others = listing(world).filter(([name = '']) => !name.startsWith('a/'));
        const next = { ...files, 'sync.yaml': `after ${at}` };
        await status.publish(page('a', next, 1_700_000_000 + at), never);
        const ours = Object.entries(next).map(([name, text]) => [`a/${name}`, blobId(text)]);
        expect(listing(world)).toEqual([...others, ...ours].toSorted(byName));
      }
    }
    expect(git(world.repo, ['fsck', '--strict', '--no-dangling'])).toBe('');
  },
);

/** Files come, change and go, folders become files and the other way round. */
function sets(at: number): readonly Record<string, string>[] {
  return [
    { 'sync.yaml': `${at}`, 'n/1': 'one', 'n/deep/3': 'three', 'n/deep/4': `${at}` },
    { 'sync.yaml': `${at}`, 'n/deep': 'a file now', 'jobs/5': 'five' },
  ];
}

describe('the difference of two trees', () => {
  const entry = fc.record({
    mode: fc.constantFrom('100644', '40000'),
    name: fc.stringMatching(/^[a-c.-]{1,3}$/).map((name) => Buffer.from(name)),
    oid: fc.constantFrom('1', '2', '0').map((digit) => digit.repeat(40)),
  });
  const tree = fc.uniqueArray(entry, { selector: ({ name }) => name.toString(), maxLength: 60 });

  it('names every entry that the base has not, and its delta makes the tree', () => {
    fc.assert(
      fc.property(tree, tree, (before, after) => {
        const [base, next] = [encodeTree(before), encodeTree(after)];
        const { added, delta } = compareTrees(base, next);
        expect(applyDelta(base, delta)).toEqual(next);
        const textOf = ({ mode, name, oid }: RawEntry): string => `${mode} ${name.toString()} ${oid}`;
        const there = new Set(before.map(textOf));
        expect(added.map(textOf).toSorted()).toEqual(
          after
            .map(textOf)
            .filter((text) => !there.has(text))
            .toSorted(),
        );
      }),
    );
  });

  it('makes deltas of folders that are longer than one command can copy', () => {
    const entries = Array.from({ length: 300_000 }, (_, at) => ({
      mode: '100644',
      name: Buffer.from(`node-${String(at).padStart(8, '0')}-of-a-large-fleet.yaml`),
      oid: createHash('sha1').update(String(at)).digest('hex'),
    }));
    const base = encodeTree(entries.slice(0, -1));
    const delta = compareTrees(base, encodeTree(entries)).delta;
    expect(base.length).toBeGreaterThan(0xff_ffff);
    expect(delta.length).toBeLessThan(200);
    expect(delta[0]).toBe(0x80 | (base.length & 0x7f));
  });
});

it('sends whole objects to a server that takes no thin packs', async () => {
  const [repo, other] = [join(temporaryFolder(), 'a.git'), join(temporaryFolder(), 'b.git')];
  for (const path of [repo, other]) createBareRepo(path);
  commitFiles(repo, manyFiles(300));
  const commit = commitFiles(repo, { 'nodes/n/7.yaml': 'changed' });
  const [tree = '', base] = [commit, `${commit}^`].map((one) => git(repo, ['rev-parse', `${one}^{tree}`]));
  const store = new ObjectStore(join(repo, 'objects').replace(/objects$/, ''));
  await store.refresh();
  const pack = await collectObjects(store, { commit, tree, base });
  expect(pack.objects.length).toBe(5);
  expect(git(other, ['index-pack', '--stdin'], await encodePack(pack, false))).toMatch(/^pack/);
  expect((await encodePack(pack, true)).length).toBeLessThan((await encodePack(pack, false)).length / 5);
  await store.close();
});

describe('the report of a push', () => {
  const report = (text: string, isBanded = false) =>
    readReport(bodyOf(text), { isBanded, redact: (words) => words.replace('s3cret', '***') });

  it('without side-bands is read too', async () => {
    expect(await report(`${line('unpack ok\n')}${line('ng refs/heads/x hook declined\n')}0000`)).toEqual({
      unpack: '',
      refs: new Map([['refs/heads/x', 'hook declined']]),
      said: [],
    });
  });

  it.each([
    { because: 'nothing', text: '' },
    { because: 'a line that is cut', text: '0010unpack' },
    { because: 'no length', text: 'unpack ok' },
  ])('that is $because leaves it open whether the push was taken', async ({ text }) => {
    expect(await failureOf(report(text))).toMatchObject({ code: 'TRANSFER_INCOMPLETE', retryable: true });
  });

  it("that ends with the server's last words has them, redacted", async () => {
    expect(await failureOf(report(line('\u0003out of memory of s3cret'), true))).toMatchObject({
      code: 'FAILED',
      message: 'The server ended the push: out of memory of ***',
    });
  });
});

function line(text: string): string {
  return `${(Buffer.byteLength(text) + 4).toString(16).padStart(4, '0')}${text}`;
}

async function* bodyOf(text: string): AsyncGenerator<Uint8Array> {
  await Promise.resolve();
  yield Buffer.from(text);
}

function manyFiles(count: number): Record<string, string> {
  return Object.fromEntries(Array.from({ length: count }, (_, at) => [`nodes/n/${at}.yaml`, `node: ${at}\n`]));
}

function withReadme(files: Readonly<Record<string, string>>): ReturnType<typeof page> {
  return {
    ...page('a', { ...files, 'sync.yaml': '1' }),
    shared: (tree) => new Map([['README.md', `${tree.size} files`]]),
    decided: { reads: () => false, enters: (folder) => !folder.includes('/'), decide: () => new Map() },
  };
}

/** Path and id of every file of the branch, sorted by path. */
function listing({ repo }: World): string[][] {
  if (tipOf(repo, BRANCH) === undefined) return [];
  const lines = git(repo, ['ls-tree', '-r', '--format=%(path) %(objectname)', BRANCH]).split('\n');
  return lines.map((text) => text.split(' ')).toSorted(byName);
}

function byName([a = '']: readonly string[], [b = '']: readonly string[]): number {
  return a < b ? -1 : 1;
}

function blobId(text: string): string {
  return createHash('sha1')
    .update(`blob ${Buffer.byteLength(text)}\0${text}`)
    .digest('hex');
}
