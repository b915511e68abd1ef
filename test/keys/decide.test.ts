// Who may sign with a key: one row for each thing that the branch, the memory and the files can say about it.

import { describe, expect, it } from 'vitest';

import { type Circumstances, decide, isReservedFor } from '../../src/keys/decide.ts';
import { approvalOf } from '../../src/keys/foreign.ts';
import { type KeyMemory, NO_KEYS, type OwnKey } from '../../src/keys/memory.ts';
import { sealAt } from '../../src/keys/seal.ts';

const KEY = `sha256:${'a'.repeat(64)}`;
const OTHER_KEY = `sha256:${'b'.repeat(64)}`;
const NOW = '2026-03-03T00:00:00Z';
const BEFORE = '2026-01-01T00:00:00Z';
const [OURS, THEIRS] = ['1'.repeat(64), '2'.repeat(64)];

/** The entry of a step: even ones are reservations, odd ones releases. */
function entry(step: number, more: object = {}) {
  const state = step % 2 === 0 ? 'Reserved' : 'Released';
  return { key: KEY, node: 'ns/x', since: BEFORE, state, seal: sealAt(THEIRS, step), ...more };
}

const fileOf = (...keys: readonly object[]): string => JSON.stringify({ keys });
const published = (...keys: readonly object[]) => new Map([['tokyo/keys.yaml', fileOf(...keys)]]);

function own(state: OwnKey['state'], step: number, more: Partial<OwnKey> = {}): OwnKey {
  return { node: 'ns/a', since: BEFORE, state, root: OURS, step, seal: sealAt(OURS, step), ...more };
}

const remember = (key: OwnKey | undefined, more: Partial<KeyMemory> = {}): KeyMemory => ({
  ...NO_KEYS,
  ...(key === undefined ? {} : { own: { [KEY]: key } }),
  ...more,
});

/** What was seen of the reservation of the other controller before. */
const seen = (step: number): Partial<KeyMemory> => ({
  foreign: { [`tokyo ${KEY}`]: { node: 'ns/x', since: BEFORE, seal: sealAt(THEIRS, step) } },
});

const wanted: Circumstances = {
  executor: 'paris',
  wanted: new Map([[KEY, 'ns/a']]),
  approvals: new Set(),
  now: NOW,
};
const notWanted: Circumstances = { ...wanted, wanted: new Map() };
const request = own('Requested', 0);
const approval = (step: number): string => approvalOf('tokyo', KEY, sealAt(THEIRS, step));

