// What is read from figures: whether a client is at the tip, a height that fell, an excerpt of a log, the memory on the branch.

import { describe, expect, it } from 'vitest';

import type { NodeStatus } from '../../src/api/blockchain-node.ts';
import { findCondition } from '../../src/api/conditions.ts';
import { ANNOTATION } from '../../src/api/group.ts';
import type { Expectation, RoleFacts } from '../../src/chains/observed.ts';
import { documentText } from '../../src/status/documents.ts';
import { excerpt, saysDiskFull } from '../../src/status/excerpt.ts';
import { isSynced } from '../../src/status/head.ts';
import { memoryDocument, memoryPath, type MemoryView, readMemoryDocument } from '../../src/status/memory-document.ts';
import { nodeStatus } from '../../src/status/node-status.ts';
import type { Observation } from '../../src/status/observation.ts';
import { aClaim, aNode, aPod, aSet, ago, EL, facts, NOW, observe, running, waiting, withStatus } from './builders.ts';

describe('a client is at the tip', () => {
  const by = (limits: Partial<Expectation>): Expectation => ({ minPeers: 1, ...limits });
  const timed = by({ maxHeadAgeSeconds: 60, chainId: '560048', maxLag: 2 });
  const { headTime: _headTime, ...timeless } = EL;
  const { syncing: _syncing, ...silent } = EL;
  const { peers: _peers, chainId: _chainId, ...unsaid } = EL;

  it.each<{ readonly because: string; readonly said: RoleFacts; readonly limits?: Expectation; readonly is: boolean }>([
    { because: 'with a fresh head, peers and no lag', said: EL, is: true },
    { because: 'not while it says that it syncs', said: { ...EL, syncing: true }, is: false },
    { because: 'not with an alarm', said: { ...EL, alarm: { reason: 'ExecutionOffline', message: 'x' } }, is: false },
    { because: 'not on another chain', said: { ...EL, chainId: '1' }, is: false },
    { because: 'without a word on its chain or its peers', said: unsaid, is: true },
    { because: 'not without peers', said: { ...EL, peers: 0 }, is: false },
    { because: 'two blocks behind', said: { ...EL, target: 1_002 }, is: true },
    { because: 'not three blocks behind', said: { ...EL, target: 1_003 }, is: false },
    { because: 'without a limit, far behind', said: { ...EL, target: 9_999 }, limits: by({ maxHeadAgeSeconds: 60 }), is: true },
    { because: 'not at block 0', said: { ...EL, height: 0 }, is: false },
    { because: 'not without a time of its head', said: timeless, is: false },
    { because: 'with a head of the allowed age', said: { ...EL, headTime: NOW / 1000 - 60 }, is: true },
    { because: 'not with an older head', said: { ...EL, headTime: NOW / 1000 - 61 }, is: false },
    { because: 'where age says nothing, by its own word', said: timeless, limits: by({}), is: true },
    { because: 'where age says nothing, by its lag', said: silent, limits: by({ maxLag: 2 }), is: true },
    { because: 'not where nothing says so', said: silent, limits: by({}), is: false },
  ])('$because: $is', ({ said, limits = timed, is }) => {
    expect(isSynced(said, limits, NOW)).toBe(is);
  });
}); // prettier-ignore

