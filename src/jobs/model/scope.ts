// What every phase works with, and the ways out of it: stay, continue, end.

import type { FailureReason, JobReason } from '../../api/codes/job-reasons.ts';
import { isFinal, type JobPhase } from '../../api/job-phase.ts';
import type { JobStatus, JobTarget } from '../../api/job-status.ts';
import { capText } from '../../lib/clean-text.ts';
import { stableJson } from '../../lib/stable-json.ts';
import { millisecondsOf, timestamp } from '../../lib/timestamp.ts';
import { whyKeysAtRisk, REPAIR_KEYS } from './keys-at-risk.ts';
import type { Effect } from './effect.ts';
import type { JobKind, JobView, OpenJob } from './job-kind.ts';
import { locksOf } from './locks.ts';
import { describeJob, type JobIdentity } from './names.ts';
import type { JobObservation } from './observation.ts';
import type { JobSettings } from './settings.ts';

export interface Scope {
  readonly kind: JobKind;
  readonly open: OpenJob;
  readonly job: JobIdentity;
  readonly status: JobStatus;
  readonly observed: JobObservation;
  readonly settings: JobSettings;
  /** Milliseconds since the epoch. */
  readonly now: number;
}

/** What happens next. The status must be stored before the first effect is carried out. */
export interface Move {
  readonly status: JobStatus;
  readonly effects: readonly Effect[];
  readonly because: string;
}

export interface Failure {
  readonly reason: FailureReason;
  readonly message: string;
  readonly unsafe: boolean;
}

/** The same phase. `message` holds no figure that moves by itself. */
export function stay(
  scope: Scope,
  message: string,
  more: { status?: Partial<JobStatus>; effects?: readonly Effect[] } = {},
): Move {
  const status = { ...scope.status, ...more.status, message: capText(message, 1024) };
  const same = stableJson(status) === stableJson(scope.status);
  return { status: same ? scope.status : status, effects: more.effects ?? [], because: message };
}

/** Of a node that was deleted; undefined while each is there, or may be. */
export function whyGone({ observed: { gone = [] } }: Scope): string | undefined {
  if (gone.length === 0) return undefined;
  const [what, has] = gone.length === 1 ? ['BlockchainNode', 'was'] : ['BlockchainNodes', 'were'];
  return `${what} ${listOf(gone)} ${has} deleted, and no file declares ${gone.length === 1 ? 'it' : 'them'}: file a new request when there is one of the name`;
}

interface Entry {
  readonly phase: JobPhase;
  readonly message: string;
  readonly reason?: JobReason;
  readonly status?: Partial<JobStatus>;
}

/** Another phase, with its time on record and an Event. */
export function enter(scope: Scope, { phase, message, reason = phase, status = {} }: Entry): Move {
  const at = timestamp(scope.now);
  const text = capText(message, 1024);
  const next: JobStatus = {
    ...scope.status,
    ...status,
    phase,
    reason,
    message: text,
    since: at,
    startTime: scope.status.startTime ?? at,
    ...(isFinal(phase) ? { endTime: at } : {}),
    history: [...(scope.status.history ?? []), { phase, at }].slice(-16),
  };
  const type = isFinal(phase) && phase !== 'Complete' && phase !== 'Cancelled' ? 'Warning' : 'Normal';
  return { status: next, effects: [{ do: 'emitEvent', type, reason, message: text }], because: text };
}

/** The tasks have ended without success: the nodes are started again, or left paused when that is unsafe. */
export function fail(scope: Scope, failure: Failure, status: Partial<JobStatus> = {}): Move {
  const kept = { reason: failure.reason, message: capText(failure.message, 1024), unsafe: failure.unsafe };
  const isBetween = whyKeysAtRisk(scope.status.signers) !== undefined;
  const repair = isBetween ? REPAIR_KEYS : 'repair it with a Restore or a BlockHeightFallback, or release it';
  const message = failure.unsafe
    ? `${failure.message}. ${listOf(scope.status.paused)} must not be started like this: ${repair}`
    : failure.message;
  return enter(scope, {
    phase: failure.unsafe ? 'Held' : 'Starting',
    reason: failure.reason,
    message,
    // What must not run is stopped again, even if it was started already.
    status: { ...status, failure: kept, ...(failure.unsafe && scope.status.released ? { released: [] } : {}) },
  });
}

/** Milliseconds since the phase began. */
export function elapsed({ status, now }: Scope): number {
  const since = status.since === undefined ? undefined : millisecondsOf(status.since);
  return since === undefined ? 0 : Math.max(0, now - since);
}

export function viewOf(scope: Scope, targets: readonly JobTarget[] = scope.status.targets ?? []): JobView {
  const { job, observed, open, status } = scope;
  const ordered = open.nodes.flatMap((node) => targets.find((target) => target.node === node) ?? []);
  return { job, targets: ordered, observed, live: status.live === true };
}

/** The lock under which the job works on a node. */
export function lockOf({ open }: Pick<Scope, 'open'>, node: string): string {
  const { deployMethod, chain = '' } = open.common;
  return locksOf({ deployMethod, chain, nodes: [node] })[0] ?? '';
}

export function holderOf({ job }: Scope): { readonly uid: string; readonly text: string } {
  return { uid: job.uid, text: describeJob(job) };
}

export function listOf(names: readonly string[] = []): string {
  return names.length < 2 ? (names[0] ?? 'the node') : `${names.slice(0, -1).join(', ')} and ${names.at(-1)}`;
}
