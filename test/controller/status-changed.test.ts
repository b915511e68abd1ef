// Someone else changes the status of a job that is under way: the controller goes by the one that it stored, and puts it back.

import { afterAll, beforeAll, describe, expect, it } from 'vitest';

import { API_VERSION } from '../../src/api/group.ts';
import type { JobObject } from '../../src/api/job-object.ts';
import type { JobStatus, JobTarget } from '../../src/api/job-status.ts';
import type { KubeObject } from '../../src/api/objects.ts';
import { valueAt } from '../../src/lib/json-value.ts';
import { KINDS } from '../../src/kube/kinds.ts';
import { testCluster } from '../support/cluster.ts';
import { waitFor } from '../support/wait-for.ts';
import { type Fleet, startFleet } from './fleet.ts';
import { prepare, runController, type Running } from './harness.ts';

const PATIENCE_MS = 60_000;
/** Keeps the pod, and with it the job in the phase Stopping. */
const FINALIZER = 'nodewright.test/keep';

/** The job stays in that phase as long as the tests take. */
const SETTINGS = { settings: { stopDeadlineMs: 3_600_000 } };

let fleet: Fleet;
let running: Running;
beforeAll(async () => {
  const { kubeconfigPath: kubeconfig } = await testCluster();
  fleet = await startFleet({ kubeconfig, nodes: 1, spec: ['desiredState: Running'] });
  await prepare(fleet);
  running = await runController(fleet, SETTINGS);
});
afterAll(async () => {
  await running?.stop();
  await fleet?.close();
});

const backup = () => ({ apiVersion: API_VERSION, kind: 'Backup', namespace: fleet.namespace, name: 'one' });
const pod = () => ({ apiVersion: 'v1', kind: 'Pod', namespace: fleet.namespace, name: 'n0-0' });

async function job(): Promise<JobObject | undefined> {
  return (await fleet.cluster.get(backup())) as JobObject | undefined;
}

/** Another writer of the status, who knows what the job needs. */
async function forge(status: Partial<JobStatus>): Promise<void> {
  const { metadata } = (await job()) ?? {};
  const { namespace, name, ...head } = backup();
  const object = { ...head, metadata: { name, namespace, uid: metadata?.uid ?? '' }, status };
  await fleet.cluster.applyStatus(object, { fieldManager: 'someone', force: true });
}

async function isRunning(): Promise<KubeObject> {
  const runs = async (): Promise<KubeObject | undefined> => {
    const live = await fleet.cluster.get(pod());
    return live?.metadata.deletionTimestamp === undefined ? live : undefined;
  };
  return await waitFor('the node runs', runs, PATIENCE_MS);
}

const EXTRA = { kind: 'VolumeSnapshot', name: 'theirs', uid: 'u' } as const;

const FORGERIES: readonly (readonly [string, (status: JobStatus) => Partial<JobStatus>])[] = [
  ['the PVC that it copies', ({ targets = [] }) => ({ targets: targets.map(leadTo('payroll')) })],
  ['its phase to a later one', () => ({ phase: 'Working' })],
  ['its phase to an earlier one', () => ({ phase: 'Claimed' })],
  ['its phase to its end', () => ({ phase: 'Complete', endTime: '2026-01-01T00:00:00Z' })],
  ['that its node may run', () => ({ released: ['n0'] })],
  ['what it has made', () => ({ made: [EXTRA] })],
];

function leadTo(claim: string) {
  return (target: JobTarget): JobTarget => ({ ...target, volumes: [{ name: 'data', claim }] });
}

/** The status without what says how long it waits. */
async function stored(): Promise<JobStatus | undefined> {
  const { conditions: _conditions, message: _message, reason: _reason, ...status } = (await job())?.status ?? {};
  return status;
}

/** Repeats within five minutes are not written again. */
async function warnings(): Promise<number> {
  const events = await fleet.cluster.list(KINDS.Event, { namespace: fleet.namespace });
  const said = events.filter((event) => event['reason'] === 'StatusChanged');
  for (const event of said)
    expect(event).toMatchObject({ type: 'Warning', involvedObject: { kind: 'Backup', name: 'one' } });
  return said.length;
}

async function isPutBack(status: JobStatus): Promise<void> {
  await expect.poll(stored, { timeout: PATIENCE_MS }).toEqual(status);
}

describe('the status of a Backup whose node is stopping', () => {
  let status: JobStatus;
  let before: KubeObject;
  beforeAll(async () => {
    const { cluster } = fleet;
    before = await isRunning();
    await cluster.patch(pod(), [{ op: 'add', path: '/metadata/finalizers', value: [FINALIZER] }]);
    const file = { apiVersion: API_VERSION, kind: 'Backup', metadata: { name: 'one' }, spec: { node: 'n0' } };
    fleet.commit({ 'jobs/one.yaml': JSON.stringify(file) });
    running.controller.requestSync();
    await waitFor('it stops the node', async () => (await job())?.status?.phase === 'Stopping', PATIENCE_MS);
    status = (await stored()) ?? {};
  }, 300_000);

  it('is its own', async () => {
    expect(await warnings()).toBe(0);
  });

  it.each(FORGERIES)('is put back when someone changes %s', async (_what, forged) => {
    await forge(forged(status));
    await isPutBack(status);
    await expect.poll(warnings, { timeout: PATIENCE_MS }).toBe(1);
  });

  it('is put back when it was changed while the controller was down, and when its memory was removed under it', async () => {
    await running.stop();
    await forge({ phase: 'Complete' });
    running = await runController(fleet, SETTINGS);
    await isPutBack(status);
    const { cluster, namespace } = fleet;
    const memory = { apiVersion: 'v1', kind: 'ConfigMap', namespace, name: `nodewright-${fleet.executor}` };
    const { uid = '' } = (await cluster.get(memory))?.metadata ?? {};
    await cluster.remove(memory, { uid, propagation: 'Background' });
    await forge({ phase: 'Working' });
    await isPutBack(status);
    const mark = async (): Promise<unknown> => valueAt(await cluster.get(memory), ['data', 'statuses']);
    await expect.poll(mark, { timeout: PATIENCE_MS }).toBeTypeOf('string');
  });

  it('led to nothing: no worker Job, one pod, and the job continues', async () => {
    const { cluster, namespace } = fleet;
    expect(await cluster.list(KINDS.Job, { namespace })).toEqual([]);
    expect((await cluster.get(pod()))?.metadata.uid).toBe(before.metadata.uid);
    await cluster.patch(pod(), [{ op: 'remove', path: '/metadata/finalizers' }]);
    const [made] = await waitFor('it works', async () => {
      const jobs = await cluster.list(KINDS.Job, { namespace });
      return jobs.length > 0 ? jobs : undefined;
    });
    expect(JSON.stringify(made)).toContain('"data-n0-0"');
    expect(JSON.stringify(made)).not.toContain('payroll');
  });

  it('is forgotten when the job is gone, and the node comes back', async () => {
    const { cluster, namespace } = fleet;
    const { uid = '' } = (await job())?.metadata ?? {};
    await cluster.remove(backup(), { uid, propagation: 'Background' });
    expect((await isRunning()).metadata.uid).not.toBe(before.metadata.uid);
    await waitFor('the job is gone', async () => (await job()) === undefined, PATIENCE_MS);
    await expect.poll(() => cluster.list(KINDS.Job, { namespace }), { timeout: PATIENCE_MS }).toEqual([]);
  });
});
