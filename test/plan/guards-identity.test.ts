// The guards of signing keys: what they hold, and what releases it.

import { describe, expect, it } from 'vitest';

import type { BlockchainNode } from '../../src/api/blockchain-node.ts';
import { LABEL } from '../../src/api/group.ts';
import type { KnownVolumes } from '../../src/api/node-volumes.ts';
import { planNodes } from '../../src/plan/plan.ts';
import { aNode, applied, edited, inWords, type PlanRow, scene, type SceneParts } from '../support/plan-scene.ts';

const live = (names: readonly string[]) => names.map((name) => applied(aNode(name)));
const key = (name: string) => ({ identity: { secretName: name } });

const DIGEST = `sha256:${'a'.repeat(64)}`;
const reservation = (executor: string, node: string, isHeld = true) => ({
  key: DIGEST,
  executor,
  node,
  since: '2026-01-02T03:04:05Z',
  isHeld,
});

/** The live object of a node that another executor applied. */
function from(executor: string, node: BlockchainNode): BlockchainNode {
  const labels = { ...node.metadata.labels, [LABEL.executor]: executor };
  return applied({ ...node, metadata: { ...node.metadata, labels }, spec: { ...node.spec, executor } });
}

/** A key signed with a volume that is gone. */
const LOST: KnownVolumes = {
  record: { chain: 'ethereum', network: 'hoodi', clients: {}, pvcs: { data: 'u1' }, signer: 'k' },
  live: [],
};

