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
const wanted = (names: readonly string[]) => names.map((name) => aNode(name));

const rows: readonly PlanRow[] = [
  {
    because: 'DeletionBudget: a share of the nodes',
    wanted: wanted(many(7)),
    live: live(many(10)),
    plan: ['delete n7 DeletionBudget', 'delete n8 DeletionBudget', 'delete n9 DeletionBudget'],
  },
  {
    because: 'DeletionBudget: within the share',
    wanted: wanted(many(8)),
    live: live(many(10)),
    plan: ['delete n8', 'delete n9'],
  },
  {
    because: 'DeletionBudget: one of a small fleet may always go',
    wanted: wanted(many(2)),
    live: live(many(3)),
    plan: ['delete n2'],
  },
  {
    because: 'DeletionBudget: unless the share is none at all',
    wanted: wanted(many(99)),
    live: live(many(100)),
    fleet: { guards: { maxDeletionPercent: 0 } },
    plan: ['delete n99 DeletionBudget'],
  },
  {
    because: 'DeletionBudget: a count, in a large fleet',
    wanted: wanted(many(99)),
    live: live(many(100)),
    fleet: { guards: { maxDeletions: 0 } },
    plan: ['delete n99 DeletionBudget'],
  },
  {
    because: 'DeletionBudget: holds the deletions, not the other actions of the commit',
    wanted: [aNode('n0', { restartGeneration: 1 }), aNode('new')],
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
    wanted: wanted(['a']),
    desired: { counts: { nodeFiles: 0 } },
    plan: ['create a'],
  },
  {
    because: 'UnreadableFile: holds deletions only',
    wanted: [aNode('a', { restartGeneration: 1 })],
    live: live(['a']),
    desired: { unreadableFiles: new Set(['nodes/new.yaml']), brokenFiles: new Set(['nodes/new.yaml']) },
    plan: ['update a'],
  },
  {
    because: 'PolicyException: a new node that uses one',
    wanted: [withExceptions(aNode('a'), 'HostNetwork.1')],
    plan: ['create a PolicyException'],
  },
  {
    because: 'PolicyException: a change that introduces one more',
    wanted: [withExceptions(aNode('a'), 'HostNetwork.1,HostPort.1')],
    live: [applied(withExceptions(aNode('a'), 'HostNetwork.1'))],
    plan: ['update a PolicyException'],
  },
  {
    because: 'PolicyException: another use of the same one',
    wanted: [withExceptions(aNode('a'), 'HostPath.2')],
    live: [applied(withExceptions(aNode('a'), 'HostPath.1'))],
    plan: ['update a PolicyException'],
  },
  {
    because: 'PolicyException: not what is used already',
    wanted: [withExceptions(aNode('a', { restartGeneration: 1 }), 'HostNetwork.1')],
    live: [applied(withExceptions(aNode('a'), 'HostNetwork.1'))],
    plan: ['update a'],
  },
  {
    because: 'PolicyException: nor to give one up',
    wanted: [aNode('a')],
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
    because: 'EmptyTree: does not hold what other executors leave',
    live: live(['a']),
    wanted: [aNode('b', { executor: 'other' })],
    plan: ['delete a'],
  },
  {
    because: 'Rewound: everything',
    live: live(['a', 'b']),
    wanted: wanted(['a', 'c']),
    facts: { ancestry: 'rewound' },
    plan: ['delete b Rewound', 'create c Rewound'],
  },
  {
    because: 'Rewritten: everything',
    wanted: wanted(['c']),
    facts: { ancestry: 'rewritten' },
    plan: ['create c Rewritten'],
  },
  {
    because: 'a first and a forward commit pass',
    wanted: wanted(['c']),
    facts: { ancestry: 'first' },
    plan: ['create c'],
  },
  {
    because: 'UnreadableFile: a new file nobody can read may hold the node',
    wanted: wanted(['b', 'c']),
    live: live(['a', 'b', 'c']),
    desired: { unreadableFiles: new Set(['nodes/new.yaml']), brokenFiles: new Set(['nodes/new.yaml']) },
    plan: ['delete a UnreadableFile'],
  },
  {
    because: 'UnreadableFile: one that a living node came from holds no other',
    wanted: wanted(['b']),
    live: live(['a', 'b', 'c']),
    desired: { unreadableFiles: new Set(['nodes/c.yaml']), brokenFiles: new Set(['nodes/c.yaml']) },
    plan: ['delete a'],
  },
  {
    because: 'Protected: deletion, also when the file no longer says so',
    wanted: wanted(['b']),
    live: [applied(aNode('a', { protect: true })), ...live(['b'])],
    plan: ['delete a Protected'],
  },
  {
    because: 'Protected: giving up the volumes',
    wanted: [aNode('a', { deletionPolicy: 'Delete' })],
    live: [applied(aNode('a', { protect: true }))],
    plan: ['update a Protected'],
  },
  {
    because: 'Protected: other updates pass',
    wanted: [aNode('a', { restartGeneration: 1 })],
    live: [applied(aNode('a', { protect: true }))],
    plan: ['update a'],
  },
  {
    because: 'Suspended: the whole Fleet',
    wanted: wanted(['a']),
    live: live(['b']),
    fleet: { suspend: true },
    plan: ['delete b Suspended', 'create a Suspended'],
  },
  {
    because: 'Suspended: a folder, also for what left it',
    wanted: wanted(['a']),
    live: live(['b']),
    fleet: { suspendFolders: ['nodes/'] },
    plan: ['delete b Suspended', 'create a Suspended'],
  },
  {
    because: 'Suspended: not a folder whose name merely begins alike',
    wanted: wanted(['a']),
    fleet: { suspendFolders: ['node'] },
    plan: ['create a'],
  },
  {
    because: 'Suspended: a node',
    wanted: [aNode('a', { suspend: true, restartGeneration: 1 })],
    live: [applied(aNode('a', { suspend: true }))],
    plan: ['update a Suspended'],
  },
  {
    because: 'Suspended: deleting a suspended node',
    wanted: wanted(['b']),
    live: [applied(aNode('a', { suspend: true })), ...live(['b'])],
    plan: ['delete a Suspended'],
  },
  {
    because: 'Suspended: removing suspend passes',
    wanted: wanted(['a']),
    live: [applied(aNode('a', { suspend: true }))],
    plan: ['update a'],
  },
  {
    because: 'Suspended: setting it passes',
    wanted: [aNode('a', { suspend: true })],
    live: live(['a']),
    plan: ['update a'],
  },
  {
    because: 'VolumeShrink: in whatever unit',
    wanted: [aNode('a', { storage: { data: { size: '102399Mi' } } })],
    live: live(['a']),
    plan: ['update a VolumeShrink'],
  },
  {
    because: 'VolumeShrink: growing passes',
    wanted: [aNode('a', { storage: { data: { size: '1Ti' } } })],
    live: live(['a']),
    plan: ['update a'],
  },
  {
    because: 'VolumeShrink: another storage class',
    wanted: [aNode('a', { storage: { data: { size: '100Gi', storageClass: 'fast' } } })],
    live: live(['a']),
    plan: ['update a VolumeShrink'],
  },
  {
    because: 'VolumeShrink: a volume taken away',
    wanted: [aNode('a', { storage: {} })],
    live: live(['a']),
    plan: ['update a VolumeShrink'],
  },
  {
    because: 'IdentityOfData: another network',
    wanted: [aNode('a', { network: 'mainnet' })],
    live: live(['a']),
    plan: ['update a IdentityOfData'],
  },
  {
    because: 'IdentityOfData: another chain',
    wanted: [aNode('a', { chain: 'bitcoin' })],
    live: live(['a']),
    plan: ['update a IdentityOfData'],
  },
  {
    because: 'IdentityOfData: another version of the client passes',
    wanted: [aNode('a', { clients: { el: { name: 'geth', version: '1.17.0' } } })],
    live: live(['a']),
    plan: ['update a'],
  },
  {
    because: 'IdentityOfData: an archive that stays one passes',
    wanted: [aNode('a', { nodeType: 'archive', restartGeneration: 1 })],
    live: [applied(aNode('a', { nodeType: 'archive' }))],
    plan: ['update a'],
  },
  {
    because: 'IdentityOfData: another client',
    wanted: [aNode('a', { clients: { el: { name: 'reth' } } })],
    live: live(['a']),
    plan: ['update a IdentityOfData'],
  },
  {
    because: 'IdentityOfData: full becomes archive',
    wanted: [aNode('a', { nodeType: 'archive' })],
    live: live(['a']),
    plan: ['update a IdentityOfData'],
  },
  {
    because: 'IdentityOfData: full becomes validator on the same data',
    wanted: [aNode('a', { nodeType: 'validator' })],
    live: live(['a']),
    plan: ['update a'],
  },
  {
    because: 'NotOurs: made by hand',
    wanted: [aNode('a', { restartGeneration: 1 })],
    live: [applied(aNode('a'), { labels: {}, annotations: {} })],
    plan: ['update a NotOurs'],
  },
  {
    because: 'NotOurs: ours, and somebody took the label off',
    wanted: [aNode('a', { restartGeneration: 1 })],
    live: [applied(aNode('a'), { labels: {} })],
    plan: ['update a'],
  },
  {
    because: "NotOurs: another executor's",
    wanted: wanted(['a']),
    live: [applied(aNode('a'), { labels: { [LABEL.executor]: 'other' } })],
    plan: ['update a NotOurs'],
  },
];

