// What is remembered of others, so that who may only write the status branch neither fills the memory nor frees a key.

import { describe, expect, it } from 'vitest';

import { type Circumstances, decide } from '../../src/keys/decide.ts';
import { describeHolder } from '../../src/keys/describe.ts';
import { createKeysReader, readKeys } from '../../src/keys/document.ts';
import { type KeyMemory, NO_KEYS } from '../../src/keys/memory.ts';
import { MAX_FOREIGN, sizeOfForeign } from '../../src/keys/retention.ts';
import { sealAt } from '../../src/keys/seal.ts';
import { finish } from '../../src/lib/finish.ts';

const KEY = `sha256:${'a'.repeat(64)}`;
const THEIRS = '2'.repeat(64);
const NOW = '2026-03-03T00:00:00Z';
const BEFORE = '2026-01-01T00:00:00Z';

const keyOf = (index: number): string => `sha256:${index.toString(16).padStart(64, '0')}`;

function entry(key: string, step = 0) {
  return {
    key,
    node: 'ns/x',
    since: BEFORE,
    state: step % 2 === 0 ? 'Reserved' : 'Released',
    seal: sealAt(THEIRS, step),
  };
}

const seal = '0'.repeat(64);
const many = (count: number, first = 0) =>
  Array.from({ length: count }, (_, index) => ({ ...entry(KEY), key: keyOf(first + index), seal }));
const fileOf = (...keys: readonly object[]): string => JSON.stringify({ keys });
const filesOf = (files: Readonly<Record<string, readonly object[]>>): ReadonlyMap<string, string> =>
  new Map(Object.entries(files).map(([executor, keys]) => [`${executor}/keys.yaml`, fileOf(...keys)]));

const idle: Circumstances = {
  executor: 'paris',
  wanted: new Map(),
  approvals: new Set(),
  executors: ['paris', 'tokyo'],
  followed: ['paris', 'tokyo'],
  now: NOW,
};
const wants: Circumstances = { ...idle, wanted: new Map([[KEY, 'ns/a']]) };
const requested: KeyMemory = {
  ...NO_KEYS,
  own: { [KEY]: { node: 'ns/a', since: BEFORE, state: 'Requested', root: THEIRS, step: 0, seal } },
};
const EMPTY = new Map<string, string>();

/** The memory after each tip in turn. */
function after(
  memory: KeyMemory,
  ...steps: readonly (readonly [ReadonlyMap<string, string>, Circumstances])[]
): KeyMemory {
  return steps.reduce((now, [tip, circumstances]) => decide(now, tip, circumstances).memory, memory);
}

describe('a reservation', () => {
  const foreign = (memory: KeyMemory): readonly string[] => Object.keys(memory.foreign);
  const unlisted: Circumstances = { ...idle, executors: ['paris'], followed: ['paris'] };

  it('of an executor that the Fleet does not list is not remembered, and refuses the key while it is there', () => {
    const tip = filesOf({ evil: [entry(KEY)] });
    expect(decide(NO_KEYS, tip, idle).memory).toEqual(NO_KEYS);
    expect(decide(requested, tip, wants).refused.get(KEY)).toMatchObject({ executor: 'evil', how: 'Reserved' });
  });

  it('of such an executor is remembered for a key that this cluster wants, has, or had', () => {
    const tip = filesOf({ evil: [entry(KEY)] });
    expect(foreign(after(requested, [tip, wants]))).toEqual([`evil ${KEY}`]);
    expect(foreign(after(requested, [tip, wants], [EMPTY, wants]))).toEqual([`evil ${KEY}`]);
    expect(decide(after(requested, [tip, wants]), EMPTY, wants).refused.get(KEY)?.how).toBe('Vanished');
    expect(foreign(after(NO_KEYS, [tip, { ...idle, known: new Set([KEY]) }]))).toEqual([`evil ${KEY}`]);
  });

  it('of such an executor is forgotten when it is gone and the key is wanted no more', () => {
    const memory = after(requested, [filesOf({ evil: [entry(KEY)] }), wants], [EMPTY, idle]);
    expect(foreign(after(memory, [EMPTY, idle]))).toEqual([]);
    expect(after(memory, [EMPTY, idle]).signed).toEqual({});
  });

  it('of a listed executor stays when its entry is gone and the Fleet lists the executor no longer', () => {
    const tip = filesOf({ tokyo: [entry(KEY)] });
    const memory = after(NO_KEYS, [tip, idle], [EMPTY, unlisted], [EMPTY, { ...unlisted, followed: [] }]);
    expect(foreign(memory)).toEqual([`tokyo ${KEY}`]);
    expect(Object.keys(memory.signed)).toEqual([KEY]);
    const { refused } = decide({ ...requested, foreign: memory.foreign }, EMPTY, { ...wants, ...unlisted, wanted: wants.wanted }); // prettier-ignore
    expect(refused.get(KEY)).toMatchObject({ executor: 'tokyo', how: 'Vanished' });
  });

  it('of an executor that was listed once is remembered also when it is new', () => {
    const memory = after(
      NO_KEYS,
      [filesOf({ tokyo: [entry(keyOf(1))] }), idle],
      [filesOf({ tokyo: [entry(keyOf(1)), entry(KEY)] }), unlisted],
      [EMPTY, unlisted],
    );
    expect(foreign(memory)).toEqual([`tokyo ${keyOf(1)}`, `tokyo ${KEY}`]);
  });

  it('ends with its release all the same', () => {
    const steps = [0, 1].map((step) => [filesOf({ tokyo: [entry(KEY, step)] }), unlisted] as const);
    expect(foreign(after(NO_KEYS, [steps[0]?.[0] ?? EMPTY, idle], ...steps))).toEqual([]);
  });

  it('of an older memory, which does not say who was listed, stays', () => {
    const older = { ...NO_KEYS, foreign: { [`lima ${KEY}`]: { node: 'ns/x', since: BEFORE, seal } } };
    expect(foreign(after(older, [EMPTY, idle]))).toEqual([`lima ${KEY}`]);
  });

  it('is remembered of every executor where the Fleet is not known to list some', () => {
    const { followed: _, ...all } = idle;
    expect(foreign(after(NO_KEYS, [filesOf({ lima: [entry(KEY)] }), all]))).toEqual([`lima ${KEY}`]);
  });
});

