// Every guard: what it holds, what it lets pass, and what releases it.

import { describe, expect, it } from 'vitest';

import type { BlockchainNode } from '../../src/api/blockchain-node.ts';
import { ANNOTATION, LABEL } from '../../src/api/group.ts';
import { planNodes } from '../../src/plan/plan.ts';
import { aNode, applied, inWords, type PlanRow, scene, type SceneParts } from '../support/plan-scene.ts';

function withExceptions(node: BlockchainNode, uses: string): BlockchainNode {
  const annotations = { ...node.metadata.annotations, [ANNOTATION.policyExceptions]: uses };
  return { ...node, metadata: { ...node.metadata, annotations } };
}

const many = (count: number): string[] => Array.from({ length: count }, (_, index) => `n${index}`);
const live = (names: readonly string[]) => names.map((name) => applied(aNode(name)));
const declared = (names: readonly string[]) => names.map((name) => aNode(name));

const rows: readonly PlanRow[] = [
  {
    because: 'DeletionBudget: a share of the nodes',
    declared: declared(many(7)),
    live: live(many(10)),
    plan: ['delete n7 DeletionBudget', 'delete n8 DeletionBudget', 'delete n9 DeletionBudget'],
  },
  {
    because: 'DeletionBudget: within the share',
    declared: declared(many(8)),
    live: live(many(10)),
    plan: ['delete n8', 'delete n9'],
  },
  {
    because: 'DeletionBudget: passes one deletion in a small fleet',
    declared: declared(many(2)),
    live: live(many(3)),
    plan: ['delete n2'],
  },
  {
    because: 'DeletionBudget: holds every deletion when the share is 0',
    declared: declared(many(99)),
    live: live(many(100)),
    fleet: { guards: { maxDeletionPercent: 0 } },
    plan: ['delete n99 DeletionBudget'],
  },
  {
    because: 'DeletionBudget: a count, in a large fleet',
    declared: declared(many(99)),
    live: live(many(100)),
    fleet: { guards: { maxDeletions: 0 } },
    plan: ['delete n99 DeletionBudget'],
  },
  {
    because: 'DeletionBudget: holds the deletions, not the other actions of the commit',
    declared: [aNode('n0', { restartGeneration: 1 }), aNode('new')],
    live: live(many(10)),
    plan: [
      ...many(10)
        .slice(1)
        .map((name) => `delete ${name} DeletionBudget`),
      'update n0',
      'create new',
    ],
  },
  {
    because: 'EmptyTree and MissingPath: hold deletions only',
    declared: declared(['a']),
    desired: { counts: { nodeFiles: 0 } },
    plan: ['create a'],
  },
  {
    because: 'UnreadableFile: holds deletions only',
    declared: [aNode('a', { restartGeneration: 1 })],
    live: live(['a']),
    desired: { unreadableFiles: new Set(['nodes/new.yaml']), brokenFiles: new Set(['nodes/new.yaml']) },
    plan: ['update a'],
  },
  {
    because: 'PolicyException: a new node that uses one',
    declared: [withExceptions(aNode('a'), 'HostNetwork.1')],
    plan: ['create a PolicyException'],
  },
  {
    because: 'PolicyException: a change that introduces one more',
    declared: [withExceptions(aNode('a'), 'HostNetwork.1,HostPort.1')],
    live: [applied(withExceptions(aNode('a'), 'HostNetwork.1'))],
    plan: ['update a PolicyException'],
  },
  {
    because: 'PolicyException: another use of the same one',
    declared: [withExceptions(aNode('a'), 'HostPath.2')],
    live: [applied(withExceptions(aNode('a'), 'HostPath.1'))],
    plan: ['update a PolicyException'],
  },
  {
    because: 'PolicyException: passes an exception in use',
    declared: [withExceptions(aNode('a', { restartGeneration: 1 }), 'HostNetwork.1')],
    live: [applied(withExceptions(aNode('a'), 'HostNetwork.1'))],
    plan: ['update a'],
  },
  {
    because: 'PolicyException: passes the removal of one',
    declared: [aNode('a')],
    live: [applied(withExceptions(aNode('a'), 'HostNetwork.1'))],
    plan: ['update a'],
  },
  { because: 'EmptyTree: no file declares a node', live: live(['a']), plan: ['delete a EmptyTree'] },
  {
    because: 'MissingPath: nodes/ is gone',
    live: live(['a']),
    desired: { counts: { nodeFiles: 0 } },
    plan: ['delete a MissingPath'],
  },
  {
    because: 'EmptyTree: passes when other executors still have nodes',
    live: live(['a']),
    declared: [aNode('b', { executor: 'other' })],
    plan: ['delete a'],
  },
  {
    because: 'Rewound: everything',
    live: live(['a', 'b']),
    declared: declared(['a', 'c']),
    facts: { ancestry: 'rewound' },
    plan: ['delete b Rewound', 'create c Rewound'],
  },
  {
    because: 'Rewritten: everything',
    declared: declared(['c']),
    facts: { ancestry: 'rewritten' },
    plan: ['create c Rewritten'],
  },
  {
    because: 'a first and a forward commit pass',
    declared: declared(['c']),
    facts: { ancestry: 'first' },
    plan: ['create c'],
  },
  {
    because: 'UnreadableFile: a new unreadable file may declare the node',
    declared: declared(['b', 'c']),
    live: live(['a', 'b', 'c']),
    desired: { unreadableFiles: new Set(['nodes/new.yaml']), brokenFiles: new Set(['nodes/new.yaml']) },
    plan: ['delete a UnreadableFile'],
  },
  {
    because: 'UnreadableFile: a file from which a live node came declares no other node',
    declared: declared(['b']),
    live: live(['a', 'b', 'c']),
    desired: { unreadableFiles: new Set(['nodes/c.yaml']), brokenFiles: new Set(['nodes/c.yaml']) },
    plan: ['delete a'],
  },
  {
    because: 'Protected: deletion, also when the file no longer says so',
    declared: declared(['b']),
    live: [applied(aNode('a', { protect: true })), ...live(['b'])],
    plan: ['delete a Protected'],
  },
  {
    because: 'Protected: giving up the volumes',
    declared: [aNode('a', { deletionPolicy: 'Delete' })],
    live: [applied(aNode('a', { protect: true }))],
    plan: ['update a Protected'],
  },
  {
    because: 'Protected: other updates pass',
    declared: [aNode('a', { restartGeneration: 1 })],
    live: [applied(aNode('a', { protect: true }))],
    plan: ['update a'],
  },
  {
    because: 'Suspended: the whole Fleet',
    declared: declared(['a']),
    live: live(['b']),
    fleet: { suspend: true },
    plan: ['delete b Suspended', 'create a Suspended'],
  },
  {
    because: 'Suspended: a folder, also for what left it',
    declared: declared(['a']),
    live: live(['b']),
    fleet: { suspendFolders: ['nodes/'] },
    plan: ['delete b Suspended', 'create a Suspended'],
  },
  {
    because: 'Suspended: passes a folder with the same prefix in its name',
    declared: declared(['a']),
    fleet: { suspendFolders: ['node'] },
    plan: ['create a'],
  },
  {
    because: 'Suspended: a node',
    declared: [aNode('a', { suspend: true, restartGeneration: 1 })],
    live: [applied(aNode('a', { suspend: true }))],
    plan: ['update a Suspended'],
  },
  {
    because: 'Suspended: deleting a suspended node',
    declared: declared(['b']),
    live: [applied(aNode('a', { suspend: true })), ...live(['b'])],
    plan: ['delete a Suspended'],
  },
  {
    because: 'Suspended: removing suspend passes',
    declared: declared(['a']),
    live: [applied(aNode('a', { suspend: true }))],
    plan: ['update a'],
  },
  {
    because: 'Suspended: setting it passes',
    declared: [aNode('a', { suspend: true })],
    live: live(['a']),
    plan: ['update a'],
  },
  {
    because: 'VolumeShrink: in another unit',
    declared: [aNode('a', { storage: { data: { size: '102399Mi' } } })],
    live: live(['a']),
    plan: ['update a VolumeShrink'],
  },
  {
    because: 'VolumeShrink: growing passes',
    declared: [aNode('a', { storage: { data: { size: '1Ti' } } })],
    live: live(['a']),
    plan: ['update a'],
  },
  {
    because: 'VolumeShrink: another storage class',
    declared: [aNode('a', { storage: { data: { size: '100Gi', storageClass: 'fast' } } })],
    live: live(['a']),
    plan: ['update a VolumeShrink'],
  },
  {
    because: 'VolumeShrink: a removed volume',
    declared: [aNode('a', { storage: {} })],
    live: live(['a']),
    plan: ['update a VolumeShrink'],
  },
  {
    because: 'IdentityOfData: another network',
    declared: [aNode('a', { network: 'mainnet' })],
    live: live(['a']),
    plan: ['update a IdentityOfData'],
  },
  {
    because: 'IdentityOfData: another chain',
    declared: [aNode('a', { chain: 'bitcoin' })],
    live: live(['a']),
    plan: ['update a IdentityOfData'],
  },
  {
    because: 'IdentityOfData: another version of the client passes',
    declared: [aNode('a', { clients: { el: { name: 'geth', version: '1.17.0' } } })],
    live: live(['a']),
    plan: ['update a'],
  },
  {
    because: 'IdentityOfData: an archive that stays one passes',
    declared: [aNode('a', { nodeType: 'archive', restartGeneration: 1 })],
    live: [applied(aNode('a', { nodeType: 'archive' }))],
    plan: ['update a'],
  },
  {
    because: 'IdentityOfData: another client',
    declared: [aNode('a', { clients: { el: { name: 'reth' } } })],
    live: live(['a']),
    plan: ['update a IdentityOfData'],
  },
  {
    because: 'IdentityOfData: full becomes archive',
    declared: [aNode('a', { nodeType: 'archive' })],
    live: live(['a']),
    plan: ['update a IdentityOfData'],
  },
  {
    because: 'IdentityOfData: full becomes validator on the same data',
    declared: [aNode('a', { nodeType: 'validator' })],
    live: live(['a']),
    plan: ['update a'],
  },
  {
    because: 'NotOurs: created by hand',
    declared: [aNode('a', { restartGeneration: 1 })],
    live: [applied(aNode('a'), { labels: {}, annotations: {} })],
    plan: ['update a NotOurs'],
  },
  {
    because: 'NotOurs: an owned node without its label',
    declared: [aNode('a', { restartGeneration: 1 })],
    live: [applied(aNode('a'), { labels: {} })],
    plan: ['update a'],
  },
  {
    because: "NotOurs: another executor's",
    declared: declared(['a']),
    live: [applied(aNode('a'), { labels: { [LABEL.executor]: 'other' } })],
    plan: ['update a NotOurs'],
  },
  {
    because: 'NotOurs: a node that another executor of the cluster has not deleted yet',
    declared: declared(['a']),
    live: [applied(aNode('a', { executor: 'other' }), { labels: { [LABEL.executor]: 'other' } })],
    plan: ['update a NotOurs'],
  },
  {
    because: 'OtherCluster: everything that the plan has',
    declared: [aNode('a', { restartGeneration: 2 }), aNode('c')],
    live: live(['a', 'b']),
    facts: { otherCluster: { message: 'another cluster works here', release: 'Rename one.' } },
    plan: ['delete b OtherCluster', 'update a OtherCluster', 'create c OtherCluster'],
  },
  {
    because: 'MemoryLost: a deletion',
    declared: declared(['b']),
    live: live(['a', 'b']),
    facts: { memoryLost: true },
    plan: ['delete a MemoryLost'],
  },
  {
    because: 'MemoryLost: a new node with a key, but not one without',
    declared: [aNode('a', { identity: { secretName: 'a-key' } }), aNode('b')],
    facts: { memoryLost: true },
    plan: ['create a MemoryLost', 'create b'],
  },
];

