// A PVC that was deleted under a running node: what would end its pod is held, and nothing else.

import { expect, it } from 'vitest';

import type { NodeSpec } from '../../src/api/blockchain-node.ts';
import { planNodes } from '../../src/plan/plan.ts';
import { workloadOf } from '../../src/render/workload.ts';
import { aNode, applied, inWords, scene } from '../support/plan-scene.ts';

interface Row {
  readonly because: string;
  readonly before?: Partial<NodeSpec>;
  /** Absent: its file is gone. */
  readonly after?: Partial<NodeSpec>;
  readonly isGoing?: false;
  readonly plan: string;
}

const GOES = 'the PVC data-a-0 was deleted and goes, with its data';
const OTHER = { clients: { el: { name: 'geth', version: '1.16.7' } } };

const rows: readonly Row[] = [
  { because: 'another version', after: OTHER, plan: 'update a VolumeTerminating' },
  { because: 'a restart', after: { restartGeneration: 1 }, plan: 'update a VolumeTerminating' },
  { because: 'a stop', after: { desiredState: 'Stopped' }, plan: 'update a VolumeTerminating' },
  { because: 'a deletion that keeps the volumes', plan: 'delete a VolumeTerminating' },
  { because: 'a deletion with the volumes', before: { deletionPolicy: 'Delete' }, plan: 'delete a' },
  { because: 'a change that restarts nothing', after: { protect: true }, plan: 'update a' },
  { because: 'another version of a stopped node', before: { desiredState: 'Stopped' }, after: { ...OTHER, desiredState: 'Stopped' }, plan: 'update a' },
  { because: 'a start', before: { desiredState: 'Stopped' }, after: {}, plan: 'update a' },
  { because: 'another version while the volume stays', after: OTHER, isGoing: false, plan: 'update a' },
]; // prettier-ignore

it.each(rows)('$because: $plan', ({ before = {}, after, isGoing, plan }) => {
  const volume = { name: 'data', pvc: 'data-a-0', uid: 'u1', ...(isGoing === false ? {} : { isGoing: true as const }) };
  const input = scene({
    declared: [...(after === undefined ? [] : [aNode('a', after)]), aNode('b')],
    live: [applied(aNode('a', before)), applied(aNode('b'))],
    facts: { volumes: new Map([['ns/a', { record: undefined, live: [volume] }]]) },
  });
  const { actions } = planNodes({ ...input, workloadOf });
  expect(inWords(actions)).toEqual([plan]);
  expect(actions[0]?.hold?.message.includes(GOES)).toBe(plan.endsWith('VolumeTerminating') || undefined);
});
