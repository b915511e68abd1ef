// Everything that the next move of a job depends on: gathered first, decided elsewhere.

import { ANNOTATION } from '../../api/group.ts';
import type { JobObject } from '../../api/job-object.ts';
import { JOB_FINALIZER, JOB_UID_LABEL, jobKeyOf, nodeKeyIn, withdrawnFor } from '../../api/job-object.ts';
import type { JobTarget } from '../../api/job-status.ts';
import { isFinal, type JobPhase } from '../../api/job-phase.ts';
import { layoutOf } from '../../jobs/layouts/index.ts';
import { digestOfObject } from '../../jobs/kinds/index.ts';
import { canAcquire, locksOf } from '../../jobs/model/locks.ts';
import { jobObjectName } from '../../jobs/model/names.ts';
import type { JobObservation, ObservedLock, ObservedPvc, ObservedTask, Trial } from '../../jobs/model/observation.ts';
import { waitsWhile } from '../../jobs/model/suspended.ts';
import { defined } from '../../lib/defined.ts';
import { textAt } from '../../lib/json-value.ts';
import { latestWarning } from './warning-events.ts';
import { observeClasses } from './storage/observe-classes.ts';
import { observeMade } from './storage/observe-made.ts';
import { heldRemoval } from './records/held-removal.ts';
import { findAbsent, observeNodes } from './observe-nodes.ts';
import { confirmNote } from './confirm-note.ts';
import { withoutWorkloads } from '../../jobs/requests/confirm-note.ts';
import { whyNoSnapshots } from './storage/observe-snapshots.ts';
import { observeSource } from './storage/observe-source.ts';
import { observeStorage } from './storage/observe-storage.ts';
import { observeTasks } from './observe-tasks.ts';
import type { FleetState } from '../fleet/state.ts';
import { policyDenial } from './check-policy.ts';
import type { JobDeps } from './deps.ts';
import type { OpenedJob } from './opened-job.ts';
import { withCopies } from './records/kept-locks.ts';
import { isOpen } from './records/open-jobs.ts';

/**
 * Reads cluster, records and memory, as far as the phase asks for it: a hundred jobs may wait for the locks of others.
 * `signal` ends questions to nodes.
 */
export async function observeJob(opened: OpenedJob, deps: JobDeps, signal: AbortSignal): Promise<JobObservation> {
  const observed = await observeFor(opened, deps, signal);
  return mayAcquire(opened, observed) ? { ...observed, absent: await findAbsent(opened, deps) } : observed;
}

/** Until then it waits for others, and what its nodes are like does not matter yet. */
function mayAcquire({ job, open }: OpenedJob, observed: JobObservation): boolean {
  if (job.status?.phase !== 'Claimed' || observed.mustWait !== undefined) return false;
  return canAcquire(locksNeeded(open), observed.locks, job.metadata.uid ?? '') && open.awaits?.(observed) === undefined;
}

function locksNeeded({ common: { deployMethod, chain = '' }, nodes }: OpenedJob['open']): readonly string[] {
  return locksOf({ deployMethod, chain, nodes });
}

async function observeFor(opened: OpenedJob, deps: JobDeps, signal: AbortSignal): Promise<JobObservation> {
  const { job } = opened;
  const need = needOf(job.status?.phase ?? 'Pending');
  const [locks, targets, tasks, pvc, source] = await Promise.all([
    observeLocks(opened, deps),
    need.nodes ? observeNodes(opened, deps, need.heights ? signal : undefined) : NOTHING,
    need.tasks ? observeTasks(job, deps) : { tasks: NOTHING, active: 0, strays: [] },
    need.tasks ? observePvc(job, deps) : undefined,
    need.source ? observeSource(job, deps) : undefined,
  ]);
  const places = await observePlaces(job, need, { source, targets, deps });
  return {
    deleting: job.metadata.deletionTimestamp !== undefined,
    guarded: job.metadata.finalizers?.includes(JOB_FINALIZER) === true,
    isKept: deps.statuses.keeps(job),
    ...defined({
      withdrawn: withdrawnFor(job),
      heldRemoval: heldRemoval(job, deps),
      mustWait: mayNotBegin(opened, deps),
      gone: goneNodes(opened, deps),
      denied: policyDenial(job, deps),
      specDiffers: specDiffers(job, deps),
      trial: trialOf(job, deps),
    }),
    release: isReleased(job, deps.fleet),
    record: recordOf(job, deps),
    locks,
    targets,
    pvc,
    tasks: new Map([...tasks.tasks, ...answersTo(job, deps)]),
    workerPods: tasks.active,
    strayWorkers: tasks.strays,
    identities: identitiesOf(opened, targets, deps),
    source,
    ...places,
  };
}

