// Why a piece of work will not begin any more: images, admission, volumes, machines.

import type { JobWork } from '../../api/job-status.ts';
import { millisecondsOf } from '../../lib/timestamp.ts';
import { DEADLINE, inWords } from '../model/deadlines.ts';
import type { PodWork } from '../model/task-spec.ts';
import type { Scope } from '../model/scope.ts';
import type { WorkSeen } from '../model/seen.ts';

export interface Abort {
  readonly code: string;
  readonly why: string;
  readonly unsafe: boolean;
}

interface Piece {
  readonly pod: PodWork;
  readonly claimName: string | undefined;
}

interface Watched {
  readonly work: JobWork;
  readonly seen: WorkSeen;
}

/** Of a piece that is not running; undefined while waiting makes sense. */
export function whyNeverRuns(scope: Scope, piece: Piece, { work, seen }: Watched): Abort | undefined {
  const { pod } = piece;
  if (isPullHopeless(scope, { work, seen }))
    return {
      code: 'ImageNotPullable',
      why: `the image can't be pulled (${seen.waiting?.reason ?? ''}): ${seen.waiting?.message ?? ''}`,
      unsafe: work.runningSince !== undefined && pod.unsafeWhenUnclear,
    };
  if (seen.refused !== undefined && POD_SECURITY.test(seen.refused))
    return { code: 'PodNotAdmitted', why: notAdmitted(seen.refused, pod), unsafe: false };
  if (since(scope, work.intentAt) <= beginWithin(scope) || work.runningSince !== undefined) return undefined;
  return { ...whyNotBegun(scope, piece, seen), unsafe: false };
}

/** Milliseconds from a time on record to now. */
export function since({ now }: Pick<Scope, 'now'>, time: string): number {
  return now - (millisecondsOf(time) ?? now);
}

/** A little before the Job's own deadline, which counts from its creation too but would give no reason. */
function beginWithin({ open }: Scope): number {
  return Math.min(DEADLINE.begin, open.common.deadlineSeconds * 800);
}

const HOPELESS = ['InvalidImageName', 'ErrImageNeverPull', 'CreateContainerConfigError'];
const PULLING = ['ErrImagePull', 'ImagePullBackOff', 'ErrImageNeverPull', 'InvalidImageName'];

function isPullHopeless(scope: Scope, { work, seen: { waiting } }: Watched): boolean {
  if (waiting === undefined || !PULLING.includes(waiting.reason)) return false;
  const patience = Math.min(DEADLINE.pull, beginWithin(scope));
  return HOPELESS.includes(waiting.reason) || since(scope, work.intentAt) > patience;
}

/** Admission's word on a pod above its namespace's level (k8s.io/pod-security-admission): trying again is in vain. */
const POD_SECURITY = /violates PodSecurity/;

function notAdmitted(refused: string, { runAs }: PodWork): string {
  const need = runAs.uid === 0 ? 'it must run as root' : 'its level is too strict';
  return `the namespace does not admit the working pod: ${need}; label the namespace pod-security.kubernetes.io/enforce=baseline, at least until this is done. ${refused}`;
}

/** The most telling reason why a pod has not begun. */
function whyNotBegun(
  scope: Scope,
  { claimName }: Piece,
  { waiting, unschedulable, refused }: WorkSeen,
): Pick<Abort, 'code' | 'why'> {
  const { claim } = scope.seen;
  const within = `within ${inWords(beginWithin(scope))}`;
  if (refused !== undefined)
    return { code: 'PodNotCreated', why: `the working pod could not be created ${within}: ${refused}` };
  if (claimName !== undefined && claim?.phase === 'Pending')
    return {
      code: 'ClaimPending',
      why: `the volume claim ${claimName} got no volume ${within}${claim.message === undefined ? '; is its storage class right?' : `: ${claim.message}`}`,
    };
  if (unschedulable !== undefined)
    return { code: 'Unschedulable', why: `the working pod fits on no machine: ${unschedulable}` };
  if (waiting !== undefined)
    return {
      code: 'PodNotStarted',
      why: `the working pod did not start ${within}: ${waiting.reason} ${waiting.message}`,
    };
  return {
    code: 'PodNotStarted',
    why: `the working pod did not start ${within}; is its volume still attached to another machine? podAffinityFlag keeps it on the same one`,
  };
}