const rows: readonly PlanRow[] = [
  {
    because: 'SignerState: a stopped node whose key has signed elsewhere since starts after an approval',
    declared: [aNode('a', key('k')), aNode('b', { ...key('l'), desiredState: 'Stopped' })],
    live: [applied(aNode('a', key('k'))), applied(aNode('b', { ...key('l'), desiredState: 'Stopped' }))],
    facts: {
      movedKeys: new Map([
        ['ns/a', { signer: 'ns/x', keys: [DIGEST] }],
        ['ns/b', { signer: 'ns/x', keys: [DIGEST] }],
      ]),
    },
    plan: ['start a SignerState'],
  },
  {
    because: 'SignerState: a key from a node that gives it up',
    declared: [aNode('a'), aNode('b', key('k'))],
    live: [applied(aNode('a', key('k'))), ...live(['b'])],
    plan: ['update a', 'update b SignerState'],
  },
  {
    because: 'SignerState: a key from a node that is being deleted',
    declared: [aNode('b', key('k'))],
    live: [applied(aNode('a', key('k')), { deletionTimestamp: 'now' }), ...live(['b'])],
    plan: ['update b SignerState'],
  },
  {
    because: 'SignerState: a node under another name',
    declared: [aNode('b', key('k')), aNode('c')],
    live: [applied(aNode('a', key('k'))), ...live(['c'])],
    plan: ['delete a', 'create b SignerState'],
  },
  {
    because: 'SignerState: a key that signed on a deleted node',
    declared: [aNode('b', key('k')), aNode('c', key('l')), aNode('d', key('new'))],
    facts: {
      signers: new Map([
        ['ns/k', 'ns/a'],
        ['ns/l', ''],
        ['else/new', 'else/a'],
      ]),
    },
    plan: ['create b SignerState', 'create c SignerState', 'create d'],
  },
  {
    because: 'SignerState: passes a node that is created again, because it has its volume',
    declared: [aNode('b', key('k'))],
    facts: { signers: new Map([['ns/k', 'ns/b']]) },
    plan: ['create b'],
  },
  {
    because: 'IdentityInUse: not across namespaces',
    declared: [aNode('b', key('k'))],
    live: [applied(aNode('a', key('k')), { namespace: 'else', labels: {} })],
    plan: ['create b'],
  },
  {
    because: 'IdentitySwap: two nodes exchange keys',
    declared: [aNode('a', key('2')), aNode('b', key('1'))],
    live: [applied(aNode('a', key('1'))), applied(aNode('b', key('2')))],
    plan: ['update a IdentitySwap', 'update b IdentitySwap'],
  },
  {
    because: 'IdentitySwap: three in a circle',
    declared: [aNode('a', key('2')), aNode('b', key('3')), aNode('c', key('1'))],
    live: [applied(aNode('a', key('1'))), applied(aNode('b', key('2'))), applied(aNode('c', key('3')))],
    plan: ['update a IdentitySwap', 'update b IdentitySwap', 'update c IdentitySwap'],
  },
  {
    because: 'IdentitySwap: passes a file that follows a Switchover',
    declared: [aNode('a', key('2')), aNode('b', key('1'))],
    live: [applied(aNode('a', key('1'))), applied(aNode('b', key('2')))],
    facts: {
      identities: new Map([
        ['ns/a', '2'],
        ['ns/b', '1'],
      ]),
    },
    plan: ['update a', 'update b'],
  },
  {
    because: 'SignerState: another key on the record of what was signed',
    declared: [aNode('a', key('2'))],
    live: [applied(aNode('a', key('1')))],
    plan: ['update a SignerState'],
  },
  {
    because: 'SignerState: the active key counts, also when Git names a third one',
    declared: [aNode('a', key('3'))],
    live: [applied(aNode('a', key('1')))],
    facts: { identities: new Map([['ns/a', '2']]) },
    plan: ['update a SignerState'],
  },
  {
    because: 'SignerState: a chain of nodes that take over keys is held at its end',
    declared: [aNode('a', key('3')), aNode('b', key('1'))],
    live: [applied(aNode('a', key('1'))), applied(aNode('b', key('2')))],
    plan: ['update a SignerState', 'update b SignerState'],
  },
  {
    because: 'SignerState: another change of a node with a key passes',
    declared: [aNode('a', { ...key('1'), restartGeneration: 1 })],
    live: [applied(aNode('a', key('1')))],
    plan: ['update a'],
  },
  {
    because: 'SignerState: undoing an edit in the cluster passes',
    declared: [aNode('a', key('1'))],
    live: [edited(applied(aNode('a', key('1'))), key('2'))],
    plan: ['update a'],
  },
  {
    because: 'SignerState: adding a first key and removing a key pass',
    declared: [aNode('a', key('1')), aNode('b')],
    live: [applied(aNode('a')), applied(aNode('b', key('2')))],
    plan: ['update a', 'update b'],
  },
  {
    because: 'SignerState: a copy of a key in another namespace and under another name',
    declared: [aNode('b', key('copy')), aNode('c')],
    live: live(['c']),
    facts: {
      signers: new Map([[DIGEST, 'else/a']]),
      newKeys: new Map([
        ['ns/b', [DIGEST]],
        ['ns/c', [DIGEST]],
      ]),
    },
    plan: ['create b SignerState'],
  },
  {
    because: 'SignerState: a key that a patch gives to a node, also beside an identity',
    declared: [aNode('b', { patches: [] }), aNode('c', { ...key('own'), patches: [] })],
    live: [...live(['b']), applied(aNode('c', key('own')))],
    facts: {
      signers: new Map([[DIGEST, 'ns/a']]),
      newKeys: new Map([
        ['ns/b', [DIGEST]],
        ['ns/c', [DIGEST]],
      ]),
    },
    plan: ['update b SignerState', 'update c SignerState'],
  },
  {
    because: 'SignerState: passes the node that signed with the key last, under any Secret',
    declared: [aNode('b', key('copy'))],
    facts: { signers: new Map([[DIGEST, 'ns/b']]), newKeys: new Map([['ns/b', [DIGEST]]]) },
    plan: ['create b'],
  },
  {
    because: 'KeyReserved: a node that moves from another executor, while that has the key',
    declared: [aNode('b', key('k')), aNode('other')],
    facts: { reservations: [reservation('paris', 'ns/b')] },
    plan: ['create b KeyReserved', 'create other'],
  },
  {
    because: 'SignerState: a key that another executor has released',
    declared: [aNode('b', key('k'))],
    facts: { newKeys: new Map([['ns/b', [DIGEST]]]), reservations: [reservation('paris', 'ns/x', false)] },
    plan: ['create b SignerState'],
  },
  {
    because: 'SignerState: not a node that is created stopped, because its start is held',
    declared: [aNode('b', { ...key('k'), desiredState: 'Stopped' })],
    facts: { newKeys: new Map([['ns/b', [DIGEST]]]), reservations: [reservation('paris', 'ns/b', false)] },
    plan: ['create b'],
  },
  {
    because: 'KeyReserved: not by this executor itself, and not of another key',
    declared: [aNode('b', key('k'))],
    facts: {
      newKeys: new Map([['ns/b', [DIGEST]]]),
      reservations: [reservation('demo', 'ns/x'), { ...reservation('paris', 'ns/y'), key: 'sha256:other' }],
    },
    plan: ['create b'],
  },
  {
    because: 'SignerState: passes a file that names the key from before a Switchover, beside another change',
    declared: [aNode('a', { ...key('1'), restartGeneration: 1 })],
    live: [applied(aNode('a', key('1')))],
    facts: { identities: new Map([['ns/a', '2']]) },
    plan: ['update a'],
  },
  {
    because: 'SignerState: passes the deletion of a node whose new key has signed elsewhere',
    declared: [aNode('b')],
    live: live(['a', 'b']),
    facts: { newKeys: new Map([['ns/a', [DIGEST]]]), signers: new Map([[DIGEST, 'ns/x']]) },
    plan: ['delete a'],
  },
  {
    because: 'SignerState: a start is judged by the key that the node has, not by the one that its file adds',
    declared: [aNode('a', key('k'))],
    live: [applied(aNode('a', key('k')))],
    facts: {
      newKeys: new Map([['ns/a', [DIGEST]]]),
      signers: new Map([[DIGEST, 'ns/x']]),
      volumes: new Map([['ns/a', LOST]]),
    },
    plan: ['start a SignerVolumeLost'],
  },
  {
    because: 'SignerState: passes the node that signed last with a key that another executor has released since',
    declared: [aNode('b', key('k'))],
    facts: {
      newKeys: new Map([['ns/b', [DIGEST]]]),
      signers: new Map([[DIGEST, 'ns/b']]),
      reservations: [reservation('paris', 'ns/x', false)],
    },
    plan: ['create b'],
  },
  {
    because: 'SignerState: a node of this name that signed elsewhere, on volumes of another cluster',
    declared: [aNode('b', key('k'))],
    facts: { reservations: [reservation('paris', 'ns/b', false)] },
    plan: ['create b SignerState'],
  },
  {
    because: 'SignerState: passes a node that changes its executor within one cluster, because it keeps its volume',
    declared: [aNode('b', key('k'))],
    live: [from('paris', aNode('b', key('k')))],
    facts: { newKeys: new Map([['ns/b', [DIGEST]]]), reservations: [reservation('paris', 'ns/b', false)] },
    plan: ['update b NotOurs'],
  },
  {
    because: 'SignerState: a node that changes its executor and receives a key of yet another node',
    declared: [aNode('b', key('k'))],
    live: [from('paris', aNode('b', key('k')))],
    facts: { newKeys: new Map([['ns/b', [DIGEST]]]), reservations: [reservation('paris', 'ns/x', false)] },
    plan: ['update b SignerState'],
  },
  {
    because: 'KeyReserved: a node that changes its executor within one cluster, while the other one has the key',
    declared: [aNode('b', key('k'))],
    live: [from('paris', aNode('b', key('k')))],
    facts: { reservations: [reservation('paris', 'ns/b')] },
    plan: ['update b KeyReserved'],
  },
  {
    because: 'KeyReserved: passes a change of a node that did not move',
    declared: [aNode('b', { restartGeneration: 1 })],
    live: live(['b']),
    facts: { reservations: [reservation('paris', 'ns/b')] },
    plan: ['update b'],
  },
  {
    because: 'SignerState: passes the undoing of an edit, which was never acted on, wherever the key has signed',
    declared: [aNode('a', key('1'))],
    live: [edited(applied(aNode('a', key('1'))), key('2'))],
    facts: { signers: new Map([['ns/1', 'ns/x']]) },
    plan: ['update a'],
  },
  {
    because: 'MemoryLost: the undoing of an edit of the key',
    declared: [aNode('a', key('1'))],
    live: [edited(applied(aNode('a', key('1'))), key('2'))],
    facts: { memoryLost: true },
    plan: ['update a MemoryLost'],
  },
  {
    because: 'IdentitySwap: not a node that asks for the key of one of two others, which exchange theirs',
    declared: [aNode('a', key('2')), aNode('b', key('3')), aNode('c', key('2'))],
    live: [applied(aNode('a', key('1'))), applied(aNode('b', key('2'))), applied(aNode('c', key('3')))],
    plan: ['update a SignerState', 'update b IdentitySwap', 'update c IdentitySwap'],
  },
  {
    because: 'KeyReserved: passes a node whose label alone names the other executor',
    declared: [aNode('b', key('k'))],
    live: [applied(aNode('b', key('k')), { labels: { [LABEL.executor]: 'paris' } })],
    facts: { reservations: [reservation('paris', 'ns/b')] },
    plan: ['update b NotOurs'],
  },
  {
    because: 'KeyReserved: passes a deletion',
    declared: [aNode('b')],
    live: live(['a', 'b']),
    facts: { newKeys: new Map([['ns/a', [DIGEST]]]), reservations: [reservation('paris', 'ns/a')] },
    plan: ['delete a'],
  },
];