it.each(rows)('$because', ({ plan, ...parts }) => {
  const { actions } = planNodes(scene(parts));
  expect(inWords(actions)).toEqual(plan);
  expect(actions.filter(({ hold }) => hold?.release.endsWith('.') === false)).toEqual([]);
});

describe('approval', () => {
  const parts: SceneParts = { wanted: wanted(many(2)), live: live(many(8)) };
  const digest = planNodes(scene(parts)).heldDigest ?? '';
  const approved = { approvals: [{ digest }] };

  it('releases exactly the actions it names', () => {
    const plan = planNodes(scene({ ...parts, fleet: approved }));
    expect(plan.actions.map(({ hold }) => hold)).toEqual(Array.from({ length: 6 }, () => undefined));
    expect(plan.heldDigest).toBeUndefined();
    expect(
      planNodes(scene({ ...parts, wanted: wanted(many(1)), fleet: approved })).actions.every(
        ({ hold }) => hold !== undefined,
      ),
    ).toBe(true);
  });

  it('is the same digest without a cluster UID, and whichever guard holds', () => {
    const bare = (parts.live ?? []).map((node) => applied(node, { uid: '' }));
    expect(planNodes(scene({ ...parts, live: bare, facts: { ancestry: 'rewritten' } })).heldDigest).toBe(digest);
  });

  it('goes on when it was carried out only in part', () => {
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

  it('is not asked for what no approval can release', () => {
    const swapped = { wanted: [aNode('a', { storage: { data: { size: '1Gi' } } })], live: live(['a']) };
    const plan = planNodes(scene(swapped));
    expect(plan.actions[0]?.hold).toMatchObject({ guard: 'VolumeShrink', approvable: false });
    expect(plan.heldDigest).toBeUndefined();
  });
});

it('a drift that a suspended folder keeps is visible', () => {
  const node = applied(aNode('a'));
  const drifted = {
    ...node,
    metadata: { ...node.metadata, annotations: { ...node.metadata.annotations, [ANNOTATION.file]: 'nodes/x.yaml' } },
  };
  expect(
    planNodes(scene({ wanted: wanted(['a']), live: [drifted], fleet: { suspendFolders: ['nodes'] } })).actions,
  ).toMatchObject([{ do: 'update', hold: { guard: 'Suspended' } }]);
});