interface Known extends Pick<JobObservation, 'source' | 'targets'> {
  readonly deps: JobDeps;
}

/** Where the data comes from or goes to, unless that is a PVC of the result. */
async function observePlaces(
  job: JobObject,
  need: Need,
  { source, targets, deps }: Known,
): Promise<Pick<JobObservation, 'storage' | 'made' | 'noSnapshots' | 'storageClasses'>> {
  return defined({
    storage: need.source ? await observeStorage(job, source, deps) : undefined,
    made: need.tasks ? await observeMade(job, source?.volumeSnapshots !== undefined, deps) : undefined,
    noSnapshots: need.source ? await whyNoSnapshots(job, targetsIn(targets), deps) : undefined,
    storageClasses: await observeClasses({ job, source, targets: targetsIn(targets) }, deps),
  });
}

function targetsIn(targets: JobObservation['targets']): readonly JobTarget[] {
  return [...targets.values()].flatMap(({ found }) => (found.ok ? [found.target] : []));
}

/** Without the object that it names where that object is not the one that this controller bound to it. */
function recordOf(job: JobObject, { records, memory }: JobDeps): JobObservation['record'] {
  const record = records.pushed(jobKeyOf(job));
  if (record === undefined || record.uid !== job.metadata.uid || isOpen(job, memory)) return record;
  return defined({ phase: record.phase });
}

/** Before the first node is stopped. */
function trialOf({ metadata, status }: JobObject, { trials }: JobDeps): Trial | undefined {
  return status?.phase === 'Locked' ? (trials.get(metadata.uid ?? '') ?? { verdict: 'Untried' }) : undefined;
}

/** What running nodes answered to the tasks of the job. */
function answersTo(
  { metadata, status }: JobObject,
  { answers }: JobDeps,
): readonly (readonly [string, ObservedTask])[] {
  return (status?.works ?? []).flatMap(({ name }) => {
    const answer = answers.get(`${metadata.uid ?? ''}/${name}`);
    return answer === undefined ? [] : [[name, answer] as const];
  });
}

/** Of a bound object; one that is not bound is judged by its request. */
function specDiffers(job: JobObject, { records }: JobDeps): true | undefined {
  const record = records.next(jobKeyOf(job));
  if (record?.objectDigest === undefined || record.uid !== job.metadata.uid) return undefined;
  return digestOfObject(job) === record.objectDigest ? undefined : true;
}

const NOTHING: ReadonlyMap<string, never> = new Map<string, never>();

interface Need {
  readonly nodes: boolean;
  readonly heights: boolean;
  readonly tasks: boolean;
  readonly source: boolean;
}

/**
 * Before the locks are taken it matters only whether there are nodes (`findAbsent`), and a Restore must know whether what it restores is
 * there yet; before Working no pod was made, and after Stopping heights say nothing until the nodes are started; after the end no node
 * matters.
 */
function needOf(phase: JobPhase): Need {
  if (phase === 'Pending') return { nodes: false, heights: false, tasks: false, source: false };
  if (phase === 'Claimed') return { nodes: false, heights: false, tasks: false, source: true };
  if (phase === 'Locked' || phase === 'Stopping') return { nodes: true, heights: true, tasks: false, source: true };
  return { nodes: !isFinal(phase), heights: phase === 'Starting', tasks: true, source: !isFinal(phase) };
}

