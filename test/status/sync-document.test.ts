// What sync.yaml says of the latest commit: the most pressing state first, in a sentence.

import { describe, expect, it } from 'vitest';

import type { Action } from '../../src/plan/action.ts';
import type { SyncView } from '../../src/status/fleet-view.ts';
import { syncDocument } from '../../src/status/sync-document.ts';

const SEEN = 'main@sha1:1';
const capabilities = { chains: [], storageClasses: [], features: [] };
const problem = { level: 'error', code: 'UnknownField', file: 'a.yaml', line: 1, column: 1, message: 'm' } as const;

function syncOf(sync: Partial<SyncView>): Record<string, unknown> {
  const whole = { branch: 'main', seen: SEEN, applied: SEEN, problems: [], held: [], ...sync };
  const view = { executor: 'paris', controllerVersion: '1', sync: whole, capabilities, nodes: [] };
  return syncDocument(view) as Record<string, unknown>;
}

function deletion(name: string, guard: 'Protected' | 'DeletionBudget' = 'Protected'): Action {
  const ref = { apiVersion: 'v', kind: 'BlockchainNode', namespace: 'n', name };
  const hold = { guard, message: 'm', release: 'r', approvable: true };
  return { do: 'delete', ref, because: 'gone', uid: 'u', keepsVolumes: true, hold };
}

const { ref, hold, because } = deletion('a');
const edit = { do: 'update', ref, because, hold, object: { ...ref, metadata: { name: 'a' } }, file: 'a.yaml', changes: [], drift: true } as Action; // prettier-ignore

const change = { ...edit, drift: false } as Action;

const upgrade = { version: '2', state: 'Rolling', isUnderWay: true, message: 'no such tag' };

/** Each is more pressing than those after it. */
const PRESSING: readonly (readonly [sync: Partial<SyncView>, state: string, summary: string | RegExp])[] = [
  [{ otherCluster: 'two clusters' }, 'Held', 'two clusters'],
  [{ clusterTrouble: 'timeout' }, 'Degraded', /^The cluster does not answer/],
  [{ gitTrouble: 'timeout' }, 'Degraded', 'The branch main cannot be read, and the nodes keep the last commit that was read: timeout'],
  [{ unverified: { revision: 'main@sha1:2', because: 'no signature' } }, 'Held', 'main@sha1:2 is not accepted: no signature. main@sha1:1 stays applied until the commits are signed with accepted keys.'],
  [{ suspended: true }, 'Suspended', /^fleet\.yaml suspends the fleet/],
  [{ failures: ['a', 'b'] }, 'Degraded', '2 actions failed and will be tried again: a; b'],
  [{ failedNodes: ['n/a'] }, 'Degraded', '1 node could not be applied: n/a'],
  [{ fleetBroken: true }, 'Degraded', /^fleet\.yaml has an error/],
  [{ held: [deletion('a'), deletion('b')] }, 'Held', /^2 actions held: see the reason and what releases each below\.( 2 errors|$)/],
  [{ problems: [problem, problem] }, 'Degraded', /^2 errors in files\. /],
  [{ seen: 'main@sha1:2' }, 'Progressing', 'The latest commit is being applied.'],
  [{ pendingNodes: ['n/a', 'n/b', 'n/c', 'n/d', 'n/e'] }, 'Progressing', '5 nodes of the latest commit still being applied: n/a; n/b; n/c, and 2 more'],
  [{ upgrade }, 'Progressing', 'The controller is being upgraded to 2.'],
  [{}, 'Synced', 'The latest commit is applied.'],
]; // prettier-ignore

it('names the suspended nodes, also where nothing is held', () => {
  const suspendedNodes = ['n/d', 'n/c', 'n/b', 'n/a'].map((node) => ({ node, because: 'the node is suspended' }));
  const left = '4 nodes suspended and left as found: n/a; n/b; n/c, and 1 more.';
  expect(syncOf({ suspendedNodes })).toMatchObject({
    state: 'Synced',
    summary: `The latest commit is applied. ${left}`,
    suspended: { total: 4, truncated: false, list: [{ node: 'n/a', because: 'the node is suspended' }, {}, {}, {}] },
  });
  expect(syncOf({ suspendedNodes, suspended: true })['summary']).toContain(`otherwise. ${left}`);
  const many = Array.from({ length: 300 }, (_, index) => ({ node: `n/${index}`, because: 'x' }));
  expect(syncOf({ suspendedNodes: many })).toMatchObject({ suspended: { total: 300, truncated: true } });
  expect(syncOf({})['suspended']).toBeUndefined();
});

