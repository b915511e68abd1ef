// Plans: what changes, why, in which order, and that repeated plans become empty.

import * as fc from 'fast-check';
import { describe, expect, it } from 'vitest';

import { ANNOTATION, LABEL } from '../../src/api/group.ts';
import { planNodes } from '../../src/plan/plan.ts';
import { aNode, applied, carryOut, edited, inWords, scene } from '../support/plan-scene.ts';

describe('planNodes', () => {
  it('is empty when the live object equals the desired one, also with fields of other owners', () => {
    const node = aNode('a');
    const live = applied(node, {
      labels: { ...node.metadata.labels, team: 'x' },
      annotations: { ...applied(node).metadata.annotations, [ANNOTATION.revision]: 'main@sha1:0', other: 'y' },
    });
    expect(planNodes(scene({ declared: [node], live: [live] })).actions).toEqual([]);
  });

  it('creates what is missing', () => {
    const { actions } = planNodes(scene({ declared: [aNode('a')] }));
    expect(actions).toMatchObject([
      { do: 'create', ref: { namespace: 'ns', name: 'a' }, because: 'created by nodes/a.yaml' },
    ]);
  });

  const updates = [
    {
      because: 'a commit changed a field',
      live: applied(aNode('a', { clients: { el: { name: 'geth', version: '1.16.5' } } })),
      changes: [{ path: 'spec.clients.el.version', from: '1.16.5', to: '1.16.6' }],
      drift: false,
      why: 'clients.el.version changed in nodes/a.yaml',
    },
    {
      because: 'a field changed in the cluster',
      live: edited(applied(aNode('a')), { desiredState: 'Stopped' }),
      changes: [{ path: 'spec.desiredState', from: 'Stopped', to: 'Running' }],
      drift: true,
      why: 'desiredState changed in the cluster, not in nodes/a.yaml',
    },
    {
      because: 'a field was added in the cluster',
      live: edited(applied(aNode('a')), { args: { el: { foo: 'bar' } } }),
      changes: [{ path: 'spec.args', from: { el: { foo: 'bar' } }, to: undefined }],
      drift: true,
      why: 'args changed in the cluster, not in nodes/a.yaml',
    },
    {
      because: 'a label of the executor was removed',
      live: applied(aNode('a'), { labels: { [LABEL.executor]: 'demo' } }),
      changes: [{ path: `metadata.labels["${LABEL.node}"]`, from: undefined, to: 'a' }],
      drift: true,
      why: `metadata.labels["${LABEL.node}"] changed in the cluster, not in nodes/a.yaml`,
    },
    {
      because: 'a label was removed from the file',
      live: applied({
        ...aNode('a'),
        metadata: { ...aNode('a').metadata, labels: { ...aNode('a').metadata.labels, old: 'x' } },
      }),
      changes: [{ path: `metadata.annotations["${ANNOTATION.applied}"]` }],
      drift: false,
      why: `metadata.annotations["${ANNOTATION.applied}"] changed in nodes/a.yaml`,
    },
  ];
  it.each(updates)('updates: $because', ({ live, changes, drift, why }) => {
    const { actions } = planNodes(scene({ declared: [aNode('a')], live: [live] }));
    expect(actions).toMatchObject([{ do: 'update', changes, drift, because: why }]);
    expect(actions[0]).not.toHaveProperty('hold');
  });

  it('deletes what Git no longer declares, and reports whether volumes are kept', () => {
    const live = [
      applied(aNode('a', { deletionPolicy: 'Delete' })),
      ...Array.from({ length: 9 }, (_, i) => applied(aNode(`b${i}`))),
    ];
    const { actions } = planNodes(scene({ live, declared: live.slice(1).map((node) => aNode(node.metadata.name)) }));
    expect(actions).toEqual([
      {
        do: 'delete',
        uid: 'uid-a',
        keepsVolumes: false,
        ref: expect.objectContaining({ name: 'a' }),
        because: 'removed from Git: nodes/a.yaml no longer declares it',
      },
    ]);
  });

  const kept = [
    {
      because: 'its file has an error',
      desired: { brokenFiles: new Set(['nodes/a.yaml']) },
      why: 'nodes/a.yaml has an error',
    },
    {
      because: 'its document has an error, in any file',
      desired: { brokenNodes: new Set(['ns/a']) },
      why: 'last good state',
    },
    { because: 'fleet.yaml has an error', desired: { fleetBroken: true }, why: 'fleet.yaml has an error' },
  ];
  it.each(kept)('keeps a node: $because', ({ desired, why }) => {
    const plan = planNodes(scene({ live: [applied(aNode('a'))], desired }));
    expect(plan.actions).toEqual([]);
    expect(plan.kept).toMatchObject([{ ref: { name: 'a' }, because: expect.stringContaining(why) }]);
  });

  const denied = { brokenNodes: new Set(['ns/a']), stoppedNodes: new Map([['ns/a', 'nodes/a.yaml']]) };

  it('stops a node whose document says so although the policy refuses it, and changes nothing else', () => {
    const live = applied(aNode('a', { restartGeneration: 3 }));
    const { actions, kept: keeps } = planNodes(scene({ live: [live], desired: denied }));
    expect(keeps).toEqual([]);
    expect(actions).toMatchObject([
      {
        do: 'update',
        object: { spec: { ...live.spec, desiredState: 'Stopped' }, metadata: { labels: live.metadata.labels } },
        changes: [{ path: 'spec.desiredState', from: 'Running', to: 'Stopped' }],
        drift: false,
      },
    ]);
    const after = carryOut([live], actions);
    expect(planNodes(scene({ live: after, desired: denied })).actions).toEqual([]);
  });

  it('stops such a node also when it was created by hand and has no digest of what was applied', () => {
    const { annotations: _annotations, ...metadata } = applied(aNode('a')).metadata;
    const live = { ...aNode('a'), metadata };
    expect(planNodes(scene({ live: [live], desired: denied })).actions).toMatchObject([
      { do: 'update', because: expect.stringContaining('stopped by nodes/a.yaml') },
    ]);
  });

  it('does not take over an edit in the cluster with such a stop', () => {
    const live = edited(applied(aNode('a')), { restartGeneration: 9 });
    expect(planNodes(scene({ live: [live], desired: denied })).actions).toEqual([]);
  });

  const key = (secretName: string): { readonly identity: { readonly secretName: string } } => ({
    identity: { secretName },
  });
  const exchanged = [
    { because: 'and its file says something else', inGit: '1', why: [/signs with 2 since a Switchover.* names 1:/] },
    { because: 'and its file says the same by now', inGit: '2', why: [] },
  ];
  it.each(exchanged)('keeps the identity that a Switchover gave a node $because', ({ inGit, why }) => {
    const declared = [aNode('a', key(inGit))];
    const facts = { identities: new Map([['ns/a', '2']]) };
    const plan = planNodes(scene({ declared, live: [applied(aNode('a', key(inGit)))], facts }));
    expect(plan.actions).toEqual([]);
    expect(plan.kept.map(({ because }) => because)).toEqual(why.map((words) => expect.stringMatching(words)));
  });

  it('says that the file of such a node names no identity', () => {
    const facts = { identities: new Map([['ns/a', '2']]) };
    const { kept: keeps } = planNodes(scene({ declared: [aNode('a')], live: [applied(aNode('a'))], facts }));
    expect(keeps[0]?.because).toBe(
      'it signs with 2 since a Switchover, although its file names no identity: change the file to match',
    );
  });

  it('keeps the volumes of a node that moves to another executor, also with deletionPolicy: Delete', () => {
    const live = applied(aNode('a', { deletionPolicy: 'Delete' }));
    const moved = aNode('a', { executor: 'other', deletionPolicy: 'Delete' });
    expect(planNodes(scene({ declared: [moved], live: [live] })).actions).toMatchObject([
      { do: 'delete', keepsVolumes: true, move: { to: 'other' } },
    ]);
    expect(planNodes(scene({ live: [live] })).actions).toMatchObject([{ do: 'delete', keepsVolumes: false }]);
  });

  it('ignores nodes of other owners: without label, or of another executor', () => {
    const foreign = applied(aNode('a'), { labels: { [LABEL.executor]: 'other' } });
    const byHand = applied(aNode('b'), { labels: {} });
    const elsewhere = aNode('c', { executor: 'other' });
    expect(planNodes(scene({ declared: [elsewhere], live: [foreign, byHand] })).actions).toEqual([]);
  });

  it('waits for an object that is being deleted, also when Git declares it', () => {
    const live = [applied(aNode('a'), { deletionTimestamp: 'now' }), applied(aNode('b'), { deletionTimestamp: 'now' })];
    const plan = planNodes(scene({ declared: [aNode('a', { protect: true })], live }));
    expect(plan.actions).toEqual([]);
    expect(plan.kept.map(({ ref, because }) => `${ref.name}: ${because}`).toSorted()).toEqual([
      'a: it is being deleted and is created again after that',
      'b: it is being deleted',
    ]);
  });

  it('puts stops and deletions before starts', () => {
    const live = 'abcdefghijkl'.split('').map((name) => applied(aNode(name)));
    const rest = live.slice(2).map((node) => aNode(node.metadata.name));
    const declared = [
      aNode('new'),
      aNode('a', { restartGeneration: 1 }),
      ...rest.slice(0, -1),
      aNode('l', { desiredState: 'Stopped' }),
    ];
    const { actions } = planNodes(scene({ declared, live }));
    expect(actions.map((action) => `${action.do} ${action.ref.name}`)).toEqual([
      'update l',
      'delete b',
      'update a',
      'create new',
    ]);
  });
});