function mayNotBegin({ job, open }: OpenedJob, { fleet, suspensions }: JobDeps): string | undefined {
  if (fleet.pulled === undefined) return 'waits until the repository has been read';
  return waitsWhile(open, job.metadata.namespace ?? '', suspensions);
}

/** A file that cannot be read may declare the node; one whose deletion is held, or that is suspended, is still there. */
function goneNodes({ job, open }: OpenedJob, { fleet: { pulled }, watches }: JobDeps): readonly string[] | undefined {
  if (pulled === undefined || open.common.deployMethod !== 'managed') return undefined;
  const { nodes, brokenNodes, unreadableFiles, fleetBroken } = pulled.desired;
  if (fleetBroken || unreadableFiles.size > 0) return undefined;
  const gone = open.nodes.filter((name) => {
    const key = nodeKeyIn(job, name);
    return watches.nodes.get(key) === undefined && !nodes.has(key) && !brokenNodes.has(key);
  });
  return gone.length === 0 ? undefined : gone;
}

/** An annotation in Git that asks to start paused nodes in spite of everything. */
function isReleased(job: JobObject, { pulled }: FleetState): boolean {
  const declared = pulled?.desired.requests.get(jobKeyOf(job))?.request;
  return declared?.metadata.annotations?.[ANNOTATION.release] === 'true';
}

async function observeLocks(
  { job, open }: OpenedJob,
  { locks, records, statuses }: JobDeps,
): Promise<ReadonlyMap<string, ObservedLock>> {
  const names = [...new Set([...locksNeeded(open), ...(job.status?.locks ?? [])])];
  const { namespace = '', uid = '' } = job.metadata;
  const reader = { job: { kind: job.kind, namespace, name: job.metadata.name, uid }, status: job.status ?? {} };
  const kept = statuses.jobs();
  return new Map(
    await Promise.all(
      names.map(async (name) => {
        const seen = confirmed(await locks.read(namespace, name), job, records);
        return [name, withCopies(name, seen, { reader, kept })] as const;
      }),
    ),
  );
}

/** A note of another job says how a node was before; it counts only as far as that job's record confirms it. */
function confirmed(lock: ObservedLock, { metadata }: JobObject, records: JobDeps['records']): ObservedLock {
  const { note, ...rest } = lock;
  if (note === undefined || note.uid === metadata.uid) return lock;
  const verdict = confirmNote(note, records);
  if (verdict === 'Confirmed') return lock;
  return verdict === 'Refuted' ? rest : { ...rest, note: withoutWorkloads(note) };
}

async function observePvc(job: JobObject, { cluster }: JobDeps): Promise<ObservedPvc | undefined> {
  const { namespace = '', name: own, uid = '' } = job.metadata;
  const name = job.status?.claimName ?? jobObjectName({ kind: job.kind, namespace, name: own, uid });
  const live = await cluster.get({ apiVersion: 'v1', kind: 'PersistentVolumeClaim', namespace, name });
  if (live === undefined) return undefined;
  const jobUid = live.metadata.labels?.[JOB_UID_LABEL];
  const phase = textAt(live, ['status', 'phase']) ?? 'Pending';
  const message = phase === 'Pending' ? await latestWarning(live, cluster) : undefined;
  return {
    name,
    uid: live.metadata.uid ?? '',
    object: live,
    phase,
    going: live.metadata.deletionTimestamp !== undefined,
    ...defined({ message, jobUid }),
  };
}

/** Managed nodes: the Secret that they sign with now. Others: the ConfigMap that their account volume names now. */
function identitiesOf(
  { job, open }: OpenedJob,
  targets: JobObservation['targets'],
  { watches, identities }: JobDeps,
): ReadonlyMap<string, string> {
  const isForeign = layoutOf(open.common.deployMethod) !== undefined;
  return new Map(
    open.nodes.flatMap((name) => {
      const found = targets.get(name)?.found;
      const node = watches.nodes.get(nodeKeyIn(job, name));
      const foreign = found?.ok === true ? found.target.identity : undefined;
      const managed = node === undefined ? undefined : identities.of(node);
      const identity = isForeign ? foreign : managed;
      return identity === undefined ? [] : [[name, identity] as const];
    }),
  );
}
