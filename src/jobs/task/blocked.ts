// Why a task will not begin any more: images, admission, volumes, Kubernetes nodes.

import type { FailureReason } from '../../api/codes/job-reasons.ts';
import type { JobTask } from '../../api/job-status.ts';
import { millisecondsOf } from '../../lib/timestamp.ts';
import { DEADLINE, inWords } from '../model/deadlines.ts';
import type { TaskSpec } from '../model/task-spec.ts';
import type { Scope } from '../model/scope.ts';
import type { ObservedTask } from '../model/observation.ts';

export interface Abort {
  readonly code: FailureReason;
  readonly why: string;
  readonly unsafe: boolean;
}

interface PlannedTask {
  readonly pod: TaskSpec;
  readonly claimName: string | undefined;
}

interface Watched {
  readonly task: JobTask;
  readonly observed: ObservedTask;
}

type WaitingReason = Pick<NonNullable<ObservedTask['waiting']>, 'reason'>;

/** Of a task that is not running; undefined while waiting makes sense. */
export function whyBlocked(scope: Scope, planned: PlannedTask, { task, observed }: Watched): Abort | undefined {
  const { pod } = planned;
  const { waiting } = observed;
  if (waiting !== undefined && isPullHopeless(scope, task, waiting))
    return {
      code: 'ImageNotPullable',
      why: `the image can't be pulled (${waiting.reason}): ${waiting.message}`,
      unsafe: task.runningSince !== undefined && pod.unsafeWhenUnclear,
    };
  if (observed.refused !== undefined && POD_SECURITY.test(observed.refused))
    return { code: 'PodNotAdmitted', why: notAdmitted(observed.refused, pod), unsafe: false };
  if (since(scope, task.intentAt) <= beginWithin(scope) || task.runningSince !== undefined) return undefined;
  return { ...whyNotBegun(scope, planned, observed), unsafe: false };
}

/**
 * A cluster's text about a pod without what differs at every attempt: the end of the pod's name, its UID, the time until
 * the next attempt. A message that changes by itself would be written to the status again and again.
 */
export function stableText(text: string, jobName: string): string {
  return text
    .replaceAll(new RegExp(`\\b${jobName}-[a-z0-9]{5}(?![a-z0-9])`, 'g'), jobName)
    .replaceAll(/\([0-9a-f]{8}(?:-[0-9a-f]{4}){3}-[0-9a-f]{12}\)/g, '')
    .replaceAll(/\bback-off (?:\d+(?:\.\d+)?(?:h|ms|m|s))+ /g, 'back-off ');
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

function isPullHopeless(scope: Scope, task: JobTask, { reason }: WaitingReason): boolean {
  if (!PULLING.includes(reason)) return false;
  const patience = Math.min(DEADLINE.pull, beginWithin(scope));
  return HOPELESS.includes(reason) || since(scope, task.intentAt) > patience;
}

/** Admission's word on a pod above its namespace's level (k8s.io/pod-security-admission): trying again is in vain. */
const POD_SECURITY = /violates PodSecurity/;

function notAdmitted(refused: string, { runAs }: TaskSpec): string {
  const need = runAs.uid === 0 ? 'it must run as root' : 'its level is too strict';
  return `the namespace does not admit the worker pod: ${need}; ${ALLOW_POD}. ${refused}`;
}

const ALLOW_POD = 'label the namespace pod-security.kubernetes.io/enforce=baseline, at least until this is done';

/** A refusal by the API server, with what to do about it where that is known. */
export function withAdvice(refused: string): string {
  return POD_SECURITY.test(refused)
    ? `the namespace does not admit a pod of the job; ${ALLOW_POD}. ${refused}`
    : refused;
}

/** The most telling reason why a pod has not begun. */
function whyNotBegun(
  scope: Scope,
  { claimName }: PlannedTask,
  { waiting, unschedulable, refused }: ObservedTask,
): Pick<Abort, 'code' | 'why'> {
  const within = `within ${inWords(beginWithin(scope))}`;
  if (refused !== undefined)
    return { code: 'PodNotCreated', why: `the worker pod could not be created ${within}: ${refused}` };
  const pending = pendingClaim(scope, claimName);
  if (pending !== undefined)
    return {
      code: 'ClaimPending',
      why: `the PVC ${pending.name} got no volume ${within}${pending.message === undefined ? '; is its storage class right?' : `: ${pending.message}`}`,
    };
  if (unschedulable !== undefined)
    return { code: 'Unschedulable', why: `the worker pod fits on no Kubernetes node: ${unschedulable}` };
  if (waiting !== undefined)
    return {
      code: 'PodNotStarted',
      why: `the worker pod did not start ${within}: ${waiting.reason} ${waiting.message}`,
    };
  return {
    code: 'PodNotStarted',
    why: `the worker pod did not start ${within}; is its volume still attached to another Kubernetes node? podAffinityFlag keeps it on the same one`,
  };
}

/** The PVC of the result, or one that is made from a VolumeSnapshot. */
function pendingClaim(
  { observed: { pvc, made } }: Scope,
  claimName: string | undefined,
): { readonly name: string; readonly message?: string } | undefined {
  if (claimName !== undefined && pvc?.phase === 'Pending') return { ...pvc, name: claimName };
  return [...(made?.values() ?? [])].find(({ message }) => message !== undefined);
}
