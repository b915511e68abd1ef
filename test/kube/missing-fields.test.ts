// Which fields a definition of an older controller lacks.

import { expect, it } from 'vitest';

import { type FieldSchema, missingFields } from '../../src/kube/missing-fields.ts';

interface Row {
  readonly because: string;
  readonly ours: FieldSchema;
  readonly theirs: FieldSchema;
  readonly lacks: readonly string[];
}

const text: FieldSchema = { type: 'string' };
const nested: FieldSchema = { properties: { a: { properties: { b: text } } } };
const any: FieldSchema = { 'x-kubernetes-preserve-unknown-fields': true };
const listOf = (name: string): FieldSchema => ({ properties: { a: { items: { properties: { [name]: text } } } } });

const rows: readonly Row[] = [
  {
    because: 'all are there',
    ours: { properties: { a: text } },
    theirs: { properties: { a: text, b: text } },
    lacks: [],
  },
  { because: 'one at the top is missing', ours: { properties: { a: text } }, theirs: {}, lacks: ['a'] },
  { because: 'one below another is missing', ours: nested, theirs: { properties: { a: {} } }, lacks: ['a.b'] },
  { because: 'nothing is named below a missing one', ours: nested, theirs: { properties: {} }, lacks: ['a'] },
  { because: 'members of a list lack one', ours: listOf('b'), theirs: listOf('c'), lacks: ['a[].b'] },
  { because: 'every field is accepted there', ours: nested, theirs: { properties: { a: any } }, lacks: [] },
];

it.each(rows)('$because', ({ ours, theirs, lacks }) => {
  expect(missingFields(ours, theirs)).toEqual(lacks);
});
