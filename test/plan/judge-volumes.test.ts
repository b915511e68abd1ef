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
