// Pods of the new version → why it is taken back.

import { describe, expect, it } from 'vitest';

import { failureOf, type RolloutPod } from '../../src/upgrade/rollout.ts';
import type { UpgradePhase, UpgradeState } from '../../src/upgrade/state.ts';

const DEADLINE = 600_000;

function stateOf(phase: UpgradePhase): UpgradeState {
  const images = { from: 'a:1', to: 'a:2' };
  return { executor: 'a', request: '2', version: '2', ...images, phase, startedAt: 0, deadlineAt: DEADLINE };
}

const pod: RolloutPod = { name: 'new-1', isScheduled: true, restarts: 0, isReady: false };
const waiting = (reason: string): RolloutPod => ({ ...pod, waiting: { reason, message: 'said so' } });

function reasonOf(one: RolloutPod | undefined, now = 1000, phase: UpgradePhase = 'Rolling'): string | undefined {
  const pods = one === undefined ? [] : [one];
  return failureOf(stateOf(phase), { now, pods, withoutLeaseMs: undefined })?.reason;
}

describe('at once', () => {
  it.each([
    ['ImagePullBackOff', 'UpgradePullFailed'],
    ['InvalidImageName', 'UpgradePullFailed'],
    ['CreateContainerError', 'UpgradeStartFailed'],
    ['RunContainerError', 'UpgradeStartFailed'],
    ['CrashLoopBackOff', 'UpgradeCrashed'],
    // Tried again by the kubelet.
    ['ErrImagePull', undefined],
    ['ContainerCreating', undefined],
  ])('%s: %s', (reason, expected) => expect(reasonOf(waiting(reason))).toBe(expected));

  it('forgives one restart, and no second one', () => {
    expect(reasonOf({ ...pod, restarts: 1 })).toBeUndefined();
    expect(reasonOf({ ...pod, restarts: 2 })).toBe('UpgradeCrashed');
  });

  it('names pod, restarts and how it ended', () => {
    const ended = { ...pod, restarts: 2, ended: { reason: 'OOMKilled', exitCode: 137 } };
    const found = failureOf(stateOf('Leading'), { now: 0, pods: [ended], withoutLeaseMs: undefined });
    expect(found?.message).toBe('pod new-1 restarted 2 times, last OOMKilled with exit code 137');
  });
});

it('is a lost Lease when the version that stands by saw no new one hold it for longer than a Lease lasts', () => {
  const at = (withoutLeaseMs: number | undefined): string | undefined =>
    failureOf(stateOf('Leading'), { now: 0, pods: [pod], withoutLeaseMs })?.reason;
  expect([at(undefined), at(20_000), at(60_000)]).toEqual([undefined, undefined, 'UpgradeLeaseLost']);
});

describe('at the deadline', () => {
  it.each([
    ['there is no pod', undefined, 'UpgradeNotScheduled'],
    ['the pod was not scheduled', { ...pod, isScheduled: false }, 'UpgradeNotScheduled'],
    ['the image is still being pulled', waiting('ContainerCreating'), 'UpgradePullFailed'],
    ['it runs and is not ready', pod, 'UpgradeNeverReady'],
  ])('%s: %s', (_, one, expected) => {
    expect(reasonOf(one, DEADLINE - 1)).toBeUndefined();
    expect(reasonOf(one, DEADLINE)).toBe(expected);
  });
});
