// An affinity may concern pods of the node's own namespace only.

import { expect, it } from 'vitest';

import { nearTo } from './affinities.ts';
import { judge, NAMESPACE } from './support.ts';

const verdict = (value: object) => judge({ patch: [{ op: 'add', path: '/spec/template/spec/affinity', value }] });

it.each([
  { because: 'another namespace', namespaces: ['payments'] },
  { because: 'another one beside its own', namespaces: [NAMESPACE, 'payments'] },
])('refuses an affinity that names $because', ({ namespaces }) => {
  expect(verdict(nearTo(namespaces)).denials.map(({ rule }) => rule)).toEqual(['OtherNamespaces']);
});

it('lets its own namespace pass, also by name', () => {
  expect(verdict(nearTo([NAMESPACE])).denials).toEqual([]);
});
