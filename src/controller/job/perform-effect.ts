// Performs what a move of a job asks for. Every effect may be repeated; the next observation shows whether it worked.

import { JOB_FINALIZER, type JobObject, nodeKeyIn } from '../../api/job-object.ts';
import { describeRef, type KubeObject, type Ref, refOf } from '../../api/objects.ts';
import { assertNever } from '../../lib/assert-never.ts';
import { codeOf } from '../../lib/errors.ts';
import type { Effect } from '../../jobs/model/effect.ts';
import { describeJob } from '../../jobs/model/names.ts';
import type { Cluster } from '../../kube/cluster.ts';
import { KINDS } from '../../kube/kinds.ts';
import { askNode } from './ask-node.ts';
import { scaleForeign, setAccountVolume } from './change-foreign.ts';
import type { JobDeps } from './deps.ts';
import { tryObjects } from './try-objects.ts';
import { isKeyDigest, namespaceOf, readKeys } from '../node/keys/signing-secrets.ts';
import { podAddress } from '../node/pod.ts';

/** What effects need; also of jobs whose object is gone. */
export type EffectDeps = Pick<
  JobDeps,
  | 'answers'
  | 'asker'
  | 'cluster'
  | 'createdJobs'
  | 'events'
  | 'identities'
  | 'locks'
  | 'notify'
  | 'pauses'
  | 'redactor'
  | 'runtime'
  | 'trials'
  | 'watches'
>;

/** The job that asks; it may be gone. */
export interface EffectScope {
  readonly job: JobObject;
  /** Ends questions to nodes. */
  readonly signal: AbortSignal;
}

type EffectOf<Name extends Effect['do']> = Extract<Effect, { do: Name }>;

/** One effect. Rejects when the API server refuses it; the reconciliation is then tried again as a whole. */
export async function performEffect(effect: Effect, { job, signal }: EffectScope, deps: EffectDeps): Promise<void> {
  const { namespace = '' } = job.metadata;
  switch (effect.do) {
    case 'acquireLock':
    case 'noteOnLock':
    case 'releaseLock':
      return await changeLock(effect, job, deps);
    case 'pauseNode':
    case 'unpauseNode':
      return changePause(effect, job, deps);
    case 'setIdentities':
      return await setIdentities(effect, job, deps);
    case 'tryObjects':
      return void deps.trials.set(job.metadata.uid ?? '', await tryObjects(effect, job, deps));
    case 'createPvc':
    case 'createSnapshot':
      return void (await createOnce(effect.object, deps.cluster));
    case 'createJob':
      return await createJob(effect, job, deps);
    case 'deletePvc':
      return await deleteOwn({ ...PVC, namespace, name: effect.name }, effect.uid, deps.cluster);
    case 'deleteSnapshot':
      return await deleteOwn({ ...SNAPSHOT, namespace, name: effect.name }, effect.uid, deps.cluster);
    case 'deleteJob':
      return await deleteOwn({ ...WORKER_JOB, namespace, name: effect.name }, effect.uid, deps.cluster);
    case 'resumeJob':
      return await resumeJob(effect, namespace, deps.cluster);
    case 'askNode':
      return await ask(effect, { job, signal }, deps);
    case 'scaleWorkload':
      return await scaleForeign(effect, namespace, deps.cluster);
    case 'setAccountVolume':
      return await setAccountVolume(effect, namespace, deps.cluster);
    case 'removeFinalizer':
      return await removeFinalizer(job, deps.cluster);
    case 'emitEvent':
      return emitEvent(effect, job, deps);
    default:
      return assertNever(effect);
  }
}

const PVC = { apiVersion: 'v1', kind: 'PersistentVolumeClaim' } as const;
const SNAPSHOT = { apiVersion: KINDS.VolumeSnapshot.apiVersion, kind: KINDS.VolumeSnapshot.kind } as const;
const WORKER_JOB = { apiVersion: 'batch/v1', kind: 'Job' } as const;

async function changeLock(
  effect: EffectOf<'acquireLock' | 'noteOnLock' | 'releaseLock'>,
  { metadata: { namespace = '', uid = '' } }: JobObject,
  { locks, notify }: EffectDeps,
): Promise<void> {
  const { lock } = effect;
  if (effect.do === 'acquireLock') return await locks.acquire(namespace, lock, effect.holder);
  if (effect.do === 'noteOnLock') {
    await locks.note(namespace, lock, effect.note);
    return notify('LockNoteWritten', { namespace, lock });
  }
  await locks.release({ namespace, lock, uid, keepNote: effect.keepNote });
  notify('LockReleased', { namespace, lock });
}