describe('the state of a role', () => {
  const stateOf = (seen: Partial<Observation>) => nodeStatus(observe(seen)).roles?.[0]?.state;
  const of = (container: unknown) => ({ pods: [aPod({ containers: [container, running('cl')] })] });

  it.each<{ readonly because: string; readonly seen: Partial<Observation>; readonly is: string }>([
    { because: 'no pod', seen: { pods: [] }, is: 'Stopped' },
    { because: 'ended', seen: of(running('el', { state: { terminated: { exitCode: 1 } } })), is: 'Error' },
    { because: 'no state', seen: of(running('el', { state: {} })), is: 'Starting' },
    ...['', 'ContainerCreating', 'PodInitializing'].map((reason) => ({ because: `waits: ${reason}`, seen: of(waiting('el', reason)), is: 'Starting' })),
    { because: 'waits: ImagePullBackOff', seen: of(waiting('el', 'ImagePullBackOff')), is: 'Error' },
    { because: 'at the tip', seen: {}, is: 'Running' },
    { because: 'syncs', seen: { facts: facts({ syncing: true }) }, is: 'Syncing' },
    { because: 'on another network', seen: { facts: facts({ chainId: '1' }) }, is: 'Error' },
    { because: 'opens its database', seen: { facts: facts({ reach: 'starting' }) }, is: 'Starting' },
  ])('$because: $is', ({ seen, is }) => expect(stateOf(seen)).toBe(is));

  const silent = { reach: 'unreachable', message: 'no' } as const;
  const later = (status: NodeStatus, seconds: number, seen: Partial<Observation> = {}) =>
    nodeStatus(observe({ node: withStatus(aNode(), status), now: NOW + seconds * 1000, facts: facts(silent, { headTime: NOW / 1000 + seconds }), ...seen }));

  it.each([
    { because: 'at the tip', said: {} },
    { because: 'while it syncs', said: { syncing: true, height: 7 } },
    { because: 'without peers', said: { peers: 0 } },
  ])('stays as it was through one missed answer: $because', ({ said }) => {
    const before = nodeStatus(observe({ facts: facts(said) }));
    const next = later(before, 30);
    expect(next.roles?.[0]).toEqual(before.roles?.[0]);
    expect(findCondition(next.conditions, 'Ready')).toEqual(findCondition(before.conditions, 'Ready'));
  });

  it('is unreachable at once where it was in error before', () => {
    const wrong = nodeStatus(observe({ facts: facts({ chainId: '1' }) }));
    const next = later(wrong, 20, { answeredAt: new Map([['el', NOW]]) });
    expect(next.roles?.[0]).toMatchObject({ state: 'Error', reason: 'Unreachable' });
  });

  it('is no fault while it starts, although the other role has answered', () => {
    const young = of(running('el', { state: { running: { startedAt: ago(30) } } }));
    const before = nodeStatus(observe({ ...young, facts: facts(silent) }));
    expect(later(before, 20, young).roles?.[0]).toMatchObject({ state: 'Starting', reason: 'Starting' });
  });
}); // prettier-ignore

describe('the alarm of a height that fell', () => {
  const riskAt = (height: number, status: NodeStatus, seen: Partial<Observation> = {}) =>
    findCondition(nodeStatus(observe({ node: withStatus(aNode(), status), facts: facts({ height }), ...seen })).conditions, 'DataAtRisk')?.reason;

  it.each([
    { proven: 1000, height: 744, risk: undefined },
    { proven: 1000, height: 743, risk: 'HeightFell' },
    { proven: 100, height: 50, risk: undefined },
    { proven: 100, height: 49, risk: 'HeightFell' },
    { proven: 100, height: 100, risk: undefined },
  ])('from $proven to $height: $risk', ({ proven, height, risk }) => {
    expect(riskAt(height, { provenHeight: proven })).toBe(risk);
  });

  it('gives way to a volume that is being deleted, which is not remembered as one', () => {
    const pvcs = [aClaim('Bound', { deletionTimestamp: ago(1) })];
    expect(riskAt(1, { provenHeight: 1000 }, { pvcs })).toBe('VolumeTerminating');
    const conditions = [{ type: 'DataAtRisk' as const, status: 'True' as const, reason: 'VolumeTerminating' as const, message: 'm', lastTransitionTime: ago(1) }];
    const silent = { pods: [], facts: new Map() };
    expect(riskAt(0, { provenHeight: 1000, conditions }, silent)).toBeUndefined();
  });

  it.each([
    { because: 'the same generation', annotation: '2', observed: 2, reset: false },
    { because: 'a lower one', annotation: '1', observed: 1, reset: false },
    { because: 'a higher one of two digits', annotation: '12', observed: 12, reset: true },
    { because: 'no number', annotation: '3x', observed: 2, reset: false },
    { because: 'no number either', annotation: 'x3', observed: 2, reset: false },
    { because: 'none', annotation: undefined, observed: 2, reset: false },
  ])('is reset by $because: $reset', ({ annotation, observed, reset }) => {
    const annotations = annotation === undefined ? {} : { [ANNOTATION.restartGeneration]: annotation };
    const pods = [aPod({ metadata: { annotations } })];
    const before = { provenHeight: 1000, observedRestartGeneration: 2 };
    expect(riskAt(5, before, { pods })).toBe(reset ? undefined : 'HeightFell');
    expect(nodeStatus(observe({ node: withStatus(aNode(), before), pods })).observedRestartGeneration).toBe(observed);
    expect(riskAt(5, { provenHeight: 1000 }, { pods })).toBe('HeightFell');
  });
}); // prettier-ignore

