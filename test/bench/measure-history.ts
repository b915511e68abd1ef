// What a month of a fleet with daily backups adds to the history of the status branch.
//
// The first and the last day are written by the code that writes them in a controller. Between them only the number of records
// grows, and each day adds as much more as the day before it.

import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';

import type { BlockchainNode, NodeStatus } from '../../src/api/blockchain-node.ts';
import type { JobPhase } from '../../src/api/job-phase.ts';
import type { StatusBranch } from '../../src/git/engine.ts';
import { createStatusBranch } from '../../src/git/status-branch.ts';
import { type JobRecord, recordPath } from '../../src/jobs/requests/record.ts';
import { digestOf } from '../../src/lib/hash.ts';
import { timestamp } from '../../src/lib/timestamp.ts';
import { commitMessage, describeBatch } from '../../src/status/batch.ts';
import { documents } from '../../src/status/documents.ts';
import type { FleetView } from '../../src/status/fleet-view.ts';
import { jobDocument } from '../../src/status/job-document.ts';
import { nodeStatus } from '../../src/status/node-status.ts';
import { renderReadme } from '../../src/status/readme.ts';
import { createTreeReader } from '../../src/status/tree-nodes.ts';
import { aNode, facts, observe } from '../status/builders.ts';
import { git } from '../support/git-repo.ts';
import { startGitServer } from '../support/git-server.ts';
import type { Figure } from './figure.ts';
import { EXECUTOR, nodeName } from './fleet.ts';

const NODES = 100;
const DAYS = 30;
/** Only every fourth hour of the two days is written. */
const PART = 4;
const HOUR_MS = 3_600_000;
const DAY_MS = 24 * HOUR_MS;
const BEGIN = Date.parse('2026-03-01T00:00:00Z');
const NAMESPACE = 'novacula-system';
const REVISION = 'main@sha1:363a6a8f0c2b4d5e6f708192a3b4c5d6e7f80912';

/** One Backup, as its commits show it: `makes a handful of status commits for a Backup` counts them on real pods. */
const STEPS: readonly Step[] = [
  { job: 'Claimed', isPaused: false },
  { job: 'Stopping', isPaused: true },
  { job: 'Working', isPaused: true },
  { job: 'Complete', isPaused: true },
  { job: 'Complete', isPaused: false },
];

interface Step {
  readonly job: JobPhase;
  readonly isPaused: boolean;
}

/** Backups at a time of their own for each node, which is the worst case: those of one time share commits. */
export async function measureHistory(): Promise<readonly Figure[]> {
  const server = await startGitServer();
  const folder = mkdtempSync(join(tmpdir(), 'nodewright-bench-'));
  const repo = server.createRepo('fleet');
  const branch = createStatusBranch({ url: server.url('fleet'), directory: join(folder, 'store') });
  try {
    const fleet = new Fleet(branch);
    await fleet.publish(BEGIN);
    const first = await growth(repo, async () => await fleet.day(0));
    for (let day = 1; day < DAYS - 1; day++) fleet.skipDay(day);
    await fleet.publish(startOf(DAYS - 1));
    const last = await growth(repo, async () => await fleet.day(DAYS - 1));
    const month = (what: 'packed' | 'pushed'): number => (((first[what] + last[what]) / 2) * PART * DAYS) / 2 ** 20;
    const name = `a month of ${NODES} nodes with daily Backups, history of the status branch`;
    return [
      { name, value: month('packed'), unit: 'MB', limit: 50 },
      { name: 'the same before the server packs it', value: month('pushed'), unit: 'MB' },
      { name: 'status commits of one such day', value: (fleet.commits * PART) / 2, unit: 'commits' },
    ];
  } finally {
    await branch.close();
    await server.close();
    rmSync(folder, { recursive: true, force: true });
  }
}

/** Bytes that the work adds: as they arrive, and once the server has packed them. */
async function growth(
  repo: string,
  work: () => Promise<void>,
): Promise<{ readonly pushed: number; readonly packed: number }> {
  const before = pack(repo);
  await work();
  const arrived = bytesOf(repo, 'size') + bytesOf(repo, 'size-pack');
  return { pushed: arrived - before, packed: pack(repo) - before };
}

function pack(repo: string): number {
  git(repo, ['gc', '--quiet', '--prune=now']);
  return bytesOf(repo, 'size-pack');
}

function bytesOf(repo: string, what: 'size' | 'size-pack'): number {
  return 1024 * Number(new RegExp(`^${what}: (\\d+)$`, 'm').exec(git(repo, ['count-objects', '-v']))?.[1] ?? 0);
}

function startOf(day: number): number {
  return BEGIN + day * DAY_MS;
}

/** The files of one controller over time. */
class Fleet {
  commits = -2;
  readonly #branch: StatusBranch;
  readonly #records = new Map<string, string>();
  readonly #paused = new Set<number>();
  readonly #reader = createTreeReader();
  readonly #statuses = new Map<number, NodeStatus>();
  #files: ReadonlyMap<string, string> = new Map();

