// What became of the approvals in fleet.yaml, and which of them a plan or the status branch names.

import { describe, expect, it } from 'vitest';

import type { Action } from '../../src/plan/action.ts';
import {
  approvalProblems,
  type ApprovalUse,
  beginApprovals,
  type CarriedOutByDigest,
  finishApprovals,
  isOnlyExecutor,
  isStillHeld,
  judgeApprovals,
  usesOf,
  usesOfRequests,
} from '../../src/plan/approvals.ts';
import { actionDigest } from '../../src/plan/digest.ts';
import { aNode, scene } from '../support/plan-scene.ts';

const digest = (digit: string): string => `sha256:${digit.repeat(64)}`;
const [ONE, TWO, HELD, OTHER] = [digest('1'), digest('2'), digest('3'), digest('4')];
const APPROVALS = [{ digest: ONE }, { digest: TWO, reason: 'agreed' }];
const NOW = '2026-11-30T12:00:00Z';
const REVISION = 'main@sha1:1';
const DONE: CarriedOutByDigest = {
  [ONE]: { revision: REVISION, what: 'delete BlockchainNode ns/a', at: '2026-11-29T12:00:00Z' },
};

function deletion(name: string, approval: string | null = ONE, hold?: Action['hold']): Action {
  const ref = { apiVersion: 'v1', kind: 'BlockchainNode', namespace: 'ns', name };
  const base = { ref, because: 'gone', do: 'delete', uid: name, keepsVolumes: true } as const;
  const released = { ...base, ...(approval === null ? {} : { approval: { digest: approval } }) };
  return hold === undefined ? released : { ...released, hold };
}

describe('an approval that releases actions', () => {
  const begin = (before: CarriedOutByDigest, actions: readonly Action[], revision = REVISION): CarriedOutByDigest =>
    beginApprovals(before, { actions, revision }, { approvals: APPROVALS, now: NOW });
  const finish = (begun: CarriedOutByDigest, actions: readonly Action[], ...failed: string[]): CarriedOutByDigest =>
    finishApprovals(begun, actions, { failed: new Set(failed), now: NOW });

  it('is carried out when the last of them is', () => {
    const both = [deletion('a'), deletion('b'), deletion('c', null)];
    const begun = begin({}, both);
    const what = 'delete BlockchainNode ns/a, delete BlockchainNode ns/b';
    expect(begun).toEqual({ [ONE]: { revision: REVISION, what } });
    const half = finish(begun, both, 'BlockchainNode ns/b');
    expect(half).toEqual(begun);
    const rest = [deletion('b')];
    expect(finish(begin(half, rest, 'main@sha1:2'), rest)).toEqual({
      [ONE]: { revision: 'main@sha1:2', what, at: NOW },
    });
  });

  it('is not carried out while one of them still waits for something else', () => {
    const hold = { guard: 'IdentityInUse', message: '', release: '', approvable: false } as const;
    const actions = [deletion('a'), deletion('b', ONE, hold)];
    expect(finish(begin({}, actions), actions)[ONE]).not.toHaveProperty('at');
  });

  it('names five of many', () => {
    const begun = begin({}, 'abcdefg'.split('').map((name) => deletion(name)));
    expect(begun[ONE]?.what).toMatch(/^delete BlockchainNode ns\/a, .*ns\/e, 2 more$/);
    expect(begin({}, 'abcde'.split('').map((name) => deletion(name)))[ONE]?.what).toMatch(/ns\/e$/);
  });

  it('was carried out where a controller was killed before it could say so', () => {
    const begun = begin({}, [deletion('a')]);
    expect(begin(begun, [])).toEqual({ [ONE]: { ...begun[ONE], at: NOW } });
  });

  it('is forgotten when a later revision has none of them: whether they were done is not known', () =>
    expect(begin(begin({}, [deletion('a')]), [], 'main@sha1:2')).toEqual({}));

  it('stays carried out until fleet.yaml names it no more', () => {
    expect(begin(DONE, [], 'main@sha1:2')).toEqual(DONE);
    expect(beginApprovals(DONE, { actions: [], revision: REVISION }, { approvals: [{ digest: TWO }], now: NOW })).toEqual({});
  });

  it('begins again when the same actions come back', () =>
    expect(begin(DONE, [deletion('a')])[ONE]).not.toHaveProperty('at'));
}); // prettier-ignore

it('may be for another executor where files name one', () => {
  const desired = (executors: readonly string[], owner?: string) =>
    scene({ fleet: { executors: executors.map((name) => ({ name })) }, declared: [aNode('a', owner === undefined ? {} : { executor: owner })] }).desired;
  expect(isOnlyExecutor('paris', desired(['paris'], 'paris'))).toBe(true);
  expect(isOnlyExecutor('demo', desired([]))).toBe(true);
  expect(isOnlyExecutor('paris', desired(['paris', 'tokyo'], 'paris'))).toBe(false);
  expect(isOnlyExecutor('paris', desired([], 'tokyo'))).toBe(false);
}); // prettier-ignore

const released = { released: { [ONE]: ['sha256:a', 'sha256:b'] } };

