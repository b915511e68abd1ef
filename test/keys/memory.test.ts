// What is stored before a push, what is published of it, and how a change of a reservation is proven.

import { describe, expect, it } from 'vitest';

import { describeHolder } from '../../src/keys/describe.ts';
import { isKeysPath, keysDocument, keysPath, readKeys } from '../../src/keys/document.ts';
import { type KeyMemory, NO_KEYS, type OwnKey } from '../../src/keys/memory.ts';
import { type Preparation, prepareKeys } from '../../src/keys/prepare.ts';
import { CHAIN_LENGTH, sealAt, sealBefore, stepsBetween } from '../../src/keys/seal.ts';

const KEY = `sha256:${'a'.repeat(64)}`;
const NOW = '2026-03-03T00:00:00Z';
const BEFORE = '2026-01-01T00:00:00Z';
const [ROOT, FRESH] = ['1'.repeat(64), '2'.repeat(64)];

function own(state: OwnKey['state'], step: number, more: Partial<OwnKey> = {}): OwnKey {
  return { node: 'ns/a', since: BEFORE, state, root: ROOT, step, seal: sealAt(ROOT, step), ...more };
}

const remember = (one: OwnKey): KeyMemory => ({ ...NO_KEYS, own: { [KEY]: one } });

describe('before a push', () => {
  const given: Preparation = { wanted: new Map(), given: new Set([KEY]), now: NOW, newRoot: () => FRESH };
  const wanted: Preparation = { ...given, wanted: new Map([[KEY, 'ns/b']]), given: new Set() };
  const kept: Preparation = { ...given, given: new Set() };
  const bare = (state: OwnKey['state'], step: number): OwnKey => {
    const { root: _root, ...rest } = own(state, step);
    return rest;
  };
  const newChain = (step: number, more: Partial<OwnKey>): OwnKey => ({
    ...own('Reserved', 0),
    root: FRESH,
    step,
    seal: sealAt(FRESH, step),
    ...more,
  });

  it('a key that a node wants is requested, with a chain of seals of its own', () => {
    expect(prepareKeys(NO_KEYS, wanted).own).toEqual({
      [KEY]: newChain(0, { node: 'ns/b', since: NOW, state: 'Requested' }),
    });
  });

  it.each([
    {
      because: 'a released key is requested again, with the next seal',
      one: own('Released', 1),
      given: wanted,
      next: own('Requested', 2, { node: 'ns/b' }),
    },
    {
      because: 'a released key without its root begins a chain',
      one: bare('Released', 1),
      given: wanted,
      next: newChain(0, { node: 'ns/b', state: 'Requested' }),
    },
    {
      because: 'a key that was given back is released, with the next seal',
      one: own('Reserved', 0),
      given,
      next: own('Released', 1, { since: NOW }),
    },
    {
      because: 'a release without the root is the first of a chain',
      one: bare('Reserved', 0),
      given,
      next: newChain(1, { since: NOW, state: 'Released' }),
    },
    {
      because: 'the last seal of a chain is used',
      one: own('Reserved', CHAIN_LENGTH - 2),
      given,
      next: own('Released', CHAIN_LENGTH - 1, { since: NOW }),
    },
    {
      because: 'a chain that is used up begins again',
      one: own('Released', CHAIN_LENGTH - 1),
      given: wanted,
      next: newChain(0, { node: 'ns/b', state: 'Requested' }),
    },
  ])('$because', ({ one, given: preparation, next }) => {
    expect(prepareKeys(remember(one), preparation).own).toEqual({ [KEY]: next });
  });

  it.each([
    { because: 'a reserved key that a node wants', one: own('Reserved', 0), given: { ...wanted, given: given.given } },
    { because: 'a reserved key that pods may still use', one: own('Reserved', 0), given: kept },
    { because: 'a requested key', one: own('Requested', 0), given: wanted },
    { because: 'a requested key that no node wants', one: own('Requested', 0), given },
    { because: 'a released key', one: own('Released', 1), given },
  ])('nothing is changed of $because', ({ one, given: preparation }) => {
    const memory = remember(one);
    expect(prepareKeys(memory, preparation)).toBe(memory);
  });
});

it('before a push one key changes, and the others stay', () => {
  const [other, kept] = ['sha256:other', own('Reserved', 0, { node: 'ns/other' })];
  const memory: KeyMemory = { ...NO_KEYS, own: { [KEY]: own('Reserved', 0), [other]: kept } };
  const next = prepareKeys(memory, { wanted: new Map(), given: new Set([KEY]), now: NOW, newRoot: () => FRESH });
  expect(next.own).toEqual({ [KEY]: own('Released', 1, { since: NOW }), [other]: kept });
});

describe('a chain of seals', () => {
  it.each([
    { known: 0, later: 0, steps: 0 },
    { known: 0, later: 1, steps: 1 },
    { known: 3, later: 8, steps: 5 },
    { known: 0, later: CHAIN_LENGTH, steps: CHAIN_LENGTH },
    { known: 1, later: 0, steps: undefined },
  ])('leads from step $known to step $later in $steps steps', ({ known, later, steps }) => {
    expect(stepsBetween(sealAt(ROOT, known), sealAt(ROOT, later))).toBe(steps);
  });

  it('does not lead from one root to another, and its last seal is the root', () => {
    expect(stepsBetween(sealAt(ROOT, 0), sealAt(FRESH, 1))).toBeUndefined();
    expect(sealAt(ROOT, CHAIN_LENGTH)).toBe(ROOT);
    expect(sealBefore(sealAt(ROOT, 5))).toBe(sealAt(ROOT, 4));
  });
});

