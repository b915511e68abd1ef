// The port for figures: what the loops and I/O rooms tell whoever counts (web/metrics.ts, or nobody in tests).

/** How one pass of a loop ended. */
export type PassResult = 'success' | 'wait' | 'stalled' | 'error';

export interface Telemetry {
  /** One pass of a loop is over. */
  passed(loop: string, result: PassResult, seconds: number): void;
  /** What waits in the queue of a loop; replaces what was known. */
  queue(loop: string, sample: QueueSample): void;
  /** One exchange with the Git host: `ls-refs`, `fetch`, `push`. */
  gitOperation(operation: string, result: 'success' | 'error', seconds: number): void;
  /** One request to the API server. `code` is the HTTP status, or `error` when there was no answer. */
  kubeRequest(request: { readonly verb: string; readonly kind: string; readonly code: number | 'error' }): void;
  /** The latest plan of the outer loop; replaces the one before. */
  planned(counts: {
    readonly create: number;
    readonly update: number;
    readonly delete: number;
    readonly held: number;
  }): void;
  /** The problems in the latest commit; replaces those before. */
  problems(counts: { readonly errors: number; readonly warnings: number }): void;
  /** What is known of a node; replaces what was known. Figures left out disappear. */
  node(sample: NodeSample): void;
  /** The node is gone: its series end. */
  forgetNode(namespace: string, name: string): void;
  /** The one-shot jobs on record; replaces what was known. */
  jobs(sample: JobsSample): void;
  /** A commit was pushed to the status branch. */
  statusCommitted(): void;
  /** Whether this process holds the leader lease. */
  leading(leads: boolean): void;
}

export interface QueueSample {
  /** Keys that are due or in work. */
  readonly depth: number;
  /** Milliseconds since the epoch at which the oldest key fell due that has not succeeded since. */
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
  readonly roles: readonly RoleSample[];
}

export interface RoleSample {
  readonly role: string;
  readonly height?: number;
  /** Best height the client knows of. */
  readonly target?: number;
  readonly peers?: number;
  /** Seconds since the epoch. */
  readonly headTime?: number;
  readonly restarts?: number;
}

export interface JobsSample {
  readonly counts: readonly { readonly kind: string; readonly phase: string; readonly count: number }[];
  /** Nodes that a job which ended Held keeps stopped. */
  readonly heldNodes: number;
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

/** Counts nothing. */
export const noTelemetry: Telemetry = {
  passed: () => undefined,
  queue: () => undefined,
  gitOperation: () => undefined,
  kubeRequest: () => undefined,
  planned: () => undefined,
  problems: () => undefined,
  node: () => undefined,
  forgetNode: () => undefined,
  jobs: () => undefined,
  statusCommitted: () => undefined,
  leading: () => undefined,
};
