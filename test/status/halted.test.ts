// When a client without new blocks is called halted.

import { expect, it } from 'vitest';

import type { NodeStatus } from '../../src/api/blockchain-node.ts';
import { findCondition } from '../../src/api/conditions.ts';
import { nodeStatus } from '../../src/status/node-status.ts';
import { aNode, aPod, ago, facts, NOW, observe, running, waiting, withStatus } from './builders.ts';

/** The head of the execution client is two hours older than the tests, that of the other client is fresh. */
const old = (now: number): ReturnType<typeof facts> =>
  facts({ headTime: NOW / 1000 - 7200 }, { headTime: now / 1000 - 6 });

function reasonOf({ conditions }: NodeStatus): string | undefined {
  return findCondition(conditions, 'Ready')?.reason;
}

/** Of a client that started a minute after `before`, and has had no new block `seconds` after its start. */
function reasonAfter(before: NodeStatus, seconds: number): string | undefined {
  const el = running('el', { state: { running: { startedAt: ago(-60) } } });
  const pods = [aPod({ containers: [el, running('cl')] })];
  const now = NOW + (60 + seconds) * 1000;
  return reasonOf(nodeStatus(observe({ node: withStatus(aNode(), before), now, pods, facts: old(now) })));
}

it('is not before a client that was stopped for long has run for as long as a halt takes', () => {
  const pods = [aPod({ containers: [waiting('el', 'ContainerCreating'), running('cl')] })];
  const stopped = nodeStatus(observe({ pods }));
  const reasons = [8, 600, 601].map((seconds) => reasonAfter(stopped, seconds));
  expect(reasons).toEqual(['HeadTooOld', 'HeadTooOld', 'Halted']);
});

it('begins again with a new start of a client that was halted', () => {
  const halted = nodeStatus(observe({ facts: old(NOW) }));
  expect(reasonOf(halted)).toBe('Halted');
  expect(reasonAfter(halted, 8)).toBe('HeadTooOld');
});

it('stays while the same container has no fresh block', () => {
  const halted = nodeStatus(observe({ facts: old(NOW) }));
  const node = withStatus(aNode(), halted);
  const newer = facts({ headTime: NOW / 1000 - 120 });
  expect(reasonOf(nodeStatus(observe({ node, now: NOW + 8000, facts: newer })))).toBe('Halted');
});
