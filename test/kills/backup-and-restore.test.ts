// A crash at every step, and everything else that goes away under a job: the outcome is that of an undisturbed run.

import { afterAll, beforeAll, describe, expect, it } from 'vitest';

import { API_VERSION } from '../../src/api/group.ts';
import { MAX_ATTEMPTS } from '../../src/jobs/model/deadlines.ts';
import { lockOfNode } from '../../src/jobs/model/locks.ts';
import { KINDS, kindOf } from '../../src/kube/kinds.ts';
import { importWorkerImage } from '../cluster/worker-image.ts';
import { STATUS_BRANCH } from '../controller/fleet.ts';
import { git } from '../support/git-repo.ts';
import { waitFor } from '../support/wait-for.ts';
import { breakableKubeconfig } from '../pods/breakable-kubeconfig.ts';
import { type CrashWorld, NODE, startCrashWorld } from '../pods/crash-world.ts';
import { type Killer, startKiller } from '../pods/kill-points.ts';
import { expectOneRun } from '../pods/one-run.ts';
import type { Kind } from '../pods/request-observer.ts';
import { podsCluster } from '../pods/world.ts';

let killed: CrashWorld;
let shaken: CrashWorld;
beforeAll(async () => {
  const { kubeconfigPath: kubeconfig, state } = await podsCluster();
  const image = await importWorkerImage(state);
  [killed, shaken] = await Promise.all([
    startCrashWorld({ kubeconfig, state, image }),
    startCrashWorld({ kubeconfig, state, image }),
  ]);
});
afterAll(async () => {
  await Promise.all([killed?.close(), shaken?.close()]);
});

async function expectGoodBackup(world: CrashWorld, name: string): Promise<void> {
  const { claimName = '', manifestSha256, files = 0 } = await world.ended('Backup', name);
  expect(files).toBeGreaterThan(3);
  expect(await world.manifestDigest(claimName)).toBe(manifestSha256);
}

/** How many pushes were refused since. */
function refusePushes({ fleet }: CrashWorld): { count(): number; end(): void } {
  let refused = 0;
  fleet.server.fault = ({ service }) => {
    if (service !== 'git-receive-pack') return 'pass';
    refused += 1;
    return { do: 'status', status: 503 };
  };
  return { count: () => refused, end: () => void (fleet.server.fault = undefined) };
}

describe.concurrent('jobs', () => {
  it.concurrent('run once though the controller is killed at every stage of a Backup and of its Restores', async () => {
    const killer = startKiller(killed);
    await runKilled(killer, 'Backup', 'dies');
    await expectGoodBackup(killed, 'dies');
    await runKilled(killer, 'Restore', 'back');
    await leaveHeld(killed, 'torn');
    await holds(killed, 'torn', [NODE]);
    await runKilled(killer, 'Restore', 'repair');
    expect(killed.object('Restore', 'torn')?.status).toMatchObject({ phase: 'Held', paused: [] });
    await holds(killed, 'torn', undefined);
    await killer.close();
    // Of a process that was started after most of this had ended: they come from the branch.
    const { text } = await killed.process().probe('/metrics');
    expect(text.split('\n').filter((line) => /^nodewright_job(s|_paused_nodes)\b/.test(line))).toEqual(
      expect.arrayContaining([
        'nodewright_jobs{kind="Backup",phase="Complete"} 1',
        'nodewright_jobs{kind="Restore",phase="Complete"} 2',
        'nodewright_jobs{kind="Restore",phase="Held"} 1',
        'nodewright_job_paused_nodes 0',
      ]),
    );
    const records = git(killed.fleet.repo, [
      'ls-tree',
      '-r',
      '--name-only',
      STATUS_BRANCH,
      `${killed.fleet.executor}/jobs/`,
    ]);
    expect(records.split('\n').length).toBe(4);
  });

  it.concurrent('come to their end when any object of theirs disappears', async () => {
    await podDeleted(shaken);
    await apiServerGone(shaken);
    await pushesRefused(shaken);
    await deletedBeforeWork(shaken);
    await deletedUnderWork(shaken);
    await forceRemoved(shaken);
    await everythingLost(shaken);
    const phases = ['again', 'waits', 'torn-out'].map((name) => shaken.record('Backup', name)?.phase);
    expect(phases).toEqual(['Complete', 'Cancelled', 'Interrupted']);
  });
});

