// What the set-up of a test run hands to its tests about the shared cluster.

import type { Mode } from '../cluster/state.ts';

export interface SharedCluster {
  /** Absent for a cluster that KUBECONFIG names. */
  readonly name?: string;
  readonly kubeconfigPath: string;
  readonly mode: Mode | 'existing';
}

declare module 'vitest' {
  export interface ProvidedContext {
    cluster: SharedCluster;
  }
}
