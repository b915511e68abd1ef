// Two hundred requests for a hundred nodes merged at once: one push claims them, none runs twice, one at a time for each node.

import { afterAll, beforeAll, describe, expect, it } from 'vitest';

import { API_VERSION, LABEL } from '../../src/api/group.ts';
import { type JobObject, jobKeyOf } from '../../src/api/job-object.ts';
import { isFinal } from '../../src/api/job-phase.ts';
import type { KubeObject } from '../../src/api/objects.ts';
import { kindOf } from '../../src/kube/kinds.ts';
import { testCluster } from '../support/cluster.ts';
import { git, tipOf } from '../support/git-repo.ts';
import { waitFor } from '../support/wait-for.ts';
import { BRANCH, type Fleet, startFleet, STATUS_BRANCH } from './fleet.ts';
import { prepare, published, ownWork, runController, type Running } from './harness.ts';

const NODES = 100;
const NAMES = Array.from({ length: NODES }, (_, index) => `n${index}`);

let fleet: Fleet;
let running: Running;
const ending = new AbortController();
/** Every request as the API server reported last, by key, and how often one was created. */
const requests = new Map<string, JobObject>();
const created = new Map<string, number>();
/** Nodes that two jobs worked on at one time. */
const shared: string[] = [];
/** Nodes one of whose jobs said that it waits for the other. */
const queued = new Set<string>();

beforeAll(async () => {
  const { kubeconfigPath: kubeconfig } = await testCluster();
  fleet = await startFleet({ kubeconfig, nodes: NODES });
  await prepare(fleet);
  running = await runController(fleet, { settings: { publishDelayMs: 200 } });
  const first = `applied: ${BRANCH}@sha1:${tipOf(fleet.repo, BRANCH)}`;
  await waitFor('all nodes are there', () => fleet.statusFile('sync.yaml')?.includes(first), PATIENCE_MS);
  fleet.cluster.inform<JobObject>(kindOf({ apiVersion: API_VERSION, kind: 'Backup' }), {
    signal: ending.signal,
    onChange: ({ old, now }) => see(old, now),
  });
});
afterAll(async () => {
  ending.abort();
  await running?.stop();
  await fleet?.close();
});

function see(old: JobObject | undefined, now: JobObject | undefined): void {
  if (now === undefined || now.metadata.namespace !== fleet.namespace) return;
  const key = jobKeyOf(now);
  if (old?.metadata.uid !== now.metadata.uid) created.set(key, (created.get(key) ?? 0) + 1);
  requests.set(key, now);
  const at = nodeOf(now);
  if (isQueued(now)) queued.add(at);
  if (isAtWork(now) && [...requests.values()].filter((one) => nodeOf(one) === at && isAtWork(one)).length > 1)
    shared.push(at);
}

function isQueued(job: JobObject): boolean {
  const waits = `waits for Backup ${fleet.namespace}/${nodeOf(job)}-`;
  return phaseOf(job) === 'Claimed' && job.status?.message?.startsWith(waits) === true;
}

function nodeOf({ spec }: JobObject): string {
  return String(spec['node']);
}

function phaseOf({ status }: JobObject): string {
  return status?.phase ?? 'Pending';
}

/** Between the taking of its locks and its end. */
function isAtWork(job: JobObject): boolean {
  return !['Pending', 'Claimed'].includes(phaseOf(job)) && !isFinal(job.status?.phase ?? 'Pending');
}

function count(phase: string): number {
  return [...requests.values()].filter((job) => phaseOf(job) === phase).length;
}

function claimOf(node: string): KubeObject {
  const metadata = { name: `data-${node}-0`, namespace: fleet.namespace, labels: { [LABEL.node]: node } };
  const spec = { accessModes: ['ReadWriteOnce'], resources: { requests: { storage: '1Gi' } } };
  return { apiVersion: 'v1', kind: 'PersistentVolumeClaim', metadata, spec };
}

function request(kind: string, name: string, spec: string): string {
  return `apiVersion: ${API_VERSION}\nkind: ${kind}\nmetadata: { name: ${name} }\nspec: ${spec}\n`;
}

/** Each waits for the PVC of its node, and is then refused: its class does not exist. */
function backups(): Record<string, string> {
  const files = NAMES.flatMap((node) =>
    ['a', 'b'].map((which) => {
      const name = `${node}-${which}`;
      return [`jobs/${name}.yaml`, request('Backup', name, `{ node: ${node}, storageClass: never }`)] as const;
    }),
  );
  return Object.fromEntries(files);
}

