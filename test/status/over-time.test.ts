// What a status keeps of the one before, and when it changes: one observation after the other.

import { describe, expect, it } from 'vitest';

import type { NodeStatus } from '../../src/api/blockchain-node.ts';
import { findCondition } from '../../src/api/conditions.ts';
import { ANNOTATION } from '../../src/api/group.ts';
import { nodeStatus } from '../../src/status/node-status.ts';
import type { Observation, Pause, Trouble } from '../../src/status/observation.ts';
import { aClaim, aNode, aPod, ago, crashed, facts, NOW, observe, running, waiting, withStatus } from './builders.ts';

const containers = (...list: unknown[]): Partial<Observation> => ({ pods: [aPod({ containers: list })] });
const pause: Pause = { message: 'A backup reads the data.', by: 'Backup novacula-system/b1' };
const silence = { reach: 'unreachable', message: 'nothing listens there' } as const;

describe('over time', () => {
  const first = nodeStatus(observe());
  const after = (status: NodeStatus, seconds: number, parts: Partial<Observation> = {}): Observation =>
    observe({ node: withStatus(aNode(), status), now: NOW + seconds * 1000, ...parts });
  const later = (seconds: number, el: object = {}) =>
    facts({ headTime: NOW / 1000 + seconds - 6, ...el }, { headTime: NOW / 1000 + seconds - 6 });

  it('is the same for the same observation', () => {
    expect(nodeStatus(observe({ node: withStatus(aNode(), first) }))).toEqual(first);
  });

  it('keeps its conditions while heights and peers change', () => {
    const next = nodeStatus(after(first, 30, { facts: later(30, { height: 1_003, peers: 7 }) }));
    expect(next.height).toBe(1_003);
    expect(next.conditions).toEqual(first.conditions);
  });

  it.each([
    {
      because: 'one missed answer is no news',
      silent: 20,
      answered: 0,
      reason: 'Running',
      height: 1_000,
      at: '2026-03-01T12:00:00Z',
    },
    {
      because: 'three missed answers are',
      silent: 70,
      answered: 0,
      reason: 'Unreachable',
      height: undefined,
      at: '2026-03-01T12:01:10Z',
    },
    {
      because: 'what counts is the last answer, not the last write',
      silent: 110,
      answered: 100,
      reason: 'Running',
      height: 1_000,
      at: '2026-03-01T12:00:00Z',
    },
  ])('$because', ({ silent, answered, reason, height, at }) => {
    const missing = new Map([...later(silent)].map(([role, said]) => [role, role === 'el' ? silence : said] as const));
    const next = nodeStatus(
      after(first, silent, { facts: missing, answeredAt: new Map([['el', NOW + answered * 1000]]) }),
    );
    expect(findCondition(next.conditions, 'Ready')?.reason).toBe(reason);
    expect(next.roles?.[0]?.height).toBe(height);
    expect(next.observedAt).toBe(at);
  });

  it('does not take a container that just restarted for one that missed an answer', () => {
    const pods = [
      aPod({ containers: [running('el', { state: { running: { startedAt: ago(-10) } } }), running('cl')] }),
    ];
    const next = nodeStatus(after(first, 20, { pods, facts: facts(silence, { headTime: NOW / 1000 + 14 }) }));
    expect(findCondition(next.conditions, 'Ready')?.reason).toBe('Starting');
  });

  it('stays ready while the head is late but not lost, and says synced strictly', () => {
    const next = nodeStatus(after(first, 200, { facts: later(200, { headTime: NOW / 1000 }) }));
    expect(findCondition(next.conditions, 'Ready')?.status).toBe('True');
    expect(next.synced).toBe(false);
    expect(findCondition(next.conditions, 'Ready')?.message).toMatch(/runs, but its newest block is over 60 s old/);
    const lost = nodeStatus(after(next, 320, { facts: later(320, { headTime: NOW / 1000 }) }));
    expect(findCondition(lost.conditions, 'Ready')).toMatchObject({ status: 'False', reason: 'HeadTooOld' });
  });

  it('stays ready without peers for as long as blocks arrive, where their age shows it', () => {
    const alone = nodeStatus(after(first, 20, { facts: later(20, { peers: 0 }) }));
    expect(findCondition(alone.conditions, 'Ready')?.status).toBe('True');
    const expectations = new Map([['el', { minPeers: 1, maxLag: 2 }], ['cl', { minPeers: 1 }]]); // prettier-ignore
    const unknown = nodeStatus(after(first, 20, { facts: later(20, { peers: 0 }), expectations }));
    expect(findCondition(unknown.conditions, 'Ready')?.reason).toBe('NoPeers');
  });

  it('distinguishes catching up from halted by whether the height rises', () => {
    const old = { headTime: NOW / 1000 - 86_400 };
    const status = nodeStatus(observe({ facts: facts({ ...old, height: 500 }) }));
    const moving = nodeStatus(after(status, 60, { facts: later(60, { ...old, height: 600 }) }));
    expect(findCondition(moving.conditions, 'Ready')?.reason).toBe('CatchingUp');
    const pause = nodeStatus(after(moving, 65, { facts: later(65, { ...old, height: 600 }) }));
    expect(findCondition(pause.conditions, 'Ready')?.reason).toBe('CatchingUp');
    const still = nodeStatus(after(moving, 600, { facts: later(600, { ...old, height: 600 }) }));
    expect(findCondition(still.conditions, 'Ready')?.reason).toBe('Halted');
    const fallen = nodeStatus(after(moving, 65, { facts: later(65, { ...old, height: 599 }) }));
    expect(findCondition(fallen.conditions, 'Ready')?.reason).toBe('Halted');
  });

  it('ends catching up half a minute after the last rise that was seen', () => {
    const old = { headTime: NOW / 1000 - 120 };
    const reasonAt = (seconds: number): string | undefined => {
      const seen = observe({ facts: facts(old), risenAt: new Map([['el', NOW - seconds * 1000]]) });
      return findCondition(nodeStatus(seen).conditions, 'Ready')?.reason;
    };
    expect([reasonAt(0), reasonAt(30), reasonAt(31)]).toEqual(['CatchingUp', 'CatchingUp', 'HeadTooOld']);
  });

  it('keeps the line of the log that it shows when the next crash writes the lines in another order', () => {
    const lines = ['CRIT Failed to open database', 'ERROR Service failed', 'panic: no state', 'fatal: no peers'];
    const after2 = (status: NodeStatus, message: string): NodeStatus =>
      nodeStatus(after(status, 60, containers(crashed('el', { message }), running('cl'))));
    const one = nodeStatus(observe(containers(crashed('el', { message: lines.join('\n') }), running('cl'))));
    const two = after2(one, lines.toReversed().join('\n'));
    expect(two.conditions).toEqual(one.conditions);
    const stamped = 'Mar 01 12:00:00.123 CRIT Failed to open database\nMar 01 12:00:00.124 INFO Stopped';
    const three = nodeStatus(observe(containers(crashed('el', { message: stamped }), running('cl'))));
    expect(findCondition(three.conditions, 'Ready')?.message).toMatch(/: CRIT Failed to open database;/);
    expect(after2(three, stamped.replaceAll('12:00:00', '13:11:11')).conditions).toEqual(three.conditions);
  });

  it('mentions a volume that was grown outside Git, and stays ready', () => {
    const status = nodeStatus(observe({ node: aNode({ storage: { data: { size: '50Gi' } } }) }));
    expect(status.volumes?.[0]?.message).toMatch(/requests 100Gi, more than spec\.storage\.data\.size \(50Gi\)/);
    expect(findCondition(status.conditions, 'Ready')?.status).toBe('True');
    expect(findCondition(status.conditions, 'Stalled')).toBeUndefined();
  });

  it('shows a deleted volume as Terminating', () => {
    const pvcs = [aClaim('Bound', { deletionTimestamp: ago(5) })];
    expect(nodeStatus(observe({ pvcs })).volumes).toMatchObject([{ name: 'data', phase: 'Terminating' }]);
  });

  it('does not flap between the two reasons of a failing pull', () => {
    const backoff = nodeStatus(observe(containers(waiting('el', 'ImagePullBackOff'))));
    const again = nodeStatus(after(backoff, 10, containers(waiting('el', 'ErrImagePull'))));
    expect(again.conditions).toEqual(backoff.conditions);
  });

  it('does not call a crashing client recovered in the seconds between two crashes', () => {
    const end = { exitCode: 1, reason: 'Error', message: '2026-03-01T12:00:00Z boom' };
    const crash = nodeStatus(observe(containers(crashed('el', end), running('cl'))));
    const state = { running: { startedAt: ago(-5) } };
    const lastState = { terminated: { ...end, message: '2026-03-01T12:05:00Z boom' } };
    const up = containers(running('el', { restartCount: 5, state, lastState }), running('cl'));
    expect(nodeStatus(after(crash, 10, up)).conditions).toEqual(crash.conditions);
    const settled = nodeStatus(after(crash, 100, { ...up, facts: later(100) }));
    expect(findCondition(settled.conditions, 'Ready')?.reason).toBe('Running');
  });

  it('stays ready through a passing trouble when the spec is applied already', () => {
    const trouble: Trouble = { reason: 'EditedByHand', message: 'x', stalled: false };
    const next = nodeStatus(after(first, 10, { trouble, facts: later(10) }));
    expect(findCondition(next.conditions, 'Ready')).toEqual(findCondition(first.conditions, 'Ready'));
    expect(findCondition(next.conditions, 'Reconciling')?.reason).toBe('EditedByHand');
  });

  it('remembers when a condition last changed', () => {
    const bad = nodeStatus(after(first, 10, { facts: facts({ chainId: '1' }) }));
    const worse = nodeStatus(after(bad, 20, containers(crashed('el', {}))));
    expect(findCondition(worse.conditions, 'Ready')?.lastTransitionTime).toBe('2026-03-01T12:00:10Z');
  });
});

