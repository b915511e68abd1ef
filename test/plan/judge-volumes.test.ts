// Volumes that exist before their node, and volumes that are gone: what is held, and what releases it.

import { describe, expect, it } from 'vitest';

import type { KnownVolumes, LiveVolume, VolumeRecord } from '../../src/api/node-volumes.ts';
import type { PlanFacts } from '../../src/plan/input.ts';
import { planNodes } from '../../src/plan/plan.ts';
import { aNode, applied, inWords, type PlanRow, scene, type SceneParts } from '../support/plan-scene.ts';

const key = { identity: { secretName: 'k' } };

function live(uid: string, more: Partial<LiveVolume> = {}): LiveVolume {
  return { name: 'data', pvc: 'data-a-0', uid, ...more };
}

function record(more: Partial<VolumeRecord> = {}): VolumeRecord {
  return {
    chain: 'ethereum',
    network: 'hoodi',
    nodeType: 'full',
    clients: { el: 'geth' },
    pvcs: { data: 'u1' },
    ...more,
  };
}

function volumes(known: Partial<KnownVolumes>): PlanFacts {
  return { volumes: new Map([['ns/a', { record: undefined, live: [], ...known }]]) };
}

const rows: readonly PlanRow[] = [
  {
    because: 'IdentityOfData: a volume whose label says another chain',
    declared: [aNode('a')],
    facts: volumes({ live: [live('u1', { chain: 'bitcoin', network: 'regtest' })] }),
    plan: ['create a IdentityOfData'],
  },
  {
    because: 'IdentityOfData: a volume of another network by the record, whose labels were removed',
    declared: [aNode('a')],
    facts: volumes({ record: record({ network: 'mainnet' }), live: [live('u1')] }),
    plan: ['create a IdentityOfData'],
  },
  {
    because: 'IdentityOfData: a volume with the data of another client',
    declared: [aNode('a')],
    facts: volumes({ live: [live('u1', { chain: 'ethereum', network: 'hoodi', clients: { el: 'reth' } })] }),
    plan: ['create a IdentityOfData'],
  },
  {
    because: 'IdentityOfData: an archive on the volume of a full node',
    declared: [aNode('a', { nodeType: 'archive' })],
    facts: volumes({ record: record(), live: [live('u1')] }),
    plan: ['create a IdentityOfData'],
  },
  {
    because: 'a volume of the same chain, network and client is used again',
    declared: [aNode('a')],
    facts: volumes({ record: record(), live: [live('u1', { chain: 'ethereum', network: 'hoodi' })] }),
    plan: ['create a'],
  },
  {
    because: 'a record of a volume that is gone says nothing about a new one',
    declared: [aNode('a')],
    facts: volumes({ record: record({ network: 'mainnet' }), live: [live('u2')] }),
    plan: ['create a'],
  },
  {
    because: 'SignerVolumeLost: the PVC of a running node was replaced',
    declared: [aNode('a', key)],
    live: [applied(aNode('a', key))],
    facts: volumes({ record: record({ signer: 'k' }), live: [live('u2')] }),
    plan: ['start a SignerVolumeLost'],
  },
  {
    because: 'SignerVolumeLost: a node is created again after its PVC was deleted by hand',
    declared: [aNode('a', key)],
    facts: volumes({ record: record({ signer: 'k' }) }),
    plan: ['create a', 'start a SignerVolumeLost'],
  },
  {
    because: 'SignerVolumeLost: the node has another key now',
    declared: [aNode('a', { identity: { secretName: 'other' } })],
    facts: volumes({ record: record({ signer: 'k' }) }),
    plan: ['create a', 'start a SignerVolumeLost'],
  },
  {
    because: 'a validator on the volume it signed with is left alone',
    declared: [aNode('a', key)],
    live: [applied(aNode('a', key))],
    facts: volumes({ record: record({ signer: 'k' }), live: [live('u1')] }),
    plan: [],
  },
  {
    because: 'IdentityOfData: a volume of another chain whose network has the same name',
    declared: [aNode('a')],
    facts: volumes({ live: [live('u1', { chain: 'bitcoin', network: 'hoodi' })] }),
    plan: ['create a IdentityOfData'],
  },
  {
    because: 'an archive on the volume of an archive is used again',
    declared: [aNode('a', { nodeType: 'archive' })],
    facts: volumes({ record: record({ nodeType: 'archive' }), live: [live('u1')] }),
    plan: ['create a'],
  },
  {
    because: 'an archive on a volume that does not say what it was is not judged',
    declared: [aNode('a', { nodeType: 'archive' })],
    facts: volumes({ live: [live('u1', { chain: 'ethereum', network: 'hoodi', clients: { el: 'geth' } })] }),
    plan: ['create a'],
  },
  {
    because: 'a volume with the data of a client that the node no longer has is used again',
    declared: [aNode('a')],
    facts: volumes({ record: record({ clients: { cl: 'lighthouse', el: 'geth' } }), live: [live('u1')] }),
    plan: ['create a'],
  },
  {
    because: 'a key that has not signed yet starts on a new volume',
    declared: [aNode('a', key)],
    live: [applied(aNode('a', key))],
    facts: volumes({ record: record(), live: [live('u2')] }),
    plan: [],
  },
  {
    because: 'SignerVolumeLost: the PVC that signed belongs to another volume of the node now',
    declared: [aNode('a', key)],
    live: [applied(aNode('a', key))],
    facts: volumes({ record: record({ signer: 'k' }), live: [live('u1', { name: 'logs', pvc: 'logs-a-0' })] }),
    plan: ['start a SignerVolumeLost'],
  },
  {
    because: 'a stopped node needs no volume',
    declared: [aNode('a', { ...key, desiredState: 'Stopped' })],
    live: [applied(aNode('a', { ...key, desiredState: 'Stopped' }))],
    facts: volumes({ record: record({ signer: 'k' }) }),
    plan: [],
  },
  {
    because: 'a node without a key starts on a new volume',
    declared: [aNode('a')],
    live: [applied(aNode('a'))],
    facts: volumes({ record: record({ signer: 'k' }), live: [live('u2')] }),
    plan: [],
  },
  {
    because: 'a cluster whose PVCs may not be listed is not judged',
    declared: [aNode('a', key)],
    facts: volumes({ record: record({ signer: 'k' }), live: undefined }),
    plan: ['create a'],
  },
];

