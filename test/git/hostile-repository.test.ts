// Repositories at the limits and beyond, read as the controller reads them: nothing holds up the event loop or fills the memory,
// the good node stays, and a revert heals.

import { execFile } from 'node:child_process';
import { createHash } from 'node:crypto';
import { join } from 'node:path';
import { promisify } from 'node:util';

import { expect, it } from 'vitest';

import { FLEET, nodeFile } from '../support/desired-files.ts';
import { commitFiles, git, moveBranch } from '../support/git-repo.ts';
import type { FleetReport } from './hostile/read-fleet.ts';
import { makeWorld, temporaryFolder } from './world.ts';

const MEGABYTE = 1024 * 1024;
/** A turn that is longer delays the renewal of the lease and the answers to probes. */
const MAX_TURN_MS = 200;
/** Megabytes beyond what the good files need. Node.js collects the buffers of streams when 64 MB have come together. */
const MAX_MORE = 100;
/** Syntax trees of large files, of which the collector keeps more as long as the heap may grow. */
const MAX_MORE_OF_TEXTS = 260;
/** A listing of a hundred thousand entries, in two stores. */
const MAX_MORE_OF_ENTRIES = 220;
/** Ten thousand nodes, as far as the collector lets them grow: with the usual 140 this is below the limit of the chart. */
const MAX_MORE_OF_NODES = 350;
const AUTHOR = ['-c', 'user.name=A U Thor', '-c', 'user.email=author@example.com'];
const GOOD = { 'fleet.yaml': FLEET, 'nodes/good.yaml': nodeFile('good') };

async function readFleet(url: string, times: 'once' | 'twice'): Promise<FleetReport> {
  const script = join(import.meta.dirname, 'hostile/read-fleet.ts');
  const { stdout } = await promisify(execFile)(process.execPath, [
    '--max-old-space-size=256',
    script,
    url,
    temporaryFolder(),
    times,
  ]);
  return JSON.parse(stdout);
}

let usual: FleetReport | undefined;

interface Row {
  readonly because: string;
  /** Beside the good files. */
  readonly files?: () => Readonly<Record<string, string | Buffer>>;
  /** What Git's own commands make of the repository. */
  readonly prepare?: (repo: string) => void;
  readonly error?: string;
  /** Nodes that are read; others keep their last good state. */
  readonly nodes?: number;
  readonly more?: number;
  readonly codes?: readonly string[];
}

