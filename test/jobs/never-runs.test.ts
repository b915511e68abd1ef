// A working pod that has not begun: what ends the wait, after how long, and what is said.

import { describe, expect, it } from 'vitest';

import type { WorkSeen } from '../../src/jobs/model/seen.ts';
import { timestamp } from '../../src/lib/timestamp.ts';
import { busy, claim, locks, NOW, step, stopped, work, working } from './support/step.ts';

const FORBIDDEN = 'pods "x" is forbidden: violates PodSecurity "restricted:latest": runAsNonRoot != true';
const QUOTA = 'pods "x" is forbidden: exceeded quota: small';
const bare: WorkSeen = { ...busy, active: 0 };
const pulling: WorkSeen = { ...busy, waiting: { reason: 'ImagePullBackOff', message: 'not found' } };
const unbound = { ...claim, phase: 'Pending' };

interface Row {
  readonly because: string;
  readonly seen: WorkSeen;
  /** Seconds since the pod was asked for. */
  readonly waited: number;
  readonly deadlineSeconds?: number;
  readonly claim?: typeof unbound;
  /** Absent: it goes on waiting. */
  readonly code?: string;
  readonly says: string;
}

const ROWS: readonly Row[] = [
  { because: 'a level that forbids the pod will not change by itself', seen: { ...bare, refused: FORBIDDEN }, waited: 1, code: 'PodNotAdmitted', says: 'enforce=baseline' },
  { because: 'room in a quota may come', seen: { ...bare, refused: QUOTA }, waited: 500, says: QUOTA },
  { because: 'room in a quota that never came', seen: { ...bare, refused: QUOTA }, waited: 601, code: 'PodNotCreated', says: QUOTA },
  { because: 'a volume has ten minutes', seen: busy, claim: unbound, waited: 599, says: 'waits for the working pod of a' },
  { because: 'a volume that never came', seen: busy, claim: unbound, waited: 601, code: 'ClaimPending', says: 'within 10 minutes; is its storage class right?' },
  { because: 'a short deadline bounds that wait too', seen: busy, claim: unbound, waited: 49, deadlineSeconds: 60, code: 'ClaimPending', says: 'within 48 seconds' },
  { because: 'but not before it is used up', seen: busy, claim: unbound, waited: 47, deadlineSeconds: 60, says: 'waits for the working pod of a' },
  { because: 'an image has three minutes', seen: pulling, waited: 179, says: 'ImagePullBackOff: not found' },
  { because: 'an image that is nowhere', seen: pulling, waited: 181, code: 'ImageNotPullable', says: 'not found' },
  { because: 'an image under a short deadline', seen: pulling, waited: 49, deadlineSeconds: 60, code: 'ImageNotPullable', says: 'not found' },
]; // prettier-ignore

describe('a pod that has not begun', () => {
  it.each(ROWS)('$because', ({ seen, waited, deadlineSeconds = 21_600, claim: found = claim, code, says }) => {
    const { status } = step({
      spec: { node: 'a', deployMethod: 'cloud-config', chain: 'test-chain', deadlineSeconds },
      status: { ...working, works: [{ ...work, intentAt: timestamp(NOW - waited * 1000) }] },
      seen: { targets: new Map([['a', stopped]]), locks, claim: found, works: new Map([[work.name, seen]]) },
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
