// Conditions do not flap: a time moves only with its status.

import { expect, it } from 'vitest';

import { findCondition, mergeConditions, type Condition } from '../../src/api/conditions.ts';

const old: Condition = {
  type: 'Ready',
  status: 'True',
  reason: 'Running',
  message: 'm',
  lastTransitionTime: 'before',
  observedGeneration: 1,
};

const rows = [
  {
    because: 'the same status keeps its time, also with another reason',
    next: { ...old, reason: 'Syncing' as const },
    time: 'before',
  },
  { because: 'another status takes the new time', next: { ...old, status: 'False' as const }, time: 'now' },
  { because: 'a new type takes the new time', next: { ...old, type: 'Stalled' as const }, time: 'now' },
];
it.each(rows)('$because', ({ next, time }) => {
  const { lastTransitionTime: _time, observedGeneration: _generation, ...condition } = next;
  const merged = mergeConditions([old], [condition], { now: 'now', generation: 2 });
  expect(merged).toEqual([{ ...condition, lastTransitionTime: time, observedGeneration: 2 }]);
  expect(findCondition(merged, next.type)).toBe(merged[0]);
});

it('removes a type that is not given again', () => {
  expect(mergeConditions([old], [], { now: 'now', generation: undefined })).toEqual([]);
});