function changePause(
  effect: EffectOf<'pauseNode' | 'unpauseNode'>,
  job: JobObject,
  { pauses, notify }: EffectDeps,
): void {
  const nodeKey = nodeKeyIn(job, effect.node);
  if (effect.do === 'pauseNode') pauses.pause(nodeKey, { uid: job.metadata.uid ?? '', by: effect.because });
  else pauses.resume(nodeKey);
  notify('PausesChanged', { nodeKeys: [nodeKey] });
}

async function setIdentities(
  { assignments }: EffectOf<'setIdentities'>,
  job: JobObject,
  { identities, notify, cluster }: EffectDeps,
): Promise<void> {
  const ofNodes = await Promise.all(
    assignments.map(async ({ node, identity }) => {
      const nodeKey = nodeKeyIn(job, node);
      const keys = (await readKeys(cluster, namespaceOf(nodeKey), identity)) ?? [];
      return { nodeKey, identity, keys: keys.filter(isKeyDigest) };
    }),
  );
  await identities.assign(ofNodes);
  notify('IdentitiesChanged', { nodeKeys: ofNodes.map(({ nodeKey }) => nodeKey) });
}

/** Never another object that has the name now. */
async function deleteOwn(ref: Ref, uid: string, cluster: Cluster): Promise<void> {
  await cluster.remove(ref, { uid, propagation: 'Background' });
}

async function resumeJob({ name, uid }: EffectOf<'resumeJob'>, namespace: string, cluster: Cluster): Promise<void> {
  await cluster.patch({ ...WORKER_JOB, namespace, name }, [
    { op: 'test', path: '/metadata/uid', value: uid },
    { op: 'replace', path: '/spec/suspend', value: false },
  ]);
}

function emitEvent(
  { type, reason, message }: EffectOf<'emitEvent'>,
  job: JobObject,
  { events, runtime }: EffectDeps,
): void {
  const { name, namespace = '' } = job.metadata;
  runtime.log.info({ job: describeJob({ kind: job.kind, namespace, name }), reason, message }, 'Job changed phase');
  events.emit({ about: job, type, reason, message });
}

/** Undefined when there is one of that name. */
async function createOnce(object: KubeObject, cluster: Cluster): Promise<KubeObject | undefined> {
  try {
    return await cluster.create(object);
  } catch (error) {
    if (codeOf(error) !== 'ALREADY_EXISTS') throw error;
    return undefined;
  }
}

/** What has its name and its label in the next observation may be someone else's: the returned UID says which one was created here. */
async function createJob(
  { object }: EffectOf<'createJob'>,
  { metadata: { uid = '' } }: JobObject,
  { cluster, createdJobs }: EffectDeps,
): Promise<void> {
  const made = (await createOnce(object, cluster))?.metadata.uid;
  if (made !== undefined) createdJobs.set(`${uid}/${object.metadata.name}`, made);
}

async function ask(
  effect: EffectOf<'askNode'>,
  { job, signal }: EffectScope,
  { watches, asker, answers }: EffectDeps,
): Promise<void> {
  const host = podAddress(watches.owned(nodeKeyIn(job, effect.node), 'Pod'));
  if (host === undefined) return;
  const result = await askNode(effect, asker, { host, signal, timeoutMs: 60_000 });
  answers.set(`${job.metadata.uid ?? ''}/${effect.task}`, {
    suspended: false,
    active: 0,
    running: false,
    termination: JSON.stringify(result),
  });
}

async function removeFinalizer(job: JobObject, cluster: Cluster): Promise<void> {
  const live = await cluster.get(refOf(job));
  const finalizers = live?.metadata.finalizers ?? [];
  const index = finalizers.indexOf(JOB_FINALIZER);
  if (live === undefined || index < 0) return;
  try {
    await cluster.patch(refOf(job), [
      { op: 'test', path: `/metadata/finalizers/${index}`, value: JOB_FINALIZER },
      { op: 'remove', path: `/metadata/finalizers/${index}` },
    ]);
  } catch (error) {
    if (codeOf(error) !== 'NOT_FOUND')
      throw new Error(`the finalizer of ${describeRef(refOf(job))} could not be removed`, { cause: error });
  }
}
