// What reconcilers read from a pod.

import type { KubeObject } from '../../api/objects.ts';

/** The address of the node's running pod, or undefined while there is none to talk to. */
export function podAddress(pods: readonly KubeObject[]): string | undefined {
  for (const pod of pods) {
    if (pod.metadata.deletionTimestamp !== undefined) continue;
    const status = pod['status'];
    if (typeof status !== 'object' || status === null || !('phase' in status) || status.phase !== 'Running') continue;
    if ('podIP' in status && typeof status.podIP === 'string' && status.podIP !== '') return status.podIP;
  }
  return undefined;
}
