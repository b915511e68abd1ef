// A model of two controllers that want to sign with one key: every step that one of them can take, in any order.

import { type Circumstances, type Decision, decide, isReservedFor } from '../../src/keys/decide.ts';
import { prepareKeys } from '../../src/keys/prepare.ts';
import type { KeyFiles } from '../../src/keys/document.ts';
import { type KeyMemory, NO_KEYS } from '../../src/keys/memory.ts';

export const KEY = `sha256:${'a'.repeat(64)}`;
export const NAMES = ['paris', 'tokyo'] as const;
export type Name = (typeof NAMES)[number];

export interface Controller {
  /** In the cluster: outlives a crash. */
  readonly memory: KeyMemory;
  /** Whether the files say that its node runs. */
  readonly wants: boolean;
  /** Whether a pod of its node may sign. */
  readonly runs: boolean;
  /** In the process. */
  readonly push?: undefined | { readonly base: number; readonly decision: Decision; readonly landed: boolean };
}

export interface World {
  readonly branch: Readonly<Record<string, string>>;
  readonly version: number;
  readonly controllers: Readonly<Record<Name, Controller>>;
}

const IDLE: Controller = { memory: NO_KEYS, wants: false, runs: false };
export const START: World = { branch: {}, version: 0, controllers: { paris: IDLE, tokyo: IDLE } };

const nodeOf = (name: Name): string => `ns/${name}`;

interface Turn {
  readonly world: World;
  readonly name: Name;
  readonly one: Controller;
}

/** Each gives the world after it; undefined when it cannot be taken now. */
const MOVES = {
  want: (turn: Turn) => (turn.one.wants ? undefined : changed(turn, { wants: true })),
  stop: (turn: Turn) => (turn.one.wants ? changed(turn, { wants: false }) : undefined),
  podGone: (turn: Turn) => (turn.one.runs && !turn.one.wants ? changed(turn, { runs: false }) : undefined),
  prepare(turn: Turn) {
    const memory = prepareOnce(turn.one.memory, circumstances(turn.name, turn.one));
    return memory === turn.one.memory || turn.one.push !== undefined ? undefined : changed(turn, { memory });
  },
  read(turn: Turn) {
    const { world, name, one } = turn;
    if (one.push !== undefined) return undefined;
    const decision = decideOnce(one.memory, new Map(Object.entries(world.branch)), circumstances(name, one));
    return changed(turn, { push: { base: world.version, decision, landed: false } });
  },
  push(turn: Turn) {
    const { world, name, one } = turn;
    if (one.push === undefined || one.push.landed) return undefined;
    if (one.push.base !== world.version) return changed(turn, { push: undefined });
    const [path, text] = [`${name}/keys.yaml`, JSON.stringify(one.push.decision.document)];
    const pushed = changed(turn, { push: { ...one.push, landed: true } });
    if (world.branch[path] === text) return pushed;
    return { ...pushed, branch: { ...world.branch, [path]: text }, version: world.version + 1 };
  },
  save(turn: Turn) {
    const { push } = turn.one;
    return push?.landed === true ? changed(turn, { memory: push.decision.memory, push: undefined }) : undefined;
  },
  start({ one, ...turn }: Turn) {
    const mayStart = one.wants && !one.runs && isReservedFor(one.memory, KEY, nodeOf(turn.name));
    return mayStart ? changed({ ...turn, one }, { runs: true }) : undefined;
  },
  /** Of a push that has not landed it is the same as a lost race. */
  crash: (turn: Turn) => (turn.one.push?.landed === true ? changed(turn, { push: undefined }) : undefined),
} satisfies Record<string, (turn: Turn) => World | undefined>;

export type Step = keyof typeof MOVES;
export const STEPS = Object.keys(MOVES) as readonly Step[];

/** The world after the step; undefined when it cannot be taken now. */
export function take(world: World, name: Name, step: Step): World | undefined {
  return MOVES[step]({ world, name, one: world.controllers[name] });
}

function changed({ world, name, one }: Turn, change: Partial<Controller>): World {
  return { ...world, controllers: { ...world.controllers, [name]: { ...one, ...change } } };
}

const decisions = new WeakMap<KeyMemory, Map<string, Decision>>();

/** The exploration asks the same again and again. */
function decideOnce(memory: KeyMemory, tip: KeyFiles, facts: Circumstances): Decision {
  const known = decisions.get(memory) ?? new Map<string, Decision>();
  const id = JSON.stringify([[...tip], facts.executor, [...facts.wanted]]);
  const decision = known.get(id) ?? decide(memory, tip, facts);
  decisions.set(memory, known.set(id, decision));
  return decision;
}

const prepared = new WeakMap<KeyMemory, Map<string, KeyMemory>>();

function prepareOnce(memory: KeyMemory, facts: ReturnType<typeof circumstances>): KeyMemory {
  const known = prepared.get(memory) ?? new Map<string, KeyMemory>();
  const id = JSON.stringify([facts.executor, [...facts.wanted], [...facts.given]]);
  const next = known.get(id) ?? prepareKeys(memory, facts);
  prepared.set(memory, known.set(id, next));
  return next;
}

function circumstances(name: Name, { wants, runs }: Controller) {
  return {
    executor: name,
    wanted: new Map(wants ? [[KEY, nodeOf(name)]] : []),
    given: new Set(wants || runs ? [] : [KEY]),
    approvals: new Set<string>(),
    now: 'now',
    newRoot: () => `root of ${name}`,
  };
}

/** What someone with the right to push may do by hand, other than to write what only an owner knows. */
export function tamperings({ branch }: World, earlier: readonly World['branch'][]): readonly World['branch'][] {
  const edited = Object.keys(branch).flatMap((path) => {
    const text = branch[path] ?? '';
    const { [path]: _, ...without } = branch;
    const release = text.replaceAll('"Reserved"', '"Released"');
    const guess = text.replaceAll(/"seal":"[0-9a-f]{64}"/g, `"seal":"${'0'.repeat(64)}"`);
    return [
      without,
      { ...branch, [path]: release },
      { ...branch, [path]: guess },
      { ...branch, [path]: guess.replaceAll('"Reserved"', '"Released"') },
      { ...branch, [path]: '{"keys":[]}' },
    ];
  });
  return [{}, ...edited, ...earlier];
}

/** Whether each has seen, and remembers, what the other holds. */
export function haveSeenEachOther({ controllers }: World): boolean {
  return NAMES.every((name) => {
    const other = name === 'paris' ? 'tokyo' : 'paris';
    const { memory, push } = controllers[other];
    const holds = [memory, push?.landed === true ? push.decision.memory : memory].some(
      ({ own }) => (own[KEY]?.state ?? 'Released') !== 'Released',
    );
    return !holds || controllers[name].memory.foreign[`${other} ${KEY}`] !== undefined;
  });
}
