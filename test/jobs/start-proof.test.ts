// What must be seen of a started node, one fact at a time.

import { describe, expect, it } from 'vitest';

import type { JobStatus, JobTarget } from '../../src/api/job-status.ts';
import { timestamp } from '../../src/lib/timestamp.ts';
import type { ObservedNode } from '../../src/jobs/model/observation.ts';
import type { Scope } from '../../src/jobs/model/scope.ts';
import { lastHeight, notYet, type Started, unproven, withFirstHeights } from '../../src/jobs/phases/start-proof.ts';
import { citaTarget, kindNamed, managedTarget, observed, settings, targetSeen, UID } from './support/fixtures.ts';
import { ago, NOW } from './support/step.ts';

interface Given {
  readonly kind?: string;
  readonly target?: JobTarget;
  readonly seen?: Partial<ObservedNode>;
  readonly status?: Partial<JobStatus>;
  readonly started?: Started;
  readonly minutes?: number;
}

const SPECS: Readonly<Record<string, object>> = {
  Backup: { node: 'a' },
  ChangeOwner: { node: 'a' },
  BlockHeightFallback: { node: 'a', blockHeight: 50 },
};
const AT: Started = [{ node: 'a', height: 100, at: ago(1) }];
const failure = { reason: 'NoSpace', message: 'x', unsafe: false } as const;

function scopeOf({ kind: name = 'BlockHeightFallback', target = managedTarget('a'), seen = {}, status = {}, minutes = 1 }: Given): Scope {
  const kind = kindNamed(name);
  const spec = { ...SPECS[name], ...(target.deployMethod === 'managed' ? {} : { deployMethod: target.deployMethod, chain: 'c' }) };
  const targets = new Map([['a', targetSeen(target, seen)]]);
  return {
    kind, open: kind.open(spec), job: { kind: name, namespace: 'prod', name: 'one', uid: UID },
    status: { phase: 'Starting', since: ago(minutes), targets: [target], ...status }, observed: observed({ targets }), settings, now: NOW,
  };
} // prettier-ignore

const pod = (more: object = {}) => ({ name: 'a-0', ready: true, host: 'h', ...more });
const silent = { health: { answering: false } };
const at = (height: number, more: object = {}) => ({ health: { answering: true, height, ...more } });
const { height: _height, ...unheard } = citaTarget('a');
const GROWS = 'waits until the height of a grows';

it.each<Given & { readonly because: string; readonly waits: string | undefined }>([
  { because: 'a node that did not run before', target: managedTarget('a', { wasRunning: false }), seen: { pods: [] }, waits: undefined },
  { because: 'a node that must not be started', target: managedTarget('a', { detached: true }), status: { failure }, seen: { pods: [] }, waits: undefined },
  { because: 'no pod', seen: { pods: [] }, waits: 'waits until the pod of a runs' },
  { because: 'a pod that is pending', seen: { pods: [pod({ pending: true })] }, waits: 'waits until the pod of a runs' },
  { because: 'a pod that ends', seen: { pods: [pod({ terminating: true })] }, waits: 'waits until the pod of a runs' },
  { because: 'a pod that ends, after a failure', seen: { pods: [pod({ terminating: true })] }, status: { failure }, waits: undefined },
  { because: 'one of three pods', target: citaTarget('a', { replicas: 3 }), waits: 'waits for 3 pods of a' },
  { because: 'a node of a job that keeps it paused', seen: { leftPausedBy: 'Restore n/b' }, waits: 'waits until Restore n/b releases a' },
  { because: 'a pod, of a kind that needs no more', kind: 'Backup', seen: silent, waits: undefined },
  { because: 'a pod, after a failure', seen: silent, status: { failure }, waits: undefined },
  { because: 'no answer', seen: silent, waits: 'waits until a answers' },
  { because: 'an answer, of a kind that needs no more', kind: 'ChangeOwner', waits: undefined },
  { because: 'a height that was not seen before', seen: at(200), started: [], waits: GROWS },
  { because: 'no height', seen: { health: { answering: true } }, started: AT, waits: GROWS },
  { because: 'a height of another node', seen: at(200), started: [{ node: 'b', height: 100, at: ago(1) }], waits: GROWS },
  { because: 'the height to which it went back', seen: at(50), started: AT, waits: GROWS },
  { because: 'a height above that, though not above the first', seen: at(51), started: AT, waits: undefined },
  { because: 'the first height, below that', seen: at(40), started: [{ node: 'a', height: 40, at: ago(1) }], waits: GROWS },
  { because: 'no block for half an hour, though synced', seen: at(50, { synced: true }), started: AT, minutes: 30, waits: GROWS },
  { because: 'no block for longer, though synced', seen: at(50, { synced: true }), started: AT, minutes: 31, waits: undefined },
  { because: 'no block for longer, not synced', seen: at(50, { synced: false }), started: AT, minutes: 31, waits: GROWS },
  { because: 'another tool: a pod that is not ready', target: citaTarget('a'), seen: { pods: [pod(), pod({ ready: false })] }, waits: 'waits until a is ready' },
  { because: 'another tool: silent since its start, as before', target: unheard, seen: silent, minutes: 4, waits: undefined },
  { because: 'another tool: silent for three minutes, as before', target: unheard, seen: silent, minutes: 3, waits: 'waits until a answers' },
  { because: 'another tool: silent, and heard before', target: citaTarget('a'), seen: silent, minutes: 4, waits: 'waits until a answers' },
  { because: 'another tool: silent, and heard after its start', target: unheard, seen: silent, started: AT, minutes: 4, waits: 'waits until a answers' },
  { because: 'another tool: another of its nodes heard', target: unheard, seen: silent, started: [{ node: 'b', height: 1, at: ago(1) }], minutes: 4, waits: undefined },
  { because: 'managed: silent, as before', target: { ...unheard, deployMethod: 'managed' }, seen: silent, minutes: 4, waits: 'waits until a answers' },
])('$because: $waits', ({ waits, started = [], ...given }) => {
  const scope = scopeOf(given);
  expect(notYet(scope, scope.status.targets![0]!, started)).toBe(waits);
}); // prettier-ignore

