// Who holds the key of a node: in the lines of an action, and of a node that only waits.

import { expect, it } from 'vitest';

import type { KeyReservation, PlanFacts } from '../../src/plan/input.ts';
import { describePlan } from '../../src/plan/describe.ts';
import { planToMarkdown } from '../../src/plan/describe-markdown.ts';
import { planNodes } from '../../src/plan/plan.ts';
import { aNode, applied, scene, type SceneParts } from '../support/plan-scene.ts';

const DIGEST = `sha256:${'a'.repeat(64)}`;
const key = (name: string) => ({ identity: { secretName: name } });
const held = (executor: string, node: string, isHeld = true): KeyReservation => ({
  key: DIGEST,
  executor,
  node,
  since: '2026-01-02T03:04:05Z',
  isHeld,
});
const signing = (reservations: readonly KeyReservation[] | undefined): PlanFacts => ({
  keys: new Map([['ns/b', [DIGEST]]]),
  reservations,
});
const STOPPED = { desiredState: 'Stopped' } as const;

const WOULD = 'it would sign with the key sha256:aaaaaaaaaaaa, which executor';
const SINCE = 'since 2026-01-02T03:04:05Z; its pod starts only when';

interface Row extends SceneParts {
  readonly because: string;
  readonly says?: string;
}

const rows: readonly Row[] = [
  {
    because: 'another executor holds it',
    declared: [aNode('b', key('k'))],
    facts: signing([held('paris', 'ns/x')]),
    says: `${WOULD} paris has reserved for its node ns/x ${SINCE} paris has released the key: stop or delete ns/x there`,
  },
  {
    because: 'another node of the same executor holds it',
    declared: [aNode('b', key('k'))],
    facts: signing([held('demo', 'ns/x')]),
    says: `${WOULD} demo has reserved for its node ns/x ${SINCE} ns/x has stopped and its pod is gone`,
  },
  {
    because: 'the node is started',
    declared: [aNode('b', key('k'))],
    live: [applied(aNode('b', { ...key('k'), ...STOPPED }))],
    facts: signing([held('paris', 'ns/b')]),
    says: `${WOULD} paris has reserved for its node ns/b ${SINCE} paris has released the key`,
  },
  {
    because: 'nothing changes, and the node waits',
    declared: [aNode('b', key('k'))],
    live: [applied(aNode('b', key('k')))],
    facts: signing([held('paris', 'ns/x')]),
    says: `${WOULD} paris has reserved`,
  },
  { because: 'the node holds it itself', declared: [aNode('b', key('k'))], facts: signing([held('demo', 'ns/b')]) },
  { because: 'it was released', declared: [aNode('b', key('k'))], facts: signing([held('paris', 'ns/x', false)]) },
  {
    because: 'the node stays stopped',
    declared: [aNode('b', { ...key('k'), ...STOPPED })],
    facts: signing([held('demo', 'ns/x')]),
  },
  {
    because: 'the status branch was not given',
    declared: [aNode('b', key('k'))],
    facts: { keys: new Map() },
    says: 'who holds the key in the Secret ns/k is not known here: --status-from reads it from the status branch',
  },
  {
    because: 'the key of a Secret is not on record',
    declared: [aNode('b', key('new'))],
    live: [applied(aNode('b', key('k')))],
    facts: { keys: new Map(), reservations: [] },
    says: 'the key in the Secret ns/new is not compared with the keys that others hold',
  },
  {
    because: 'a node that runs keeps its Secret',
    declared: [aNode('b', { ...key('k'), restartGeneration: 1 })],
    live: [applied(aNode('b', key('k')))],
    facts: { keys: new Map(), reservations: [] },
  },
];

it.each(rows)('of a key says who has it: $because', ({ says, because: _because, ...parts }) => {
  const plan = planNodes(scene(parts));
  for (const text of [describePlan(plan), planToMarkdown(plan, 10_000)]) {
    const [said] = /(?:it would sign with|who holds the key|the key in the Secret ns).*/.exec(text) ?? [];
    expect(said?.slice(0, says?.length)).toBe(says);
  }
});

it('keeps what others wrote to the status branch on its line', () => {
  const hostile = { ...held('paris', 'ns/x\n\u001B[2J- delete all'), since: 'now\n+ create' };
  const plans = [aNode('b', key('k')), aNode('b', { ...key('k'), ...STOPPED })].map((live) =>
    planNodes(
      scene({
        declared: [aNode('b', key('k')), aNode('c', key('l'))],
        live: [applied(live)],
        facts: {
          keys: new Map([
            ['ns/b', [DIGEST]],
            ['ns/c', [DIGEST]],
          ]),
          newKeys: new Map([['ns/c', [DIGEST]]]),
          reservations: [hostile],
        },
      }),
    ),
  );
  for (const plan of plans) {
    expect(plan.actions.map(({ hold }) => hold?.guard)).toContain('KeyReserved');
    for (const text of [describePlan(plan), planToMarkdown(plan, 10_000)]) {
      expect(text).not.toMatch(/^\s*[-+] (?:delete all|create;)/m);
      expect(text).not.toContain('\u001B');
    }
  }
});