/** One run, and one start of its node. */
async function runKilled(killer: Killer, kind: Kind, name: string): Promise<void> {
  const starts = killed.podsEver(`${NODE}-0`).length;
  killer.aimAt(kind, name);
  killed.ask(kind, name, kind === 'Restore' ? { backup: 'dies' } : {});
  await killer.isDone(kind, name);
  await expectOneRun(killed, { kind, name });
  expect(killed.podsEver(`${NODE}-0`).length).toBe(starts + 1);
}

/** Its pods are deleted until it gives up: it is unknown what it left on the volume. */
async function leaveHeld(world: CrashWorld, name: string): Promise<void> {
  world.ask('Restore', name, { backup: 'dies' });
  for (let attempt = 1; attempt <= MAX_ATTEMPTS; attempt++) await deleteWork(world, 'Restore', name);
  await world.reaches('Restore', name, 'Held');
}

/** Waits until the record names these nodes as kept stopped. */
async function holds(world: CrashWorld, name: string, nodes: readonly string[] | undefined): Promise<void> {
  await waitFor(`the record of ${name} holds ${nodes?.join() ?? 'nothing'}`, () => {
    const record = world.record('Restore', name);
    return record?.phase === 'Held' && record.paused?.join() === nodes?.join();
  });
}

/** The worker pod is deleted: the copy is begun again, once. */
async function podDeleted(world: CrashWorld): Promise<void> {
  world.ask('Backup', 'again');
  await deleteWork(world, 'Backup', 'again');
  await expectOneRun(world, { kind: 'Backup', name: 'again', runs: 2 });
  await expectGoodBackup(world, 'again');
}

/** In the middle of the task; resolves when the pod is gone. */
async function deleteWork(world: CrashWorld, kind: Kind, name: string): Promise<void> {
  const { pod } = await world.freezeTask(kind, name);
  const { namespace, cluster } = world.fleet;
  const ref = { apiVersion: 'v1', kind: 'Pod', namespace, name: pod };
  const live = await cluster.get(ref);
  await cluster.remove(ref, { uid: live?.metadata.uid ?? '', gracePeriodSeconds: 1, propagation: 'Background' });
  await waitFor(`${pod} is gone`, () => !world.pods().some(({ metadata }) => metadata.name === pod), 60_000);
}

/** The controller finds no API server for a while, in the middle of the task. */
async function apiServerGone(world: CrashWorld): Promise<void> {
  const path = await breakableKubeconfig(world.fleet.kubeconfig);
  await world.process().stop();
  await world.start({ kubeconfig: path.kubeconfig });
  world.ask('Backup', 'cut-off');
  const task = await world.freezeTask('Backup', 'cut-off');
  path.breakAll();
  await waitFor('requests fail', async () => (await world.process().log()).includes('ECONNREFUSED'), 60_000);
  task.thaw();
  await waitFor(
    'the task has ended meanwhile',
    async () => {
      const jobs = await world.fleet.cluster.list(KINDS.Job, { namespace: world.fleet.namespace });
      return jobs.some(
        (job) => job.metadata.name.includes('cut-off') && JSON.stringify(job['status']).includes('"succeeded":1'),
      );
    },
    60_000,
  );
  expect(world.object('Backup', 'cut-off')?.status?.phase).toBe('Working');
  // Without its lease it must not continue: its container would be started again.
  expect(await world.process().ended).toBe(1);
  path.restore();
  await world.start({ kubeconfig: path.kubeconfig });
  await expectOneRun(world, { kind: 'Backup', name: 'cut-off' });
  await world.process().stop();
  await path.close();
  await world.start();
}