it('waits for nothing of a node that is gone, and for a pod of one that was not seen', () => {
  const scope = scopeOf({ seen: { pods: [] } });
  const [target] = scope.status.targets as [JobTarget];
  expect(notYet({ ...scope, observed: observed({ gone: ['a'] }) }, target, [])).toBeUndefined();
  expect(notYet({ ...scope, observed: observed({ gone: ['b'] }) }, target, [])).toBe('waits until the pod of a runs');
});

describe('the first height of a started node', () => {
  it.each<Given & { readonly because: string; readonly isNew: boolean }>([
    { because: 'it answers', seen: at(7), isNew: true },
    { because: 'it does not answer', seen: { health: { answering: false, height: 7 } }, isNew: false },
    { because: 'it says none', seen: { health: { answering: true } }, isNew: false },
    { because: 'it has no pod, so that the answer is an old one', seen: { ...at(7), pods: [] }, isNew: false },
    { because: 'it is on record', seen: at(7), status: { started: [...AT] }, isNew: false },
    { because: 'that of another is on record', seen: at(7), status: { started: [{ node: 'b', height: 1, at: ago(1) }] }, isNew: true },
  ])('$because: recorded is $isNew', ({ isNew, ...given }) => {
    const before = given.status?.started ?? [];
    const found = withFirstHeights(scopeOf(given));
    expect(found).toEqual(isNew ? [...before, { node: 'a', height: 7, at: timestamp(NOW) }] : before);
  }); // prettier-ignore

  it('is the very same list where nothing is new, and empty without targets', () => {
    const status = { started: [...AT] };
    expect(withFirstHeights(scopeOf({ seen: at(7), status }))).toBe(status.started);
    const { targets: _targets, ...bare } = scopeOf({}).status;
    expect(withFirstHeights({ ...scopeOf({}), status: bare })).toEqual([]);
  });
});

it.each<Given & { readonly because: string; readonly height: number | undefined }>([
  { because: 'of the first node', started: AT, height: 60 },
  { because: 'of none', started: [], height: undefined },
  { because: 'not after a failure', started: AT, status: { failure }, height: undefined },
  { because: 'not of a kind that waits for no block', kind: 'Backup', started: AT, height: undefined },
])('the height at the end is $because: $height', ({ started = [], height, ...given }) => {
  expect(lastHeight(scopeOf({ ...given, seen: at(60) }), started)).toBe(height);
});

const quiet = 'a is synced, but 30 minutes after the start no block has come';
const pods = 'the pods of a are ready, but its height after the start is not proven: ';

it.each<Given & { readonly because: string; readonly says: readonly string[] }>([
  { because: 'a height that has grown', seen: at(60), started: AT, minutes: 31, says: [] },
  { because: 'a synced node without a block', seen: at(50, { synced: true }), started: AT, minutes: 31, says: [quiet] },
  { because: 'a synced node whose height has grown', seen: at(60, { synced: true }), started: AT, minutes: 31, says: [] },
  { because: 'a kind that waits for no block', kind: 'ChangeOwner', seen: at(50, { synced: true }), minutes: 31, says: [] },
  { because: 'a kind that waits for no answer', kind: 'Backup', target: unheard, seen: silent, minutes: 4, says: [] },
  { because: 'a node that cannot be asked', target: unheard, seen: silent, minutes: 4, says: [`${pods}it was not asked`] },
  { because: 'a node that cannot be asked, and why', target: unheard, seen: { health: { answering: false, trouble: 'no route' } }, minutes: 4, says: [`${pods}no route`] },
  { because: 'a node that did not run', target: { ...unheard, wasRunning: false }, seen: silent, minutes: 4, says: [] },
  { because: 'a node that must not be started', target: { ...unheard, detached: true }, status: { failure }, seen: silent, minutes: 4, says: [] },
])('not proven of $because: $says', ({ says, started = [], ...given }) => {
  expect(unproven(scopeOf(given), started)).toEqual(says);
}); // prettier-ignore