describe('conditions beside Ready', () => {
  const reasonsOf = (seen: Partial<Observation>) =>
    Object.fromEntries((nodeStatus(observe(seen)).conditions ?? []).map(({ type, reason, message }) => [type, `${reason}: ${message}`]));
  const pause = { message: 'reads', by: 'Backup n/b' } as const;
  const stopped: Partial<Observation> = { statefulSet: aSet(0), pods: [] };
  const kept: Partial<Observation> = { pause: { ...pause, stalled: true }, ...stopped };
  const guard = { reason: 'Protected', message: 'protect: true' } as const;

  it.each<{ readonly because: string; readonly seen: Partial<Observation>; readonly type: string; readonly says: string | undefined }>([
    { because: 'on its way', seen: { facts: facts({ syncing: true }) }, type: 'Reconciling', says: 'Progressing: geth (el) is catching up with its network.' },
    { because: 'with another revision', seen: { pods: [aPod({ metadata: { labels: { 'controller-revision-hash': 'r0' } } })] }, type: 'Reconciling', says: 'Updating: The pod is being replaced.' },
    { because: 'created suspended', seen: { node: aNode({ suspend: true }), suspension: { by: 'Node' }, statefulSet: undefined, pods: [] }, type: 'Reconciling', says: undefined },
    { because: 'held by a guard', seen: { hold: guard }, type: 'Unapplied', says: 'Protected: protect: true' },
    { because: 'paused by a job', seen: { pause }, type: 'Unapplied', says: undefined },
    { because: 'paused by a job', seen: { pause }, type: 'Reconciling', says: 'Paused: reads' },
    { because: 'paused by a job', seen: { pause, ...stopped }, type: 'Ready', says: 'Paused: reads' },
    { because: 'paused by a job while an action on it is held', seen: { pause, hold: guard, ...stopped }, type: 'Ready', says: 'Paused: reads' },
    { because: 'paused by a job while an action on it is held', seen: { pause, hold: guard, ...stopped }, type: 'Unapplied', says: 'Protected: protect: true' },
    { because: 'left paused while an action on it is held', seen: { ...kept, hold: guard }, type: 'Stalled', says: 'Paused: reads' },
    { because: 'kept stopped by what is held', seen: { hold: guard, ...stopped }, type: 'Ready', says: 'Protected: Stopped for now; status.hold says why and what to do.' },
    { because: 'of a broken file, also while it is held', seen: { hold: guard, broken: 'a.yaml:1: no' }, type: 'Unapplied', says: 'FileBroken: a.yaml:1: no' },
    { because: 'that the API server refuses', seen: { refused: 'denied' }, type: 'Unapplied', says: 'ObjectRefused: denied' },
    { because: 'that the API server refuses', seen: { refused: 'denied' }, type: 'Reconciling', says: 'ObjectRefused: denied' },
    { because: 'that the API server refuses', seen: { refused: 'denied' }, type: 'Stalled', says: undefined },
    { because: 'kept stopped by a job that has ended', seen: kept, type: 'Stalled', says: 'Paused: reads' },
    { because: 'kept stopped by a job that has ended', seen: kept, type: 'Ready', says: 'Paused: reads' },
    { because: 'kept stopped by a job that has ended', seen: kept, type: 'Reconciling', says: undefined },
    { because: 'fought over', seen: { contested: ['One.', 'Two.'] }, type: 'Contested', says: 'RepairRepeats: One. Two.' },
    { because: 'in peace', seen: { contested: [] }, type: 'Contested', says: undefined },
  ])('of a node $because: $type is $says', ({ seen, type, says }) => expect(reasonsOf(seen)[type]).toBe(says));

  it('a passing trouble makes a node not ready whose spec has changed since', () => {
    const ready = nodeStatus(observe());
    const trouble = { reason: 'EditedByHand', message: 'x', stalled: false } as const;
    const at = (generation: number) => reasonsOf({ node: withStatus(aNode({}, { generation }), ready), trouble })['Ready'];
    expect([at(3), at(4)]).toEqual([expect.stringMatching(/^Running/), 'EditedByHand: x']);
  });
}); // prettier-ignore

