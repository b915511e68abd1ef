// Edits in the cluster of what belongs to the data: they are judged by what the volumes hold, for the edit itself was never carried out.

import { describe, expect, it } from 'vitest';

import type { LiveVolume } from '../../src/api/node-volumes.ts';
import type { PlanFacts } from '../../src/plan/input.ts';
import { planNodes } from '../../src/plan/plan.ts';
import { aNode, applied, edited, inWords, type PlanRow, scene } from '../support/plan-scene.ts';

function volume(content: Partial<LiveVolume>): PlanFacts {
  const live = [{ name: 'data', pvc: 'data-a-0', uid: 'u1', ...content }];
  return { volumes: new Map([['ns/a', { record: undefined, live }]]) };
}

const full = applied(aNode('a'));
const archive = aNode('a', { nodeType: 'archive' });
const reth = { clients: { el: { name: 'reth' } } };
const larger = { storage: { data: { size: '125Gi' } } };

const rows: readonly PlanRow[] = [
  {
    because: 'another client, where the volume holds the data of the one in Git',
    declared: [aNode('a')],
    live: [edited(full, reth)],
    facts: volume({ clients: { el: 'geth' } }),
    plan: ['update a'],
  },
  {
    because: 'another client, where nothing is known of the volume',
    declared: [aNode('a')],
    live: [edited(full, reth)],
    plan: ['update a'],
  },
  {
    because: 'the client of the edit, where the volume holds its data',
    declared: [aNode('a')],
    live: [edited(full, reth)],
    facts: volume({ clients: { el: 'reth' } }),
    plan: ['update a IdentityOfData'],
  },
  {
    because: 'an archive that was edited',
    declared: [archive],
    live: [edited(applied(archive), { nodeType: 'full' })],
    plan: ['update a'],
  },
  {
    because: 'another client by a commit, also where the volume holds its data',
    declared: [aNode('a', reth)],
    live: [full],
    facts: volume({ clients: { el: 'reth' } }),
    plan: ['update a IdentityOfData'],
  },
  {
    because: 'a volume that was added',
    declared: [aNode('a')],
    live: [edited(full, { storage: { ...full.spec.storage, more: { size: '1Gi' } } })],
    plan: ['update a'],
  },
  {
    because: 'a smaller size',
    declared: [aNode('a', larger)],
    live: [edited(applied(aNode('a', larger)), { storage: { data: { size: '100Gi' } } })],
    plan: ['update a'],
  },
  {
    because: 'a larger size',
    declared: [aNode('a')],
    live: [edited(full, larger)],
    plan: ['update a VolumeShrink'],
  },
];

describe('an edit in the cluster', () => {
  it.each(rows)('$because', ({ plan, because: _because, ...parts }) => {
    expect(inWords(planNodes(scene(parts)).actions)).toEqual(plan);
  });

  it('of a size says who refuses the way back, and what is possible', () => {
    const [action] = planNodes(scene({ declared: [aNode('a')], live: [edited(full, larger)] })).actions;
    expect(action?.hold).toMatchObject({
      approvable: false,
      message:
        'volume data: its size was changed in the cluster from 100Gi to 125Gi, and the API server accepts no smaller size than 125Gi for this object',
      release:
        'Write 125Gi into nodes/a.yaml: then the volume grows to that size. Or delete the object (kubectl -n ns delete blockchainnode a): it is created again with 100Gi, its pod restarts, and its volumes stay.',
    });
  });
});
