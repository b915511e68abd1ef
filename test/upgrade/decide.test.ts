// What one process does next in an upgrade, by its version, the Lease and what is stored.

import { describe, expect, it } from 'vitest';

import { decide, type Scene } from '../../src/upgrade/decide.ts';
import type { UpgradeState } from '../../src/upgrade/state.ts';

const OLD = 'images.example.com/nodewright:0.1.0';
const NEW = 'images.example.com/nodewright:0.2.0@sha256:00';
const FAILURE = { reason: 'UpgradeCrashed', message: 'pod a restarted 3 times' } as const;

function stateOf(phase: UpgradeState['phase']): UpgradeState {
  return { executor: 'a', request: '0.2.0', version: '0.2.0', from: OLD, to: NEW, phase, startedAt: 0, deadlineAt: 1 };
}

function scene(phase: UpgradeState['phase'] | undefined, over: Partial<Scene> & { readonly live?: string }): Scene {
  const { live = NEW, ...rest } = over;
  const state = phase === undefined ? undefined : stateOf(phase);
  return {
    image: OLD,
    leads: false,
    isSynced: false,
    failure: undefined,
    deployment: { image: live, state, isRolledOut: false },
    ...rest,
  };
}

function movesOf(one: Scene): string {
  const move = decide(one);
  if (move.do !== 'write') return move.do;
  const { phase, reason } = move.state;
  return [`write ${phase}`, reason, move.image].filter((part) => part !== undefined).join(' ');
}

describe('without an upgrade', () => {
  it.each([
    ['nothing was ever tried', scene(undefined, { live: OLD })],
    ['the last one is complete', scene('Complete', { image: NEW, leads: true })],
    ['the last one was taken back', scene('Failed', { live: OLD, leads: true })],
    ['it is complete, and the Deployment was set back', scene('Complete', { image: NEW, live: OLD })],
    ['the old version, after a failure that is not taken back yet', scene('Failed', { live: NEW })],
  ])('works: %s', (_, one) => expect(movesOf(one)).toBe('work'));

  it('keeps a pod of the version that was taken back out of the way', () => {
    expect(movesOf(scene('Failed', { image: NEW, live: OLD }))).toBe('stand by');
    expect(movesOf(scene('Failed', { image: NEW, live: OLD, leads: true }))).toBe('hand over');
  });

  it('lets a person install the version that was taken back', () => {
    expect(movesOf(scene('Failed', { image: NEW, live: NEW, leads: true }))).toBe('work');
  });
});

describe('the old version', () => {
  it('works until the new one can take over', () => {
    expect(movesOf(scene('Rolling', { leads: true }))).toBe('work');
    expect(movesOf(scene('Rolling', { leads: false }))).toBe('work');
  });

  it('hands over, and stands by from then on', () => {
    expect(movesOf(scene('Standby', { leads: true }))).toBe('hand over');
    expect(movesOf(scene('Standby', {}))).toBe('stand by');
    expect(movesOf(scene('Leading', {}))).toBe('stand by');
  });

  it.each(['Rolling', 'Standby', 'Leading'] as const)('takes a failing version back in the phase %s', (phase) => {
    for (const leads of [true, false])
      expect(movesOf(scene(phase, { leads, failure: FAILURE }))).toBe(`write Failed UpgradeCrashed ${OLD}`);
  });
});

describe('the new version', () => {
  it('says that it can take over, and competes for the Lease', () => {
    expect(movesOf(scene('Rolling', { image: NEW }))).toBe('write Standby');
    expect(movesOf(scene('Standby', { image: NEW }))).toBe('work');
  });

  it('says that it leads, also when the old one died before', () => {
    expect(movesOf(scene('Standby', { image: NEW, leads: true }))).toBe('write Leading');
    expect(movesOf(scene('Rolling', { image: NEW, leads: true }))).toBe('write Leading');
  });

  it('ends the upgrade when it is synced and its pod was ready for long enough', () => {
    const done = { image: NEW, state: stateOf('Leading'), isRolledOut: true };
    expect(movesOf(scene('Leading', { image: NEW, leads: true, isSynced: true }))).toBe('work');
    expect(movesOf({ ...scene('Leading', { image: NEW, leads: true }), deployment: done })).toBe('work');
    expect(movesOf({ ...scene('Leading', { image: NEW, leads: true, isSynced: true }), deployment: done })).toBe(
      'write Complete',
    );
  });

  it('takes itself back when it fails and can still act', () => {
    expect(movesOf(scene('Leading', { image: NEW, leads: true, failure: FAILURE }))).toBe(
      `write Failed UpgradeCrashed ${OLD}`,
    );
  });
});

it('leaves a process alone that is neither the old version nor the new one', () => {
  for (const leads of [true, false]) expect(movesOf(scene('Standby', { image: 'other:1', leads }))).toBe('work');
});

it('says which image the Deployment has instead, cut', () => {
  const move = decide(scene('Leading', { live: 'x'.repeat(400) }));
  expect(move).toMatchObject({ state: { message: `the Deployment has the image ${'x'.repeat(300)}` } });
});

it('ends an upgrade whose Deployment was changed by something else, and changes no image', () => {
  expect(movesOf(scene('Leading', { live: 'other:1' }))).toBe('write Failed UpgradeSuperseded');
  expect(movesOf(scene('Rolling', { image: 'other:1', live: 'other:1', leads: true }))).toBe(
    'write Failed UpgradeSuperseded',
  );
});