describe('an excerpt of a log', () => {
  it.each([
    '2026-03-01T12:00:00.123Z', '2026-03-01 12:00:00,5+01:00', '[2026-03-01T12:00:00+0100]', '[03-01|12:00:00.123]', 'Mar 01 12:00:00 ', 'Mar 01 12:00:00.123 ',
    '12:00:00.123 ', '12:00:00,1\t', '9:05AM ', '12:30PM ', '2026-03-01T12:00:00Z ', '2026-03-01 12:00:00 ',
  ])('has not the time %j', (time) => {
    expect(excerpt(`${time}ERROR boom\nx`)).toBe('ERROR boom');
  });

  it.each([
    { because: 'the cause', message: 'ERROR a\npanic: b\nx', says: 'panic: b' },
    { because: 'the last error', message: 'ERROR a\nERROR b\nx', says: 'ERROR b' },
    { because: 'the last three lines, without empty ones', message: 'a\n\nb\nc\n\nd\n', says: 'b | c | d' },
    { because: 'nothing of nothing', message: '\n\n', says: '' },
    { because: 'a clock inside a line', message: 'ERROR at 12:00:00.1 and Mar 01 12:00:00 and 9:05AM x', says: 'ERROR at 12:00:00.1 and Mar 01 12:00:00 and 9:05AM x' },
    { because: 'nothing of what Kubernetes does not keep', message: `panic: old\n${'x\n'.repeat(9_000)}`, says: 'x | x | x' },
  ])('is $because', ({ message, says }) => expect(excerpt(message)).toBe(says));

  it.each(['no space left on device', 'ENOSPC: write', 'disk is full', 'Disk full', 'low disk space', 'not enough disk space', 'not enough free disk space'])(
    '%j says that the disk is full', (message) => expect(saysDiskFull(message)).toBe(true),
  );

  it.each(['XENOSPCX', 'enough disk space', 'the disk is fine'])('%j does not', (message) => expect(saysDiskFull(message)).toBe(false));
}); // prettier-ignore

describe('the memory on the branch', () => {
  const memory: MemoryView = {
    origin: 'o', cluster: 'c', appliedCommit: 'a'.repeat(40), appliedRevision: 'main@sha1:1', identities: { 'n/a': 'key' }, signers: { 'Secret/n/key': 'n/a' },
    volumes: { 'n/a': { chain: 'c', network: 'x', clients: { el: 'geth' }, pvcs: { data: 'u' } } }, schedules: { 'n/s': 5 }, unrecorded: ['Backup/n/b'], recordsLostAt: ago(1),
  }; // prettier-ignore

  it('is read as it was written', () => {
    expect(readMemoryDocument(documentText(memoryDocument(memory)))).toEqual(memory);
    expect(memoryPath('paris')).toBe('paris/memory.yaml');
  });

  it('is read without what is not known, and not at all where it cannot be read', () => {
    const bare = { ...memory, cluster: undefined, appliedCommit: undefined, appliedRevision: undefined, recordsLostAt: undefined };
    expect(Object.keys(readMemoryDocument(documentText(memoryDocument(bare))) ?? {})).not.toContain('cluster');
    for (const text of [undefined, '', '{', 'identities: 3', 'appliedCommit: main']) expect(readMemoryDocument(text)).toBeUndefined();
  }); // prettier-ignore
});
