// Whether a new status is worth a write: news at once, figures at an interval, nothing otherwise.

import type { NodeStatus } from '../api/blockchain-node.ts';
import { sameJson } from '../lib/stable-json.ts';

export interface WriteLimits {
  /** Heights, peers and progress alone are written at most this often. */
  readonly heightIntervalMs: number;
}

/** `now` in milliseconds since the epoch. Two equal statuses never differ by their `observedAt` alone. */
export function statusChanged(
  previous: NodeStatus | undefined,
  next: NodeStatus,
  { now, heightIntervalMs }: WriteLimits & { readonly now: number },
): boolean {
  if (previous === undefined) return true;
  if (!sameJson(newsOf(previous), newsOf(next))) return true;
  if (sameJson({ ...previous, observedAt: '' }, { ...next, observedAt: '' })) return false;
  const writtenAt = Date.parse(previous.observedAt ?? '');
  return Number.isNaN(writtenAt) || now - writtenAt >= heightIntervalMs || writtenAt > now + heightIntervalMs;
}

/** The status without the figures that move all the time. */
function newsOf(status: NodeStatus): unknown {
  const { height: _height, peers: _peers, observedAt: _observedAt, roles = [], ...rest } = status;
  return {
    ...rest,
    roles: roles.map(({ height: _h, target: _t, headTime: _a, peers: _p, progress: _g, ...role }) => role),
  };
}
