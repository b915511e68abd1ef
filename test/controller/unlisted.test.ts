// Which controllers leave nothing: those of an executor that fleet.yaml does not list and that has never worked.

import { expect, it } from 'vitest';

import { isUnknownExecutor } from '../../src/controller/fleet/unlisted.ts';
import { aNode } from '../support/plan-scene.ts';

interface Row {
  readonly because: string;
  readonly fleet?: object;
  readonly memory?: object;
  readonly isKnown?: boolean;
  readonly nodes?: readonly unknown[];
  readonly unknown: boolean;
}

const unlisted = { pulled: { desired: { unlisted: {} } } };
const node = aNode('a');

it.each<Row>([
  { because: 'nothing was read yet', fleet: {}, unknown: true },
  { because: 'fleet.yaml does not list it', fleet: unlisted, unknown: true },
  { because: 'fleet.yaml lists it', fleet: { pulled: { desired: {} } }, unknown: false },
  { because: 'the branch cannot be read, which has to be said', fleet: { gitTrouble: {} }, unknown: false },
  { because: 'the branch is not signed, which has to be said', fleet: { unverified: {} }, unknown: false },
  {
    because: 'it is unlisted, and the branch cannot be read now',
    fleet: { ...unlisted, gitTrouble: {} },
    unknown: true,
  },
  { because: 'it has published before', fleet: unlisted, memory: { published: 'yes' }, unknown: false },
  { because: 'it has applied a revision', fleet: unlisted, memory: { appliedRevision: 'main@sha1:1' }, unknown: false },
  { because: 'it lost its memory', fleet: unlisted, memory: { lost: 'x' }, unknown: false },
  { because: 'its memory is being restored', fleet: unlisted, isKnown: false, unknown: false },
  { because: 'it owns a node', fleet: unlisted, nodes: [node], unknown: false },
])('$because: $unknown', ({ fleet = {}, memory = {}, isKnown = true, nodes = [], unknown }) => {
  const deps = {
    fleet,
    memory: { current: memory, isKnown },
    settings: { executor: node.spec.executor },
    watches: { nodes: { list: () => nodes } },
  };
  expect(isUnknownExecutor(deps as never)).toBe(unknown);
});