it.each(PRESSING.map(([, ...row], index) => [index, ...row] as const))('%s: %s, %s', (index, state, summary) => {
  const own = PRESSING[index]?.[0] ?? {};
  const all = Object.assign({}, ...PRESSING.slice(index).map(([sync]) => sync)) as Partial<SyncView>;
  for (const sync of [own, { ...all, seen: own.seen ?? all.seen ?? SEEN }]) {
    const found = syncOf(sync);
    expect(found['state']).toBe(state);
    expect(found['summary']).toMatch(summary);
  }
});

it.each([
  { because: 'a failed upgrade', sync: { upgrade: { ...upgrade, isUnderWay: false, state: 'Failed' } }, state: 'Degraded', summary: 'Version 2 of the controller was tried and taken back: no such tag' },
  { because: 'a refused upgrade', sync: { upgrade: { ...upgrade, isUnderWay: false, state: 'Refused' } }, state: 'Degraded', summary: 'Version 2 of the controller is not installed: no such tag' },
  { because: 'held actions with one digest', sync: { held: [deletion('a')], heldDigest: 'sha256:1' }, state: 'Held', summary: '1 action held: name the digest in an approval in fleet.yaml, or revert the commit.' },
  { because: 'an emptied tree', sync: { held: [deletion('a')], heldDigest: 'sha256:1', requestsHeld: true }, state: 'Held', summary: '1 action held: name the digest in an approval in fleet.yaml, or revert the commit. Until then no new job request is claimed, and a job whose file is gone continues.' },
  { because: 'an emptied tree of another cluster', sync: { held: [deletion('a')], requestsHeld: true }, state: 'Held', summary: '1 action held: see the reason and what releases each below. Until then no new job request is claimed, and a job whose file is gone continues.' },
  { because: 'a held edit', sync: { held: [edit], heldDigest: 'sha256:1' }, state: 'Held', summary: '1 action held: name the digest in an approval in fleet.yaml, or undo the edit.' },
  { because: 'an edit and a deletion that are held', sync: { held: [edit, deletion('a')], heldDigest: 'sha256:1' }, state: 'Held', summary: '2 actions held: name the digest in an approval in fleet.yaml, or revert the commit.' },
  { because: 'a held change of a file', sync: { held: [change], heldDigest: 'sha256:1' }, state: 'Held', summary: '1 action held: name the digest in an approval in fleet.yaml, or revert the commit.' },
  { because: 'three failures', sync: { failures: ['a', 'b', 'c'] }, state: 'Degraded', summary: '3 actions failed and will be tried again: a; b; c' },
  { because: 'a first commit that is not accepted', sync: { applied: undefined, unverified: { revision: 'x', because: 'y' } }, state: 'Held', summary: 'x is not accepted: y. Nothing is applied until the commits are signed with accepted keys.' },
  { because: 'a branch that does not exist', sync: { seen: undefined, applied: undefined, gitTrouble: 'BRANCH_MISSING: there are: main' }, state: 'Degraded', summary: 'The branch main cannot be read, and no commit of it was ever read: BRANCH_MISSING: there are: main' },
  { because: 'a branch that is gone before its first commit was applied', sync: { applied: undefined, gitTrouble: 'x' }, state: 'Degraded', summary: 'The branch main cannot be read, and the nodes keep the last commit that was read: x' },
  { because: 'a branch that was not read since the start', sync: { seen: undefined, gitTrouble: 'x' }, state: 'Degraded', summary: 'The branch main cannot be read, and the nodes keep the last commit that was read: x' },
  { because: 'nothing read', sync: { seen: undefined, applied: undefined }, state: 'Waiting', summary: 'No commit has been read yet.' },
])('$because: $summary', ({ sync, state, summary }) => {
  expect(syncOf(sync)).toMatchObject({ state, summary });
}); // prettier-ignore

