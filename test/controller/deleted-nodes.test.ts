// Which missing nodes others have deleted.

import { expect, it } from 'vitest';

import { createDeletedNodes } from '../../src/controller/fleet/deleted-nodes.ts';
import { aNode, applied } from '../support/plan-scene.ts';

it('a node that was there and that the controller did not delete was deleted by others', () => {
  const nodes = createDeletedNodes();
  expect(nodes.wasDeleted('ns/a')).toBe(false);
  nodes.see([applied(aNode('a')), applied(aNode('b'))], 'demo');
  nodes.deletes('uid-b');
  // It is going: the next plan sees it still.
  nodes.see([applied(aNode('b'))], 'demo');
  expect(['ns/a', 'ns/b', 'ns/c'].map((key) => nodes.wasDeleted(key))).toEqual([true, false, false]);
  nodes.see([applied(aNode('b'), { uid: 'uid-new' })], 'demo');
  expect(nodes.wasDeleted('ns/b')).toBe(true);
});

it('a node of another executor is none of ours', () => {
  const nodes = createDeletedNodes();
  nodes.see([applied(aNode('a'))], 'other');
  expect(nodes.wasDeleted('ns/a')).toBe(false);
});
