// Whether a new status is worth a write: news at once, figures at an interval, nothing otherwise.

import type { NodeStatus } from '../api/blockchain-node.ts';
import { findCondition } from '../api/conditions.ts';
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

const SETTLED: ReadonlySet<string | undefined> = new Set(['Running', 'Stopped', 'Error']);

/** Whether the change is for people to know at once: trouble, its end, a hold, a pause. Steps on the way and figures can wait. */
export function isUrgent(previous: NodeStatus | undefined, next: NodeStatus): boolean {
  if (previous?.phase !== next.phase && SETTLED.has(next.phase)) return true;
  // A commit reached the node: its author waits for that.
  if (previous?.appliedRevision !== next.appliedRevision) return true;
  if ((['hold', 'pause'] as const).some((what) => previous?.[what]?.message !== next[what]?.message)) return true;
  return CONDITIONS.some((type) => conditionOf(previous, type) !== conditionOf(next, type));
}

const CONDITIONS = ['Ready', 'Stalled', 'Unapplied', 'Contested', 'DataAtRisk'] as const;

function conditionOf(status: NodeStatus | undefined, type: (typeof CONDITIONS)[number]): string {
  return findCondition(status?.conditions, type)?.status ?? 'False';
}

/** The status without the figures that move all the time. */
function newsOf(status: NodeStatus): unknown {
  const {
    height: _height,
    provenHeight: _proven,
    peers: _peers,
    observedAt: _observedAt,
    roles = [],
    ...rest
  } = status;
  return {
    ...rest,
    roles: roles.map(({ height: _h, target: _t, headTime: _a, peers: _p, progress: _g, ...role }) => role),
  };
}