  constructor(branch: StatusBranch) {
    this.#branch = branch;
  }

  /** A commit each hour for the heights, and those of one Backup of each node. */
  async day(day: number): Promise<void> {
    const gap = DAY_MS / NODES;
    for (let node = 0; node < NODES; node++) {
      const begin = startOf(day) + node * gap;
      if (Math.floor((node * gap) / HOUR_MS) % PART !== 0) continue;
      for (const [index, step] of STEPS.entries()) {
        this.#take(day, node, step);
        await this.publish(begin + index * 60_000);
      }
      if (node % 4 === 0) await this.publish(begin + gap / 2);
    }
  }

  /** Its records alone. */
  skipDay(day: number): void {
    for (let node = 0; node < NODES; node++) for (const step of STEPS) this.#take(day, node, step);
  }

  async publish(now: number): Promise<void> {
    const view = this.#view(now);
    const files = new Map([
      ...documents(view, { previous: this.#files, now, snapshotIntervalMs: HOUR_MS }),
      ...this.#records,
    ]);
    const { pushed } = await this.#branch.publish(
      {
        prefix: EXECUTOR,
        files,
        shared: (tree) => new Map([['README.md', renderReadme(tree, this.#reader)]]),
        message: commitMessage(describeBatch(this.#files, files, this.#reader), {
          sourceCommit: REVISION,
          executor: EXECUTOR,
        }),
        author: { name: 'nodewright', email: `${EXECUTOR}@nodewright.invalid` },
        at: Math.floor(now / 1000),
      },
      AbortSignal.timeout(60_000),
    );
    this.#files = files;
    if (pushed) this.commits += 1;
  }

  #take(day: number, node: number, { job, isPaused }: Step): void {
    const record = recordAt(day, node, job);
    this.#records.set(recordPath(record), jobDocument(record));
    if (isPaused) this.#paused.add(node);
    else this.#paused.delete(node);
  }

  /** Its conditions continue from its last status, as in the cluster. */
  #node(index: number, now: number): BlockchainNode {
    const before = this.#statuses.get(index);
    const desiredState = this.#paused.has(index) ? 'Stopped' : 'Running';
    const node = aNode({ desiredState }, { name: nodeName(index), namespace: NAMESPACE });
    const height = Math.floor(now / 12_000) + index;
    const headTime = now / 1000 - 6;
    const status = nodeStatus(
      observe({
        node: before === undefined ? node : { ...node, status: before },
        now,
        facts: facts({ height, headTime }, { height: height + 9, headTime }),
      }),
    );
    this.#statuses.set(index, status);
    return { ...node, status };
  }

  #view(now: number): FleetView {
    return {
      executor: EXECUTOR,
      controllerVersion: '0.1.0',
      sync: {
        branch: 'main',
        seen: REVISION,
        applied: REVISION,
        publishedAt: timestamp(now),
        problems: [],
        held: [],
        schedules: Array.from({ length: NODES }, (_, node) => ({
          schedule: `${NAMESPACE}/${nodeName(node)}-daily`,
          file: 'schedules/daily.yaml',
          kind: 'Backup',
          suspended: false,
          next: timestamp(startOf(Math.ceil((now - BEGIN) / DAY_MS) + 1) + node * 60_000),
        })),
      },
      capabilities: { chains: [], features: ['jobs'], kubernetes: 'v1.36.3' },
      nodes: Array.from({ length: NODES }, (_, index) => ({
        node: this.#node(index, now),
        file: `nodes/${nodeName(index)}.yaml`,
      })),
    };
  }
}

function recordAt(day: number, node: number, phase: JobPhase): JobRecord {
  const begin = startOf(day) + node * (DAY_MS / NODES);
  const at = (minutes: number): string => timestamp(begin + minutes * 60_000);
  const name = `${nodeName(node)}-daily-${at(0).slice(0, 10)}`;
  const digest = digestOf([name, phase]);
  return {
    kind: 'Backup',
    namespace: NAMESPACE,
    name,
    executor: EXECUTOR,
    specDigest: digestOf(name),
    objectDigest: digestOf([name]),
    phase,
    uid: `${digest.slice(7, 15)}-1c2d-4e5f-8a9b-${digest.slice(15, 27)}`,
    commit: REVISION,
    schedule: `${NAMESPACE}/${nodeName(node)}-daily`,
    claimedAt: at(0),
    nodes: [`${NAMESPACE}/${nodeName(node)}`],
    phases: STEPS.map(({ job }, index) => ({ phase: job, at: at(index) })),
    chain: 'ethereum',
    network: 'hoodi',
    chainId: '560048',
    clients: ['el=geth', 'cl=lighthouse'],
    ...(phase === 'Complete'
      ? {
          endedAt: at(4),
          height: Math.floor(begin / 12_000),
          bytes: 700_000_000_000 + node * 12_345_677,
          files: 2000 + node,
          manifestSha256: digest.slice(7),
          claimName: `backup-${name}`,
          image: 'ghcr.io/nodewright/nodewright:0.1.0',
        }
      : {}),
  };
}
