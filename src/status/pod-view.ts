// The parts of a pod and of a PVC that matter here, read with care: the objects come as plain JSON.

import { z } from 'zod';

import type { KubeObject } from '../api/objects.ts';

const Text = z.string().catch('');

const Terminated = z.object({ exitCode: z.number().catch(-1), reason: Text, message: Text });

const State = z.object({
  waiting: z.object({ reason: Text, message: Text }).optional().catch(undefined),
  running: z.object({ startedAt: Text }).optional().catch(undefined),
  terminated: Terminated.optional().catch(undefined),
});

const NO_STATE: z.infer<typeof State> = {};

const Container = z.object({
  name: Text,
  image: Text,
  ready: z.boolean().catch(false),
  started: z.boolean().optional().catch(undefined),
  restartCount: z.int().catch(0),
  state: State.catch(NO_STATE),
  lastState: State.catch(NO_STATE),
});
export type ContainerView = z.infer<typeof Container>;

const Volume = z.object({
  secret: z.object({ secretName: Text }).optional().catch(undefined),
  configMap: z.object({ name: Text }).optional().catch(undefined),
});

const Pod = z.object({
  metadata: z.object({
    labels: z.record(z.string(), z.string()).catch({}),
    annotations: z.record(z.string(), z.string()).catch({}),
    deletionTimestamp: z.string().optional().catch(undefined),
    creationTimestamp: Text,
  }),
  spec: z.object({ nodeName: Text, volumes: z.array(Volume).catch([]) }).catch({ nodeName: '', volumes: [] }),
  status: z
    .object({
      phase: Text,
      reason: Text,
      message: Text,
      conditions: z
        .array(z.object({ type: Text, status: Text, reason: Text, message: Text, lastTransitionTime: Text }))
        .catch([]),
      initContainerStatuses: z.array(Container).catch([]),
      containerStatuses: z.array(Container).catch([]),
    })
    .catch({ phase: '', reason: '', message: '', conditions: [], initContainerStatuses: [], containerStatuses: [] }),
});
export type PodView = z.infer<typeof Pod>;

/** The pod that counts: the newest that is not being deleted, else the newest. */
export function currentPod(pods: readonly KubeObject[]): PodView | undefined {
  const views = pods.map((pod) => Pod.parse(pod));
  views.sort((a, b) => rank(a) - rank(b) || (a.metadata.creationTimestamp < b.metadata.creationTimestamp ? 1 : -1));
  return views[0];
}

function rank(pod: PodView): number {
  return pod.metadata.deletionTimestamp === undefined ? 0 : 1;
}

const Pvc = z.object({
  metadata: z.object({
    name: z.string(),
    uid: z.string().optional().catch(undefined),
    annotations: z.record(z.string(), z.string()).catch({}),
    deletionTimestamp: z.string().optional().catch(undefined),
  }),
  spec: z
    .object({
      storageClassName: z.string().optional().catch(undefined),
      resources: z
        .object({ requests: z.object({ storage: Text }) })
        .optional()
        .catch(undefined),
    })
    .catch({}),
  status: z
    .object({ phase: z.string().catch('Pending'), capacity: z.object({ storage: Text }).optional().catch(undefined) })
    .catch({ phase: 'Pending' }),
});
export type PvcView = z.infer<typeof Pvc>;

/** The PVCs in order of their names. */
export function readPvcs(pvcs: readonly KubeObject[]): PvcView[] {
  return pvcs.map((pvc) => Pvc.parse(pvc)).sort((a, b) => (a.metadata.name < b.metadata.name ? -1 : 1));
}

const Event = z.object({
  involvedObject: z.object({ kind: Text, name: Text }),
  reason: Text,
  message: Text,
  lastTimestamp: Text,
  eventTime: Text,
  metadata: z.object({ creationTimestamp: Text }),
});
export interface EventView {
  readonly kind: string;
  readonly name: string;
  readonly reason: string;
  readonly message: string;
}

/** Events, the newest first. Their times have either field, depending on who wrote them. */
export function readEvents(events: readonly KubeObject[]): EventView[] {
  return events
    .flatMap((event) => Event.safeParse(event).data ?? [])
    .map((event) => ({ event, at: event.lastTimestamp || event.eventTime || event.metadata.creationTimestamp }))
    .sort((a, b) => (a.at < b.at ? 1 : -1))
    .map(({ event: { involvedObject, reason, message } }) => ({ ...involvedObject, reason, message }));
}

const StatefulSet = z.object({
  metadata: z.object({ generation: z.int().optional().catch(undefined) }),
  spec: z.object({ replicas: z.int().catch(1) }).catch({ replicas: 1 }),
  status: z
    .object({ observedGeneration: z.int().optional().catch(undefined), updateRevision: Text })
    .catch({ updateRevision: '' }),
});

export interface StatefulSetView {
  readonly replicas: number;
  /** The revision that pods should have; empty while the StatefulSet controller has not seen the latest spec. */
  readonly updateRevision: string;
}

/** What the StatefulSet wants. */
export function readStatefulSet(object: KubeObject): StatefulSetView {
  const { metadata, spec, status } = StatefulSet.parse(object);
  const seen = status.observedGeneration === metadata.generation;
  return { replicas: spec.replicas, updateRevision: seen ? status.updateRevision : '' };
}
