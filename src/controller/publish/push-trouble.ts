// A status branch that cannot be written: for those who see only the cluster, or only the metrics.

import { describeError } from '../../lib/errors.ts';
import { emitAboutLease } from '../engine/lease-events.ts';
import type { PublishDeps } from './deps.ts';

type TroubleDeps = Pick<PublishDeps, 'events' | 'published' | 'redactor' | 'runtime' | 'settings'>;

/** In the words of the server. The Event is about the controller's Lease, and is repeated while it fails. */
export function notePushFailed(error: unknown, deps: TroubleDeps): void {
  const { published, redactor, runtime } = deps;
  const message = redactor(describeError(error));
  published.trouble = message;
  runtime.telemetry.statusPushFailing(true);
  emitAboutLease({ type: 'Warning', reason: 'StatusPushFailed', message, state: 'pushing' }, deps);
}

export function notePushed(deps: TroubleDeps): void {
  const { published, runtime } = deps;
  runtime.telemetry.statusPushFailing(false);
  if (published.trouble === undefined) return;
  published.trouble = undefined;
  const message = 'The status branch can be written again.';
  emitAboutLease({ type: 'Normal', reason: 'StatusPushed', message, state: 'pushing' }, deps);
}
