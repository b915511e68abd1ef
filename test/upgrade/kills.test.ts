// Upgrades in which every process can be killed between any two steps: each ends, with one version that leads.

import * as fc from 'fast-check';
import { describe, expect, it } from 'vitest';

import { type Fault, NEW, OLD, World } from './model.ts';

const FAULTS: readonly Fault[] = [
  'no pull',
  'crashes',
  'never able',
  'never synced',
  'dies as leader',
  'dies when ready',
];

const STEPS = ['act', 'work', 'compete', 'restart', 'kill', 'replace', 'rollOut', 'tick'] as const;

interface Step {
  readonly step: (typeof STEPS)[number];
  readonly pod: number;
}

const steps = fc.array(fc.record({ step: fc.constantFrom(...STEPS), pod: fc.nat(1) }), { maxLength: 120 });

function perform(world: World, { step, pod }: Step): void {
  if (step === 'rollOut' || step === 'tick') return world[step]();
  const one = world.pods[pod % world.pods.length];
  if (one !== undefined) world[step](one);
}

/** Everything works in turn, and nothing is killed any more. */
function settle(world: World): void {
  for (let round = 0; round < 200; round++) {
    world.rollOut();
    for (const pod of world.pods) {
      world.restart(pod);
      world.act(pod);
      world.compete(pod);
      world.work(pod);
    }
    world.tick();
  }
}

function started(fault: Fault): World {
  const world = new World(fault);
  for (let round = 0; round < 5; round++)
    for (const step of STEPS) if (step !== 'kill' && step !== 'replace') perform(world, { step, pod: 0 });
  world.begin();
  return world;
}

describe('an upgrade with kills anywhere', () => {
  it('ends complete with the new version, or failed with the old one, when the version is good', () => {
    fc.assert(
      fc.property(steps, (sequence) => {
        const world = started('none');
        for (const step of sequence) perform(world, step);
        settle(world);
        const end = world.state?.phase;
        expect(['Complete', 'Failed']).toContain(end);
        expect(world.image).toBe(end === 'Complete' ? NEW : OLD);
        expect(world.holder?.image).toBe(world.image);
        expect(world.holder?.isSynced).toBe(true);
      }),
      { numRuns: 3000 },
    );
  });

  it.each(FAULTS)('ends failed, and the old version leads, when the version has the fault: %s', (fault) => {
    fc.assert(
      fc.property(steps, (sequence) => {
        const world = started(fault);
        for (const step of sequence) perform(world, step);
        settle(world);
        expect(world.state?.phase).toBe('Failed');
        expect(world.image).toBe(OLD);
        expect(world.holder?.image).toBe(OLD);
        expect(world.holder?.isSynced).toBe(true);
      }),
      { numRuns: 1500 },
    );
  });

  it('completes a good version when nothing is killed', () => {
    const world = started('none');
    settle(world);
    expect([world.state?.phase, world.image, world.pods.length]).toEqual(['Complete', NEW, 1]);
  });
});
