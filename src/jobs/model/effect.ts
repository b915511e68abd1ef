// What a job asks to have done. Data only: the job loop does it. Every effect may be repeated without harm.

import type { JobReason } from '../../api/codes/job-reasons.ts';
import type { Ask, HeightProbe } from '../../api/chain-jobs.ts';
import type { JobTarget } from '../../api/job-status.ts';
import type { KubeObject } from '../../api/objects.ts';

export type Effect =
  /** Takes the Lease if no job holds it. The holder is the request's UID: a restarted controller still holds it. */
  | { readonly do: 'acquireLock'; readonly lock: string; readonly holder: Holder }
  /** Writes what must be known when the request itself is lost. Before the first node is stopped. */
  | { readonly do: 'noteOnLock'; readonly lock: string; readonly note: LockNote }
  /** Gives the Lease back; the note stays where a node is left stopped. */
  | { readonly do: 'releaseLock'; readonly lock: string; readonly keepNote: boolean }
  /** Asks the node loop, which owns the replicas of managed nodes, to keep the node stopped. */
  | { readonly do: 'pauseNode'; readonly node: string; readonly because: string }
  /** Ends every pause of the node. */
  | { readonly do: 'unpauseNode'; readonly node: string }
  /** Sets the replicas of a workload that another tool deployed; an absolute number. */
  | { readonly do: 'scaleWorkload'; readonly node: string; readonly workload: Workload; readonly replicas: number }
  /** Asks the API server in a dry run whether it would accept the objects, and the stop and start of the targets. */
  | { readonly do: 'tryObjects'; readonly creates: readonly KubeObject[]; readonly targets: readonly JobTarget[] }
  /** Creates the PVC; one that is there already is checked in the next reconciliation. */
  | { readonly do: 'createPvc'; readonly object: KubeObject }
  | { readonly do: 'deletePvc'; readonly name: string; readonly uid: string }
  /** Creates the VolumeSnapshot; one that is there already is checked in the next reconciliation. */
  | { readonly do: 'createSnapshot'; readonly object: KubeObject }
  | { readonly do: 'deleteSnapshot'; readonly name: string; readonly uid: string }
  /** Creates a Job, suspended: it can't run before its UID is on record. The UID that the API server returns is observed as `made`. */
  | { readonly do: 'createJob'; readonly object: KubeObject }
  | { readonly do: 'resumeJob'; readonly name: string; readonly uid: string }
  | { readonly do: 'deleteJob'; readonly name: string; readonly uid: string; readonly because: string }
  /** Asks the running node; the answer comes back in `JobObservation.tasks` under the task's name. */
  | {
      readonly do: 'askNode';
      readonly task: string;
      readonly node: string;
      readonly asks: readonly Ask[];
      readonly height: HeightProbe;
      /** A node at this height already is asked nothing. */
      readonly wanted: number;
    }
  /** Says which Secret each managed node signs with: all of them in one write, or none. */
  | { readonly do: 'setIdentities'; readonly assignments: readonly Assignment[]; readonly because: string }
  /** Points the account volume of a stopped StatefulSet to a ConfigMap; an absolute name. */
  | {
      readonly do: 'setAccountVolume';
      readonly node: string;
      readonly workload: Workload;
      readonly volume: string;
      readonly configMap: string;
    }
  /** Removes our finalizer: the request may go. */
  | { readonly do: 'removeFinalizer' }
  | {
      readonly do: 'emitEvent';
      readonly type: 'Normal' | 'Warning';
      readonly reason: JobReason;
      readonly message: string;
    };

export interface Holder {
  readonly uid: string;
  /** `Backup novacula-system/nightly`: what another job that waits reports. */
  readonly text: string;
}

export interface Workload {
  readonly apiVersion: string;
  readonly kind: string;
  readonly name: string;
}

export interface Assignment {
  readonly node: string;
  readonly identity: string;
}

/** What the Lease remembers, so that a lost request leaves no node stopped without a reason. */
export interface LockNote {
  readonly uid: string;
  readonly job: string;
  readonly nodes: readonly NotedNode[];
  /**
   * Starting the nodes is unsafe while the task is running, or after it failed, or since an earlier job; else the reason
   * is absent, and a job that left them paused releases them.
   */
  readonly unsafe?: string;
  /** Keys and what they have signed may lie on different volumes: no other job may touch that, only an administrator. */
  readonly keys?: boolean;
}

export interface NotedNode {
  readonly node: string;
  readonly workload: Workload;
  readonly replicas?: number;
  readonly wasRunning: boolean;
  /** An earlier job left it stopped. */
  readonly detached?: boolean;
}
