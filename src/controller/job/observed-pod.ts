// What a job observes of a pod.

import type { KubeObject } from '../../api/objects.ts';
import type { ObservedPod } from '../../jobs/model/observation.ts';
import { defined } from '../../lib/defined.ts';
import { textAt, valueAt } from '../../lib/json-value.ts';

export function observedPod(pod: KubeObject): ObservedPod {
  const conditions = valueAt(pod, ['status', 'conditions']);
  const ready =
    Array.isArray(conditions) &&
    conditions.some((one) => textAt(one, ['type']) === 'Ready' && textAt(one, ['status']) === 'True');
  const { deletionTimestamp } = pod.metadata;
  const runs = textAt(pod, ['status', 'phase']) === 'Running';
  const host = textAt(pod, ['spec', 'nodeName']);
  return {
    name: pod.metadata.name,
    ready,
    ...(runs ? {} : { pending: true }),
    ...(deletionTimestamp === undefined ? {} : { terminating: true }),
    ...defined({ host }),
  };
}

/** Name of the Kubernetes node that the pods are on. */
export function hostOf(pods: readonly KubeObject[]): string | undefined {
  return pods.map((pod) => textAt(pod, ['spec', 'nodeName'])).find((host) => host !== undefined);
}
