// When a live object still has the applied fields.

import { expect, it } from 'vitest';

import { differences, namesOf, overlay } from '../../src/plan/differences.ts';

it.each([
  { because: 'equal values', live: 1, desired: 1, is: true },
  { because: 'different values', live: 1, desired: 2, is: false },
  { because: 'a field that the server added', live: { a: 1, b: 2 }, desired: { a: 1 }, is: true },
  { because: 'a field that is gone', live: { b: 2 }, desired: { a: 1 }, is: false },
  { because: 'a nested difference', live: { a: { b: 1 } }, desired: { a: { b: 2 } }, is: false },
  { because: 'null and absent', live: undefined, desired: null, is: true },
  { because: 'absent and null', live: null, desired: undefined, is: true },
  { because: 'a value where there must be none', live: 0, desired: null, is: false },
  { because: 'a member that must be absent does not count', live: {}, desired: { a: null, b: undefined }, is: true },
  {
    because: 'an object that the server left out because it is empty',
    live: null,
    desired: { a: undefined },
    is: true,
  },
  { because: 'a text where an object must be', live: 'a', desired: { a: 1 }, is: false },
  { because: 'an empty list that the server left out', live: undefined, desired: [], is: true },
  { because: 'a list that is gone', live: null, desired: [1], is: false },
  { because: 'an object where a list must be', live: { length: 0 }, desired: [], is: false },
  { because: 'a list with an additional element', live: [1, 2], desired: [1], is: false },
  { because: 'a list in another order', live: [2, 1], desired: [1, 2], is: false },
  { because: 'elements with defaults', live: [{ a: 1, b: 2 }], desired: [{ a: 1 }], is: true },
  { because: 'one quantity in two units', live: '1', desired: '1000m', is: true },
  { because: 'two quantities', live: '2', desired: '1000m', is: false },
  { because: 'an empty text that the server left out', live: {}, desired: { value: '' }, is: true },
  { because: 'a false that is gone: the default may be true', live: {}, desired: { mount: false }, is: false },
  { because: 'a number and its text', live: 1, desired: '1', is: false },
  { because: 'a text and its number', live: '1', desired: 1, is: false },
  { because: 'equal texts that are no quantities', live: 'abc', desired: 'abc', is: true },
  { because: 'an empty list that is null', live: null, desired: [], is: true },
  { because: 'an object without members that is null', live: null, desired: { a: null }, is: true },
])('$because: $is', ({ live, desired, is }) => expect(differences(live, desired).length === 0).toBe(is));

const named = (...names: readonly string[]) => names.map((name) => ({ name }));

it.each([
  { because: 'a list that is gone', live: { a: null }, desired: { a: [1] }, paths: [['a', null]] },
  { because: 'an object instead of a list', live: { a: { b: 1 } }, desired: { a: [1] }, paths: [['a', { b: 1 }]] },
  { because: 'a text instead of an object', live: { a: 'b' }, desired: { a: { b: 1 } }, paths: [['a', 'b']] },
  {
    because: 'an item that was renamed, as one more and one gone',
    live: { a: named('x', 'z') },
    desired: { a: named('y', 'z') },
    paths: [
      ['a[x]', { name: 'x' }],
      ['a[y]', undefined],
    ],
  },
  {
    because: 'an item of ours that is gone',
    live: { a: named('z') },
    desired: { a: named('y', 'z') },
    paths: [['a[y]', undefined]],
  },
  {
    because: 'items in another order, as the whole list',
    live: { a: named('y', 'x') },
    desired: { a: named('x', 'y') },
    paths: [['a', named('y', 'x')]],
  },
  {
    because: 'names that are the same when they are joined',
    live: { a: named('ab', 'c') },
    desired: { a: named('a', 'bc') },
    paths: [
      ['a[ab]', { name: 'ab' }],
      ['a[c]', { name: 'c' }],
      ['a[a]', undefined],
      ['a[bc]', undefined],
    ],
  },
  {
    because: 'items without names by their places',
    live: { a: [{ v: 1 }, { v: 2 }] },
    desired: { a: [{ v: 1 }, { v: 3 }] },
    paths: [['a[1].v', 2]],
  },
  {
    because: 'one more item without a name, as the whole list',
    live: { a: [...named('x'), { v: 2 }] },
    desired: { a: named('x') },
    paths: [['a', [...named('x'), { v: 2 }]]],
  },
  {
    because: 'one more item beside an item of ours without a name, as the whole list',
    live: { a: named('x', 'y') },
    desired: { a: [{ v: 1 }] },
    paths: [['a', named('x', 'y')]],
  },
  { because: 'nothing of items with names', live: { a: named('x', 'y') }, desired: { a: named('x', 'y') }, paths: [] },
  {
    because: 'names on the other side only, by the places of the items',
    live: { a: named('x') },
    desired: { a: [{ v: 1 }] },
    paths: [['a[0].v', undefined]],
  },
  {
    because: 'names on one side only, by the places of the items',
    live: { a: [{ v: 1 }] },
    desired: { a: [{ name: 'x', v: 1 }] },
    paths: [['a[x].name', undefined]],
  },
])('names $because', ({ live, desired, paths }) => {
  expect(differences(live, desired)).toEqual(paths.map(([path, value]) => ({ path, live: value })));
});

