// Two controllers, one key, every order of their steps: never do both sign.

import * as fc from 'fast-check';
import { expect, it } from 'vitest';

import {
  haveSeenEachOther,
  KEY,
  type Name,
  NAMES,
  START,
  type Step,
  STEPS,
  take,
  tamperings,
  type World,
} from './model.ts';

const bothRun = ({ controllers }: World): boolean => controllers.paris.runs && controllers.tokyo.runs;

const texts = new Map<string, number>();
const ids = new WeakMap<object, number>();

/** A number for each content, found once for each object. */
function idOf(value: object): number {
  const known = ids.get(value);
  if (known !== undefined) return known;
  const text = JSON.stringify(value);
  const id = texts.get(text) ?? texts.size;
  texts.set(text, id);
  ids.set(value, id);
  return id;
}

/** The version counts up for ever; only whether a push is built on the tip matters. */
function stateOf({ branch, version, controllers }: World): string {
  const short = NAMES.flatMap((name) => {
    const { push, memory, wants, runs } = controllers[name];
    const built = push === undefined ? [] : [push.base === version, push.landed, idOf(push.decision.memory)];
    return [wants, runs, idOf(memory), ...built, '/'];
  });
  return [idOf(branch), ...short].join(' ');
}

interface Open {
  readonly world: World;
  readonly starts: Readonly<Record<Name, number>>;
}

/** Paris wants the key twice, Tokyo once: more shows nothing new. */
const MOST = { paris: 2, tokyo: 1 };

function successors({ world, starts }: Open): readonly Open[] {
  return NAMES.flatMap((name) => STEPS.map((step) => ({ name, step }))).flatMap(({ name, step }) => {
    const counted = step === 'want' ? { ...starts, [name]: starts[name] + 1 } : starts;
    const after = counted[name] > MOST[name] ? undefined : take(world, name, step);
    return after === undefined ? [] : [{ world: after, starts: counted }];
  });
}

it('no order of their steps starts both, also over crashes and lost races', () => {
  const seen = new Set([stateOf(START)]);
  const open: Open[] = [{ world: START, starts: { paris: 0, tokyo: 0 } }];
  const reached = { paris: false, tokyo: false };
  for (let next = open.pop(); next !== undefined; next = open.pop()) {
    expect(bothRun(next.world)).toBe(false);
    for (const name of NAMES) reached[name] ||= next.world.controllers[name].runs;
    const fresh = successors(next).filter(({ world }) => !seen.has(stateOf(world)));
    for (const { world } of fresh) seen.add(stateOf(world));
    open.push(...fresh);
  }
  expect(reached).toEqual({ paris: true, tokyo: true });
  expect(seen.size).toBeGreaterThan(1000);
});

const aStep = fc.tuple(fc.constantFrom(...NAMES), fc.constantFrom(...STEPS, 'tamper' as const), fc.nat(1000));

it('nor does anything that is done to the branch by hand, once each has seen what the other holds', () => {
  let harmed = 0;
  fc.assert(
    fc.property(fc.array(aStep, { minLength: 40, maxLength: 160 }), (steps) => {
      let world = START;
      const earlier: World['branch'][] = [];
      for (const [name, step, choice] of steps) {
        if (step === 'tamper') {
          if (!haveSeenEachOther(world)) continue;
          const ways = tamperings(world, earlier);
          harmed += 1;
          world = { ...world, branch: ways[choice % ways.length] ?? {}, version: world.version + 1 };
        } else {
          world = take(world, name, step) ?? world;
          earlier.push(world.branch);
        }
        expect(bothRun(world)).toBe(false);
      }
    }),
    { numRuns: 300 },
  );
  expect(harmed).toBeGreaterThan(100);
}, 120_000);

/** Steps until nothing more can be done. */
function settle(world: World, names: readonly Name[] = NAMES): World {
  let now = world;
  for (let round = 0; round < 6; round++)
    for (const name of names)
      for (const step of ['prepare', 'read', 'push', 'save', 'start', 'podGone'] satisfies Step[])
        now = take(now, name, step) ?? now;
  return now;
}

it('the key goes to the other when the first one stops, also after a file was deleted by hand', () => {
  const paris = settle(take(START, 'paris', 'want') ?? START);
  const both = settle(take(paris, 'tokyo', 'want') ?? paris);
  expect([both.controllers.paris.runs, both.controllers.tokyo.runs]).toEqual([true, false]);
  const harmed = settle({ ...both, branch: {}, version: both.version + 1 }, ['tokyo']);
  expect(harmed.controllers.tokyo.runs).toBe(false);
  const restored = settle(harmed);
  expect(restored.branch['paris/keys.yaml']).toBe(both.branch['paris/keys.yaml']);
  const moved = settle(take(restored, 'paris', 'stop') ?? restored);
  expect([moved.controllers.paris.runs, moved.controllers.tokyo.runs]).toEqual([false, true]);
  expect(moved.branch['paris/keys.yaml']).toContain('"state":"Released"');
  expect(moved.branch['tokyo/keys.yaml']).toContain(KEY);
});