describe('a requested key', () => {
  it.each([
    { because: 'no other controller is on the branch', tip: new Map<string, string>() },
    { because: 'another one has another key', tip: published(entry(0, { key: OTHER_KEY })) },
    { because: 'another one has released it, and was never seen to have it', tip: published(entry(1)) },
    { because: 'the one that was seen to have it has sealed the release', tip: published(entry(1)), before: seen(0) },
    { because: 'it was released and reserved and released since', tip: published(entry(3)), before: seen(0) },
    { because: 'only its own file cannot be read', tip: new Map([['paris/keys.yaml', '{']]) },
  ])('is reserved when $because', ({ tip, before = {} }) => {
    const { memory, refused, document } = decide(remember(request, before), tip, wanted);
    expect(refused.size).toBe(0);
    expect(memory.own[KEY]).toEqual({ ...request, since: NOW, state: 'Reserved' });
    expect(memory.foreign[`tokyo ${KEY}`]).toBeUndefined();
    expect(document.keys).toEqual([{ key: KEY, node: 'ns/a', since: NOW, state: 'Reserved', seal: request.seal }]);
    expect(isReservedFor(memory, KEY, 'ns/a')).toBe(true);
  });

  it.each([
    { because: 'another controller has it', tip: published(entry(0)), how: 'Reserved', known: 0 },
    { because: 'it was reserved again', tip: published(entry(2)), before: seen(0), how: 'Reserved', known: 2 },
    { because: 'it is reserved as before', tip: published(entry(0)), before: seen(0), how: 'Reserved', known: 0 },
    { because: 'its entry is gone', tip: published(), before: seen(0), how: 'Vanished', known: 0 },
    {
      because: 'the release has no seal that follows',
      tip: published(entry(1, { seal: '0'.repeat(64) })),
      before: seen(0),
      how: 'Unproven',
      known: 0,
    },
    {
      because: 'the release has the seal of a reservation',
      tip: published(entry(2, { state: 'Released' })),
      before: seen(0),
      how: 'Unproven',
      known: 0,
    },
    {
      because: 'the release has the seal of the reservation itself',
      tip: published(entry(0, { state: 'Released' })),
      before: seen(0),
      how: 'Unproven',
      known: 0,
    },
    {
      because: 'a reservation has the seal of a release',
      tip: published(entry(1, { state: 'Reserved' })),
      before: seen(0),
      how: 'Reserved',
      known: 0,
    },
    {
      because: 'an earlier release was put back',
      tip: published(entry(1)),
      before: seen(2),
      how: 'Unproven',
      known: 2,
    },
  ])('is refused when $because', ({ tip, before = {}, how, known }) => {
    const { memory, refused, document } = decide(remember(request, before), tip, wanted);
    expect([...refused]).toEqual([
      [KEY, { executor: 'tokyo', node: 'ns/x', since: BEFORE, how, approval: approval(known) }],
    ]);
    expect(memory.own[KEY]).toEqual(request);
    expect(memory.foreign).toEqual(seen(known).foreign);
    expect(document.keys).toEqual([]);
    expect(isReservedFor(memory, KEY, 'ns/a')).toBe(false);
  });

  it('is refused when the file of another controller cannot be read: it may have any key', () => {
    const tip = new Map([['tokyo/keys.yaml', undefined]]);
    const { refused, memory } = decide(remember(request), tip, wanted);
    expect([...refused]).toEqual([[KEY, { executor: 'tokyo', how: 'Unreadable' }]]);
    expect(memory.own[KEY]).toEqual(request);
  });

  it.each([
    { because: 'the Fleet lists it', executors: ['paris', 'tokyo'], holder: {} },
    { because: 'the Fleet lists no executor', executors: [], holder: {} },
    { because: 'the Fleet lists others only', executors: ['paris'], holder: { isUnlisted: true } },
  ])('says of a file that cannot be read whose it may be when $because', ({ executors, holder }) => {
    const { refused } = decide(remember(request), new Map([['tokyo/keys.yaml', undefined]]), { ...wanted, executors });
    expect([...refused]).toEqual([[KEY, { executor: 'tokyo', how: 'Unreadable', ...holder }]]);
  });

  it('is reserved with an approval of exactly this reservation, which is then forgotten', () => {
    const approvals = new Set([approval(0)]);
    const { memory, refused } = decide(remember(request, seen(0)), published(), { ...wanted, approvals });
    expect(refused.size).toBe(0);
    expect(memory.own[KEY]?.state).toBe('Reserved');
    expect(memory.foreign).toEqual({});
    const next = decide(remember(request, seen(0)), published(entry(2)), { ...wanted, approvals });
    expect(next.refused.get(KEY)).toMatchObject({ executor: 'tokyo', how: 'Reserved' });
  });

  it('is refused in the name of the first of several that have it', () => {
    const tip = new Map([...published(entry(0)), ['lima/keys.yaml', fileOf(entry(0, { node: 'ns/y' }))]]);
    expect(decide(remember(request), tip, wanted).refused.get(KEY)?.executor).toBe('tokyo');
  });

  it('does not care what is remembered under its own name', () => {
    const foreign = { [`paris ${KEY}`]: { node: 'ns/a', since: BEFORE, seal: sealAt(OURS, 0) } };
    const { refused, memory } = decide(remember(request, { foreign }), new Map(), wanted);
    expect(refused.size).toBe(0);
    expect(memory.foreign).toEqual({});
  });
});

