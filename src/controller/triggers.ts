// What queues a reconciliation: the whole table, as data. The table in README.md is generated from it.

import { type JobObject, jobKeyOf } from '../api/job-object.ts';
import { keyOf } from '../api/objects.ts';
import { waitsForNode } from '../jobs/model/node-wait.ts';
import { concernsIn, worksOn } from '../jobs/model/works-on.ts';
import { sourceKeyOf } from '../jobs/requests/restore-source.ts';
import type { NoticeName, Notices } from './engine/notices.ts';
import type { Trigger } from './engine/trigger.ts';
import type { JobWatches } from './job/watches.ts';
import type { KeyReservations } from './node/keys/key-reservations.ts';
import { isOwnedBy } from './node/owner.ts';
import type { Observations } from './node/observations.ts';
import type { Watches } from './node/watches.ts';

/** What the key functions look up. */
export interface TriggerView {
  readonly executor: string;
  readonly watches: Pick<Watches, 'nodes'>;
  readonly jobs: Pick<JobWatches, 'list'>;
  readonly observations: Pick<Observations, 'isReconciled'>;
  readonly keyReservations: Pick<KeyReservations, 'waiting' | 'isLeaving' | 'hasKeys' | 'usersOf'>;
}

/** Lets the compiler check the key function of a row against its own notices. */
function row<Name extends NoticeName>(trigger: Trigger<TriggerView, Name>): Trigger<TriggerView, Name> {
  return trigger;
}

/** A thousand new nodes are all created before the first of them is reconciled, unless that takes longer than this. */
const NEW_NODE_MS = 2000;
/** The first read of the branch has the CPU to itself; its result, or its failure, is published at once. */
const FIRST_STATUS_MS = 5000;
/** The nodes are looked at after the first plan, and after this time while the branch cannot be read, or is large. */
const FIRST_READ_MS = 2000;

