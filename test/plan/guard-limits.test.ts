// Where each guard ends: the nearest case that it lets pass, and what its hold says. Without these a guard could hold too much.

import { describe, expect, it } from 'vitest';

import type { BlockchainNode } from '../../src/api/blockchain-node.ts';
import { ANNOTATION, LABEL } from '../../src/api/group.ts';
import type { KnownVolumes } from '../../src/api/node-volumes.ts';
import type { PlanFacts } from '../../src/plan/input.ts';
import { planNodes } from '../../src/plan/plan.ts';
import { aNode, applied, inWords, type PlanRow, scene } from '../support/plan-scene.ts';

const live = (names: readonly string[]) => names.map((name) => applied(aNode(name)));
const declared = (names: readonly string[]) => names.map((name) => aNode(name));
const key = { identity: { secretName: 'k' } };

/** As it is read from the API server when it has no labels and no annotations, or only these. */
function bare(node: BlockchainNode, has: Partial<BlockchainNode['metadata']> = {}): BlockchainNode {
  const { labels: _labels, annotations: _annotations, ...metadata } = node.metadata;
  return { ...node, metadata: { ...metadata, ...has } };
}

function using(node: BlockchainNode, exceptions: string): BlockchainNode {
  const annotations = { ...node.metadata.annotations, [ANNOTATION.policyExceptions]: exceptions };
  return { ...node, metadata: { ...node.metadata, annotations } };
}

function without(node: BlockchainNode, annotation: string): BlockchainNode {
  const annotations = Object.fromEntries(
    Object.entries(node.metadata.annotations ?? {}).filter(([name]) => name !== annotation),
  );
  return { ...node, metadata: { ...node.metadata, annotations } };
}

/** The key of `ns/a` signed elsewhere, so that it has an action `start`. */
const MOVED: PlanFacts = { movedKeys: new Map([['ns/a', { signer: 'ns/x', keys: ['sha256:1'] }]]) };
const FOREIGN: KnownVolumes = {
  record: undefined,
  live: [{ name: 'data', pvc: 'data-a-0', uid: 'u1', chain: 'bitcoin', network: 'regtest' }],
};