describe('two hundred requests in one commit', () => {
  let commit: string;

  it('are all claimed by one push', async () => {
    await waitFor('nothing is under way', () => Date.now() - (ownWork(running, fleet).at(-1)?.at ?? 0) > 1000);
    const usedBefore = process.cpuUsage().user;
    commit = fleet.commit(backups());
    running.controller.requestSync();
    await waitFor('every claim is on the branch', () => recordsOf('n').length === 2 * NODES, PATIENCE_MS);
    const claimedAt = Date.now();
    const usedMs = Math.round((process.cpuUsage().user - usedBefore) / 1000);
    const read = running.log.find((line) => line.msg === 'Read revision' && line['commit'] === commit);
    const claimMs = claimedAt - Number(read?.['time']);
    console.log(
      `from the commit's being read to ${2 * NODES} claims on the branch: ${claimMs} ms, ${usedMs} ms of processor time`,
    );
    const adding = git(fleet.repo, ['log', '--diff-filter=A', '--format=%H', STATUS_BRANCH, '--', ...recordsOf('n')]);
    expect(new Set(adding.split('\n')).size).toBe(1);
  });

  it('wait without a lock while their nodes have no volumes', async () => {
    const isWaiting = ({ status }: JobObject): boolean =>
      status?.phase === 'Claimed' && status.message?.includes('never ran') === true;
    await waitFor(
      'each says what it waits for',
      () => [...requests.values()].filter(isWaiting).length === 2 * NODES,
      PATIENCE_MS,
    );
    expect(await releasedLocks()).toBe(0);
  });

  it('leave the other loops their pace, and the API server alone, while they wait', async () => {
    const before = Date.now();
    await published(
      fleet,
      running,
      fleet.commit({ 'nodes/n0.yaml': fleet.nodeFile('n0', ['desiredState: Stopped', 'restartGeneration: 1']) }),
    );
    const appliedMs = Date.now() - before;
    const from = running.requests.length;
    const since = Date.now();
    await waitFor('a window is over', () => Date.now() - since > WINDOW_MS, WINDOW_MS + 10_000);
    const perSecond = (running.requests.length - from) / (WINDOW_MS / 1000);
    console.log(
      `a commit is applied and published in ${appliedMs} ms; ${perSecond} requests/s while ${2 * NODES} jobs wait`,
    );
    // Each reads itself and its lock every fifteen seconds; of their nodes they know by the watches.
    expect(perSecond).toBeLessThan(NODES * 0.5);
  });

  it('end once each, one after the other on every node', async () => {
    const before = Date.now();
    for (const node of NAMES) await fleet.cluster.create(claimOf(node));
    await waitFor('every one has ended', () => count('Refused') === 2 * NODES, PATIENCE_MS);
    console.log(`${2 * NODES} jobs go through ${NODES} locks in ${Date.now() - before} ms`);
    const ends = [...requests.values()];
    expect(new Set(ends.map(({ status }) => status?.reason))).toEqual(new Set(['ObjectsRefused']));
    for (const { status } of ends) expect(status?.history?.filter(({ phase }) => phase === 'Locked').length).toBe(1);
    expect(shared).toEqual([]);
    // The second of a node says for whom it waits.
    expect(queued.size).toBeGreaterThan(0);
    expect([...created.values()].every((times) => times === 1)).toBe(true);
    expect(created.size).toBe(2 * NODES);
    expect(await releasedLocks()).toBe(NODES);
  });
});

/** How many locks there are when none is held. */
async function releasedLocks(): Promise<number> {
  return await waitFor('no lock is held', async () => {
    const leases = await fleet.cluster.list(kindOf({ apiVersion: 'coordination.k8s.io/v1', kind: 'Lease' }), {
      namespace: fleet.namespace,
    });
    return leases.every((lease) => JSON.stringify(lease['spec']) === '{}') && leases.length;
  });
}

describe('finished jobs', () => {
  it('whose pods were removed cost no request and no commit', async () => {
    fleet.commit({
      'jobs/bare.yaml': request('Backup', 'bare', '{ node: n1, ttlSecondsAfterFinished: 1 }'),
    });
    running.controller.requestSync();
    // Simulated pods end without a result, three times: that is a failure with a reason.
    await waitFor(
      'it failed',
      () => phaseOf(requests.get(`Backup/${fleet.namespace}/bare`) ?? blank) === 'Failed',
      PATIENCE_MS,
    );
    await waitFor(
      'its Jobs are gone',
      async () => {
        const jobs = await fleet.cluster.list(kindOf({ apiVersion: 'batch/v1', kind: 'Job' }), {
          namespace: fleet.namespace,
        });
        return jobs.length === 0;
      },
      PATIENCE_MS,
    );
    await releasedLocks();
    await waitFor(
      'it has come to rest',
      () => Date.now() - (ownWork(running, fleet).at(-1)?.at ?? 0) > 5000,
      PATIENCE_MS,
    );
    const before = { requests: ownWork(running, fleet).length, commits: fleet.statusCommits().length };
    const since = Date.now();
    await waitFor('a window is over', () => Date.now() - since > IDLE_MS, IDLE_MS + 10_000);
    expect(ownWork(running, fleet).slice(before.requests)).toEqual([]);
    expect(fleet.statusCommits().length).toBe(before.commits);
  });
});

/** Other tests may use the processors as well. */
const PATIENCE_MS = 110_000;
const WINDOW_MS = 10_000;
/** Longer than any pause of a job that waits. */
const IDLE_MS = 20_000;

const blank: JobObject = { apiVersion: API_VERSION, kind: 'Backup', metadata: { name: '' }, spec: {} };

/** Files of records on the branch whose name starts so. */
function recordsOf(start: string): readonly string[] {
  const found = git(fleet.repo, ['ls-tree', '-r', '--name-only', STATUS_BRANCH, `${fleet.executor}/jobs/`]);
  return found.split('\n').filter((path) => path.split('/').at(-1)?.startsWith(start) === true);
}
