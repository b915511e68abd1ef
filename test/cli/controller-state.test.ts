// Whether a controller works, as its Lease shows it.

import { describe, expect, it } from 'vitest';

import { readControllerState, recentExecutors, leftExecutors } from '../../src/cli/controller-state.ts';
import type { KubeObject } from '../../src/api/objects.ts';
import { KubeError } from '../../src/kube/kube-error.ts';

const NOW = Date.parse('2026-11-22T12:00:00Z');
const PLACE = { executor: 'prod', namespace: 'ops' };

/** A Lease whose renewals are given by the time that passed; the clock moves only while the code sleeps. */
function given(lease: (passedMs: number) => Record<string, string> | undefined) {
  let passedMs = 0;
  const asked: string[] = [];
  const cluster = {
    get: async (ref: { readonly namespace?: string | undefined; readonly name: string }) => {
      asked.push(`${ref.namespace}/${ref.name}`);
      const spec = lease(passedMs);
      const object = { apiVersion: 'coordination.k8s.io/v1', kind: 'Lease', metadata: { name: ref.name }, spec };
      return await Promise.resolve(spec === undefined ? undefined : (object as KubeObject));
    },
  };
  const clock = {
    now: () => NOW + passedMs,
    sleep: async (ms: number) => {
      passedMs += ms;
      await Promise.resolve();
    },
  };
  return { asked, state: async () => await readControllerState(cluster, PLACE, clock), passed: () => passedMs };
}

const at = (ms: number): string => new Date(NOW + ms).toISOString().replace('Z', '000Z');

describe('the controller', () => {
  it('is alive with a renewal of some seconds ago, at once', async () => {
    const { state, passed, asked } = given(() => ({ holderIdentity: 'pod-a', renewTime: at(-3000) }));
    expect(await state()).toEqual({ executor: 'prod', state: 'Alive', holder: 'pod-a', renewedAt: NOW - 3000 });
    expect([passed(), asked]).toEqual([0, ['ops/nodewright-prod']]);
  });

  it.each([-3_600_000, 3_600_000])(
    'is alive with a clock that differs by %d ms, once its Lease is renewed',
    async (ms) => {
      const { state } = given((passed) => ({
        holderIdentity: 'pod-a',
        renewTime: at(ms + (passed < 2000 ? 0 : 2000)),
      }));
      expect(await state()).toMatchObject({ state: 'Alive', holder: 'pod-a' });
    },
  );

  it('is dead when its Lease is old and not renewed', async () => {
    const { state } = given(() => ({ holderIdentity: 'pod-a', renewTime: at(-600_000) }));
    const { warning, ...rest } = await state();
    expect(rest).toMatchObject({ state: 'Dead', holder: 'pod-a' });
    expect(warning).toMatch(/^the controller of executor prod is dead: pod-a has not renewed its Lease for 10m\./);
  });

  it('is dead when its renewal is far in the future and does not change', async () => {
    const { state } = given(() => ({ holderIdentity: 'evil', renewTime: at(86_400_000) }));
    expect(await state()).toMatchObject({
      state: 'Dead',
      holder: 'evil',
      warning: expect.stringContaining('evil has not renewed its Lease for some time.'),
    });
  });

  it('is stopped when it released its Lease', async () => {
    const { state } = given(() => ({ holderIdentity: '', renewTime: at(-7_300_000) }));
    expect(await state()).toMatchObject({ state: 'Stopped', warning: expect.stringContaining('2h ago') });
  });

  it('is unknown without a Lease, and when the Lease cannot be read', async () => {
    expect(await given(() => undefined).state()).toMatchObject({
      state: 'Unknown',
      warning: expect.stringMatching(/no Lease ops\/nodewright-prod\. .*--namespace of its nodes/),
    });
    const denied = given(() => {
      throw new KubeError('FORBIDDEN', 'leases is forbidden');
    });
    expect(await denied.state()).toMatchObject({ state: 'Unknown', warning: expect.stringContaining('forbidden') });
  });
});

it('knows the controllers that held their Leases lately, also without nodes', async () => {
  const lease = (name: string, spec: Record<string, string>): KubeObject => {
    return { apiVersion: 'coordination.k8s.io/v1', kind: 'Lease', metadata: { name }, spec };
  };
  const leases = [
    lease('nodewright-works', { holderIdentity: 'pod-a', renewTime: at(-2000) }),
    lease('nodewright-died', { holderIdentity: 'pod-b', renewTime: at(-600_000) }),
    lease('nodewright-future', { holderIdentity: 'evil', renewTime: at(86_400_000) }),
    lease('nodewright-gone', { holderIdentity: 'pod-c', renewTime: at(-86_400_000) }),
    lease('nodewright-released', { holderIdentity: '', renewTime: at(-2000) }),
    lease('other', { holderIdentity: 'pod-d', renewTime: at(-2000) }),
  ];
  const found = await recentExecutors({ list: async () => await Promise.resolve(leases) }, 'ops', NOW);
  expect(found).toEqual(['works', 'died', 'future']);
  const known = ['works', 'died', 'future'];
  expect(await leftExecutors({ list: async () => await Promise.resolve(leases) }, 'ops', known)).toEqual([
    'gone',
    'released',
  ]);
  const denied = new KubeError('FORBIDDEN', 'leases is forbidden');
  expect(await recentExecutors({ list: async () => await Promise.reject(denied) }, 'ops', NOW)).toEqual([]);
});
