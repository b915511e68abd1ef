// An executor that fleet.yaml does not list: for those who see only the cluster, where nothing else would be wrong.

import type { DesiredSet } from '../../desired/desired-set.ts';
import { emitAboutLease } from '../engine/lease-events.ts';
import type { FleetDeps } from './deps.ts';

type Unlisted = DesiredSet['unlisted'];

/** The Event is repeated while it is so, because an API server forgets Events. */
export function announceUnlisted(before: Unlisted, deps: FleetDeps): void {
  const unlisted = deps.fleet.pulled?.desired.unlisted;
  if (unlisted !== undefined) {
    const message = deps.redactor(unlisted.message);
    emitAboutLease({ type: 'Warning', reason: 'ExecutorNotListed', message, state: 'listed' }, deps);
  } else if (before !== undefined) {
    const message = 'fleet.yaml no longer lists only other executors.';
    emitAboutLease({ type: 'Normal', reason: 'ExecutorListed', message, state: 'listed' }, deps);
  }
}