export const TRIGGERS: readonly Trigger<TriggerView>[] = [
  row({ on: ['Started'], keys: branch, queue: 'pull' }),
  row({ on: ['SyncRequested'], keys: branch, queue: 'pull', resetsBackoff: true }),

  row({ on: ['CommitRead'], keys: fleet, queue: 'sync', resetsBackoff: true }),
  row({ on: ['NodeCreated', 'NodeChanged', 'NodeDeleted'], keys: fleet, queue: 'sync', delayMs: 20 }),
  row({
    on: ['IdentitiesChanged', 'VolumesChanged', 'SignersChanged', 'KeysDecided', 'OwnerChanged'],
    keys: fleet,
    queue: 'sync',
  }),

  row({ on: ['Started'], keys: allNodes, queue: 'node', delayMs: FIRST_READ_MS }),
  row({ on: ['MemoryRestored'], keys: allNodes, queue: 'node' }),
  row({ on: ['NodeCreated'], keys: ownNode, queue: 'node', delayMs: NEW_NODE_MS }),
  row({ on: ['PlanApplied'], keys: nodesNotReconciled, queue: 'node' }),
  row({ on: ['NodeChanged', 'NodeDeleted'], keys: ownNode, queue: 'node', resetsBackoff: true }),
  row({ on: ['SecretChanged'], keys: owner, queue: 'node', delayMs: 20, resetsBackoff: true }),
  row({ on: ['UsedSecretChanged'], keys: nodesWithSecret, queue: 'node', delayMs: 20, resetsBackoff: true }),
  // Its workload may have drifted.
  row({ on: ['ObjectsTouched'], keys: namedNodes, queue: 'node', delayMs: 20 }),
  row({ on: ['PodChanged', 'StatefulSetChanged'], keys: nodesWaitingForKey, queue: 'node', delayMs: 20 }),
  // Its status says when its keys can be given back.
  row({ on: ['StatefulSetChanged'], keys: ownerWithKeys, queue: 'node', delayMs: 20 }),
  row({ on: ['KeyReleased', 'KeysDecided'], keys: nodesWaitingForKey, queue: 'node', delayMs: 20 }),
  row({
    on: [
      'PausesChanged',
      'IdentitiesChanged',
      'VolumesChanged',
      'SignersChanged',
      'VolumesPrepared',
      'SuspensionChanged',
    ],
    keys: namedNodes,
    queue: 'node',
    resetsBackoff: true,
  }),

  row({ on: ['Started'], keys: allNodes, queue: 'observe' }),
  row({ on: ['PodChanged'], keys: owner, queue: 'observe' }),
  // The pod of a node that is taken over runs already.
  row({ on: ['NodeCreated', 'NodeChanged'], keys: ownNode, queue: 'observe' }),
  row({ on: ['ObservationStopped'], keys: namedNodes, queue: 'observe', resetsBackoff: true }),

  row({ on: ['NodeReconciled', 'NodeObserved', 'PlanApplied'], keys: namedNodes, queue: 'report' }),
  // Of the other objects nothing is in the status but what their reconciliation found.
  row({
    on: ['PodChanged', 'StatefulSetChanged', 'PersistentVolumeClaimChanged'],
    keys: owner,
    queue: 'report',
    delayMs: 20,
  }),

  row({ on: ['Started', 'RecordsPushed', 'LockNoteWritten'], keys: allRequests, queue: 'requests' }),
  row({ on: ['CommitRead'], keys: allRequests, queue: 'requests', resetsBackoff: true }),
  row({ on: ['JobCreated', 'JobDeleted'], keys: allRequests, queue: 'requests', delayMs: 20 }),

  row({ on: ['Started'], keys: allJobs, queue: 'jobs' }),
  row({ on: ['JobCreated', 'JobChanged', 'JobDeleted'], keys: job, queue: 'jobs', resetsBackoff: true }),
  row({ on: ['WorkerChanged'], keys: workersJob, queue: 'jobs', delayMs: 50 }),
  row({ on: ['NodeCreated'], keys: jobsOnNode, queue: 'jobs', delayMs: 20 }),
  row({ on: ['PodChanged', 'PersistentVolumeClaimChanged'], keys: jobsOnOwner, queue: 'jobs', delayMs: 20 }),
  // A Restore creates the PVCs of a node that never ran as its StatefulSet names them.
  row({ on: ['StatefulSetChanged'], keys: jobsWaitingForOwner, queue: 'jobs', delayMs: 20 }),
  row({ on: ['LockReleased'], keys: jobsWaitingForLock, queue: 'jobs' }),
  row({ on: ['LockNoteWritten'], keys: heldJobsOfLock, queue: 'jobs' }),
  row({ on: ['RecordsPushed'], keys: jobsOfRecords, queue: 'jobs' }),

  row({ on: ['Started', 'PlanApplied'], keys: ownVersion, queue: 'upgrade' }),
  row({ on: ['CommitRead'], keys: ownVersion, queue: 'upgrade', resetsBackoff: true }),

  row({ on: ['Started'], keys: statusBranch, queue: 'publish', delayMs: FIRST_STATUS_MS }),
  row({ on: ['GitRecovered'], keys: statusBranch, queue: 'publish', delayMs: 'publishDelayMs', resetsBackoff: true }),
  row({
    on: ['GitStateChanged', 'PlanApplied', 'UpgradeChanged'],
    keys: statusBranch,
    queue: 'publish',
    delayMs: 'publishDelayMs',
  }),
  // A job changes its status and that of its nodes a dozen times: one commit shows the progress, one the end.
  row({
    on: ['NodeStatusWritten', 'JobStatusWritten'],
    keys: statusBranch,
    queue: 'publish',
    delayMs: 'progressDelayMs',
  }),
  row({ on: ['NodeStatusWritten'], keys: whenNotOfJob, queue: 'publish', delayMs: 'publishDelayMs' }),
  row({ on: ['JobStatusWritten'], keys: whenUrgent, queue: 'publish', delayMs: 'publishDelayMs' }),
  row({ on: ['NodeDeleted'], keys: statusBranch, queue: 'publish', delayMs: 1000 }),
  row({ on: ['RecordsChanged', 'KeysRequested', 'KeyReleased'], keys: statusBranch, queue: 'publish' }),
  row({ on: ['PodChanged', 'StatefulSetChanged'], keys: branchOfLeavingKey, queue: 'publish', delayMs: 20 }),
];

function branch(): readonly string[] {
  return ['pull'];
}

function fleet(): readonly string[] {
  return ['sync'];
}

function allRequests(): readonly string[] {
  return ['requests'];
}

function ownVersion(): readonly string[] {
  return ['upgrade'];
}

function statusBranch(): readonly string[] {
  return ['publish'];
}

/** What a job does to its node is its progress. */
function whenNotOfJob({ nodeKey, isUrgent }: Notices['NodeStatusWritten'], { jobs }: TriggerView): readonly string[] {
  return isUrgent && !jobs.list().some((one) => worksOn(one, nodeKey)) ? ['publish'] : [];
}

function whenUrgent({ isUrgent }: Notices['JobStatusWritten']): readonly string[] {
  return isUrgent ? ['publish'] : [];
}

