// Whether a new status is worth a write: news at once, figures at an interval, nothing otherwise.

import type { NodeStatus, RoleStatus } from '../api/blockchain-node.ts';
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

/**
 * Whether the only news is what the client says in its own words: its version, or why it cannot be understood. A client that says
 * something else each time must not cause a write each time.
 */
export function onlyWordsChanged(previous: NodeStatus | undefined, next: NodeStatus): boolean {
  if (previous === undefined) return false;
  const [before, now] = [newsOf(previous), newsOf(next)];
  return !sameJson(before, now) && sameJson(withoutWords(before), withoutWords(now));
}

/** Their messages quote the client. */
const QUOTING: ReadonlySet<string | undefined> = new Set(['NotAnswering', 'Unreachable']);

function withoutWords({ roles, conditions = [], ...rest }: News): unknown {
  // Other conditions repeat the message.
  const quotes = new Set(
    [...conditions, ...roles].filter(({ reason }) => QUOTING.has(reason)).map(({ message }) => message),
  );
  const withoutQuote = <T extends { readonly message?: string | undefined }>(one: T): T =>
    quotes.has(one.message) ? { ...one, message: '' } : one;
  return {
    ...rest,
    conditions: conditions.map(withoutQuote),
    roles: roles.map(({ version: _version, ...role }) => withoutQuote(role)),
  };
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

const CONDITIONS = ['Ready', 'Stalled', 'Unapplied', 'Contested', 'DataAtRisk', 'Suspended'] as const;

function conditionOf(status: NodeStatus | undefined, type: (typeof CONDITIONS)[number]): string {
  return findCondition(status?.conditions, type)?.status ?? 'False';
}

type News = Omit<NodeStatus, 'roles'> & { readonly roles: readonly Partial<RoleStatus>[] };

/** The status without the figures that move all the time. */
function newsOf(status: NodeStatus): News {
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
