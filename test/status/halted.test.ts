// When a client without new blocks is called halted.

import { describe, expect, it } from 'vitest';

import type { NodeStatus } from '../../src/api/blockchain-node.ts';
import { findCondition } from '../../src/api/conditions.ts';
import { nodeStatus } from '../../src/status/node-status.ts';
import { aNode, aPod, ago, crashed, facts, NOW, observe, running, waiting, withStatus } from './builders.ts';

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

describe('of two clients in one pod', () => {
  /** The consensus client has started again a minute later; the other one runs on, and has one block of two minutes ago. */
  const halted = nodeStatus(observe({ facts: old(NOW) }));
  const now = NOW + 60_000;
  const newer = (clHead: number) => facts({ headTime: NOW / 1000 - 120 }, { headTime: clHead });

  function roleReasons({ roles = [] }: NodeStatus): unknown {
    return Object.fromEntries(roles.map(({ name, reason }) => [name, reason]));
  }

  it('the halted one is named, and only that one', () => {
    expect(roleReasons(halted)).toEqual({ el: 'Halted', cl: undefined });
    expect(findCondition(halted.conditions, 'Ready')?.message).toMatch(/^geth \(el\) .* no new block for a long time/);
  });

  it('a restart of the other one does not end the halt', () => {
    const away = aPod({ containers: [running('el'), crashed('cl', {})] });
    const during = nodeStatus(
      observe({ node: withStatus(aNode(), halted), now: now - 1000, pods: [away], facts: newer(NOW / 1000) }),
    );
    expect(reasonOf(during)).not.toBe('Halted');
    const cl = running('cl', { state: { running: { startedAt: ago(-59) } } });
    const pods = [aPod({ containers: [running('el'), cl] })];
    const after = nodeStatus(observe({ node: withStatus(aNode(), during), now, pods, facts: newer(NOW / 1000 + 55) }));
    expect(roleReasons(after)).toEqual({ el: 'Halted', cl: undefined });
    expect(reasonOf(after)).toBe('Halted');
  });

  it('an old head of the one is no halt because the other one is halted', () => {
    const node = withStatus(aNode(), halted);
    const after = nodeStatus(observe({ node, now, facts: newer(NOW / 1000 - 300) }));
    expect(roleReasons(after)).toEqual({ el: 'Halted', cl: 'HeadTooOld' });
  });
});