describe('a request that is not wanted any more', () => {
  it.each([
    { because: 'of a first reservation leaves nothing', one: request, left: undefined },
    { because: 'without its root leaves nothing', one: own('Requested', 2, { root: undefined }), left: undefined },
    { because: 'after a release is that release again', one: own('Requested', 2), left: own('Released', 1) },
  ])('$because', ({ one, left }) => {
    expect(decide(remember(one), new Map(), notWanted).memory.own[KEY]).toEqual(left);
  });

  const mine = (more: object = {}) =>
    new Map([['paris/keys.yaml', fileOf({ ...entry(0), node: 'ns/a', seal: sealAt(OURS, 0), ...more })]]);

  it('is a reservation when the branch has it: a push landed whose answer was lost', () => {
    const { memory } = decide(remember(request), mine(), notWanted);
    expect(memory.own[KEY]).toEqual({ ...request, state: 'Reserved', adopted: true });
    expect(isReservedFor(memory, KEY, 'ns/a')).toBe(false);
  });

  it('is the reservation on the branch, when that is of another chain of seals', () => {
    const seal = '7'.repeat(64);
    const { memory } = decide(remember(request), mine({ seal }), notWanted);
    expect(memory.own[KEY]).toEqual({ node: 'ns/a', since: BEFORE, state: 'Reserved', seal, step: 0, adopted: true });
  });

  it('is withdrawn when the branch says that it was released', () => {
    expect(decide(remember(request), mine({ state: 'Released' }), notWanted).memory.own[KEY]).toBeUndefined();
  });
});

describe('a key that this controller has', () => {
  const held = own('Reserved', 0);

  it('stays as it is while its node wants it, and also when no node does', () => {
    expect(decide(remember(held), new Map(), wanted).memory.own[KEY]).toBe(held);
    expect(decide(remember(held), new Map(), notWanted).memory.own[KEY]).toBe(held);
  });

  it('is of another node from now on, when that wants it', () => {
    const { memory } = decide(remember(held), new Map(), { ...wanted, wanted: new Map([[KEY, 'ns/b']]) });
    expect(memory.own[KEY]).toEqual({ ...held, node: 'ns/b', since: NOW });
  });

  it('stays reserved, and is contested, when another one says that it has it too', () => {
    const { memory, refused, contested } = decide(remember(held), published(entry(0)), wanted);
    expect(memory.own[KEY]).toBe(held);
    expect(refused.size).toBe(0);
    expect([...contested]).toEqual([[KEY, expect.objectContaining({ executor: 'tokyo', how: 'Reserved' })]]);
  });

  it('is not contested by another key, nor when it is only requested', () => {
    const other = published(entry(0, { key: OTHER_KEY }));
    expect(decide(remember(held), other, wanted).contested.size).toBe(0);
    expect(decide(remember(request), published(entry(0)), wanted).contested.size).toBe(0);
  });

  it('stays released until it is requested again, also when a node wants it', () => {
    const released = own('Released', 1);
    const { memory, document } = decide(remember(released), new Map(), wanted);
    expect(memory.own[KEY]).toBe(released);
    expect(document.keys).toMatchObject([{ key: KEY, state: 'Released', seal: released.seal }]);
  });
});

