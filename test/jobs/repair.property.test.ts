// A node that a job left paused, and a later job that repairs it: started once, and not before, with every interruption.

import * as fc from 'fast-check';
import { describe, expect, it } from 'vitest';

import { isFinal, type JobPhase } from '../../src/api/job-phase.ts';
import type { ChainAnswers } from '../../src/jobs/model/observation.ts';
import { kindNamed, managedTarget, source } from './support/fixtures.ts';
import { World, type WorldOptions } from './support/world.ts';

const answers: ChainAnswers = {
  identityFiles: [],
  signerState: [],
  rollback: {
    how: 'command',
    run: { image: 'gaia:1', command: ['gaiad'], args: ['rollback'], mounts: [{ volume: 'data', path: '/home/app' }] },
    repeatable: false,
    heightPattern: 'height ([0-9]+)',
  },
};

/** A rollback that was cut off: what it left on the volumes is unknown. */
function heldWorld(...nodes: readonly string[]): World {
  const targets = nodes.map((node) => managedTarget(node));
  const spec = { ...(nodes.length === 1 ? { node: nodes[0] } : { nodes }), blockHeight: 90 };
  const world = new World({ kind: kindNamed('BlockHeightFallback'), spec, targets, answers });
  for (let step = 0; step < 200 && world.status.phase !== 'Held'; step++) {
    world.reconcile();
    for (const work of world.works.values()) if (work.pod === 'running') work.pod = 'killed';
    world.tick();
  }
  world.settle();
  expect(world.status).toMatchObject({ phase: 'Held', paused: nodes });
  return world;
}

const repairs: readonly Pick<WorldOptions, 'kind' | 'spec'>[] = [
  { kind: kindNamed('BlockHeightFallback'), spec: { node: 'a', blockHeight: 90 } },
  { kind: kindNamed('Restore'), spec: { node: 'a', backup: 'nightly' } },
];

/** The later job, which finds what the earlier one left. */
function laterThan(after: World, what: Pick<WorldOptions, 'kind' | 'spec' | 'result'>): World {
  return new World({ ...what, after, targets: [], answers, source: source() });
}

const events = fc.array(
  fc.constantFrom('tick', 'reconcile', 'earlier reconcile', 'crash 1', 'crash 2', 'earlier crash 1'),
  {
    maxLength: 60,
  },
);

function happen(earlier: World, later: World, event: string): void {
  const world = event.startsWith('earlier') ? earlier : later;
  if (event === 'tick') later.tick();
  if (event.endsWith('reconcile')) world.reconcile();
  if (event.includes('crash')) world.reconcile(Number(event.slice(-1)));
}

const PHASES: readonly JobPhase[] = ['Claimed', 'Working', 'Verifying', 'Starting', 'Complete'];
/** All that there is without a disturbance. */
const EVERYTHING = ['reconcile', 'earlier reconcile', 'tick'] as const;

/** To the end of both, and through one more restart. */
function settle(earlier: World, later: World): void {
  const rest = (): void => {
    for (let step = 0; step < 120; step++) for (const event of EVERYTHING) happen(earlier, later, event);
  };
  rest();
  later.reconcile(0);
  for (let step = 0; step < 30; step++) later.tick();
  rest();
  expect(isFinal(later.status.phase ?? 'Pending')).toBe(true);
  expect(later.violations).toEqual([]);
}

const podsOf = (world: World): readonly string[] => [...world.nodes.values()].map(({ pod }) => pod);
const startsOf = (world: World): readonly number[] => [...world.nodes.values()].map(({ starts }) => starts);

describe.each(repairs)('a node left paused, then repaired by a $kind.kind', (repair) => {
  it('is started once', () => {
    fc.assert(
      fc.property(fc.constantFrom(...PHASES), events, (phase, list) => {
        const earlier = heldWorld('a');
        const later = laterThan(earlier, repair);
        for (let step = 0; later.status.phase !== phase && step < 200; step++)
          for (const event of EVERYTHING) happen(earlier, later, event);
        expect(later.status.phase).toBe(phase);
        for (const event of list) happen(earlier, later, event);
        settle(earlier, later);
        expect(later.status.phase).toBe('Complete');
        expect(podsOf(later)).toEqual(['running']);
        expect(startsOf(later)).toEqual([1]);
        expect(earlier.status).toMatchObject({ phase: 'Held', paused: [] });
      }),
      { numRuns: 100 },
    );
  });

  it('is not started before the earlier job has released it', () => {
    const earlier = heldWorld('a');
    const later = laterThan(earlier, repair);
    for (let step = 0; step < 60; step++) for (const event of ['reconcile', 'tick']) happen(earlier, later, event);
    expect(later.status).toMatchObject({
      phase: 'Starting',
      message: 'waits until BlockHeightFallback prod/one releases a',
    });
    expect(startsOf(later)).toEqual([0]);
    later.reconcile(0);
    settle(earlier, later);
    expect(later.status.phase).toBe('Complete');
    expect(startsOf(later)).toEqual([1]);
  });

  it('runs in the end, and no job is stuck, even when its author releases it at any moment', () => {
    fc.assert(
      fc.property(fc.nat({ max: 120 }), events, (moment, list) => {
        const earlier = heldWorld('a');
        const later = laterThan(earlier, repair);
        for (let step = 0; step < moment; step++) happen(earlier, later, EVERYTHING[step % 3] ?? 'tick');
        earlier.release = true;
        for (const event of list) happen(earlier, later, event);
        settle(earlier, later);
        expect(podsOf(later)).toEqual(['running']);
        expect(isFinal(earlier.status.phase ?? 'Pending')).toBe(true);
      }),
      { numRuns: 60 },
    );
  });

  it('stays stopped when the repair fails', () => {
    fc.assert(
      fc.property(events, (list) => {
        const earlier = heldWorld('a');
        const result = () => ({ ok: false, code: 'NoSpace', message: 'no space left', swapped: false });
        const later = laterThan(earlier, { ...repair, result });
        for (const event of list) happen(earlier, later, event);
        settle(earlier, later);
        expect(later.status.phase).not.toBe('Complete');
        expect(startsOf(later)).toEqual([0]);
        expect(earlier.status).toMatchObject({ phase: 'Held', paused: ['a'] });
      }),
      { numRuns: 30 },
    );
  });

  it('leaves stopped what was paused with it', () => {
    fc.assert(
      fc.property(events, (list) => {
        const earlier = heldWorld('a', 'b');
        const later = laterThan(earlier, repair);
        for (const event of list) happen(earlier, later, event);
        settle(earlier, later);
        expect(later.status.phase).toBe('Complete');
        expect(podsOf(later)).toEqual(['running', 'none']);
        expect(startsOf(later)).toEqual([1, 0]);
        expect(earlier.status).toMatchObject({ phase: 'Held', paused: ['b'] });
      }),
      { numRuns: 30 },
    );
  });
});
