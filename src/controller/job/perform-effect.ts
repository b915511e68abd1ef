// Performs what a move of a job asks for. Every effect may be repeated; the next observation shows whether it worked.

import { LABEL } from '../../api/group.ts';
import { JOB_FINALIZER, type JobObject, nodeKeyIn } from '../../api/job-object.ts';
import { describeRef, refOf } from '../../api/objects.ts';
import { assertNever } from '../../lib/assert-never.ts';
import { codeOf } from '../../lib/errors.ts';
import { isObject, textAt, valueAt } from '../../lib/json-value.ts';
import type { Effect } from '../../jobs/model/effect.ts';
import { describeJob } from '../../jobs/model/names.ts';
import type { Cluster } from '../../kube/cluster.ts';
import { askNode } from './ask-node.ts';
import type { JobDeps } from './deps.ts';
import { podAddress } from '../node/pod.ts';

/** What effects need; also of jobs whose object is gone. */
export type EffectDeps = Pick<
  JobDeps,
  'answers' | 'asker' | 'cluster' | 'events' | 'identities' | 'locks' | 'notify' | 'pauses' | 'runtime' | 'watches'
>;

/** One effect. Rejects when the API server refuses it; the reconciliation is then tried again as a whole. */
export async function performEffect(
  effect: Effect,
  job: JobObject,
  deps: EffectDeps,
  signal: AbortSignal,
): Promise<void> {
  const { cluster, locks, pauses, identities, notify } = deps;
  const { namespace = '', uid = '' } = job.metadata;
  switch (effect.do) {
    case 'acquireLock':
      return await locks.acquire(namespace, effect.lock, effect.holder);
    case 'noteOnLock':
      await locks.note(namespace, effect.lock, effect.note);
      return notify('LockNoteWritten', { namespace, lock: effect.lock });
    case 'releaseLock':
      await locks.release({ namespace, lock: effect.lock, uid, keepNote: effect.keepNote });
      return notify('LockReleased', { namespace, lock: effect.lock });
    case 'pauseNode':
      pauses.pause(nodeKeyIn(job, effect.node), { uid, by: effect.because });
      return notify('PausesChanged', { nodeKeys: [nodeKeyIn(job, effect.node)] });
    case 'unpauseNode':
      pauses.resume(nodeKeyIn(job, effect.node));
      return notify('PausesChanged', { nodeKeys: [nodeKeyIn(job, effect.node)] });
    case 'setIdentities':
      await identities.assign(
        effect.assignments.map(({ node, identity }) => ({ nodeKey: nodeKeyIn(job, node), identity })),
      );
      return notify('IdentitiesChanged', { nodeKeys: effect.assignments.map(({ node }) => nodeKeyIn(job, node)) });
    case 'createPvc':
    case 'createJob':
      return await createOnce(effect.object, cluster);
    case 'deletePvc':
      return await cluster.remove(
        { apiVersion: 'v1', kind: 'PersistentVolumeClaim', namespace, name: effect.name },
        { uid: effect.uid, propagation: 'Background' },
      );
    case 'deleteJob':
      return await cluster.remove(
        { apiVersion: 'batch/v1', kind: 'Job', namespace, name: effect.name },
        { uid: effect.uid, propagation: 'Background' },
      );
    case 'resumeJob':
      await cluster.patch({ apiVersion: 'batch/v1', kind: 'Job', namespace, name: effect.name }, [
        { op: 'test', path: '/metadata/uid', value: effect.uid },
        { op: 'replace', path: '/spec/suspend', value: false },
      ]);
      return;
    case 'askNode':
      return await ask(effect, job, deps, signal);
    case 'scaleWorkload':
      return await scaleForeign(effect, namespace, cluster);
    case 'setAccountVolume':
      return await setAccountVolume(effect, namespace, cluster);
    case 'removeFinalizer':
      return await removeFinalizer(job, cluster);
    case 'emitEvent':
      return emitEvent(effect, job, deps);
    default:
      return assertNever(effect);
  }
}

function emitEvent(
  { type, reason, message }: Extract<Effect, { do: 'emitEvent' }>,
  job: JobObject,
  { events, runtime }: EffectDeps,
): void {
  const { name, namespace = '' } = job.metadata;
  runtime.log.info({ job: describeJob({ kind: job.kind, namespace, name }), reason, message }, 'Job changed phase');
  events.emit({ about: job, type, reason, message });
}

/** Only `reconcileNode` sets the replicas of a managed node, never a job or a note. */
async function scaleForeign(
  { workload, replicas }: Extract<Effect, { do: 'scaleWorkload' }>,
  namespace: string,
  cluster: Cluster,
): Promise<void> {
  const ref = { ...workload, namespace };
  const live = await cluster.get(ref);
  if (live?.metadata.labels?.[LABEL.node] !== undefined)
    throw new Error(`${describeRef(ref)} belongs to a managed node: a job may not scale it`);
  await cluster.patch(ref, [{ op: 'replace', path: '/spec/replicas', value: replicas }]);
}

async function createOnce(object: Parameters<Cluster['create']>[0], cluster: Cluster): Promise<void> {
  try {
    await cluster.create(object);
  } catch (error) {
    if (codeOf(error) !== 'ALREADY_EXISTS') throw error;
  }
}

async function ask(
  effect: Extract<Effect, { do: 'askNode' }>,
  job: JobObject,
  { watches, asker, answers }: EffectDeps,
  signal: AbortSignal,
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

/** Points one volume of the pod template to another ConfigMap; the position is tested, because templates change. */
async function setAccountVolume(
  { workload, volume, configMap }: Extract<Effect, { do: 'setAccountVolume' }>,
  namespace: string,
  cluster: Cluster,
): Promise<void> {
  const live = await cluster.get({ ...workload, namespace });
  const volumes = valueAt(live, ['spec', 'template', 'spec', 'volumes']);
  const index = Array.isArray(volumes)
    ? volumes.findIndex((one) => textAt(one, ['name']) === volume && isObject(valueAt(one, ['configMap'])))
    : -1;
  if (live === undefined || index < 0)
    throw new Error(`${workload.kind} ${workload.name} has no volume ${volume} from a ConfigMap`);
  const path = `/spec/template/spec/volumes/${index}`;
  await cluster.patch({ ...workload, namespace }, [
    { op: 'test', path: `${path}/name`, value: volume },
    { op: 'replace', path: `${path}/configMap/name`, value: configMap },
  ]);
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
