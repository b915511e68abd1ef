// One role of a node: what is known about it, and what that comes to.

import type { RoleStatus } from '../api/blockchain-node.ts';
import type { NodeReason } from '../api/codes/node-reasons.ts';
import type { Expectation, RoleFacts } from '../chains/observed.ts';
import type { ContainerView } from './pod-view.ts';
import type { Verdict } from './verdict.ts';

export interface RoleView {
  readonly role: string;
  /** How messages name it: `geth (el)`. */
  readonly title: string;
  readonly container: ContainerView | undefined;
  readonly facts: RoleFacts | undefined;
  readonly expectation: Expectation | undefined;
  readonly previous: RoleStatus | undefined;
  /** The reason of its previous verdict; undefined while it was well. */
  readonly previousReason: NodeReason | undefined;
  /** Whether the node was Ready before. */
  readonly wasReady: boolean;
  /** When the role last answered, milliseconds since the epoch; undefined when it never did. */
  readonly answeredAt: number | undefined;
  /** When its height was last seen to rise, milliseconds since the epoch; undefined when it was not seen. */
  readonly risenAt: number | undefined;
  /** When the previous figures were read, milliseconds since the epoch. */
  readonly previousAt: number | undefined;
  readonly now: number;
}

export interface RoleVerdict extends Verdict {
  readonly state: RoleStatus['state'];
  /** Strictly: the client says so, the head is recent, peers are there, no lag, the right chain. */
  readonly synced: boolean;
  /** The answer is missing but was here a moment ago: the previous figures stand. */
  readonly keepsFigures: boolean;
}

/** When the container started, milliseconds since the epoch. NaN when unknown: comparisons with it are false. */
export function startOf({ container }: Pick<RoleView, 'container'>): number {
  return Date.parse(container?.state.running?.startedAt ?? '');
}

/** The verdict of a role whose figures, if any, are new. */
export function roleVerdict(verdict: Verdict, synced: boolean): RoleVerdict {
  return { ...verdict, state: stateOf(verdict), synced, keepsFigures: false };
}

/** The phase of a role in the words of status.roles. */
export function stateOf({ phase }: Verdict): RoleStatus['state'] {
  if (phase === 'Running' || phase === 'Syncing' || phase === 'Error') return phase;
  return 'Starting';
}
