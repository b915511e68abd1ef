// What a plan says of the pod of a node that a job keeps stopped, or that uses what is not there.

import { expect, it } from 'vitest';

import type { JobPhase } from '../../src/api/job-phase.ts';
import type { BusyNode } from '../../src/plan/busy-node.ts';
import { planNodes } from '../../src/plan/plan.ts';
import { workloadOf } from '../../src/render/workload.ts';
import { aNode, applied, scene, type SceneParts } from '../support/plan-scene.ts';

const RUNS = aNode('a');
const NEWER = aNode('a', { restartGeneration: 2 });
const STOPPED = aNode('a', { desiredState: 'Stopped' });
const WORKING = { job: 'Backup ns/b', phase: 'Working', isPaused: true } as const;
const PAUSED = 'the pod a-0 does not run now: Backup ns/b (Working) keeps the node stopped';
const LATER = `${PAUSED}. It starts, with this change, when that job has ended, unless it ends Held`;

interface Row extends SceneParts {
  readonly because: string;
  readonly busy: BusyNode;
  readonly says: readonly string[];
}

const left = { message: 'Left paused by Backup ns/b, which ended Held: why', isPaused: true } as const;
const under = (phase: JobPhase, isPaused: boolean): BusyNode => ({ ...WORKING, phase, isPaused });

const rows: readonly Row[] = [
  { because: 'changes', busy: WORKING, declared: [NEWER], live: [applied(RUNS)], says: [LATER] },
  { because: 'starts', busy: WORKING, declared: [RUNS], live: [applied(STOPPED)], says: [LATER] },
  { because: 'comes back', busy: WORKING, declared: [RUNS], says: [LATER] },
  { because: 'stops', busy: WORKING, declared: [STOPPED], live: [applied(RUNS)], says: [PAUSED] },
  { because: 'changes after a job that ended Held', busy: left, declared: [NEWER], live: [applied(RUNS)], says: [`the pod a-0 does not start: ${left.message}`] },
  { because: 'changes while it runs under a job', busy: under('Working', false), declared: [NEWER], live: [applied(RUNS)], says: ['the pod a-0 RESTARTS; it has 300 s to stop'] },
  { because: 'is deleted', busy: WORKING, live: [applied(RUNS)], says: [PAUSED, 'Backup ns/b is under way on it (Working): it continues to its end, and starts no pod after that'] },
  { because: 'is deleted before the work', busy: under('Claimed', false), live: [applied(RUNS)], says: ['the pod a-0 stops; it has 300 s to do so', 'Backup ns/b is under way on it (Claimed): it is refused (NodeMissing), and has changed nothing'] },
  { because: 'is deleted while it stops', busy: under('Stopping', true), live: [applied(RUNS)], says: ['the pod a-0 does not run now: Backup ns/b (Stopping) keeps the node stopped', 'Backup ns/b is under way on it (Stopping): it fails (NodeMissing) before its work begins'] },
]; // prettier-ignore

function linesOf(parts: SceneParts): readonly string[] {
  const { actions } = planNodes({ ...scene(parts), workloadOf, describesPods: true });
  return actions.flatMap(({ consequences = [] }) => consequences).filter((line) => !line.startsWith('the volume'));
}

it.each(rows)('of a node that $because', ({ busy, says, ...parts }) => {
  expect(linesOf({ ...parts, facts: { busyNodes: new Map([['ns/a', busy]]) } })).toEqual(says);
});

const WHY = 'Secret k does not say that nodes may use it. If this node may, run: kubectl label';
const unusable = new Map([['ns/a', WHY]]);
const signing = aNode('a', { identity: { secretName: 'k' } });

it('says why the pod of a node does not start, and of its key nothing else', () => {
  const facts = { unusable, keys: new Map(), reservations: [] };
  expect(linesOf({ declared: [signing], facts })).toEqual([`the pod a-0 does not start with this change yet: ${WHY}`]);
});

it('says it of a node that waits already', () => {
  const input = scene({ declared: [signing], live: [applied(signing)], facts: { unusable } });
  expect(planNodes(input).kept.map(({ because }) => because)).toEqual([`its pod does not start: ${WHY}`]);
});

it('says that a Secret may not be read', () => {
  const facts = { unreadSecrets: new Set(['ns/a']), keys: new Map(), reservations: [] };
  expect(linesOf({ declared: [signing], facts })).toEqual([
    expect.stringMatching(/^the Secret ns\/k may not be read here: whether it exists .* is not known$/),
    'the pod a-0 starts',
  ]);
});