it.each(rows)('$because', ({ plan, ...parts }) => {
  const { actions } = planNodes(scene(parts));
  expect(inWords(actions)).toEqual(plan);
  expect(actions.filter(({ hold }) => hold?.release.endsWith('.') === false)).toEqual([]);
});

it.each([
  { because: 'their number', kept: 1, of: 20, says: /^19 deletions at once, more than the 5 that the Fleet allows/ },
  { because: 'their share', kept: 1, of: 4, says: /^3 deletions at once, more than 20% of the nodes/ },
])('a deletion budget names the limit that $because exceeds', ({ kept, of, says }) => {
  const { actions } = planNodes(scene({ declared: declared(many(kept)), live: live(many(of)) }));
  expect(actions.map(({ hold }) => hold?.message)).toEqual(actions.map(() => expect.stringMatching(says)));
  expect(actions).toHaveLength(of - kept);
});

describe('approval', () => {
  const parts: SceneParts = { declared: declared(many(2)), live: live(many(8)) };
  const digest = planNodes(scene(parts)).heldDigest ?? '';
  const approved = { approvals: [{ digest }] };

  it('releases exactly the actions that it names', () => {
    const plan = planNodes(scene({ ...parts, fleet: approved }));
    expect(plan.actions.map(({ hold }) => hold)).toEqual(Array.from({ length: 6 }, () => undefined));
    expect(plan.heldDigest).toBeUndefined();
    expect(
      planNodes(scene({ ...parts, declared: declared(many(1)), fleet: approved })).actions.every(
        ({ hold }) => hold !== undefined,
      ),
    ).toBe(true);
  });

  it('has the same digest without a cluster UID and for any guard', () => {
    const bare = (parts.live ?? []).map((node) => applied(node, { uid: '' }));
    expect(planNodes(scene({ ...parts, live: bare, facts: { ancestry: 'rewritten' } })).heldDigest).toBe(digest);
  });

  it('stays released when only a part of the actions succeeded', () => {
    const first = planNodes(scene({ ...parts, fleet: approved, facts: { ancestry: 'rewound' } }));
    const rest = (parts.live ?? []).slice(0, 5);
    const facts = { ancestry: 'rewound', released: first.released } as const;
    expect(
      planNodes(scene({ ...parts, live: rest, fleet: approved, facts })).actions.filter(
        ({ hold }) => hold !== undefined,
      ),
    ).toEqual([]);
    expect(planNodes(scene({ ...parts, live: rest, facts })).actions.filter(({ hold }) => hold === undefined)).toEqual(
      [],
    );
  });

  it('is not requested for a hold that no approval releases', () => {
    const swapped = { declared: [aNode('a', { storage: { data: { size: '1Gi' } } })], live: live(['a']) };
    const plan = planNodes(scene(swapped));
    expect(plan.actions[0]?.hold).toMatchObject({ guard: 'VolumeShrink', approvable: false });
    expect(plan.heldDigest).toBeUndefined();
  });
});

it('shows drift that a suspended folder keeps', () => {
  const node = applied(aNode('a'));
  const drifted = {
    ...node,
    metadata: { ...node.metadata, annotations: { ...node.metadata.annotations, [ANNOTATION.file]: 'nodes/x.yaml' } },
  };
  expect(
    planNodes(scene({ declared: declared(['a']), live: [drifted], fleet: { suspendFolders: ['nodes'] } })).actions,
  ).toMatchObject([{ do: 'update', hold: { guard: 'Suspended' } }]);
});