describe('the uses of approvals', () => {
  it.each<{ readonly because: string; readonly uses: [string, ApprovalUse][]; readonly is: object }>([
    { because: 'none', uses: [], is: { state: 'Unused' } },
    { because: 'actions of the plan', uses: [...usesOf([released], {})], is: { state: 'InUse', what: '2 actions' } },
    {
      because: 'actions of a plan under way, by their names',
      uses: [...usesOf([released], { [ONE]: { revision: REVISION, what: 'delete a' } })],
      is: { state: 'InUse', what: 'delete a' },
    },
    {
      because: 'actions that were carried out',
      uses: [...usesOf([{ released: {} }], DONE)],
      is: { state: 'CarriedOut', at: '2026-11-29T12:00:00Z' },
    },
    { because: 'actions that came back', uses: [...usesOf([released], DONE)], is: { state: 'InUse' } },
    {
      because: 'actions that were begun before',
      uses: [...usesOf([{ released: {} }], { [ONE]: { revision: REVISION, what: 'x' } })],
      is: { state: 'Unused' },
    },
    {
      because: 'a request that uses an exception',
      uses: usesOfRequests(new Map([['Backup/ns/a', {}], ['Backup/ns/b', { needsApproval: { digest: ONE } }]])).map(([one, use]) => [one, use]),
      is: { state: 'InUse', what: 'run Backup/ns/b' },
    },
  ])('$because: $is.state', ({ uses, is }) => {
    const [first, second] = judgeApprovals(APPROVALS, new Map(uses));
    expect(first).toMatchObject({ digest: ONE, ...is });
    expect(second).toEqual({ digest: TWO, reason: 'agreed', state: 'Unused' });
  });

  it('are none without approvals', () => expect(judgeApprovals(undefined, new Map())).toEqual([]));
}); // prettier-ignore

describe('a warning', () => {
  const said = (uses: ReadonlyMap<string, ApprovalUse>, known: Parameters<typeof approvalProblems>[1]) =>
    approvalProblems(judgeApprovals(APPROVALS, uses), known).map(({ code, message }) => `${code}: ${message}`);
  const unused = (one: string): RegExp => new RegExp(`^UnusedApproval: the approval ${one} releases nothing, .* Remove it `);

  it('says that an approval was carried out, and when, and to remove it', () => {
    const [first] = said(usesOf([], DONE), { held: [], isWhole: false });
    expect(first).toMatch(
      /^ApprovalCarriedOut: the approval sha256:1+ was carried out at 2026-11-29T12:00:00Z: delete BlockchainNode ns\/a\. Remove it from spec\.approvals: while it stays, it releases the same actions again\.$/,
    );
  });

  it('names an approval that releases nothing, with the digest of what is held', () => {
    const [one, two] = said(new Map(), { held: [HELD], isWhole: false });
    expect(one).toMatch(new RegExp(`^UnusedApproval: the approval ${ONE} releases no held action; .* is ${HELD}\\. Correct it`));
    expect(two).toContain(TWO);
    expect(said(new Map(), { held: [HELD, OTHER], isWhole: false })[0]).toContain(`are ${HELD}, ${OTHER}.`);
  });

  it('names one that releases nothing while nothing is held only where all that it could release is known', () => {
    expect(said(new Map(), { held: [], isWhole: false })).toEqual([]);
    expect(said(new Map(), { held: [], isWhole: true })).toEqual([expect.stringMatching(unused(ONE)), expect.stringMatching(unused(TWO))]);
    expect(said(new Map(), { held: [], isWhole: true, unless: '; unless the moon is full' })[0]).toMatch(/have changed since; unless the moon is full\.$/);
  });

  it('is not given of an approval that is in use', () =>
    expect(said(usesOf([released], {}), { held: [], isWhole: true })).toEqual([expect.stringMatching(unused(TWO))]));
}); // prettier-ignore

describe('a move to another executor', () => {
  const moving = (to: string) => ({ ...deletion('a', null), move: { to } });

  it('has a digest of its own for each executor, which is not that of a deletion', () =>
    expect(new Set([deletion('a', null), moving('tokyo'), moving('paris')].map(actionDigest)).size).toBe(3));

  it('is called a move in what became of its approval', () =>
    expect(
      beginApprovals({}, { actions: [{ ...moving('tokyo'), approval: { digest: ONE } }], revision: REVISION }, { approvals: APPROVALS, now: NOW })[ONE]?.what,
    ).toBe('move BlockchainNode ns/a to executor tokyo'));

  it('is still held only while the files ask for exactly that', () => {
    const isHeld = (action: string, executor?: string): boolean =>
      isStillHeld({ actions: [action] }, scene({ declared: executor === undefined ? [] : [aNode('a', { executor })] }).desired);
    expect(isHeld('move BlockchainNode ns/a to executor tokyo', 'tokyo')).toBe(true);
    expect(isHeld('move BlockchainNode ns/a to executor tokyo', 'paris')).toBe(false);
    expect(isHeld('move BlockchainNode ns/a to executor tokyo')).toBe(false);
    expect(isHeld('delete BlockchainNode ns/a')).toBe(true);
    expect(isHeld('delete BlockchainNode ns/a', 'tokyo')).toBe(false);
    expect(isHeld('update BlockchainNode ns/a', 'tokyo')).toBe(true);
  });
}); // prettier-ignore