describe('order', () => {
  it('is by name within one kind of action, in any order of the files', () => {
    const names = ['c', 'a', 'd', 'b'];
    const gone = ['z', 'x', 'y'].map((name) => applied(aNode(name)));
    const fleet = { guards: { maxDeletionPercent: 100 } };
    const { actions } = planNodes(scene({ declared: names.map((name) => aNode(name)), live: gone, fleet }));
    expect(inWords(actions).join(', ')).toBe('delete x, delete y, delete z, create a, create b, create c, create d');
  });

  it('creates a stopped node after the deletions, whose name or volumes it may need', () => {
    const declared = [aNode('a', { desiredState: 'Stopped' }), aNode('c')];
    const { actions } = planNodes(scene({ declared, live: [applied(aNode('b')), applied(aNode('c'))] }));
    expect(inWords(actions)).toEqual(['delete b', 'create a']);
  });
});

describe('properties', () => {
  const specs = fc.record({
    desiredState: fc.constantFrom('Running' as const, 'Stopped' as const),
    restartGeneration: fc.nat(3),
    storage: fc.dictionary(fc.constantFrom('data', 'ancient'), fc.record({ size: fc.constantFrom('1Gi', '2Gi', '3Gi') }), { minKeys: 1 }),
    protect: fc.boolean(),
    suspend: fc.boolean(),
    identity: fc.record({ secretName: fc.constantFrom('k1', 'k2', 'k3') }),
  }, { requiredKeys: ['storage'] }); // prettier-ignore
  const nodes = fc
    .dictionary(fc.constantFrom('a', 'b', 'c', 'd', 'e'), specs)
    .map((byName) => Object.entries(byName).map(([name, spec]) => aNode(name, spec)));

  it('is empty for a cluster that equals the desired state', () => {
    fc.assert(fc.property(nodes, (all) => {
      const plan = planNodes(scene({ declared: all, live: all.map((node) => applied(node)) }));
      expect(plan).toMatchObject({ actions: [], kept: [], heldDigest: undefined });
    }), { numRuns: 200 }); // prettier-ignore
  });

  it('has only held actions after it was carried out repeatedly', () => {
    fc.assert(fc.property(nodes, nodes, (declared, before) => {
      let live = before.map((node) => applied(node));
      for (let pass = 0; pass < 8; pass++) live = [...carryOut(live, planNodes(scene({ declared, live })).actions)];
      const { actions } = planNodes(scene({ declared, live }));
      expect(actions.filter(({ hold }) => hold === undefined)).toEqual([]);
    }), { numRuns: 200 }); // prettier-ignore
  });

  it('keeps every action when guards apply, and its digest does not depend on the revision', () => {
    fc.assert(fc.property(nodes, nodes, (declared, before) => {
      const parts = { declared, live: before.map((node) => applied(node)) };
      const [free, moved] = [planNodes(scene(parts)), planNodes({ ...scene({ ...parts, facts: { ancestry: 'rewound' } }), revision: 'x' })];
      const bare = (plan: typeof free): unknown[] => plan.actions.map(({ hold: _hold, ...action }) => action);
      expect(bare(moved)).toEqual(bare(free));
      expect(moved.actions.every(({ hold }) => hold !== undefined)).toBe(true);
      expect(planNodes(scene({ ...parts, facts: { ancestry: 'rewritten' } })).heldDigest).toBe(moved.heldDigest);
    }), { numRuns: 200 }); // prettier-ignore
  });
});
