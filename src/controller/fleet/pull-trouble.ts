// A desired branch that cannot be read: for those who see only the cluster, because the status branch is out of reach as well.

import { codeOf, describeError } from '../../lib/errors.ts';
import { emitAboutLease } from '../engine/lease-events.ts';
import type { FleetDeps } from './deps.ts';
import type { GitTrouble } from './state.ts';

/** In the words of the server. The Event is repeated while it fails. */
export function notePullFailed(error: unknown, deps: FleetDeps): void {
  const { fleet, redactor, runtime } = deps;
  fleet.gitTrouble = troubleOf(error, fleet.gitTrouble, runtime.now());
  const message = redactor(describeError(error));
  emitAboutLease({ type: 'Warning', reason: 'DesiredReadFailed', message, state: 'reading' }, deps);
}

export function notePulled(deps: FleetDeps): void {
  if (deps.fleet.gitTrouble === undefined) return;
  deps.fleet.gitTrouble = undefined;
  const message = 'The desired branch can be read again.';
  emitAboutLease({ type: 'Normal', reason: 'DesiredRead', message, state: 'reading' }, deps);
}

function troubleOf(error: unknown, before: GitTrouble | undefined, now: number): GitTrouble {
  const code = codeOf(error) ?? 'GitFailed';
  return { code, message: describeError(error), since: before?.code === code ? before.since : now };
}

export function reportTrouble(before: GitTrouble | undefined, { fleet, notify }: FleetDeps): void {
  if (fleet.gitTrouble?.message === before?.message) return;
  // The host answers again, so a push need not wait for the backoff of the pushes that failed.
  if (fleet.gitTrouble === undefined) notify('GitRecovered', {});
  else notify('GitStateChanged', {});
}
