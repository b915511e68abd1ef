// A PVC that is gone or another one is not forgotten before the node has its height again.

import { describe, expect, it } from 'vitest';

import type { BlockchainNode, NodeStatus } from '../../src/api/blockchain-node.ts';
import { findCondition } from '../../src/api/conditions.ts';
import type { Observation } from '../../src/status/observation.ts';
import { nodeStatus } from '../../src/status/node-status.ts';
import { aClaim, aNode, ago, EXPECTATIONS, facts, NOW, observe, withStatus } from './builders.ts';

const pvc = (uid: string, name = 'data-eth-0-0') => aClaim('Bound', { name, uid });
const idle: Partial<Observation> = { pods: [], facts: new Map() };
const answered = (ms: number, role = 'el'): Partial<Observation> => ({ answeredAt: new Map([[role, NOW + ms]]) });

/** The node after it had 1000 blocks on the PVC `old`. */
function aNodeOn(storage: Record<string, { size: string }> = { data: { size: '100Gi' } }): BlockchainNode {
  const node = aNode({ storage });
  const pvcs = Object.keys(storage).map((name) => pvc(`old-${name}`, `${name}-eth-0-0`));
  return withStatus(node, nodeStatus(observe({ node, pvcs })));
}

/** The status after one observation after the other. */
function after(node: BlockchainNode, ...seen: readonly Partial<Observation>[]): NodeStatus {
  return seen.reduce<NodeStatus>(
    (status, one) => nodeStatus(observe({ ...one, node: withStatus(one.node ?? node, status) })),
    node.status ?? {},
  );
}

function statusWithoutHeight({ status = {} }: BlockchainNode): NodeStatus {
  const { provenHeight: _proven, roles: _roles, ...rest } = status;
  return rest;
}

const riskOf = ({ conditions }: NodeStatus) => findCondition(conditions, 'DataAtRisk');

describe('a PVC that the node had', () => {
  it('is missed when it is gone, and named with the one in its place', () => {
    const gone = after(aNodeOn(), { ...idle, pvcs: [] });
    expect(gone.lostVolumes).toEqual([{ name: 'data', uid: 'old-data', at: ago(0), height: 1000 }]);
    expect(riskOf(gone)).toMatchObject({ reason: 'VolumeMissing', message: expect.stringMatching(/^The PVC data-eth-0-0 of the volume data \(UID old-data\) is gone, noticed at 2026-03-01T12:00:00Z: .*The node had block 1000\. Restore a Backup/) }); // prettier-ignore
    const replaced = after(aNodeOn(), { ...idle, pvcs: [] }, { ...idle, pvcs: [pvc('new')] }, { ...idle, pvcs: [pvc('new')] }); // prettier-ignore
    expect(replaced.lostVolumes).toEqual([{ name: 'data', uid: 'old-data', by: 'new', at: ago(0), height: 1000 }]);
    expect(riskOf(replaced)).toMatchObject({ reason: 'VolumeReplaced', message: expect.stringMatching(/its PVC data-eth-0-0 has the UID new, and had old-data\. .* block 1000\./) }); // prettier-ignore
  });

  it('is not missed when the same one is back, or was never known', () => {
    expect(after(aNodeOn(), { ...idle, pvcs: [] }, { pvcs: [pvc('old-data')] }).lostVolumes).toBeUndefined();
    expect(after(aNode(), { pvcs: [pvc('new')] }, { pvcs: [pvc('new')] }).lostVolumes).toBeUndefined();
    expect(after(aNodeOn(), { pvcs: [pvc('old-data')] }).lostVolumes).toBeUndefined();
  });

  it('is missed with the greatest height that the node has had', () => {
    const node = aNodeOn();
    const gone = after(withStatus(node, { ...node.status, provenHeight: 1200 }), { ...idle, pvcs: [] });
    expect(gone.lostVolumes).toMatchObject([{ height: 1200 }]);
  });

  it('is the reason as long as one of several is missing', () => {
    const node = aNodeOn({ el: { size: '1Gi' }, cl: { size: '1Gi' } });
    expect(riskOf(after(node, { ...idle, pvcs: [pvc('new', 'el-eth-0-0')] }))?.reason).toBe('VolumeMissing');
  });

  it('keeps the height of the first loss when it is lost again', () => {
    const again = after(aNodeOn(), { ...idle, pvcs: [pvc('new')] }, { ...idle, pvcs: [pvc('newer')], now: NOW + 5000 });
    expect(again.lostVolumes).toEqual([{ name: 'data', uid: 'new', by: 'newer', at: ago(-5), height: 1000 }]);
  });

  it('gives way to one that is being deleted, and explains a height that fell', () => {
    const leaving = aClaim('Bound', { uid: 'new', deletionTimestamp: ago(1) });
    const status = after(aNodeOn(), { ...idle, pvcs: [leaving] });
    expect(riskOf(status)?.reason).toBe('VolumeTerminating');
    expect(status.conditions?.filter(({ type }) => type === 'DataAtRisk')).toHaveLength(1);
    expect(riskOf(after(aNodeOn(), { pvcs: [pvc('new')], facts: facts({ height: 1 }) }))?.reason).toBe(
      'VolumeReplaced',
    );
  });
});