describe('the file of a controller', () => {
  const entry = { key: KEY, node: 'ns/a', since: BEFORE, state: 'Reserved', seal: sealAt(ROOT, 0) };

  it.each([
    { because: 'a reservation', one: own('Reserved', 0), keys: [entry] },
    { because: 'no first request', one: own('Requested', 0), keys: [] },
    {
      because: 'the release before a later request',
      one: own('Requested', 2),
      keys: [{ ...entry, state: 'Released', seal: sealAt(ROOT, 1) }],
    },
    {
      because: 'a release',
      one: own('Released', 1),
      keys: [{ ...entry, state: 'Released', seal: sealAt(ROOT, 1) }],
    },
  ])('has $because, and no root', ({ one, keys }) => {
    expect(keysDocument('paris', remember(one))).toEqual({ executor: 'paris', keys });
  });

  it('lists keys in their order, and of the releases the latest thousand', () => {
    const numbers = Array.from({ length: 1002 }, (_, index) => index);
    const text = (number: number): string => String(number).padStart(4, '0');
    // Neither names nor times are in the order in which they are remembered.
    const released = own('Released', 1);
    const many = numbers.map((number) => {
      const since = `2026-01-01T00:00:00.${text((number * 7) % 1002)}Z`;
      return [`key ${text((number * 5) % 1002)}`, { ...released, since }] as const;
    });
    const { keys } = keysDocument('paris', { own: { ...Object.fromEntries(many), 'key x': own('Reserved', 0) } });
    const oldest = new Set<string>(
      many.filter(([, { since }]) => since < '2026-01-01T00:00:00.0002Z').map(([key]) => key),
    );
    expect(oldest.size).toBe(2);
    const latest = numbers.map((number) => `key ${text(number)}`).filter((key) => !oldest.has(key));
    expect(keys.map((one) => (one as typeof entry).key)).toEqual([...latest, 'key x']);
  });

  it('is read by its path alone, and one that cannot be read is named', () => {
    const text = JSON.stringify({ executor: 'lima', keys: [entry] });
    const files = new Map([
      ['tokyo/keys.yaml', text],
      ['lima/keys.yaml', undefined],
      ['oslo/keys.yaml', '{ keys: 1 }'],
      ['rome/keys.yaml', JSON.stringify({ keys: [{ ...entry, key: 'k' }] })],
      ['bonn/keys.yaml', JSON.stringify({ keys: [{ ...entry, key: `x${KEY}` }] })],
      ['kyiv/keys.yaml', JSON.stringify({ keys: [{ ...entry, key: `${KEY}0` }] })],
      ['riga/keys.yaml', JSON.stringify({ keys: [{ ...entry, seal: `${entry.seal}0` }] })],
      ['bern/keys.yaml', JSON.stringify({ keys: [{ ...entry, seal: `x${entry.seal}` }] })],
      ['paris/nodes/keys.yaml', text],
      ['keys.yaml', text],
      ['paris/keys.yaml.orig', text],
    ]);
    const { entries, unreadable } = readKeys(files);
    expect(entries).toEqual([{ ...entry, executor: 'tokyo' }]);
    expect(unreadable).toEqual(['lima', 'oslo', 'rome', 'bonn', 'kyiv', 'riga', 'bern']);
    expect(isKeysPath(keysPath('paris'))).toBe(true);
    expect(isKeysPath('paris/nodes/keys.yaml')).toBe(false);
  });
});

describe('a node that waits for its key says', () => {
  const holder = { executor: 'tokyo', node: 'ns/x', since: BEFORE, approval: 'sha256:overrule' } as const;
  const held = `Executor tokyo has reserved the signing key sha256:aaaaaaaaaaaa for its node ns/x since ${BEFORE}`;
  const stop = 'Stop or delete ns/x there; this node starts when tokyo has released the key';
  const overrule = 'add the approval sha256:overrule to spec.approvals in fleet.yaml.';

  it.each([
    { how: 'Reserved', says: `${held}. ${stop}. If tokyo is gone for good` },
    { how: 'Vanished', says: `${held}, and its entry is gone from the status branch although` },
    { how: 'Unproven', says: `${held}. The status branch says that the key is released, without the proof` },
  ] as const)('who has it, and how to overrule that: $how', ({ how, says }) => {
    const text = describeHolder(KEY, { ...holder, how });
    expect(text.slice(0, says.length)).toBe(says);
    expect(text).toContain(`${stop}. If tokyo is gone for good`);
    expect(text.slice(-overrule.length)).toBe(overrule);
  });

  it('which file cannot be read', () => {
    const text = describeHolder(KEY, { executor: 'tokyo', how: 'Unreadable' });
    expect(text).toMatch(/^The file tokyo\/keys\.yaml of the status branch cannot be read, .*sha256:aaaaaaaaaaaa\./);
    expect(text).toContain('The controller of tokyo writes it again');
    expect(text).toContain('If there is no such controller');
  });

  it('how to get rid of a file that cannot be read and that no executor of the Fleet writes', () => {
    const text = describeHolder(KEY, { executor: 'evil', how: 'Unreadable', isUnlisted: true });
    expect(text).toContain('fleet.yaml lists no executor evil: no controller writes the file again.');
    expect(text).toContain('remove evil/keys.yaml in a commit to the status branch; this node starts after that.');
  });
});
