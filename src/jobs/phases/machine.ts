// The life of a one-shot job: what to do next, from the stored status and the observation. ../README.md has the diagram.

import { isBeforeWork, isFinal, type JobPhase } from '../../api/job-phase.ts';
import type { JobStatus } from '../../api/job-status.ts';
import { assertNever } from '../../lib/assert-never.ts';
import { capText } from '../../lib/clean-text.ts';
import { sameJson } from '../../lib/stable-json.ts';
import { afterEnd } from './finished.ts';
import { claimed, locked, pending } from './pending.ts';
import type { JobKind } from '../model/job-kind.ts';
import type { JobIdentity } from '../model/names.ts';
import { whyKeysAtRisk } from '../model/keys-at-risk.ts';
import { enter, fail, type Move, type Scope } from '../model/scope.ts';
import type { JobObservation } from '../model/observation.ts';
import type { JobSettings } from '../model/settings.ts';
import { starting } from './starting.ts';
import { stopping } from './stopping.ts';
import { verifying } from './verifying.ts';
import { working } from './working.ts';

export interface JobInput {
  readonly kind: JobKind;
  readonly job: JobIdentity;
  /** As the API server has it; it passed the kind's schema. */
  readonly spec: unknown;
  /** As last stored; empty for a new request. */
  readonly status: JobStatus;
  readonly observed: JobObservation;
  readonly settings: JobSettings;
  /** Milliseconds since the epoch. */
  readonly now: number;
}

/**
 * One step. The caller stores `status` if it changed, then performs `effects` in their order, then observes again; a
 * crash anywhere in between loses nothing, because an effect is returned again until it is observed.
 *
 *   Pending → Claimed → Locked → Stopping → Working → Verifying → Starting → Complete | Failed
 *      before work: Cancelled (file or object gone), Refused (can't be done, its node was deleted), Interrupted (the claim belongs to a lost
 *                   object), Failed (waited too long)
 *      after work:  Held (starting the node would be unsafe)
 */
export function next({ spec, ...input }: JobInput): Move {
  const scope: Scope = { ...input, open: input.kind.open(spec) };
  const phase = input.status.phase ?? 'Pending';
  const other = endWithNamespace(scope, phase) ?? refuseOtherSpec(scope, phase);
  if (other !== undefined) return other;
  return sayRemoval(scope, moveIn(scope, phase));
}

/** Its file is gone, which is not followed yet: nothing else would say so. */
function sayRemoval({ observed: { heldRemoval }, status }: Scope, move: Move): Move {
  if (heldRemoval === undefined || !isBeforeWork(move.status.phase)) return move;
  const because = [move.status.message, heldRemoval].filter((text) => text !== undefined).join('; ');
  const next = { ...move.status, message: capText(because, 1024) };
  return { ...move, status: sameJson(next, status) ? status : next, because };
}

function moveIn(scope: Scope, phase: JobPhase): Move {
  switch (phase) {
    case 'Pending':
      return pending(scope);
    case 'Claimed':
      return claimed(scope);
    case 'Locked':
      return locked(scope);
    case 'Stopping':
      return stopping(scope);
    case 'Working':
      return working(scope);
    case 'Verifying':
      return verifying(scope);
    case 'Starting':
      return starting(scope);
    case 'Complete':
    case 'Failed':
    case 'Held':
    case 'Interrupted':
    case 'Refused':
    case 'Cancelled':
      return afterEnd(scope, phase);
    default:
      return assertNever(phase);
  }
}

/**
 * Its locks, its node and its data go with it. Only what the work has made elsewhere may count: that is known from Starting on. Volumes
 * can outlive it, and so must what is known of keys that may lie apart from what they have signed.
 */
function endWithNamespace(scope: Scope, phase: JobPhase): Move | undefined {
  if (scope.observed.namespaceGoing !== true || isFinal(phase) || phase === 'Starting') return undefined;
  const message = 'its namespace is being deleted, and with it the node and all that this job works on';
  const risk = whyKeysAtRisk(scope.status.signers);
  if (risk !== undefined)
    return fail(scope, { reason: 'SignerStateLost', message: `${message}; ${risk}`, unsafe: true });
  return enter(scope, { phase: 'Interrupted', reason: 'Interrupted', message });
}

/**
 * What runs is what was claimed. Before work nothing has happened, so the job is refused; later it fails, and its nodes are
 * started as it found them.
 */
function refuseOtherSpec(scope: Scope, phase: JobPhase): Move | undefined {
  if (scope.observed.specDiffers !== true || scope.status.failure !== undefined || isFinal(phase)) return undefined;
  const message = 'the spec of this object is not the one that was claimed on the status branch';
  if (isBeforeWork(phase)) return enter(scope, { phase: 'Refused', reason: 'SpecDiffers', message });
  if (phase === 'Starting') return undefined;
  return fail(scope, { reason: 'SpecDiffers', message, unsafe: phase === 'Working' || phase === 'Verifying' });
}