const rows: readonly PlanRow[] = [
  {
    because: 'EmptyTree: passes while the document of another node has an error',
    live: live(['a', 'b']),
    desired: { brokenNodes: new Set(['ns/b']) },
    plan: ['delete a'],
  },
  {
    because: 'EmptyTree: passes while a file has an error',
    live: live(['a']),
    desired: { brokenFiles: new Set(['nodes/new.yaml']) },
    plan: ['delete a'],
  },
  {
    because: 'UnreadableFile: also beside a node that was created by hand and came from no file',
    declared: declared(['b']),
    live: [...live(['a', 'b']), bare(applied(aNode('c')))],
    desired: { unreadableFiles: new Set(['nodes/new.yaml']), brokenFiles: new Set(['nodes/new.yaml']) },
    plan: ['delete a UnreadableFile'],
  },
  {
    because: 'Suspended: passes the deletion of a node that came from no file',
    declared: declared(['b']),
    live: [...live(['b']), bare(applied(aNode('a')), { labels: { [LABEL.executor]: 'demo' } })],
    fleet: { suspendFolders: ['elsewhere'] },
    plan: ['delete a'],
  },
  {
    because: 'Suspended: a start of a suspended node is left to the guards of keys',
    declared: [aNode('a', { ...key, suspend: true })],
    live: [applied(aNode('a', { ...key, suspend: true }))],
    facts: MOVED,
    plan: ['start a SignerState'],
  },
  {
    because: 'Protected: passes a change of a node that never kept its volumes',
    declared: [aNode('a', { protect: true, deletionPolicy: 'Delete', restartGeneration: 1 })],
    live: [applied(aNode('a', { protect: true, deletionPolicy: 'Delete' }))],
    plan: ['update a'],
  },
  {
    because: 'Protected: passes a change that keeps the volumes from now on',
    declared: [aNode('a', { protect: true })],
    live: [applied(aNode('a', { protect: true, deletionPolicy: 'Delete' }))],
    plan: ['update a'],
  },
  {
    because: 'Protected: a start of a protected node is left to the guards of keys',
    declared: [aNode('a', { ...key, protect: true })],
    live: [applied(aNode('a', { ...key, protect: true }))],
    facts: MOVED,
    plan: ['start a SignerState'],
  },
  {
    because: 'NotOurs: an object without any label or annotation',
    declared: [aNode('a', { restartGeneration: 1 })],
    live: [bare(applied(aNode('a')))],
    plan: ['update a NotOurs'],
  },
  {
    because: 'NotOurs: passes an owned node that has no labels at all',
    declared: [aNode('a', { restartGeneration: 1 })],
    live: [bare(applied(aNode('a')), { annotations: applied(aNode('a')).metadata.annotations ?? {} })],
    plan: ['update a'],
  },
  {
    because: 'NotOurs: a node of another executor that lost its label',
    declared: declared(['a']),
    live: [applied(aNode('a', { executor: 'other' }), { labels: {} })],
    plan: ['update a NotOurs'],
  },
  {
    because: 'PolicyException: passes the undoing of an edit in the cluster',
    declared: [using(aNode('a'), 'HostNetwork.1')],
    live: [without(applied(using(aNode('a'), 'HostNetwork.1')), ANNOTATION.policyExceptions)],
    plan: ['update a'],
  },
  {
    because: 'PolicyException: a start introduces none',
    declared: [using(aNode('a', key), 'HostNetwork.1')],
    live: [applied(using(aNode('a', key), 'HostNetwork.1'))],
    facts: { volumes: new Map([['ns/a', { record: { ...recordOf('u1'), signer: 'k' }, live: [] }]]) },
    plan: ['start a SignerVolumeLost'],
  },
  {
    because: 'IdentityOfData: passes a client that the node gives up',
    declared: declared(['a']),
    live: [applied(aNode('a', { clients: { ...aNode('a').spec.clients, cl: { name: 'lighthouse' } } }))],
    plan: ['update a'],
  },
  {
    because: 'IdentityOfData: the volumes of a node that exists are its own, with any labels',
    declared: [aNode('a', { restartGeneration: 1 })],
    live: live(['a']),
    facts: { volumes: new Map([['ns/a', FOREIGN]]) },
    plan: ['update a'],
  },
  {
    because: 'MemoryLost: a change that starts a stopped node with a key, among others',
    declared: [aNode('a', { ...key, restartGeneration: 1 })],
    live: [applied(aNode('a', { ...key, desiredState: 'Stopped' }))],
    facts: { memoryLost: true },
    plan: ['update a MemoryLost'],
  },
  {
    because: 'MemoryLost: a change that gives a node its first key',
    declared: [aNode('a', key)],
    live: live(['a']),
    facts: { memoryLost: true },
    plan: ['update a MemoryLost'],
  },
  {
    because: 'MemoryLost: passes a change that starts no key: another field, and a node without a key',
    declared: [aNode('a', { ...key, restartGeneration: 1 }), aNode('b')],
    live: [applied(aNode('a', key)), applied(aNode('b', { desiredState: 'Stopped' }))],
    facts: { memoryLost: true },
    plan: ['update a', 'update b'],
  },
  {
    because:
      'MemoryLost: passes the creation of a stopped node whose key has signed on volumes that are gone: its start is held',
    declared: [aNode('a', { ...key, desiredState: 'Stopped' })],
    facts: { memoryLost: true, volumes: new Map([['ns/a', { record: { ...recordOf('u1'), signer: 'k' }, live: [] }]]) },
    plan: ['create a'],
  },
  {
    because: 'MemoryLost: the creation of a stopped node of which nothing is known, and of a running one',
    declared: [aNode('a', { ...key, desiredState: 'Stopped' }), aNode('b', key)],
    facts: { memoryLost: true, volumes: new Map([['ns/b', { record: { ...recordOf('u1'), signer: 'k' }, live: [] }]]) },
    plan: ['create a MemoryLost', 'create b MemoryLost', 'start b SignerVolumeLost'],
  },
  {
    because: 'MemoryLost: a start is left to the guards of keys',
    declared: [aNode('a', key)],
    live: [applied(aNode('a', key))],
    facts: { ...MOVED, memoryLost: true },
    plan: ['start a SignerState'],
  },
];

function recordOf(uid: string) {
  return { chain: 'ethereum', network: 'hoodi', clients: {}, pvcs: { data: uid } };
}

