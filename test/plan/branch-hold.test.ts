// What a plan says of job requests and schedules while the branch as a whole is held.

import { expect, it } from 'vitest';

import type { JobStep } from '../../src/api/job-step.ts';
import { describePlan, summarizePlan } from '../../src/plan/describe.ts';
import { planNodes } from '../../src/plan/plan.ts';
import { aNode, applied, scene, type SceneParts } from '../support/plan-scene.ts';

const KINDS = ['run', 'release', 'withdraw', 'refuse', 'schedule', 'unschedule'] as const;
const jobs: readonly JobStep[] = KINDS.map((what) => ({
  do: what,
  job: `Backup ns/${what}`,
  executor: 'demo',
  file: `jobs/${what}.yaml`,
  because: 'its file',
}));
const live = [applied(aNode('a')), applied(aNode('b'))];
const empty: SceneParts = { live, facts: { jobs } };

function heldIn(parts: SceneParts): Readonly<Record<string, string>> {
  const { jobs: steps } = planNodes(scene(parts));
  return Object.fromEntries(steps.flatMap(({ do: what, hold }) => (hold === undefined ? [] : [[what, hold.guard]])));
}

const ALL = { run: 'EmptyTree', withdraw: 'EmptyTree', schedule: 'EmptyTree', unschedule: 'EmptyTree' };

it('holds them with an emptied tree: a removed request continues, and a new one is not claimed', () => {
  expect(heldIn(empty)).toEqual(ALL);
  const plan = planNodes(scene(empty));
  expect(summarizePlan(plan)).toContain('1 job to withdraw (1 held)');
  expect(describePlan(plan)).toContain(
    'HELD by EmptyTree: no file declares a node, and the cluster has 2 nodes: until what is held for that is released, it continues, and is cancelled only if its work has not begun by then',
  );
});

it('names the guard of a branch that was moved back', () => {
  const declared = [aNode('a', { restartGeneration: 1 }), aNode('b')];
  expect(heldIn({ declared, live, facts: { jobs, ancestry: 'rewound' } })).toMatchObject({ withdraw: 'Rewound' });
});

it.each<SceneParts & { readonly because: string }>([
  { because: 'the deletions are approved', ...empty, fleet: { approvals: [{ digest: planNodes(scene(empty)).heldDigest }] } },
  { because: 'nothing is held', declared: [aNode('a'), aNode('b')], live, facts: { jobs } },
  { because: 'a guard of single nodes holds', declared: [aNode('a')], live: [live[0]!, applied(aNode('b', { protect: true }))], facts: { jobs } },
])('holds none where $because', ({ because: _because, ...parts }) => {
  expect(heldIn(parts)).toEqual({});
}); // prettier-ignore

it('leaves a request with the hold that waits for its own approval', () => {
  const hold = { guard: 'PolicyException', message: 'm', release: 'r' } as const;
  const own = jobs.map((job) => (job.do === 'run' ? { ...job, hold } : job));
  expect(heldIn({ ...empty, facts: { jobs: own } })).toEqual({ ...ALL, run: 'PolicyException' });
});
