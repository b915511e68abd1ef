// The port for metrics: reconcilers and I/O modules report to it; web/metrics.ts implements it.

/** The result of one reconciliation. */
export type PassResult = 'success' | 'wait' | 'stalled' | 'error';

export interface Telemetry {
  /** One reconciliation of a loop ended. */
  passed(loop: string, result: PassResult, seconds: number): void;
  /** The state of the queue of a loop; replaces the previous one. */
  queue(loop: string, sample: QueueSample): void;
  /** One operation on the Git server: `ls-refs`, `fetch`, `push`. */
  gitOperation(operation: string, result: 'success' | 'error', seconds: number): void;
  /** One request to the API server. `code` is the HTTP status, or `error` when there was no answer. */
  kubeRequest(request: { readonly verb: string; readonly kind: string; readonly code: number | 'error' }): void;
  /** The latest plan of the fleet; replaces the previous one. */
  planned(counts: {
    readonly create: number;
    readonly update: number;
    readonly delete: number;
    readonly held: number;
  }): void;
  /** The problems of the latest commit; replaces the previous ones. */
  problems(counts: { readonly errors: number; readonly warnings: number }): void;
  /** The state of a node; replaces the previous one. Absent values disappear. */
  node(sample: NodeSample): void;
  /** When each node with a running pod was asked last, milliseconds since the epoch; replaces the previous times. */
  observed(times: readonly { readonly key: string; readonly at: number }[]): void;
  /** The node was deleted: its series end. */
  forgetNode(namespace: string, name: string): void;
  /** The job records; replaces the previous ones. */
  jobs(sample: JobsSample): void;
  /** A commit was pushed to the status branch. */
  statusCommitted(): void;
  /** Whether the last attempt to write the status branch failed. */
  statusPushFailing(fails: boolean): void;
  /** Whether the version that fleet.yaml names is refused, or failed and was taken back. */
  upgradeFailing(fails: boolean): void;
  /** An object of a node that was changed in the cluster was put back. */
  repaired(kind: string): void;
  /** Whether this process holds the leader lease. */
  leading(leads: boolean): void;
}

export interface QueueSample {
  /** Keys that are due or being reconciled. */
  readonly depth: number;
  /** Milliseconds since the epoch at which the oldest key became due that has not succeeded since. */
  readonly waitingSince: number | undefined;
}

export interface NodeSample {
  readonly namespace: string;
  readonly name: string;
  readonly chain: string;
  readonly network: string;
  readonly phase: string;
  readonly ready: boolean;
  readonly synced: boolean;
  /** The condition DataAtRisk is True. */
  readonly dataAtRisk: boolean;
  readonly roles: readonly RoleSample[];
}

export interface RoleSample {
  readonly role: string;
  readonly height?: number;
  /** Best height that the client knows. */
  readonly target?: number;
  readonly peers?: number;
  /** Seconds since the epoch. */
  readonly headTime?: number;
  readonly restarts?: number;
}

export interface JobsSample {
  readonly counts: readonly { readonly kind: string; readonly phase: string; readonly count: number }[];
  /** Nodes that are left paused by a job in the phase Held. */
  readonly pausedNodes: number;
  /** When jobs of a kind last ended on a node; seconds since the epoch. */
  readonly ends: readonly JobEnds[];
}

export interface JobEnds {
  readonly kind: string;
  readonly namespace: string;
  readonly node: string;
  readonly success?: number;
  readonly failure?: number;
}
