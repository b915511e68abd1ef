// What the reconciler of the controller's own version needs.

import type { Events } from '../../kube/events.ts';
import type { UpgradeView } from '../../status/fleet-view.ts';
import type { Notify } from '../engine/notices.ts';
import type { Settings } from '../engine/options.ts';
import type { Runtime } from '../engine/runtime.ts';
import type { FleetState } from '../fleet/state.ts';
import type { Suspensions } from '../node/suspensions.ts';
import type { Upgrader } from './upgrader.ts';

export interface UpgradeDeps {
  readonly fleet: FleetState;
  readonly suspensions: Pick<Suspensions, 'ofFleet'>;
  readonly runtime: Runtime;
  readonly settings: Settings;
  readonly events: Events;
  readonly notify: Notify;
  /** Absent: the controller cannot change its version. */
  readonly upgrader: Upgrader | undefined;
  readonly upgrade: UpgradeMemory;
}

export interface UpgradeMemory {
  /** What the status shows; undefined when there is nothing to say. */
  view: UpgradeView | undefined;
  /** The request that was dealt with: until another one comes, nothing is read. */
  settled: string | undefined;
}

export function noUpgrade(): UpgradeMemory {
  return { view: undefined, settled: undefined };
}