describe('volumes', () => {
  it.each(rows)('$because', ({ plan, because: _because, ...parts }) => {
    expect(inWords(planNodes(scene(parts)).actions)).toEqual(plan);
  });
});

describe('a hold of volumes names', () => {
  const holdOf = (parts: SceneParts) => planNodes(scene(parts)).actions[0]?.hold;

  it('the volumes and PVCs that are lost, and the key', () => {
    const facts = volumes({ record: record({ signer: 'k', pvcs: { data: 'u1', logs: 'u2' } }) });
    const hold = holdOf({ declared: [aNode('a', key)], live: [applied(aNode('a', key))], facts });
    const lost = 'data (PVC with the UID u1), logs (PVC with the UID u2)';
    expect(hold?.message).toContain(`the key in k has signed with the volume ${lost}, which is gone or was replaced`);
    expect(hold?.release).toBe('Then add the digest of the held actions to spec.approvals in fleet.yaml.');
  });

  it('both clients, and the type of the node whose data it is', () => {
    const reth = volumes({ live: [live('u1', { clients: { el: 'reth' } })] });
    expect(holdOf({ declared: [aNode('a')], facts: reth })?.message).toMatch(
      /^the volume data \(PVC data-a-0\) holds the data of reth, and the client of el is geth: the node cannot use/,
    );
    const full = volumes({ record: record(), live: [live('u1')] });
    expect(holdOf({ declared: [aNode('a', { nodeType: 'archive' })], facts: full })?.message).toMatch(
      /^the volume data \(PVC data-a-0\) holds the data of a full node: the node cannot use/,
    );
  });

  it('all PVCs to delete, when they hold another chain', () => {
    const known = [live('u1', { chain: 'bitcoin' }), live('u2', { name: 'logs', pvc: 'logs-a-0' })];
    const hold = holdOf({ declared: [aNode('a')], facts: volumes({ live: known }) });
    expect(hold?.message).toContain('holds data of bitcoin/?, not of ethereum/hoodi');
    expect(hold?.release).toContain('kubectl -n ns delete pvc data-a-0 logs-a-0.');
    const network = volumes({ live: [live('u1', { network: 'mainnet' })] });
    expect(holdOf({ declared: [aNode('a')], facts: network })?.message).toContain('holds data of ?/mainnet, not of');
  });
});

describe('the approval of a start with another volume', () => {
  const lost = (uid: string): SceneParts => ({
    declared: [aNode('a', key)],
    live: [applied(aNode('a', key))],
    facts: volumes({ record: record({ signer: 'k', pvcs: { data: uid } }) }),
  });
  const digestOf = (parts: SceneParts): string => planNodes(scene(parts)).heldDigest ?? '';

  it('releases the start', () => {
    const fleet = { approvals: [{ digest: digestOf(lost('u1')) }] };
    expect(inWords(planNodes(scene({ ...lost('u1'), fleet })).actions)).toEqual(['start a']);
  });

  it('does not release the start after the next loss', () => {
    const fleet = { approvals: [{ digest: digestOf(lost('u1')) }] };
    expect(inWords(planNodes(scene({ ...lost('u2'), fleet })).actions)).toEqual(['start a SignerVolumeLost']);
  });
});
