// What Kubernetes reports in Events alone: why the pod of a node is not created, placed or given its volumes.

import { keyOf, type KubeObject } from '../../api/objects.ts';
import type { Cluster } from '../../kube/cluster.ts';
import { KINDS } from '../../kube/kinds.ts';
import { textAt, valueAt } from '../../lib/json-value.ts';

/** The objects of one node. */
export interface NodeObjects {
  readonly node: KubeObject;
  readonly statefulSet: KubeObject | undefined;
  readonly pods: readonly KubeObject[];
  readonly pvcs: readonly KubeObject[];
}

export interface OwnEvents {
  /** Events about the objects that keep the pod from running. Sends no request for a node that waits for no pod. */
  about(objects: NodeObjects): Promise<readonly KubeObject[]>;
  /** Milliseconds until they are due again; undefined for a node that waits for no pod. */
  dueIn(nodeKey: string): number | undefined;
  forget(nodeKey: string): void;
}

/** A pod is usually created at once, and runs soon. */
const FIRST_MS = 5000;
const LONGEST_MS = 300_000;

interface Wait {
  /** UIDs of the objects that are waited for. */
  readonly about: string;
  readonly dueAt: number;
  readonly intervalMs: number;
  readonly events: readonly KubeObject[];
}

/** Reads a few seconds after the wait begins, then at doubling intervals of at most five minutes. */
export function createOwnEvents(cluster: Pick<Cluster, 'list'>, now: () => number): OwnEvents {
  const waits = new Map<string, Wait>();

  async function read(objects: readonly KubeObject[], before: readonly KubeObject[]): Promise<readonly KubeObject[]> {
    try {
      return (await Promise.all(objects.map((object) => eventsOf(object, cluster)))).flat();
    } catch {
      // They explain; nothing is decided by their absence.
      return before;
    }
  }

  return {
    async about(objects) {
      const key = keyOf(objects.node);
      const blocking = blockingObjects(objects);
      if (blocking.length === 0) {
        waits.delete(key);
        return [];
      }
      const about = blocking.map(({ metadata }) => metadata.uid).join();
      const known = waits.get(key);
      const wait =
        known?.about === about ? known : { about, dueAt: now() + FIRST_MS, intervalMs: FIRST_MS, events: [] };
      waits.set(key, wait);
      if (now() < wait.dueAt) return wait.events;
      const intervalMs = Math.min(wait.intervalMs * 2, LONGEST_MS);
      // Set before the request: however long it takes, no second one is sent meanwhile.
      waits.set(key, { ...wait, dueAt: now() + intervalMs, intervalMs });
      const events = await read(blocking, wait.events);
      waits.set(key, { about, dueAt: now() + intervalMs, intervalMs, events });
      return events;
    },
    dueIn(nodeKey) {
      const wait = waits.get(nodeKey);
      return wait === undefined ? undefined : Math.max(0, wait.dueAt - now());
    },
    forget: (nodeKey) => void waits.delete(nodeKey),
  };
}

/** Without a pod the StatefulSet; with one that is pending, the pod and its unbound PVCs; otherwise none. */
function blockingObjects({ statefulSet, pods, pvcs }: NodeObjects): readonly KubeObject[] {
  if (statefulSet === undefined || valueAt(statefulSet, ['spec', 'replicas']) === 0) return [];
  if (pods.length === 0) return [statefulSet];
  const pending = pods.filter(
    (pod) => pod.metadata.deletionTimestamp === undefined && textAt(pod, ['status', 'phase']) === 'Pending',
  );
  if (pending.length < pods.length) return [];
  return [...pending, ...pvcs.filter((pvc) => textAt(pvc, ['status', 'phase']) !== 'Bound')];
}

async function eventsOf(
  { kind, metadata: { namespace = '', uid = '' } }: KubeObject,
  cluster: Pick<Cluster, 'list'>,
): Promise<readonly KubeObject[]> {
  const fieldSelector = `involvedObject.kind=${kind},involvedObject.uid=${uid}`;
  return await cluster.list(KINDS.Event, { namespace, fieldSelector });
}
