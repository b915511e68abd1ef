// The judgement about a pod, a client or a whole node.

import type { NodePhase } from '../api/blockchain-node.ts';
import type { NodeReason } from '../api/codes/node-reasons.ts';

export interface Verdict {
  readonly phase: NodePhase;
  /** The reason of the condition Ready. */
  readonly reason: NodeReason;
  /** For people: what is the case and what to do. No figure that changes with every reconciliation. */
  readonly message: string;
  /** Waiting will not help: a person must do something. */
  readonly stalled: boolean;
}

const SEVERITY: Readonly<Record<NodePhase, number>> = {
  Error: 6, Pending: 5, Stopping: 4, Configuring: 3, Stopped: 2, Syncing: 1, Running: 0,
}; // prettier-ignore

/** The worst of several; the first of equals, so that causes should come before consequences. */
export function worst<T extends Verdict>(verdicts: readonly T[]): T | undefined {
  return verdicts.reduce<T | undefined>(
    (found, next) => (found === undefined || weight(next) > weight(found) ? next : found),
    undefined,
  );
}

/** Something is wrong; trying again may help. */
export function broken(reason: NodeReason, message: string): Verdict {
  return { phase: 'Error', reason, message, stalled: false };
}

/** Something is wrong that only a person can correct. */
export function stuck(reason: NodeReason, message: string): Verdict {
  return { phase: 'Error', reason, message, stalled: true };
}

/** On the way, nothing is wrong. */
export function underway(phase: NodePhase, reason: NodeReason, message: string): Verdict {
  return { phase, reason, message, stalled: false };
}

function weight(verdict: Verdict): number {
  return SEVERITY[verdict.phase] * 2 + (verdict.stalled ? 1 : 0);
}
