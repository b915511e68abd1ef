// What an approval covers: exactly these actions with exactly this content, as long as the file has it.

import { describe, expect, it } from 'vitest';

import { planNodes } from '../../src/plan/plan.ts';
import { aNode, applied, inWords, scene, type SceneParts } from '../support/plan-scene.ts';

const digestOf = (parts: SceneParts): string => planNodes(scene(parts)).heldDigest ?? '';
const live = (names: readonly string[]) => names.map((name) => applied(aNode(name)));
const rewound = { facts: { ancestry: 'rewound' } } as const satisfies SceneParts;

interface Pair {
  readonly because: string;
  readonly approved: SceneParts;
  /** The same kind of action on the same object, with another content. */
  readonly merged: SceneParts;
}

const pairs: readonly Pair[] = [
  {
    because: 'a new node of another spec',
    approved: { ...rewound, declared: [aNode('a')] },
    merged: { ...rewound, declared: [aNode('a', { network: 'mainnet' })] },
  },
  {
    because: 'a change of another field',
    approved: { ...rewound, declared: [aNode('a', { restartGeneration: 1 })], live: live(['a']) },
    merged: { ...rewound, declared: [aNode('a', { restartGeneration: 2 })], live: live(['a']) },
  },
  {
    because: 'the deletion of a node whose volumes go with it',
    approved: { ...rewound, live: live(['a']) },
    merged: { ...rewound, live: [applied(aNode('a', { deletionPolicy: 'Delete' }))] },
  },
  {
    because: 'a start after the key has signed somewhere else',
    approved: startAfter('ns/x'),
    merged: startAfter('ns/y'),
  },
  {
    because: 'a node of another name',
    approved: { ...rewound, declared: [aNode('a')] },
    merged: { ...rewound, declared: [aNode('b')] },
  },
];

function startAfter(signer: string): SceneParts {
  const node = aNode('a', { identity: { secretName: 'k' } });
  const movedKeys = new Map([['ns/a', { signer, keys: ['sha256:1'] }]]);
  return { declared: [node], live: [applied(node)], facts: { movedKeys } };
}

describe('an approval', () => {
  it.each(pairs)('does not release $because', ({ approved, merged }) => {
    const fleet = { approvals: [{ digest: digestOf(approved) }] };
    const free = planNodes(scene({ ...approved, fleet }));
    expect(free.actions.map(({ hold }) => hold)).toEqual([undefined]);
    const { actions, heldDigest } = planNodes(scene({ ...merged, fleet }));
    expect(actions.map(({ hold }) => hold === undefined)).toEqual([false]);
    expect(heldDigest).toBe(digestOf(merged));
  });

  it('is shown with the action that it releases', () => {
    const parts = { ...rewound, declared: [aNode('a')] };
    const approval = { digest: digestOf(parts), reason: 'agreed in the review' };
    const { actions, released } = planNodes(scene({ ...parts, fleet: { approvals: [approval] } }));
    expect(actions).toMatchObject([{ do: 'create', approval }]);
    expect(Object.entries(released)).toEqual([[approval.digest, [expect.stringMatching(/^sha256:/)]]]);
  });

  it('is asked for the remaining actions alone, when others were released before', () => {
    const first = { ...rewound, declared: [aNode('a')] };
    const fleet = { approvals: [{ digest: digestOf(first) }] };
    const { released } = planNodes(scene({ ...first, fleet }));
    const both = scene({ declared: [aNode('a'), aNode('b')], fleet, facts: { ...rewound.facts, released } });
    const plan = planNodes(both);
    expect(inWords(plan.actions)).toEqual(['create a', 'create b Rewound']);
    expect(plan.heldDigest).toBe(digestOf({ ...rewound, declared: [aNode('b')] }));
    expect(plan.released).toEqual(released);
  });

  it('ends when the file no longer has it', () => {
    const parts = { ...rewound, declared: [aNode('a')] };
    const { released } = planNodes(scene({ ...parts, fleet: { approvals: [{ digest: digestOf(parts) }] } }));
    const plan = planNodes(scene({ ...parts, facts: { ...rewound.facts, released } }));
    expect(inWords(plan.actions)).toEqual(['create a Rewound']);
    expect(plan.released).toEqual({});
  });
});
