// When a live object still has the applied fields.

import { expect, it } from 'vitest';

import { differences, overlay } from '../../src/plan/differences.ts';

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
])('$because: $is', ({ live, desired, is }) => expect(differences(live, desired).length === 0).toBe(is));

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