it.each(rows)('$because', ({ plan, ...parts }) => {
  const { actions } = planNodes(scene(parts));
  expect(inWords(actions)).toEqual(plan);
  expect(actions.filter(({ hold }) => hold?.release.endsWith('.') === false)).toEqual([]);
});

it('an exchange says what became of its Switchover, where that did not complete', () => {
  const parts = {
    declared: [aNode('a', key('2')), aNode('b', key('1'))],
    live: [applied(aNode('a', key('1'))), applied(aNode('b', key('2')))],
  };
  const endedSwaps = new Map([['ns/a ns/b', 'Switchover ns/x ended Failed (NoResult)']]);
  const { actions } = planNodes(scene({ ...parts, facts: { endedSwaps } }));
  expect(inWords(actions)).toEqual(['update a IdentitySwap', 'update b IdentitySwap']);
  for (const { hold } of actions) {
    expect(hold?.message).toContain('; Switchover ns/x ended Failed (NoResult)');
    expect(hold?.release).toMatch(/^It is not repeated\. Undo the change, or .* under a name of your own/);
  }
});

describe('a key of another executor', () => {
  const facts = {
    newKeys: new Map([['ns/b', [DIGEST]]]),
    reservations: [{ ...reservation('paris', 'else/a'), approval: 'sha256:overrule' }],
  };

  it('is waited for; the message says who has it and what to do', () => {
    const { actions, heldDigest } = planNodes(scene({ declared: [aNode('b', key('copy'))], facts }));
    expect(heldDigest).toBeUndefined();
    expect(inWords(actions)).toEqual(['create b KeyReserved']);
    const hold = actions[0]?.hold;
    expect(hold?.message).toBe(
      'executor paris has reserved the signing key sha256:aaaaaaaaaaaa for its node else/a since 2026-01-02T03:04:05Z',
    );
    expect(hold?.release).toContain('Continues when paris has released the key: stop or delete else/a there.');
    expect(hold?.release).toContain('add the approval sha256:overrule to spec.approvals');
  });
});