describe('an entry on the branch that this controller does not remember', () => {
  const seal = sealAt(OURS, 4);
  const tip = (state: string) => new Map([['paris/keys.yaml', fileOf({ ...entry(4), node: 'ns/a', seal, state })]]);
  const adopted = { node: 'ns/a', since: BEFORE, state: 'Reserved', seal, step: 0, adopted: true };

  it('stays, and starts no pod, while no node wants it', () => {
    const { memory } = decide(NO_KEYS, tip('Reserved'), notWanted);
    expect(memory.own[KEY]).toEqual(adopted);
    expect(isReservedFor(memory, KEY, 'ns/a')).toBe(false);
  });

  it('is reserved for the node that wants it', () => {
    const { memory } = decide(NO_KEYS, tip('Reserved'), wanted);
    expect(memory.own[KEY]).toEqual({ node: 'ns/a', since: NOW, state: 'Reserved', seal, step: 0 });
    expect(isReservedFor(memory, KEY, 'ns/a')).toBe(true);
  });

  it('is judged again: it stays, and is refused, when another one has the key', () => {
    const both = new Map([...tip('Reserved'), ...published(entry(0))]);
    const { memory, refused, contested } = decide(NO_KEYS, both, wanted);
    expect(memory.own[KEY]).toEqual(adopted);
    expect(refused.get(KEY)).toMatchObject({ executor: 'tokyo' });
    expect(contested.size).toBe(0);
  });

  it('stays released', () => {
    const { memory } = decide(NO_KEYS, tip('Released'), wanted);
    expect(memory.own[KEY]).toEqual({ node: 'ns/a', since: BEFORE, state: 'Released', seal, step: 0 });
  });

  it('does not win over what is remembered', () => {
    const held = own('Reserved', 0);
    expect(decide(remember(held), tip('Released'), wanted).memory.own[KEY]).toBe(held);
  });
});

describe('which other controller had a key last', () => {
  const signed = { [KEY]: { executor: 'lima', node: 'ns/l', since: '2026-02-02T00:00:00Z' } };
  it.each([
    { because: 'is noted, also of a release', before: {}, tip: published(entry(1)), executor: 'tokyo' },
    {
      because: 'is replaced by a later entry',
      before: signed,
      tip: published(entry(0, { since: NOW })),
      executor: 'tokyo',
    },
    { because: 'is not replaced by an earlier entry', before: signed, tip: published(entry(0)), executor: 'lima' },
    {
      because: 'is not replaced by an entry of the same time',
      before: signed,
      tip: published(entry(0, { since: signed[KEY]?.since })),
      executor: 'lima',
    },
    { because: 'stays when the branch is empty', before: signed, tip: new Map<string, string>(), executor: 'lima' },
    {
      because: 'is not this one itself',
      before: {},
      tip: new Map([['paris/keys.yaml', fileOf(entry(0))]]),
      executor: undefined,
    },
  ])('$because', ({ before, tip, executor }) => {
    expect(decide(remember(undefined, { signed: before }), tip, notWanted).memory.signed[KEY]?.executor).toBe(executor);
  });
});

describe('an entry of a time to come, which someone wrote to the branch', () => {
  const forged = published(entry(1, { since: '9999-01-01T00:00:00Z' }));
  const [earlier, later] = [notWanted, { ...notWanted, now: '2026-03-03T01:00:00Z' }];
  const before = decide(remember(undefined), forged, earlier).memory;

  it('is of now: what another controller signs later comes after it', () => {
    const tip = new Map([['lima/keys.yaml', fileOf(entry(0, { since: '2026-03-03T00:30:00Z' }))]]);
    expect(decide(before, tip, later).memory.signed[KEY]?.executor).toBe('lima');
  });

  it('is not the same as long as it stays: an approval of it covers nothing that comes later', () => {
    expect(decide(before, forged, later).memory.signed[KEY]?.since).not.toBe(before.signed[KEY]?.since);
  });
});

it.each([
  { because: 'reserved', one: own('Reserved', 0), node: 'ns/a', may: true },
  { because: 'reserved for another node', one: own('Reserved', 0), node: 'ns/b', may: false },
  { because: 'requested', one: own('Requested', 0), node: 'ns/a', may: false },
  { because: 'released', one: own('Released', 1), node: 'ns/a', may: false },
  { because: 'adopted from the branch', one: own('Reserved', 0, { adopted: true }), node: 'ns/a', may: false },
  { because: 'unknown', one: undefined, node: 'ns/a', may: false },
])('a node may start with a key that is $because: $may', ({ one, node, may }) => {
  expect(isReservedFor(remember(one), KEY, node)).toBe(may);
});