describe('the lists', () => {
  const many = (count: number) => Array.from({ length: count }, (_, index) => `n${String(index).padStart(3, '0')}`);

  it('are left out where they are empty', () => {
    const { held, kept, failures, identities, schedules, upgrade: next } = syncOf({ failures: [], kept: [], identities: {}, schedules: [] });
    expect([held, kept, failures, identities, schedules, next]).toEqual(Array.from({ length: 6 }, () => undefined));
  }); // prettier-ignore

  it('of held and of kept nodes are in order, cut after 200, and say how many there are', () => {
    const names = many(201);
    const mixed = [...names.slice(100), ...names.slice(0, 100)];
    const held = mixed.map((name) => deletion(name));
    const ref = (name: string) => ({ apiVersion: 'v', kind: 'BlockchainNode', namespace: 'n', name });
    const kept = mixed.map((name) => ({ ref: ref(name), because: 'broken' }));
    const sync = syncOf({ held, heldDigest: 'sha256:1', kept });
    expect(sync).toMatchObject({ held: { digest: 'sha256:1', total: 201, truncated: true }, kept: { total: 201, truncated: true } });
    const { actions } = sync['held'] as { actions: readonly object[] };
    const { list } = sync['kept'] as { list: readonly object[] };
    expect([actions.length, list.length]).toEqual([200, 200]);
    expect(actions[0]).toEqual({ action: 'delete BlockchainNode n/n000', because: 'gone', guard: 'Protected', message: 'm', release: 'r', approvable: true });
    expect(list[0]).toEqual({ node: 'BlockchainNode n/n000', because: 'broken' });
    expect(syncOf({ held: held.slice(1), kept: kept.slice(1) })).toMatchObject({ held: { truncated: false }, kept: { truncated: false } });
  }); // prettier-ignore

  it('of failures and of schedules are cut, and identities are as they are', () => {
    const schedule = { file: 'f', kind: 'Backup', suspended: false };
    const schedules = many(501).map((name) => ({ ...schedule, schedule: name }));
    const sync = syncOf({
      failures: many(21),
      schedules: [...schedules.slice(200), ...schedules.slice(0, 200)],
      identities: { 'n/a': 'key' },
    });
    expect(sync['failures']).toEqual(many(20));
    expect(sync['schedules']).toEqual(schedules.slice(0, 500));
    expect(sync['identities']).toEqual({ 'n/a': 'key' });
  });

  it('of problems are in order: errors, then file, line, column and words', () => {
    const at = (more: object) => ({ ...problem, ...more });
    const sorted = [
      at({}), at({ message: 'n' }), at({ column: 2 }), at({ line: 2 }), at({ line: 10 }), at({ file: 'b.yaml' }), at({ level: 'warning', file: '0.yaml' }),
    ]; // prettier-ignore
    const { problems } = syncOf({ problems: sorted.toReversed() });
    const place = ({ level, code, file, line, column, message }: typeof problem) => ({ level, code, place: `${file}:${line}:${column}`, message });
    expect(problems).toEqual({ total: 7, truncated: false, list: sorted.map(place) });
    expect(syncOf({ problems: sorted })['problems']).toEqual(problems);
    expect(syncOf({ problems: Array.from({ length: 100 }, () => problem) })['problems']).toMatchObject({ total: 100, truncated: false });
  }); // prettier-ignore

  it('of approvals are as they are, without what is not for readers', () => {
    const approval = { digest: 'sha256:1', reason: 'r', state: 'CarriedOut', what: 'w', at: '2026-03-01T12:00:00Z' } as const;
    expect(syncOf({ approvals: [{ ...approval, more: 1 } as typeof approval] })['approvals']).toEqual([approval]);
    expect(syncOf({ approvals: [] })['approvals']).toBeUndefined();
  }); // prettier-ignore

  it('of an upgrade has no more than its version, state, reason and message', () => {
    const { isUnderWay: _isUnderWay, ...shown } = upgrade;
    expect(syncOf({ upgrade })['upgrade']).toEqual({ ...shown, reason: undefined });
  });
});
