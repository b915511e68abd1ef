// The words of a plan, kept as golden files and reviewed like code.

import { expect, it } from 'vitest';

import { planNodes } from '../../src/plan/plan.ts';
import { describePlan, planToJson } from '../../src/plan/describe.ts';
import { planToMarkdown } from '../../src/plan/describe-markdown.ts';
import { aNode, applied, edited, scene, type SceneParts } from '../support/plan-scene.ts';

const stories: Readonly<Record<string, SceneParts>> = {
  'nothing-to-do': { wanted: [aNode('a')], live: [applied(aNode('a'))] },
  everyday: {
    wanted: [aNode('new'), aNode('bumped', { clients: { el: { name: 'geth', version: '1.16.7' } } }), aNode('drifted')],
    live: [
      applied(aNode('bumped')),
      edited(applied(aNode('drifted')), { desiredState: 'Stopped' }),
      applied(aNode('gone', { deletionPolicy: 'Delete' })),
      applied(aNode('broken')),
    ],
    desired: { brokenFiles: new Set(['nodes/broken.yaml']) },
  },
  'mass-deletion': { wanted: [aNode('a')], live: ['a', 'b', 'c', 'd'].map((name) => applied(aNode(name))) },
  'rewound-branch': {
    wanted: [aNode('a', { restartGeneration: 1 })],
    live: [applied(aNode('a'))],
    facts: { ancestry: 'rewound', lastApplied: `main@sha1:${'2'.repeat(40)}` },
  },
  'identity-swap': {
    wanted: [aNode('a', { identity: { secretName: 'k2' } }), aNode('b', { identity: { secretName: 'k1' } })],
    live: [
      applied(aNode('a', { identity: { secretName: 'k1' } })),
      applied(aNode('b', { identity: { secretName: 'k2' } })),
    ],
  },
  'hostile-values': {
    wanted: [
      aNode('a', {
        args: { el: { x: '```\n![](https://evil.example/x.png) @everyone\u001b[31m\u202e', long: 'y'.repeat(4000) } },
      }),
    ],
    live: [applied(aNode('a'))],
  },
};

it.each(Object.keys(stories))('%s', async (name) => {
  const plan = planNodes(scene(stories[name] ?? {}));
  await expect(describePlan(plan)).toMatchFileSnapshot(`../golden/plan/${name}.txt`);
  await expect(planToMarkdown(plan)).toMatchFileSnapshot(`../golden/plan/${name}.md`);
  expect(JSON.parse(JSON.stringify(planToJson(plan)))).toMatchObject({ heldDigest: plan.heldDigest ?? null });
});

it('a comment fits into what forges accept, and says what is missing', () => {
  const wanted = Array.from({ length: 3000 }, (_, index) => aNode(`n${index}`));
  const text = planToMarkdown(planNodes(scene({ wanted })));
  expect(text.length).toBeLessThan(65_536);
  expect(text).toMatch(/\d+ more not shown/);
});

it('foreign text can not leave its fence', () => {
  const text = planToMarkdown(planNodes(scene(stories['hostile-values'] ?? {})));
  const fence = /^(`{4,})diff$/m.exec(text)?.[1] ?? '';
  expect(text.split('\n').filter((line) => line === fence)).toHaveLength(1);
});