/** Nothing starts before the claim is on the branch; the result waits, with what it left, until it can be pushed. */
async function pushesRefused(world: CrashWorld): Promise<void> {
  const { cluster, namespace } = world.fleet;
  let refusals = refusePushes(world);
  world.ask('Backup', 'unclaimed');
  await waitFor('three pushes are refused', () => refusals.count() >= 3, 60_000);
  expect(await cluster.get({ apiVersion: API_VERSION, kind: 'Backup', namespace, name: 'unclaimed' })).toBeUndefined();
  expect(world.nodePods().length).toBe(1);
  refusals.end();
  await world.reaches('Backup', 'unclaimed', 'Working');
  refusals = refusePushes(world);
  const { metadata } = await world.reaches('Backup', 'unclaimed', 'Complete');
  await waitFor('three pushes are refused', () => refusals.count() >= 3, 60_000);
  expect(world.record('Backup', 'unclaimed')?.phase).not.toBe('Complete');
  expect(metadata.uid).toBe(world.record('Backup', 'unclaimed')?.uid);
  refusals.end();
  await expectOneRun(world, { kind: 'Backup', name: 'unclaimed' });
}

/** While it waits for a lock: it is cancelled, and its file alone does not bring it back. */
async function deletedBeforeWork(world: CrashWorld): Promise<void> {
  const { cluster, namespace } = world.fleet;
  const lock = { apiVersion: 'coordination.k8s.io/v1', kind: 'Lease', namespace, name: lockOfNode(NODE) };
  const lease = await cluster.get(lock);
  if (lease === undefined) throw new Error('the lock of earlier jobs is gone');
  const taken = await cluster.replace({ ...lease, spec: { holderIdentity: 'another' } });
  world.ask('Backup', 'waits');
  const { metadata } = await world.reaches('Backup', 'waits', 'Claimed');
  await cluster.remove(
    { apiVersion: API_VERSION, kind: 'Backup', namespace, name: 'waits' },
    { uid: metadata.uid ?? '', propagation: 'Background' },
  );
  expect(await world.ended('Backup', 'waits')).toMatchObject({ phase: 'Cancelled' });
  await waitFor('it may go', () => world.object('Backup', 'waits') === undefined);
  await cluster.replace({ ...taken, spec: {} });
  expect(world.made('Job', metadata.uid ?? '')).toEqual([]);
}

/** During its task: it runs to its end, reports its result, and is deleted then. */
async function deletedUnderWork(world: CrashWorld): Promise<void> {
  const { cluster, namespace } = world.fleet;
  world.ask('Backup', 'unwanted');
  const task = await world.freezeTask('Backup', 'unwanted');
  const uid = world.object('Backup', 'unwanted')?.metadata.uid ?? '';
  await cluster.remove(
    { apiVersion: API_VERSION, kind: 'Backup', namespace, name: 'unwanted' },
    { uid, propagation: 'Background' },
  );
  task.thaw();
  await expectOneRun(world, { kind: 'Backup', name: 'unwanted' });
  await waitFor('it may go', () => world.object('Backup', 'unwanted') === undefined);
}