describe('a height that falls', () => {
  const before = (provenHeight: number, more: Partial<NodeStatus> = {}) =>
    withStatus(aNode(), { provenHeight, ...more });
  const at = (height: number, seen: Partial<Observation>): NodeStatus =>
    nodeStatus(observe({ facts: facts({ height }), ...seen }));
  const riskOf = (status: NodeStatus): string | undefined => findCondition(status.conditions, 'DataAtRisk')?.reason;

  it('is an alarm until it is reached again, also while the node does not answer', () => {
    const fallen = at(1, { node: before(200) });
    expect([fallen.provenHeight, riskOf(fallen)]).toEqual([200, 'HeightFell']);
    expect(findCondition(fallen.conditions, 'DataAtRisk')?.message).toContain(
      'The node had block 200 and has fewer now',
    );
    const silent = nodeStatus(observe({ node: withStatus(aNode(), fallen), pods: [], facts: new Map() }));
    expect([silent.provenHeight, riskOf(silent)]).toEqual([200, 'HeightFell']);
    const back = at(201, { node: withStatus(aNode(), silent) });
    expect([back.provenHeight, riskOf(back)]).toEqual([201, undefined]);
  });

  it('is none after a reorganization, except where blocks are final', () => {
    expect(riskOf(at(998, { node: before(1000) }))).toBeUndefined();
    const expectations = new Map([['el', { minPeers: 0, keepsHeight: 'always' as const }]]);
    expect(riskOf(at(998, { node: before(1000), expectations }))).toBe('HeightFell');
    expect(riskOf(at(1000, { node: before(1000), expectations }))).toBeUndefined();
  });

  it('is none where the client empties its chain at each start, and after a job', () => {
    const expectations = new Map([['el', { minPeers: 0, keepsHeight: 'never' as const }]]);
    expect(riskOf(at(0, { node: before(1000), expectations }))).toBeUndefined();
    const fallen = withStatus(aNode(), at(1, { node: before(1000) }));
    const paused = nodeStatus(observe({ node: fallen, pause, pods: [], facts: new Map() }));
    expect([paused.provenHeight, riskOf(paused)]).toEqual([undefined, undefined]);
    expect(riskOf(at(400, { node: withStatus(aNode(), paused) }))).toBeUndefined();
  });

  it('counts again from a restart that the spec asks for', () => {
    const pods = [aPod({ metadata: { annotations: { [ANNOTATION.restartGeneration]: '2' } } })];
    const restarted = at(5, { node: before(1000, { observedRestartGeneration: 1 }), pods });
    expect([restarted.provenHeight, riskOf(restarted)]).toEqual([5, undefined]);
  });
});