it.each([
  { because: 'each item has one', items: [{ image: 'i', name: 'a' }, { name: 'b' }], names: ['a', 'b'] },
  { because: 'there are no items', items: [], names: [] },
  { because: 'an item has none', items: [{ name: 'a' }, { image: 'i' }], names: undefined },
  { because: 'a name is no text', items: [{ name: 'a' }, { name: 1 }], names: undefined },
  { because: 'two items share one', items: [{ name: 'a' }, { name: 'a' }], names: undefined },
  { because: 'the items are texts', items: ['a', 'b'], names: undefined },
  { because: 'an item is null', items: [{ name: 'a' }, null], names: undefined },
  { because: 'an item is absent', items: [{ name: 'a' }, undefined], names: undefined },
])('the names of items, when $because', ({ items, names }) => expect(namesOf(items)).toEqual(names));

it.each([
  { because: 'a text', live: 'abc', desired: { a: 1 }, is: { a: 1 } },
  { because: 'null', live: null, desired: { a: 1 }, is: { a: 1 } },
  { because: 'nothing', live: undefined, desired: { a: [1] }, is: { a: [1] } },
  { because: 'a list', live: [1], desired: { a: 1 }, is: { a: 1 } },
  { because: 'a value that we do not set', live: { a: 1, b: 2 }, desired: { a: null }, is: { a: 1, b: 2 } },
  { because: 'items without names', live: [1, 2], desired: [3], is: [3] },
  { because: 'items without names under ours with names', live: [{ v: 1 }], desired: named('x'), is: named('x') },
  { because: 'items with names under ours without', live: named('x'), desired: [{ v: 1 }], is: [{ v: 1 }] },
  { because: 'an object', live: { length: 0 }, desired: [1], is: [1] },
])('lays our fields over $because', ({ live, desired, is }) => expect(overlay(live, desired)).toEqual(is));

it('names the fields that differ', () => {
  const wanted = { spec: { ports: [{ name: 'p2p', port: 1 }], type: 'A' } };
  const live = {
    spec: {
      ports: [
        { name: 'p2p', port: 2 },
        { name: 'x', port: 3 },
      ],
      type: 'B',
      other: 1,
    },
  };
  expect(differences(live, wanted).map(({ path }) => path)).toEqual(['spec.ports[x]', 'spec.type']);
  const {
    ports: [first],
  } = live.spec;
  expect(differences({ spec: { ...live.spec, ports: [first] } }, wanted)[0]).toEqual({
    path: 'spec.ports[p2p].port',
    live: 2,
  });
});

it('lays our fields over those of others, and keeps only our items in our lists', () => {
  const wanted = { ports: [{ name: 'p2p', port: 1 }], gone: undefined };
  const live = { ports: [{ name: 'x' }, { name: 'p2p', port: 2, nodePort: 30_000 }], clusterIP: 'a' };
  expect(overlay(live, wanted)).toEqual({
    ports: [{ name: 'p2p', port: 1, nodePort: 30_000 }],
    clusterIP: 'a',
  });
});
