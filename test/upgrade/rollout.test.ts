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

  it('is the failure of any of its pods', () => {
    const pods = [pod, waiting('CreateContainerError')];
    expect(failureOf(stateOf('Rolling'), { now: 0, pods, withoutLeaseMs: undefined })).toEqual({
      reason: 'UpgradeStartFailed',
      message: 'pod new-1: CreateContainerError: said so',
    });
  });

  it.each([
    { message: '', says: 'pod new-1: ImagePullBackOff' },
    { message: 'x'.repeat(600), says: `pod new-1: ImagePullBackOff: ${'x'.repeat(500)}` },
  ])('says what the kubelet says, cut', ({ message, says }) => {
    const pods = [{ ...pod, waiting: { reason: 'ImagePullBackOff', message } }];
    expect(failureOf(stateOf('Rolling'), { now: 0, pods, withoutLeaseMs: undefined })?.message).toBe(says);
  });

  it('names pod, restarts and how it ended', () => {
    const ended = { ...pod, restarts: 2, ended: { reason: 'OOMKilled', exitCode: 137 } };
    const found = failureOf(stateOf('Leading'), { now: 0, pods: [ended], withoutLeaseMs: undefined });
    expect(found?.message).toBe('pod new-1 restarted 2 times, last OOMKilled with exit code 137');
    const { ended: _ended, ...unknown } = ended;
    const other = failureOf(stateOf('Leading'), { now: 0, pods: [unknown], withoutLeaseMs: undefined });
    expect(other?.message).toBe('pod new-1 restarted 2 times');
  });
});

it('is a lost Lease when the version that stands by saw no new one hold it for longer than a Lease lasts', () => {
  const at = (withoutLeaseMs: number | undefined): string | undefined =>
    failureOf(stateOf('Leading'), { now: 0, pods: [pod], withoutLeaseMs })?.reason;
  const lost = failureOf(stateOf('Leading'), { now: 0, pods: [pod], withoutLeaseMs: 60_000 });
  expect(lost?.message).toBe('no pod of the new version has held the Lease for 45 s');
  expect([at(undefined), at(45_000), at(45_001)]).toEqual([undefined, undefined, 'UpgradeLeaseLost']);
});

describe('at the deadline', () => {
  it.each([
    ['there is no pod', undefined, 'UpgradeNotScheduled'],
    ['the pod was not scheduled', { ...pod, isScheduled: false }, 'UpgradeNotScheduled'],
    ['the image is still being pulled', waiting('ContainerCreating'), 'UpgradePullFailed'],
    ['the pull failed once more', waiting('ErrImagePull'), 'UpgradePullFailed'],
    ['it waits for something else', waiting('PodInitializing'), 'UpgradeNeverReady'],
    ['it runs and is not ready', pod, 'UpgradeNeverReady'],
  ])('%s: %s', (_, one, expected) => {
    expect(reasonOf(one, DEADLINE - 1)).toBeUndefined();
    expect(reasonOf(one, DEADLINE)).toBe(expected);
  });

  it.each([
    ['Rolling', 'it never said that it can take over'],
    ['Standby', 'it never took the Lease'],
    ['Leading', 'it leads, and its first sync did not end'],
  ] as const)('%s: %s', (phase, says) => {
    const found = failureOf(stateOf(phase), { now: DEADLINE, pods: [pod], withoutLeaseMs: undefined });
    expect(found?.message).toBe(`pod new-1 was not ready before the deadline; ${says}`);
  });

  it('says why the pod was not scheduled', () => {
    const pods = [{ ...pod, isScheduled: false, schedulingMessage: 'no room' }];
    const found = failureOf(stateOf('Rolling'), { now: DEADLINE, pods, withoutLeaseMs: undefined });
    expect(found?.message).toBe('pod new-1 was not scheduled: no room');
  });
});
