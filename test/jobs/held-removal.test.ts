// A job whose file is gone while the branch is held continues, and says so before its work begins.

import { describe, expect, it } from 'vitest';

import type { DesiredSet } from '../../src/desired/desired-set.ts';
import { heldRemoval } from '../../src/controller/job/records/held-removal.ts';
import { trustIn } from '../../src/controller/fleet/branch-trust.ts';
import type { Pulled } from '../../src/controller/fleet/state.ts';
import type { GuardName } from '../../src/api/codes/guards.ts';
import { managedTarget, targetSeen } from './support/fixtures.ts';
import { ago, HOLDER, LOCK, step } from './support/step.ts';

const KEY = 'Backup/prod/one';
const FILE = 'jobs/one.yaml';

interface Given {
  readonly desired?: Partial<Record<keyof DesiredSet, unknown>>;
  readonly ancestry?: Pulled['ancestry'];
  /** The guards that hold an action; undefined: the revision is not planned yet. */
  readonly held?: readonly GuardName[] | undefined;
  readonly record?: object;
  readonly phase?: 'Claimed' | 'Locked' | 'Stopping' | 'Working';
}

function said(given: Given): string | undefined {
  const { desired, ancestry = 'forward', record = { file: FILE }, phase = 'Claimed' } = given;
  const none = { requests: new Map(), brokenRequests: new Set(), brokenFiles: new Set(), fleetBroken: false };
  const pulled = { revision: 'main@sha1:1', ancestry, desired: { ...none, ...desired } };
  const held = 'held' in given ? given.held : [];
  const actions = held?.map((guard) => ({ do: 'delete', hold: { guard, message: 'm', release: 'r', approvable: true } }));
  const plan = actions === undefined ? { revision: 'main@sha1:0', actions: [] } : { revision: 'main@sha1:1', actions };
  const job = { kind: 'Backup', metadata: { name: 'one', namespace: 'prod' }, status: { phase } };
  return heldRemoval(job as never, { fleet: { pulled, plan }, records: { next: () => record } } as never);
} // prettier-ignore

const HELD = `its file ${FILE} is gone, but the branch was moved or emptied, and actions are held for that: once they are approved it is cancelled, unless its work has begun`;

describe('a missing file', () => {
  it.each<Given & { readonly because: string; readonly says: string }>([
    { because: 'the tree is empty', held: ['EmptyTree'], says: HELD },
    { because: 'the folder of nodes is gone, with locks', held: ['Protected', 'MissingPath'], phase: 'Locked', says: HELD },
    { because: 'the memory was lost', held: ['MemoryLost'], says: HELD },
    { because: 'the branch was moved back, and something is held', ancestry: 'rewound', held: ['Protected'], says: HELD },
    { because: 'the branch was moved back', ancestry: 'rewound', says: `its file ${FILE} is gone from a branch that was moved back or rewritten: with the next commit it is cancelled, unless its work has begun` },
    { because: 'fleet.yaml has an error', desired: { fleetBroken: true }, says: `its file ${FILE} is gone, but fleet.yaml has an error: once that is corrected it is cancelled, unless its work has begun` },
  ])('is not followed where $because', ({ says, ...given }) => {
    expect(said(given)).toBe(says);
  }); // prettier-ignore

  it.each<Given & { readonly because: string }>([
    { because: 'its removal is followed', held: ['DeletionBudget'] },
    { because: 'nothing is held', held: [] },
    { because: 'the revision is not planned yet', held: undefined },
    { because: 'its work has begun', held: ['EmptyTree'], phase: 'Stopping' },
    { because: 'it is there', held: ['EmptyTree'], desired: { requests: new Map([[KEY, {}]]) } },
    { because: 'its document has an error', held: ['EmptyTree'], desired: { brokenRequests: new Set([KEY]) } },
    { because: 'it cannot be read', held: ['EmptyTree'], desired: { brokenFiles: new Set([FILE]) } },
    { because: 'a schedule filed it', held: ['EmptyTree'], record: { file: 'schedules/s.yaml', schedule: 'prod/s' } },
    { because: 'it never had one', held: ['EmptyTree'], record: {} },
  ])('is not spoken of where $because', ({ because: _because, ...given }) => {
    expect(said(given)).toBeUndefined();
  }); // prettier-ignore
});

it.each([
  { ancestry: 'forward', guard: 'EmptyTree', trust: { mayBegin: false, mayRemove: false } },
  { ancestry: 'forward', guard: 'DeletionBudget', trust: { mayBegin: true, mayRemove: true } },
  { ancestry: 'rewritten', guard: 'DeletionBudget', trust: { mayBegin: false, mayRemove: false } },
] as const)('$ancestry, held by $guard: $trust', ({ ancestry, guard, trust }) => {
  expect(trustIn({ ancestry }, { actions: [{ hold: { guard } }] } as never)).toEqual(trust);
});

describe('the message of the job', () => {
  const observed = { heldRemoval: HELD };
  const spec = { node: 'a' };

  it('has it beside what the job waits for, and stays so', () => {
    const mustWait = 'waits while a is suspended';
    const given = { spec, observed: { ...observed, mustWait } };
    const { status } = step({ ...given, status: { phase: 'Claimed', since: ago(1) } });
    expect(status).toMatchObject({ phase: 'Claimed', message: `${mustWait}; ${HELD}` });
    expect(step({ ...given, status }).status).toBe(status);
    expect(step({ spec, status, observed: { mustWait } }).status.message).toBe(mustWait);
  });

  it('has it in each phase before work, and the job continues', () => {
    expect(step({ spec, observed }).status).toMatchObject({ phase: 'Claimed', message: expect.stringContaining(HELD) });
    const locks = new Map([[LOCK, { holder: HOLDER }]]);
    const locked = step({ spec, status: { phase: 'Claimed', since: ago(1) }, observed: { ...observed, locks } });
    expect(locked.status).toMatchObject({ phase: 'Locked', message: `has ${LOCK}; ${HELD}` });
    const targets = new Map([['a', targetSeen(managedTarget('a'))]]);
    const trial = { verdict: 'Accepted' } as const;
    const begun = step({ spec, status: locked.status, observed: { ...observed, locks, targets, trial } });
    expect(begun.status).toMatchObject({ phase: 'Stopping', message: 'stops a' });
  });
});