function allNodes(_notice: object, { watches }: TriggerView): readonly string[] {
  return watches.nodes.list().map(keyOf);
}

/** At the end of a plan that may have created them, or the first one after a start. */
function nodesNotReconciled(_notice: object, { watches, executor, observations }: TriggerView): readonly string[] {
  const own = watches.nodes.list().filter((node) => isOwnedBy(node, executor));
  return own.map(keyOf).filter((key) => !observations.isReconciled(key));
}

function ownNode({ key, node }: Notices['NodeChanged'], { executor }: TriggerView): readonly string[] {
  return isOwnedBy(node, executor) ? [key] : [];
}

function owner({ nodeKey }: { readonly nodeKey: string }): readonly string[] {
  return [nodeKey];
}

function ownerWithKeys({ nodeKey }: { readonly nodeKey: string }, { keyReservations }: TriggerView): readonly string[] {
  return keyReservations.hasKeys(nodeKey) ? [nodeKey] : [];
}

function namedNodes({ nodeKeys }: { readonly nodeKeys: readonly string[] }): readonly string[] {
  return nodeKeys;
}

/** Another node may have given up the key that these wait for. */
function nodesWaitingForKey(_notice: object, { keyReservations }: TriggerView): Iterable<string> {
  return keyReservations.waiting;
}

function nodesWithSecret(
  { secret }: Notices['UsedSecretChanged'],
  { keyReservations }: TriggerView,
): readonly string[] {
  return keyReservations.usersOf(secret);
}

/** Its last pod may be gone: then others may have the key. */
function branchOfLeavingKey(
  { nodeKey }: { readonly nodeKey: string },
  { keyReservations }: TriggerView,
): readonly string[] {
  return keyReservations.isLeaving(nodeKey) ? statusBranch() : [];
}

function job({ key }: Notices['JobChanged']): readonly string[] {
  return [key];
}

function workersJob({ key }: Notices['WorkerChanged']): readonly string[] {
  return [key];
}

function allJobs(_notice: object, { jobs }: TriggerView): readonly string[] {
  return jobs.list().map(jobKeyOf);
}

function jobsOnNode({ key }: Notices['NodeChanged'], view: TriggerView): readonly string[] {
  return jobsOnOwner({ nodeKey: key }, view);
}

function jobsOnOwner({ nodeKey }: { readonly nodeKey: string }, { jobs }: TriggerView): readonly string[] {
  return jobs.list().flatMap((one) => (worksOn(one, nodeKey) || waitsFor(one, nodeKey) ? [jobKeyOf(one)] : []));
}

function jobsWaitingForOwner({ nodeKey }: { readonly nodeKey: string }, { jobs }: TriggerView): readonly string[] {
  return jobs.list().flatMap((one) => (waitsFor(one, nodeKey) ? [jobKeyOf(one)] : []));
}

/** A job without locks, which waits until its nodes are there. */
function waitsFor({ metadata, status = {} }: JobObject, nodeKey: string): boolean {
  return waitsForNode(status) && concernsIn(metadata, status, nodeKey);
}

/** Jobs that wait for the lock, and jobs that ended Held, whose nodes the job that released it may have repaired. */
function jobsWaitingForLock(lock: Notices['LockReleased'], { jobs }: TriggerView): readonly string[] {
  const waiting = jobs.list().filter((one) => hasPhase(one, 'Claimed') || hasPhase(one, 'Held'));
  return waiting.filter((one) => needsLock(one, lock)).map(jobKeyOf);
}

function heldJobsOfLock(lock: Notices['LockNoteWritten'], { jobs }: TriggerView): readonly string[] {
  const held = jobs.list().filter((one) => hasPhase(one, 'Held') && needsLock(one, lock));
  return held.map(jobKeyOf);
}

function hasPhase({ status }: JobObject, phase: string): boolean {
  return status?.phase === phase;
}

function needsLock({ metadata, status }: JobObject, { namespace, lock }: Notices['LockReleased']): boolean {
  return metadata.namespace === namespace && status?.locks?.includes(lock) === true;
}

/** The jobs of these records, and jobs that wait for the result that one of them is. */
function jobsOfRecords({ jobKeys }: Notices['RecordsPushed'], { jobs }: TriggerView): readonly string[] {
  const pushed = new Set(jobKeys);
  const waiting = jobs.list().filter((one) => hasPhase(one, 'Claimed') && pushed.has(sourceKeyOf(one) ?? ''));
  return [...pushed, ...waiting.map(jobKeyOf)];
}
