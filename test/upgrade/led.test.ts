// Whether another process leads, as the Lease shows it to one that stands by.

import { afterEach, expect, it, vi } from 'vitest';

import type { KubeObject } from '../../src/api/objects.ts';
import { Upgrader, type UpgraderDeps } from '../../src/controller/upgrade/upgrader.ts';

const NOW = Date.parse('2026-11-22T12:00:00Z');

afterEach(() => void vi.restoreAllMocks());

/** With a Lease whose renewal differs from the clock by so many milliseconds, and the time that passes for this process alone. */
function given(skewMs: number) {
  let [renewedMs, passedMs] = [0, 0];
  vi.spyOn(performance, 'now').mockImplementation(() => passedMs);
  const lease = (): KubeObject => {
    const spec = { holderIdentity: 'pod-b', renewTime: new Date(NOW + skewMs + renewedMs).toISOString() };
    return { apiVersion: 'coordination.k8s.io/v1', kind: 'Lease', metadata: { name: 'nodewright-a' }, spec };
  };
  const deps: Partial<UpgraderDeps> = {
    cluster: { get: async () => await Promise.resolve(lease()), list: vi.fn(), patch: vi.fn() },
    runtime: { now: () => NOW + passedMs } as UpgraderDeps['runtime'],
    executor: 'a',
    namespace: 'ops',
    identity: 'pod-a',
  };
  return {
    upgrader: new Upgrader(deps as UpgraderDeps),
    pass: (ms: number) => void (passedMs += ms),
    renew: () => void (renewedMs = passedMs),
  };
}

it.each([
  { because: 'it was renewed lately', skewMs: -2000, isLed: true },
  { because: 'it was renewed long ago', skewMs: -60_000, isLed: false },
  { because: 'it names a time that is far ahead', skewMs: 86_400_000, isLed: false },
])('at first sight by the time in it: $because', async ({ skewMs, isLed }) => {
  expect(await given(skewMs).upgrader.isLed()).toBe(isLed);
});

it.each([0, -3_600_000, 86_400_000])('then by its changes, with a clock that differs by %d ms', async (skewMs) => {
  const { upgrader, pass, renew } = given(skewMs);
  await upgrader.isLed();
  pass(2000);
  renew();
  expect(await upgrader.isLed()).toBe(true);
  pass(29_000);
  expect(await upgrader.isLed()).toBe(true);
  pass(2000);
  expect(await upgrader.isLed()).toBe(false);
});
