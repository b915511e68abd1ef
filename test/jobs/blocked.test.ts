// A worker pod that has not begun: what ends the wait, after how long, and what is said.

import { describe, expect, it } from 'vitest';

import type { ObservedTask } from '../../src/jobs/model/observation.ts';
import { timestamp } from '../../src/lib/timestamp.ts';
import { busy, pvc, locks, NOW, step, stopped, work, working } from './support/step.ts';

const FORBIDDEN = 'pods "x" is forbidden: violates PodSecurity "restricted:latest": runAsNonRoot != true';
const QUOTA = 'pods "x" is forbidden: exceeded quota: small';
const bare: ObservedTask = { ...busy, active: 0 };
const pulling: ObservedTask = { ...busy, waiting: { reason: 'ImagePullBackOff', message: 'not found' } };
const unbound = { ...pvc, phase: 'Pending' };

interface Row {
  readonly because: string;
  readonly observed: ObservedTask;
  /** Seconds since the pod was asked for. */
  readonly waited: number;
  readonly deadlineSeconds?: number;
  readonly pvc?: typeof unbound;
  /** Absent: it keeps waiting. */
  readonly code?: string;
  readonly says: string;
}

const ROWS: readonly Row[] = [
  { because: 'a level that forbids the pod will not change by itself', observed: { ...bare, refused: FORBIDDEN }, waited: 1, code: 'PodNotAdmitted', says: 'enforce=baseline' },
  { because: 'room in a quota may come', observed: { ...bare, refused: QUOTA }, waited: 500, says: QUOTA },
  { because: 'room in a quota that never came', observed: { ...bare, refused: QUOTA }, waited: 601, code: 'PodNotCreated', says: QUOTA },
  { because: 'a volume has ten minutes', observed: busy, pvc: unbound, waited: 599, says: 'waits for the worker pod of a' },
  { because: 'a volume that never came', observed: busy, pvc: unbound, waited: 601, code: 'ClaimPending', says: 'within 10 minutes; is its storage class right?' },
  { because: 'a short deadline bounds that wait too', observed: busy, pvc: unbound, waited: 49, deadlineSeconds: 60, code: 'ClaimPending', says: 'within 48 seconds' },
  { because: 'but not before it is used up', observed: busy, pvc: unbound, waited: 47, deadlineSeconds: 60, says: 'waits for the worker pod of a' },
  { because: 'an image has three minutes', observed: pulling, waited: 179, says: 'ImagePullBackOff: not found' },
  { because: 'an image that is nowhere', observed: pulling, waited: 181, code: 'ImageNotPullable', says: 'not found' },
  { because: 'an image under a short deadline', observed: pulling, waited: 49, deadlineSeconds: 60, code: 'ImageNotPullable', says: 'not found' },
]; // prettier-ignore

describe('a pod that has not begun', () => {
  it.each(ROWS)('$because', ({ observed, waited, deadlineSeconds = 21_600, pvc: found = pvc, code, says }) => {
    const { status } = step({
      spec: { node: 'a', deployMethod: 'cloud-config', chain: 'test-chain', deadlineSeconds },
      status: { ...working, works: [{ ...work, intentAt: timestamp(NOW - waited * 1000) }] },
      observed: { targets: new Map([['a', stopped]]), locks, pvc: found, tasks: new Map([[work.name, observed]]) },
    });
    const [ended] = status.works ?? [];
    expect({ phase: status.phase, code: ended?.code }).toEqual({
      phase: code === undefined ? 'Working' : 'Verifying',
      code,
    });
    expect(ended?.message ?? status.message).toContain(says);
    expect(ended?.unsafe ?? false).toBe(false);
  });
});
