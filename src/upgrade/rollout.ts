// The pods of the new version → why it fails, if it does.

import type { UpgradeFailure } from '../api/codes/upgrade-reasons.ts';
import type { UpgradeState } from './state.ts';

/** A pod that runs the new image. */
export interface RolloutPod {
  readonly name: string;
  readonly isScheduled: boolean;
  readonly schedulingMessage?: string | undefined;
  /** Why its container waits, e.g. `ImagePullBackOff`. */
  readonly waiting?: { readonly reason: string; readonly message: string } | undefined;
  /** How its container ended last. */
  readonly ended?: { readonly reason: string; readonly exitCode: number } | undefined;
  readonly restarts: number;
  readonly isReady: boolean;
}

export interface Rollout {
  readonly now: number;
  /** Without those that are being deleted. */
  readonly pods: readonly RolloutPod[];
  /** For how long an old version that stands by has seen no new one hold the Lease; undefined for every other process. */
  readonly withoutLeaseMs: number | undefined;
}

export interface Failure {
  readonly reason: UpgradeFailure;
  readonly message: string;
}

/** One restart is forgiven: a pod can be killed for reasons of its node. The second one is answered with a back-off. */
const MAX_RESTARTS = 1;
/** Longer than a Lease lasts, and than a container takes to start again. */
const LEASE_MS = 45_000;

const PULL = new Set([
  'ImagePullBackOff',
  'InvalidImageName',
  'ErrImageNeverPull',
  'ImageInspectError',
  'RegistryUnavailable',
]);
const START = new Set(['CreateContainerConfigError', 'CreateContainerError', 'RunContainerError']);

/** Undefined while it may still come up. */
export function failureOf(state: UpgradeState, rollout: Rollout): Failure | undefined {
  for (const pod of rollout.pods) {
    const failure = ofPod(pod);
    if (failure !== undefined) return failure;
  }
  return leaseLost(rollout) ?? late(state, rollout);
}

function ofPod({ name, waiting, ended, restarts }: RolloutPod): Failure | undefined {
  const { reason = '', message = '' } = waiting ?? {};
  if (PULL.has(reason)) return { reason: 'UpgradePullFailed', message: `pod ${name}: ${reason}${detail(message)}` };
  if (START.has(reason)) return { reason: 'UpgradeStartFailed', message: `pod ${name}: ${reason}${detail(message)}` };
  if (reason !== 'CrashLoopBackOff' && restarts <= MAX_RESTARTS) return undefined;
  const how = ended === undefined ? '' : `, last ${ended.reason} with exit code ${ended.exitCode}`;
  return { reason: 'UpgradeCrashed', message: `pod ${name} restarted ${restarts} times${how}` };
}

function leaseLost({ withoutLeaseMs = 0 }: Rollout): Failure | undefined {
  if (withoutLeaseMs <= LEASE_MS) return undefined;
  const seconds = Math.floor(LEASE_MS / 1000);
  return { reason: 'UpgradeLeaseLost', message: `no pod of the new version has held the Lease for ${seconds} s` };
}

function late({ deadlineAt, phase }: UpgradeState, { now, pods }: Rollout): Failure | undefined {
  if (now < deadlineAt) return undefined;
  const [pod] = pods;
  if (pod === undefined)
    return { reason: 'UpgradeNotScheduled', message: 'no pod of the new version was created before the deadline' };
  const { name, isScheduled, schedulingMessage = '', waiting } = pod;
  if (!isScheduled)
    return { reason: 'UpgradeNotScheduled', message: `pod ${name} was not scheduled${detail(schedulingMessage)}` };
  if (waiting?.reason === 'ErrImagePull' || waiting?.reason === 'ContainerCreating')
    return { reason: 'UpgradePullFailed', message: `pod ${name}: ${waiting.reason}${detail(waiting.message)}` };
  return { reason: 'UpgradeNeverReady', message: `pod ${name} was not ready before the deadline; ${STEP[phase]}` };
}

const STEP: Readonly<Record<UpgradeState['phase'], string>> = {
  Rolling: 'it never said that it can take over',
  Standby: 'it never took the Lease',
  Leading: 'it leads, and its first sync did not end',
  Complete: '',
  Failed: '',
};

function detail(text: string): string {
  return text === '' ? '' : `: ${text.slice(0, 500)}`;
}