describe('the room for what others have', () => {
  const full = filesOf({ tokyo: many(2000) });

  it('is limited, also of a listed executor, which then may hold any key', () => {
    const { memory, refused } = decide(requested, full, wants);
    expect(sizeOfForeign(memory)).toBeLessThanOrEqual(MAX_FOREIGN);
    expect(JSON.stringify([memory.foreign, memory.signed]).length).toBeLessThanOrEqual(MAX_FOREIGN);
    expect(Object.keys(memory.foreign).length).toBeGreaterThan(800);
    expect(refused.get(KEY)).toEqual({ executor: 'tokyo', how: 'Unreadable', isBeyond: true });
    const text = describeHolder(KEY, refused.get(KEY) ?? { executor: '', how: 'Reserved' });
    expect(text).toContain('tokyo/keys.yaml found no room');
    expect(text).toContain('folders of executors that do not exist');
  });

  it('is given to what is remembered before anything new, and what was released makes room', () => {
    const { memory } = decide(NO_KEYS, full, idle);
    const next = decide(memory, filesOf({ tokyo: many(2000), lima: [entry(KEY)] }), { ...idle, followed: ['lima', 'tokyo'] }); // prettier-ignore
    expect(Object.keys(next.memory.foreign)).toEqual(expect.arrayContaining(Object.keys(memory.foreign)));
    expect(sizeOfForeign(next.memory)).toBeLessThanOrEqual(MAX_FOREIGN);
  });

  it('is not needed by entries that are remembered already', () => {
    const first = decide(NO_KEYS, filesOf({ tokyo: many(500) }), idle).memory;
    const { memory, unreadable } = decide(first, filesOf({ tokyo: many(500) }), idle);
    expect(memory).toEqual(first);
    expect(unreadable).toEqual([]);
  });

  it('of entries in the own file that are not remembered is limited too, reservations first', () => {
    const released = many(1500, 5000).map((one) => ({ ...one, state: 'Released' }));
    const tip = filesOf({ paris: [...released, entry(KEY)] });
    const { memory } = decide(NO_KEYS, tip, idle);
    expect(memory.own[KEY]?.state).toBe('Reserved');
    expect(JSON.stringify(memory.own).length).toBeLessThan(350_000);
    const more = decide(memory, filesOf({ paris: many(1500, 9000) }), idle).memory;
    expect(Object.keys(more.own).length).toBe(Object.keys(memory.own).length);
  });
});

describe('the files of all executors together', () => {
  const text = fileOf(...many(1900));
  const flood = (count: number) => new Map(Array.from({ length: count }, (_, i) => [`a${i}/keys.yaml`, text]));

  it('are read in the order of the Fleet, then the others while there is room', () => {
    const tip = new Map([...flood(10), ...filesOf({ tokyo: [entry(KEY)], lima: [entry(KEY)] })]);
    const { entries, unreadable, beyond } = finish(createKeysReader().readInSteps(tip, ['tokyo']));
    expect(entries[0]?.executor).toBe('tokyo');
    expect(unreadable).toContain('lima');
    expect(unreadable).not.toContain('tokyo');
    expect([...beyond]).toEqual(unreadable);
    expect(entries.length).toBeLessThanOrEqual(5000);
  });

  it('keep a key from everyone when some are left out', () => {
    const { refused } = decide(requested, flood(10), wants);
    expect(refused.get(KEY)).toMatchObject({ how: 'Unreadable', isBeyond: true, isUnlisted: true });
  });

  it.each([
    { because: 'too many files', files: new Map(Array.from({ length: 300 }, (_, i) => [`a${i}/keys.yaml`, fileOf()])) },
    { because: 'too many characters', files: new Map(Array.from({ length: 9 }, (_, i) => [`a${i}/keys.yaml`, `${fileOf()}${' '.repeat(700_000)}`])) },
    { because: 'too many entries of one', files: filesOf({ evil: many(2001) }) },
    { because: 'a name that no executor has', files: filesOf({ 'tokyo sha256:1': [entry(KEY)] }) },
    { because: 'a node that is not printable', files: filesOf({ evil: [{ ...entry(KEY), node: '\u0001' }] }) },
  ])('count as unreadable beyond the limits: $because', ({ files }) => {
    expect(readKeys(files).unreadable.length).toBeGreaterThan(0);
  }); // prettier-ignore

  it('are parsed once while they stay the same, and equal ones once', () => {
    const reader = createKeysReader();
    const steps = (files: ReadonlyMap<string, string>): number => {
      let count = 0;
      for (const work = reader.readInSteps(files, []); work.next().done !== true;) count += 1;
      return count;
    };
    const first = steps(flood(1));
    expect(first).toBeGreaterThan(5);
    expect(steps(flood(1))).toBe(1);
    expect(steps(flood(2))).toBe(2);
  });
});
