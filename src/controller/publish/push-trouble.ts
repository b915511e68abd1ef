// A status branch that cannot be written: for those who see only the cluster, or only the metrics.

import { describeError } from '../../lib/errors.ts';
import { controllerLease } from '../../kube/lease/holder.ts';
import type { PublishDeps } from './deps.ts';

type TroubleDeps = Pick<PublishDeps, 'events' | 'published' | 'redactor' | 'runtime' | 'settings'>;

/** Of the Events that say whether the status branch can be written. */
export const PUSHING = 'pushing';

/** In the words of the server. The Event is about the controller's Lease, and is repeated while it fails. */
export function notePushFailed(error: unknown, deps: TroubleDeps): void {
  const { events, published, redactor, runtime } = deps;
  const message = redactor(describeError(error));
  published.trouble = message;
  runtime.telemetry.statusPushFailing(true);
  events.emit({ about: leaseOf(deps), type: 'Warning', reason: 'StatusPushFailed', message, state: PUSHING });
}

export function notePushed(deps: TroubleDeps): void {
  const { events, published, runtime } = deps;
  runtime.telemetry.statusPushFailing(false);
  if (published.trouble === undefined) return;
  published.trouble = undefined;
  const message = 'The status branch can be written again.';
  events.emit({ about: leaseOf(deps), type: 'Normal', reason: 'StatusPushed', message, state: PUSHING });
}

function leaseOf({ settings: { executor, namespace } }: TroubleDeps) {
  const { apiVersion, kind, name } = controllerLease(executor, namespace);
  return { apiVersion, kind, metadata: { name, namespace } };
}