/** Without the finalizer, while no controller runs: the node is not started on a volume that a pod still works on. */
async function forceRemoved(world: CrashWorld): Promise<void> {
  world.ask('Backup', 'torn-out');
  const task = await world.freezeTask('Backup', 'torn-out');
  const uid = world.object('Backup', 'torn-out')?.metadata.uid ?? '';
  await world.process().kill();
  await world.forceRemove('Backup', 'torn-out');
  await world.start();
  expect(await world.ended('Backup', 'torn-out')).toMatchObject({ phase: 'Interrupted', uid });
  // The reconciliation that recorded this has read the lock before: it waits for the pod, and holds the node meanwhile.
  const lock = { apiVersion: 'coordination.k8s.io/v1', kind: 'Lease', name: lockOfNode(NODE) };
  expect(await world.fleet.cluster.get({ ...lock, namespace: world.fleet.namespace })).toMatchObject({
    spec: { holderIdentity: uid },
  });
  expect(world.nodePods()).toEqual([]);
  task.thaw();
  await world.nodeIsWell();
  await waitFor('its Jobs are gone', async () => {
    const jobs = await world.fleet.cluster.list(KINDS.Job, { namespace: world.fleet.namespace });
    return !jobs.some(({ metadata }) => metadata.name.includes('torn-out'));
  });
}

/** The namespace is emptied in the middle of a Backup; a new controller has nothing but Git. */
async function everythingLost(world: CrashWorld): Promise<void> {
  const { cluster, namespace, executor, repo } = world.fleet;
  world.ask('Backup', 'swept');
  const task = await world.freezeTask('Backup', 'swept');
  await world.process().kill();
  task.thaw();
  for (const kind of ['Backup', 'BlockchainNode'].map((one) => kindOf({ apiVersion: API_VERSION, kind: one })))
    for (const { metadata } of await cluster.list(kind, { namespace })) {
      const ref = { apiVersion: API_VERSION, kind: kind.kind, namespace, name: metadata.name };
      await cluster.remove(ref, { uid: metadata.uid ?? '', propagation: 'Background' });
      if (metadata.finalizers !== undefined) await cluster.patch(ref, [{ op: 'remove', path: '/metadata/finalizers' }]);
    }
  for (const kind of [KINDS.Job, KINDS.StatefulSet, KINDS.PersistentVolumeClaim, KINDS.Lease, KINDS.ConfigMap])
    for (const { metadata } of await cluster.list(kind, { namespace }))
      await cluster.remove(
        { apiVersion: kind.apiVersion, kind: kind.kind, namespace, name: metadata.name },
        { uid: metadata.uid ?? '', propagation: 'Background' },
      );
  await waitFor('the pods are gone', async () => (await cluster.list(KINDS.Pod, { namespace })).length === 0, 120_000);
  const recordsBefore = git(repo, ['ls-tree', '-r', STATUS_BRANCH, `${executor}/jobs/`]);
  await world.start({ dataDir: `${world.process().logFile}.new` });
  await takePlace(world);
  expect(await world.ended('Backup', 'swept')).toMatchObject({ phase: 'Interrupted' });
  await world.nodeIsWell();
  expect(await cluster.list(kindOf({ apiVersion: API_VERSION, kind: 'Backup' }), { namespace })).toEqual([]);
  expect(await cluster.list(KINDS.Job, { namespace })).toEqual([]);
  const others = (text: string): readonly string[] => text.split('\n').filter((line) => !line.includes('/swept.yaml'));
  expect(others(git(repo, ['ls-tree', '-r', STATUS_BRANCH, `${executor}/jobs/`]))).toEqual(others(recordsBefore));
}

/** Without its Lease and its memory a cluster cannot know that the status branch is its own. */
async function takePlace({ fleet }: CrashWorld): Promise<void> {
  const { repo, executor } = fleet;
  const digest = await waitFor(
    'the approval of another cluster is asked for',
    () => {
      const folders = git(repo, ['ls-tree', '--name-only', STATUS_BRANCH]).split('\n');
      const own = folders.find((folder) => folder.startsWith(`${executor}@`));
      const sync = own === undefined ? '' : git(repo, ['show', `${STATUS_BRANCH}:${own}/sync.yaml`]);
      return /add the approval (sha256:[0-9a-f]{64})/.exec(sync)?.[1];
    },
    120_000,
  );
  fleet.commit({ 'fleet.yaml': fleet.fleetFile(['approvals:', `  - digest: ${digest}`]) });
}
