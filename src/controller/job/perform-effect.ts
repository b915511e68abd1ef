// Carries out what a job's next step asks for. Every act may be repeated; none is trusted to have worked: the next look tells.

import { JOB_FINALIZER, type JobObject } from '../../api/job-object.ts';
import { describeRef, refOf } from '../../api/objects.ts';
import { assertNever } from '../../lib/assert-never.ts';
import { codeOf } from '../../lib/errors.ts';
import { isObject, textAt, valueAt } from '../../lib/json-value.ts';
import type { Effect } from '../../jobs/model/effect.ts';
import { describeJob } from '../../jobs/model/names.ts';
import type { ObservedTask } from '../../jobs/model/observation.ts';
import type { Cluster } from '../../kube/cluster.ts';
import type { Events } from '../../kube/events.ts';
import type { Asker } from '../../rpc/ask.ts';
import type { Identities } from '../node/identities.ts';
import { askNode } from './ask-node.ts';
import type { JobHolds } from '../node/pauses.ts';
import type { JobLocks } from './locks.ts';
import { nodeKeyIn } from './observe-nodes.ts';
import { podAddress } from '../node/pod.ts';
import type { Runtime } from '../engine/runtime.ts';
import type { World } from '../node/watches.ts';

export interface ActRooms {
  readonly cluster: Cluster;
  readonly world: World;
  readonly asker: Asker;
  readonly events: Events;
  readonly runtime: Runtime;
  readonly locks: JobLocks;
  readonly holds: JobHolds;
  readonly identities: Identities;
  /** Answers of running nodes by `uid/work`: lost at a restart, and then asked for again. */
  readonly answers: Map<string, ObservedTask>;
  /** The node loop must look at the node. */
  readonly wakeNode: (nodeKey: string) => void;
  /** Other identities are in force: the outer loop must compare them with Git anew. */
  readonly wakeSync: () => void;
  /** A note says something else: jobs that left its nodes held must look whether a later one has repaired them. */
  readonly wakeHeld: (namespace: string, lock: string) => void;
  /** A lock is free: whoever waits for it must look again. */
  readonly wakeWaiting: (namespace: string, lock: string) => void;
}

/** One effect. Rejects when the API server did; the pass is then tried again as a whole. */
export async function act(effect: Effect, job: JobObject, rooms: ActRooms, signal: AbortSignal): Promise<void> {
  const { cluster, locks, holds, identities, events, wakeNode } = rooms;
  const { namespace = '', uid = '' } = job.metadata;
  switch (effect.do) {
    case 'acquireLock':
      return await locks.acquire(namespace, effect.lock, effect.holder);
    case 'noteOnLock':
      await locks.note(namespace, effect.lock, effect.note);
      return rooms.wakeHeld(namespace, effect.lock);
    case 'releaseLock':
      await locks.release({ namespace, lock: effect.lock, uid, keepNote: effect.keepNote });
      return rooms.wakeWaiting(namespace, effect.lock);
    case 'pauseNode':
      holds.hold(nodeKeyIn(job, effect.node), { uid, by: effect.because });
      return wakeNode(nodeKeyIn(job, effect.node));
    case 'unpauseNode':
      holds.release(nodeKeyIn(job, effect.node));
      return wakeNode(nodeKeyIn(job, effect.node));
    case 'setIdentities':
      await identities.assign(
        effect.assignments.map(({ node, identity }) => ({ nodeKey: nodeKeyIn(job, node), identity })),
      );
      for (const { node } of effect.assignments) wakeNode(nodeKeyIn(job, node));
      return rooms.wakeSync();
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
      return await ask(effect, job, rooms, signal);
    case 'scaleWorkload':
      await cluster.patch({ ...effect.workload, namespace }, [
        { op: 'replace', path: '/spec/replicas', value: effect.replicas },
      ]);
      return;
    case 'setAccountVolume':
      return await setAccountVolume(effect, namespace, cluster);
    case 'removeFinalizer':
      return await removeFinalizer(job, cluster);
    case 'emitEvent':
      rooms.runtime.log.info(
        {
          job: describeJob({ kind: job.kind, namespace, name: job.metadata.name }),
          reason: effect.reason,
          message: effect.message,
        },
        'Job moved on',
      );
      return events.emit({ about: job, type: effect.type, reason: effect.reason, message: effect.message });
    default:
      return assertNever(effect);
  }
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
  { world, asker, answers }: ActRooms,
  signal: AbortSignal,
): Promise<void> {
  const host = podAddress(world.parts(nodeKeyIn(job, effect.node), 'Pod'));
  if (host === undefined) return;
  const result = await askNode(effect, asker, { host, signal, timeoutMs: 60_000 });
  answers.set(`${job.metadata.uid ?? ''}/${effect.work}`, {
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
