// How much history the Backups of a month leave on the status branch, with the real publisher and a real Git server.

import { describe, expect, it } from 'vitest';

import type { StatusBranch } from '../../src/git/engine.ts';
import { sha256 } from '../../src/lib/hash.ts';
import { jobDocument } from '../../src/status/job-document.ts';
import { documents } from '../../src/status/documents.ts';
import { renderReadme } from '../../src/status/readme.ts';
import { createTreeReader } from '../../src/status/tree-nodes.ts';
import { aNode } from '../status/builders.ts';
import { git } from '../support/git-repo.ts';
import { makeWorld, never, openStatus } from './world.ts';

const NODES = 100;
const BACKUPS_OF_A_MONTH = NODES * 30;
/** Measured in the middle of the month: the folder of the records is as long as it is on average. */
const RECORDS = BACKUPS_OF_A_MONTH / 2;
const MEASURED = 20;
const LIMIT_BYTES = 50 * 1024 * 1024;

const START = Date.parse('2026-03-01T00:00:00Z');
const PHASES = ['Claimed', 'Locked', 'Stopping', 'Working', 'Verifying', 'Starting', 'Complete'];
/** What a Backup commits: its claim, its object, its progress once, its end. */
const COMMITS: readonly { readonly phases: number; readonly bound: boolean; readonly node: string }[] = [
  { phases: 1, bound: false, node: 'Running' },
  { phases: 1, bound: true, node: 'Running' },
  { phases: 4, bound: true, node: 'Stopped' },
  { phases: 7, bound: true, node: 'Running' },
];

function digest(seed: number): string {
  return sha256(String(seed));
}

function time(index: number, step = 0): string {
  return `${new Date(START + index * 864_000 + step * 10_000).toISOString().slice(0, 19)}Z`;
}

function recordFile(index: number, { phases, bound }: Pick<(typeof COMMITS)[number], 'phases' | 'bound'>) {
  const node = `eth-${index % NODES}`;
  const name = `${node}-nightly-${29_000_000 + index}`;
  const isEnded = phases === PHASES.length;
  const record = {
    kind: 'Backup', namespace: 'prod', name, executor: 'paris', phase: PHASES[phases - 1],
    specDigest: `sha256:${digest(index)}`, objectDigest: `sha256:${digest(index + 1e6)}`,
    uid: bound ? `${digest(index).slice(0, 8)}-0000-4000-8000-${digest(index).slice(8, 20)}` : undefined,
    commit: digest(7).slice(0, 40), author: 'Operator <operator@example.com>', file: `schedules/${node}.yaml`,
    schedule: `prod/${node}-nightly`, claimedAt: time(index), nodes: [node], deployMethod: 'managed',
    phases: PHASES.slice(0, phases).map((phase, step) => ({ phase, at: time(index, step) })),
    ...(isEnded
      ? {
          endedAt: time(index, 7), message: 'the copy is proven by its manifest', chain: 'ethereum', network: 'hoodi',
          clients: ['el=geth', 'cl=lighthouse'], height: 19_000_000 + index, bytes: 123_456_789 + index, files: 4321,
          manifestSha256: digest(index + 2e6), claimName: name, imageDigest: `sha256:${digest(9)}`,
        }
      : { message: `works on ${node}` }),
  }; // prettier-ignore
  return [`paris/jobs/backup/prod/${name}.yaml`, jobDocument(record)] as const;
}

function nodeFiles(phaseOf: (name: string) => string, publishedAt: string): Map<string, string> {
  const nodes = Array.from({ length: NODES }, (_, index) => {
    const name = `eth-${index}`;
    const node = aNode({ executor: 'paris' }, { name, namespace: 'prod' });
    const phase = phaseOf(name) as 'Running';
    return { node: { ...node, status: { phase, height: 19_000_000 + index, peers: 25, synced: true } }, file: `nodes/${name}.yaml` };
  }); // prettier-ignore
  const view = {
    executor: 'paris',
    controllerVersion: '1.0.0',
    nodes,
    capabilities: { chains: [], storageClasses: [], features: [] },
    sync: { branch: 'main', seen: 'main@sha1:1', applied: 'main@sha1:1', problems: [], held: [], publishedAt },
  };
  return documents(view, { previous: new Map(), now: START, snapshotIntervalMs: 3_600_000 });
}

async function publish(status: StatusBranch, files: ReadonlyMap<string, string>, at: number): Promise<void> {
  const request = {
    prefix: 'paris',
    files,
    shared: (tree: ReadonlyMap<string, string>) => new Map([['README.md', renderReadme(tree, reader)]]),
    message: 'Backup eth-7-nightly: Claimed → Working\n\nSource-Commit: main@sha1:1\nExecutor: paris\n',
    author: { name: 'nodewright', email: 'paris@nodewright.invalid' },
    at: Math.floor(at / 1000),
  };
  await status.publish(request, never);
}

const reader = createTreeReader();

/** Bytes of all objects of a repository, in packs and loose. */
function sizeOf(repo: string): number {
  const count = new Map(git(repo, ['count-objects', '-v']).split('\n').map((line) => line.split(': ') as [string, string]));
  return 1024 * (Number(count.get('size')) + Number(count.get('size-pack')));
} // prettier-ignore

/** As a server does now and then; all deltas are computed again, so that two sizes can be compared. */
function pack(repo: string): void {
  git(repo, ['repack', '-q', '-a', '-d', '-f', '--window=50', '--depth=50']);
  git(repo, ['prune-packed', '-q']);
}

describe('the history of a month', () => {
  it(`of ${NODES} nodes with daily Backups stays below 50 MB`, { timeout: 300_000 }, async () => {
    const world = await makeWorld();
    const status = openStatus(world);
    const records = new Map(
      Array.from({ length: RECORDS }, (_, index) => recordFile(index, { phases: 7, bound: true })),
    );
    await publish(status, new Map([...nodeFiles(() => 'Running', time(0)), ...records]), START);
    pack(world.repo);
    const before = sizeOf(world.repo);
    for (let index = RECORDS; index < RECORDS + MEASURED; index++)
      for (const [step, { phases, bound, node }] of COMMITS.entries()) {
        const at = START + index * 864_000 + step * 30_000;
        records.set(...recordFile(index, { phases, bound }));
        const files = nodeFiles((name) => (name === `eth-${index % NODES}` ? node : 'Running'), time(index, 3 * step));
        await publish(status, new Map([...files, ...records]), at);
      }
    const loose = sizeOf(world.repo) - before;
    pack(world.repo);
    const packed = sizeOf(world.repo) - before;
    expect(Number(git(world.repo, ['rev-list', '--count', 'nodewright-status']))).toBe(1 + MEASURED * COMMITS.length);
    const kilobytes = (bytes: number): string => (bytes / MEASURED / 1024).toFixed(1);
    const megabytes = ((packed / MEASURED) * BACKUPS_OF_A_MONTH) / 1024 / 1024;
    console.log(
      `history of a Backup: ${kilobytes(packed)} KB packed by the server, ${kilobytes(loose)} KB before that; a month: ${megabytes.toFixed(1)} MB`,
    );
    expect((packed / MEASURED) * BACKUPS_OF_A_MONTH).toBeLessThan(LIMIT_BYTES);
  });
});
