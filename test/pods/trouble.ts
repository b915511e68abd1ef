// What a node's status says when something is wrong, in the cluster and on the status branch.

import { condition, unready } from './observer.ts';
import type { PodsWorld } from './world.ts';

export interface Trouble {
  readonly phase: string;
  /** Whether the status says that waiting is in vain. */
  readonly stalled: boolean;
}

export interface SeenTrouble extends Trouble {
  readonly synced: boolean | undefined;
  readonly message: string;
  /** `True` while the controller or the cluster still works on it. */
  readonly reconciling: string | undefined;
}

/** Waits for the reason; throws when the status branch then says anything else than the cluster. */
export async function troubleOf(world: PodsWorld, name: string, reason: string): Promise<SeenTrouble> {
  const node = await world.await(name, reason, (found) => unready(found) === reason && found);
  const { phase = 'none', synced } = node.status ?? {};
  const message = condition(node, 'Ready')?.message ?? '';
  await world.published(name, `${phase}, ${reason}, ${message}`, ({ status }) =>
    status.conditions.some(
      (one) => one.type === 'Ready' && one.reason === reason && one.message === message && status.phase === phase,
    ),
  );
  return {
    phase,
    synced,
    message,
    stalled: condition(node, 'Stalled')?.status === 'True',
    reconciling: condition(node, 'Reconciling')?.status,
  };
}