describe('approval', () => {
  it('of another key names what to check before the approval', () => {
    const change = { declared: [aNode('a', key('new'))], live: [applied(aNode('a', key('old')))] };
    const plan = planNodes(scene(change));
    expect(plan.actions[0]?.hold).toMatchObject({ approvable: true });
    expect(plan.actions[0]?.hold?.message).toMatch(
      /from old to new.*the key in new has signed nothing above this record/,
    );
    const fleet = { approvals: [{ digest: plan.heldDigest ?? '' }] };
    expect(planNodes(scene({ ...change, fleet })).actions).toMatchObject([{ do: 'update' }]);
    expect(planNodes(scene({ ...change, fleet })).actions[0]).not.toHaveProperty('hold');
  });

  it('of a key from another node releases it when that node is gone, not before', () => {
    const before = { declared: [aNode('b', key('k'))], live: [applied(aNode('a', key('k')))] };
    const { actions, heldDigest = '' } = planNodes(scene(before));
    expect(actions[1]?.hold?.message).toMatch(
      /key in k has signed on ns\/a, and the record .* stays on that node's volume/,
    );
    const fleet = { approvals: [{ digest: heldDigest }] };
    const approved = planNodes(scene({ ...before, fleet }));
    expect(approved.actions).toMatchObject([{ do: 'delete' }, { do: 'create', hold: { guard: 'IdentityInUse' } }]);
    expect(approved.actions[1]?.hold?.message).toBe('the Secret k is the identity of ns/a');
    expect(approved.heldDigest).toBeUndefined();
    const after = {
      declared: before.declared,
      facts: { released: approved.released, signers: new Map([['ns/k', 'ns/a']]) },
    };
    expect(planNodes(scene({ ...after, fleet })).actions).toEqual([
      expect.not.objectContaining({ hold: expect.anything() }),
    ]);
    expect(planNodes(scene(after)).actions).toMatchObject([{ hold: { guard: 'SignerState' } }]);
    const gone = { ...after, facts: { signers: new Map([['ns/k', '']]) } };
    expect(planNodes(scene(gone)).actions[0]?.hold?.message).toContain(
      'a node that was deleted, and the record of what it signed was deleted with its volumes',
    );
  });

  it('of keys that move along a chain of nodes releases one after the other', () => {
    const declaredNow = [aNode('a', key('3')), aNode('b', key('1'))];
    const before = { declared: declaredNow, live: [applied(aNode('a', key('1'))), applied(aNode('b', key('2')))] };
    const fleet = { approvals: [{ digest: planNodes(scene(before)).heldDigest ?? '' }] };
    const holds = (parts: SceneParts) => planNodes(scene({ ...parts, fleet })).actions.map(({ hold }) => hold?.guard);
    expect(holds(before)).toEqual([undefined, 'IdentityInUse']);
    const { released } = planNodes(scene({ ...before, fleet }));
    expect(
      holds({ ...before, live: [applied(aNode('a', key('3'))), applied(aNode('b', key('2')))], facts: { released } }),
    ).toEqual([undefined]);
  });
});