describe('the loss of a volume', () => {
  const lost = { ...idle, pvcs: [pvc('new')] };
  const isLost = (...seen: readonly Partial<Observation>[]): boolean =>
    after(aNodeOn(), lost, ...seen).lostVolumes !== undefined;

  it.each([
    { because: 'below its height', height: 999, seen: answered(1001), says: true },
    { because: 'at its height', height: 1000, seen: answered(1001), says: false },
    { because: 'at its height, by an answer that may be older', height: 1000, seen: answered(1000), says: true },
    { because: 'at its height, at an unknown time', height: 1000, seen: {}, says: true },
  ])('is said of a node $because: $says', ({ height, seen, says }) => {
    expect(isLost({ pvcs: [pvc('new')], facts: facts({ height }), ...seen })).toBe(says);
  });

  it('is acknowledged by a higher restartGeneration', () => {
    const at = (restartGeneration: number): Partial<Observation> => ({ ...lost, node: aNode({ restartGeneration }) });
    expect(isLost(at(1))).toBe(false);
    expect(isLost(at(0))).toBe(true);
    expect(after(aNodeOn(), at(1)).lostVolumes).toMatchObject([{ restartGeneration: 1 }]);
    expect(after(aNodeOn(), at(1), at(1)).lostVolumes).toBeDefined();
    expect(after(aNodeOn(), at(1), at(2)).lostVolumes).toBeUndefined();
  });

  it('outlives a job that stops the node, which resets the proven height', () => {
    const paused = { ...lost, pause: { by: 'Restore ns/r', message: 'Paused by Restore ns/r while it works' } };
    const low = { pvcs: [pvc('new')], facts: facts({ height: 5 }), ...answered(2000) };
    const status = after(aNodeOn(), lost, paused, low);
    expect(status).toMatchObject({ provenHeight: 5, lostVolumes: [{ height: 1000 }] });
  });

  it('without a known height ends when the node is synced', () => {
    const node = withStatus(aNode(), statusWithoutHeight(aNodeOn()));
    const seen = (height: number, syncing: boolean): Partial<Observation> => ({
      pvcs: [pvc('new')],
      facts: facts({ height, syncing }),
      ...answered(2000),
    });
    const first = after(node, lost);
    expect(first.lostVolumes?.[0]?.height).toBeUndefined();
    expect(riskOf(first)?.message).toContain('How far the node was is not known.');
    expect(after(node, lost, seen(1000, true)).lostVolumes).toBeDefined();
    const silent = facts({ reach: 'unreachable', message: 'no' });
    expect(after(node, lost, { ...seen(1000, false), facts: silent }).lostVolumes).toBeDefined();
    expect(after(node, lost, { ...seen(1000, false), ...idle }).lostVolumes).toBeDefined();
    expect(after(node, lost, seen(1000, false)).lostVolumes).toBeUndefined();
  });

  it('of a client that empties its chain ends when the node is synced', () => {
    const expectations = new Map([...EXPECTATIONS, ['el', { minPeers: 1, keepsHeight: 'never' as const }]]);
    const now = { pvcs: [pvc('new')], facts: facts({ height: 3 }), ...answered(2000), expectations };
    expect(isLost(now)).toBe(false);
  });

  it('of a role of its own is judged by that role', () => {
    const node = aNodeOn({ el: { size: '1Gi' }, cl: { size: '1Gi' } });
    const pvcs = [pvc('old-el', 'el-eth-0-0'), pvc('new', 'cl-eth-0-0')];
    const lostCl = after(node, { ...idle, pvcs });
    expect(lostCl.lostVolumes).toEqual([{ name: 'cl', uid: 'old-cl', by: 'new', at: ago(0), height: 2000 }]);
    const answers = { answeredAt: new Map([['el', NOW + 2000], ['cl', NOW + 2000]]) }; // prettier-ignore
    const low = { pvcs, facts: facts({ height: 1001 }, { height: 7 }), ...answers };
    expect(after(node, { ...idle, pvcs }, low).lostVolumes).toMatchObject([{ name: 'cl' }]);
    expect(after(node, { ...idle, pvcs }, { pvcs, ...answers }).lostVolumes).toBeUndefined();
  });
});