const rows: readonly Row[] = [
  {
    because: 'files at the limit of bytes, of every kind',
    files: () => ({
      'nodes/a.yaml': wide(),
      'jobs/a.yaml': wide(),
      'schedules/a.yaml': wide(),
    }),
    codes: ['TooManyValues'],
    more: MAX_MORE_OF_TEXTS,
  },
  {
    because: 'values, nesting, aliases and errors at their limits',
    more: MAX_MORE_OF_TEXTS,
    files: () => ({
      'nodes/values.yaml': `a: [${'1,'.repeat(19_000)}]\n`,
      'nodes/fields.yaml': nodeFile(
        'x',
        (text) => text + Array.from({ length: 9000 }, (_, i) => `  fieldNumber${i}: 1\n`).join(''),
      ),
      'nodes/deep.yaml': '- '.repeat(500_000),
      'nodes/quotes.yaml': `[${'"a" '.repeat(200_000)}]`,
      'nodes/comments.yaml': '#\n'.repeat(500_000),
      'nodes/anchors.yaml': '&a '.repeat(300_000),
      'nodes/laughs.yaml': 'abcdefghi'
        .split('')
        .map((name, at, all) => `${name}: &${name} [${`*${all[at - 1] ?? name},`.repeat(at === 0 ? 0 : 9)}1]\n`)
        .join(''),
      'nodes/long-keys.yaml': `${`{${'k'.repeat(1000)}: `.repeat(40)}[${'1,'.repeat(19_000)}]${'}'.repeat(40)}`,
    }),
  },
  {
    because: 'five hundred nodes in a file, all with one identity',
    more: MAX_MORE_OF_TEXTS,
    files: () =>
      Object.fromEntries(
        [0, 1].map((file) => [
          `nodes/many-${file}.yaml`,
          Array.from({ length: 500 }, (_, at) => signer(`n${file}-${at}`)).join('---\n'),
        ]),
      ),
  },
  {
    because: 'patches that spend the whole budget',
    files: () => ({ 'patches/bomb.yaml': patches(350) }),
    nodes: 0,
    more: MAX_MORE_OF_TEXTS,
  },
  {
    because: 'two thousand job requests of one name',
    files: () =>
      Object.fromEntries(
        Array.from({ length: 2000 }, (_, at) => [
          `jobs/${at}.yaml`,
          'apiVersion: validatoros.com/v1alpha1\nkind: Backup\nmetadata: { name: one }\nspec: { node: good }\n',
        ]),
      ),
    codes: ['DuplicateRequest'],
  },
  {
    because: 'ten thousand node files',
    files: tenThousand,
    nodes: 10_001,
    more: MAX_MORE_OF_NODES,
  },
  {
    because: 'a folder of ninety thousand files',
    prepare: (repo) => commitTree(repo, 90_000),
    more: MAX_MORE_OF_ENTRIES,
  },
  {
    because: 'a folder of a hundred and fifty thousand files',
    prepare: (repo) => commitTree(repo, 150_000),
    error: 'TOO_MANY_FILES',
  },
  { because: 'a commit message of 100 MB', prepare: commitLongMessage, error: 'TOO_LARGE' },
  { because: 'thousands of versions of one large file', prepare: commitVersions },
];

it.each(rows)(
  '$because',
  { timeout: 240_000 },
  async ({ files, prepare, error, codes = [], nodes = 1, more = MAX_MORE }) => {
    const world = await makeWorld();
    const before = commitFiles(world.repo, GOOD);
    usual ??= await readFleet(world.url, 'twice');
    if (files !== undefined) commitFiles(world.repo, { ...GOOD, ...files() });
    prepare?.(world.repo);
    const report = await readFleet(world.url, 'twice');
    expect(report.error).toBe(error);
    expect(report.nodes).toBe(error === undefined ? nodes : 0);
    expect(report.codes).toEqual(expect.arrayContaining([...codes]));
    expect(report.longestMs).toBeLessThan(MAX_TURN_MS);
    expect((report.peakBytes - usual.peakBytes) / MEGABYTE).toBeLessThan(more);

    moveBranch(world.repo, 'main', before);
    expect(await readFleet(world.url, 'once')).toMatchObject({ nodes: usual.nodes, problems: usual.problems });
  },
);

function wide(): string {
  return Array.from({ length: 90_000 }, (_, at) => `k${at}: v\n`)
    .join('')
    .slice(0, MEGABYTE - 10);
}

function tenThousand(): Readonly<Record<string, string>> {
  return Object.fromEntries(Array.from({ length: 10_000 }, (_, at) => [`nodes/n-${at}.yaml`, nodeFile(`n-${at}`)]));
}

function signer(name: string): string {
  return nodeFile(name, (text) => `${text}  identity: { secretName: one }\n`);
}

/** Each copies the whole node into itself and removes it again. */
function patches(count: number): string {
  const operations = [
    '{ op: add, path: /k, value: {} }',
    ...Array.from({ length: 11 }, () => '{ op: copy, from: /k, path: /k/x }'),
    ...Array.from({ length: 50 }, () => '{ op: copy, from: /chain, path: /k/a }'),
    '{ op: remove, path: /k }',
  ];
  const patch = `apiVersion: validatoros.com/v1alpha1\nkind: FleetPatch\nmetadata: { name: p }\nspec:\n  match: {}\n  patch:\n${operations.map((one) => `    - ${one}\n`).join('')}`;
  return Array.from({ length: count }, () => patch).join('---\n');
}

/** A tree whose files all are one blob, beside the good files. */
function commitTree(repo: string, count: number): void {
  const blob = git(repo, ['hash-object', '-w', '--stdin'], 'a: 1\n').trim();
  const folder = git(
    repo,
    ['mktree'],
    Array.from({ length: count }, (_, at) => `100644 blob ${blob}\tfile-${at}.txt\n`).join(''),
  ).trim();
  const good = git(repo, ['ls-tree', 'main']);
  const tree = git(repo, ['mktree'], `${good.trimEnd()}\n040000 tree ${folder}\tmany\n`).trim();
  moveBranch(repo, 'main', git(repo, [...AUTHOR, 'commit-tree', '-p', 'main', '-m', 'many', tree]).trim());
}

function commitLongMessage(repo: string): void {
  moveBranch(
    repo,
    'main',
    git(
      repo,
      [...AUTHOR, 'commit-tree', '-p', 'main', '-F', '-', 'main^{tree}'],
      Buffer.alloc(100 * MEGABYTE, 'message \n'),
    ).trim(),
  );
}

/** Versions that differ in a line, which Git sends as deltas. */
function commitVersions(repo: string): void {
  const noise = Array.from({ length: 8000 }, (_, at) => createHash('sha1').update(String(at)).digest('hex')).join('\n');
  const blobs = Array.from({ length: 300 }, (_, at) =>
    git(repo, ['hash-object', '-w', '--stdin'], `${noise.slice(0, at * 100)}${at}${noise.slice(at * 100)}`).trim(),
  );
  const folder = git(
    repo,
    ['mktree'],
    blobs.map((blob, at) => `100644 blob ${blob}\tfile-${at}.txt\n`).join(''),
  ).trim();
  const tree = git(
    repo,
    ['mktree'],
    `${git(repo, ['ls-tree', 'main']).trimEnd()}\n040000 tree ${folder}\tmany\n`,
  ).trim();
  moveBranch(repo, 'main', git(repo, [...AUTHOR, 'commit-tree', '-p', 'main', '-m', 'many', tree]).trim());
  git(repo, ['repack', '-q', '-a', '-d', '--depth=50', '--window=20']);
}