describe('guards', () => {
  it.each(rows)('$because', ({ plan, because: _because, ...parts }) => {
    expect(inWords(planNodes(scene(parts)).actions)).toEqual(plan);
  });

  it.each(rows.filter(({ facts }) => facts === undefined))('without any fact: $because', ({ plan, ...parts }) => {
    const { facts: _facts, ...input } = scene(parts);
    expect(inWords(planNodes(input).actions)).toEqual(plan);
  });
});

interface Said extends PlanRow {
  readonly says: string;
}

const many = (count: number): string[] => Array.from({ length: count }, (_, index) => `n${index}`);

const texts: readonly Said[] = [
  {
    because: 'the revision that the branch was moved back behind',
    declared: declared(['a']),
    facts: { ancestry: 'rewound', lastApplied: 'main@sha1:1' },
    plan: ['create a Rewound'],
    says: 'the branch was moved back behind main@sha1:1',
  },
  {
    because: 'the revision that the branch lost, where it is not known',
    declared: declared(['a']),
    facts: { ancestry: 'rewritten' },
    plan: ['create a Rewritten'],
    says: 'the branch no longer contains the revision applied last: its history was rewritten',
  },
  {
    because: 'that nodes/ is gone',
    live: live(['a']),
    desired: { counts: { nodeFiles: 0 } },
    plan: ['delete a MissingPath'],
    says: 'the folder nodes/ is gone, and the cluster has 1 node',
  },
  {
    because: 'how many nodes would be deleted',
    live: live(['a', 'b']),
    plan: ['delete a EmptyTree', 'delete b EmptyTree'],
    says: 'no file declares a node, and the cluster has 2 nodes',
  },
  {
    because: 'the file that cannot be read',
    declared: declared(['b']),
    live: live(['a', 'b']),
    desired: { unreadableFiles: new Set(['nodes/new.yaml']), brokenFiles: new Set(['nodes/new.yaml']) },
    plan: ['delete a UnreadableFile'],
    says: 'nodes/new.yaml cannot be read and may declare this node under its new path: correct that file first',
  },
  {
    because: 'the share of the nodes, when their number alone would pass',
    declared: declared(many(5)),
    live: live(many(10)),
    plan: many(10)
      .slice(5)
      .map((name) => `delete ${name} DeletionBudget`),
    says: '5 deletions at once, more than 20% of the nodes (guards.maxDeletionPercent of the Fleet)',
  },
  {
    because: 'that the volume is gone from the file',
    declared: [aNode('a', { storage: {} })],
    live: live(['a']),
    plan: ['update a VolumeShrink'],
    says: 'volume data: a volume cannot be removed from a node',
  },
  {
    because: 'both sizes',
    declared: [aNode('a', { storage: { data: { size: '1Gi' } } })],
    live: live(['a']),
    plan: ['update a VolumeShrink'],
    says: 'volume data: 100Gi cannot shrink to 1Gi: Kubernetes cannot make a volume smaller, so nothing is done',
  },
  {
    because: 'the new storage class',
    declared: [aNode('a', { storage: { data: { size: '100Gi', storageClass: 'fast' } } })],
    live: live(['a']),
    plan: ['update a VolumeShrink'],
    says: 'volume data: the storage class of an existing volume cannot change from the default to fast',
  },
  {
    because: 'the former storage class',
    declared: declared(['a']),
    live: [applied(aNode('a', { storage: { data: { size: '100Gi', storageClass: 'fast' } } }))],
    plan: ['update a VolumeShrink'],
    says: 'volume data: the storage class of an existing volume cannot change from fast to the default',
  },
  {
    because: 'the former and the new network',
    declared: [aNode('a', { network: 'mainnet' })],
    live: live(['a']),
    plan: ['update a IdentityOfData'],
    says: 'network changes from hoodi to mainnet, but the volumes hold data of hoodi',
  },
  {
    because: 'the former and the new client',
    declared: [aNode('a', { clients: { el: { name: 'reth' } } })],
    live: live(['a']),
    plan: ['update a IdentityOfData'],
    says: 'the client of el changes from geth to reth: it cannot use the data',
  },
  {
    because: 'the former type of the node',
    declared: [aNode('a', { nodeType: 'archive' })],
    live: live(['a']),
    plan: ['update a IdentityOfData'],
    says: 'nodeType changes from full to archive: it cannot use the data',
  },
  {
    because: 'that the Fleet is suspended',
    declared: declared(['a']),
    fleet: { suspend: true },
    plan: ['create a Suspended'],
    says: 'the Fleet is suspended',
  },
  {
    because: 'the folder that is suspended',
    declared: declared(['a']),
    fleet: { suspendFolders: ['nodes'] },
    plan: ['create a Suspended'],
    says: 'the folder nodes is suspended',
  },
  {
    because: 'that the node is suspended',
    declared: [aNode('a', { suspend: true, restartGeneration: 1 })],
    live: [applied(aNode('a', { suspend: true }))],
    plan: ['update a Suspended'],
    says: 'the node is suspended',
  },
  {
    because: 'that a node which would be deleted is suspended',
    declared: declared(['b']),
    live: [applied(aNode('a', { suspend: true })), ...live(['b'])],
    plan: ['delete a Suspended'],
    says: 'the node is suspended',
  },
  {
    because: 'that a node which would be deleted is protected',
    declared: declared(['b']),
    live: [applied(aNode('a', { protect: true })), ...live(['b'])],
    plan: ['delete a Protected'],
    says: 'the node has protect: true',
  },
  {
    because: 'that the volumes of a protected node would go with it',
    declared: [aNode('a', { protect: true, deletionPolicy: 'Delete' })],
    live: [applied(aNode('a', { protect: true }))],
    plan: ['update a Protected'],
    says: 'the node has protect: true, and from now on its volumes would be deleted with it',
  },
  {
    because: 'that the branch may have been moved back, where the memory is lost',
    declared: declared(['b']),
    live: live(['a', 'b']),
    facts: { memoryLost: true },
    plan: ['delete a MemoryLost'],
    says: 'the controller lost its memory of the revision applied last',
  },
  {
    because: 'what to make sure of before a key starts, where the memory is lost',
    declared: [aNode('a', key)],
    facts: { memoryLost: true },
    plan: ['create a MemoryLost'],
    says: 'the controller lost its memory of what the key has signed. Before approving make sure that the key signs nowhere',
  },
  {
    because: 'that the object was not created from Git',
    declared: [aNode('a', { restartGeneration: 1 })],
    live: [bare(applied(aNode('a')))],
    plan: ['update a NotOurs'],
    says: 'the cluster already has a node of this name, and it was not created from Git; an approval takes it over',
  },
  {
    because: 'the executor that the object belongs to',
    declared: declared(['a']),
    live: [applied(aNode('a'), { labels: { [LABEL.executor]: 'other' } })],
    plan: ['update a NotOurs'],
    says: 'the cluster already has a node of this name, and it belongs to the executor other; an approval takes it over',
  },
  {
    because: 'each rule that only an exception allows',
    declared: [using(aNode('a'), 'HostNetwork.1,HostPort.1')],
    plan: ['create a PolicyException'],
    says: 'the node uses HostNetwork, HostPort, which only an exception of the policy allows.',
  },
  {
    because: 'the volume and whose data it holds',
    declared: declared(['a']),
    facts: { volumes: new Map([['ns/a', FOREIGN]]) },
    plan: ['create a IdentityOfData'],
    says: 'the volume data (PVC data-a-0) holds data of bitcoin/regtest, not of ethereum/hoodi',
  },
];

describe('a hold names', () => {
  it.each(texts)('$because', ({ plan, says, because: _because, ...parts }) => {
    const { actions } = planNodes(scene(parts));
    expect(inWords(actions)).toEqual(plan);
    expect(actions[0]?.hold?.message.slice(0, says.length)).toBe(says);
  });

  it('one node as one, and the text ends there', () => {
    const [action] = planNodes(scene({ live: live(['a']) })).actions;
    expect(action?.hold?.message).toBe('no file declares a node, and the cluster has 1 node');
  });

  it('the command that deletes data of another chain, in the namespace of the node', () => {
    const volumes = new Map([['ns/a', FOREIGN]]);
    const [action] = planNodes(scene({ declared: declared(['a']), facts: { volumes } })).actions;
    expect(action?.hold?.release).toContain('kubectl -n ns delete pvc data-a-0.');
  });
});
