// Changes of the controllers' own version, as a plan shows them.

import { describe, expect, it } from 'vitest';

import { FleetSpec } from '../../src/api/fleet.ts';
import { describeUpgrade, executorsIn, upgradesBetween, upgradesOf } from '../../src/upgrade/describe.ts';

const fleet = (spec: object = {}) => FleetSpec.parse(spec);
const withVersion = (version: string, attempt?: number) => fleet({ controller: { version, attempt } });
const DIGEST = `sha256:${'a'.repeat(64)}`;

describe('the executors of a plan', () => {
  it.each([
    { because: 'named ones', spec: { executors: [{ name: 'b' }, { name: 'a' }] }, others: [], want: ['a', 'b'] },
    { because: 'the default, without a list', spec: { defaultExecutor: 'a' }, others: ['b'], want: ['a', 'b'] },
    { because: 'not a default that is not in the list', spec: { executors: [{ name: 'b' }], defaultExecutor: 'a' }, others: [], want: ['b'] },
    { because: 'each once', spec: { executors: [{ name: 'b' }], defaultExecutor: 'b' }, others: ['b', 'a'], want: ['a', 'b'] },
    { because: 'those that own something, without any', spec: {}, others: ['z'], want: ['z'] },
  ])('are $because', ({ spec, others, want }) => {
    expect(executorsIn(fleet(spec), others)).toEqual(want);
  }); // prettier-ignore
});

describe('between two revisions', () => {
  it.each([
    { because: 'another version', before: withVersion('1'), after: withVersion('2'), want: { from: '1', to: '2' } },
    { because: 'the first version', before: fleet(), after: withVersion('2'), want: { from: undefined, to: '2' } },
    { because: 'no version any more', before: withVersion('1'), after: fleet(), want: { from: '1', to: undefined } },
    { because: 'another attempt', before: withVersion('1'), after: withVersion('1', 2), want: { from: '1', to: '1 attempt 2' } },
  ])('is $because', ({ before, after, want }) => {
    expect(upgradesBetween(before, after, ['a'])).toEqual([{ executor: 'a', ...want }]);
    expect(upgradesBetween(after, after, ['a'])).toEqual([]);
  }); // prettier-ignore

  it('concerns the executors whose version changes, in their order', () => {
    const after = fleet({ controller: { version: '1' }, executors: [{ name: 'b', controller: { version: '2' } }] });
    expect(upgradesBetween(withVersion('1'), after, ['a', 'b', 'c']).map(({ executor }) => executor)).toEqual(['b']);
  });
});

describe('from what runs', () => {
  it.each([
    { because: 'another version', image: 'r/n:1', version: '2', to: '2' },
    { because: 'another digest', image: 'r/n:1', version: `1@${DIGEST}`, to: `1@${DIGEST}` },
    { because: 'nothing: it runs already', image: `r/n:1@${DIGEST}`, version: '1', to: undefined },
    { because: 'nothing: what runs is not known', image: undefined, version: '1', to: undefined },
    { because: 'nothing: no version is named', image: 'r/n:1', version: undefined, to: undefined },
  ])('is $because', ({ image, version, to }) => {
    const spec = version === undefined ? fleet() : withVersion(version);
    const images = new Map(image === undefined ? [] : [['a', image]]);
    expect(upgradesOf(spec, images, ['a'])).toEqual(to === undefined ? [] : [{ executor: 'a', from: image, to }]);
  });
});

it.each([
  { from: '1', to: '2', line: '~ upgrade the controller of a: 1 → 2' },
  { from: undefined, to: '2', line: '~ upgrade the controller of a: 2' },
  { from: '1', to: undefined, line: '~ leave the controller of a at its version: fleet.yaml names none any more' },
])('$line', ({ from, to, line }) => {
  expect(describeUpgrade({ executor: 'a', from, to })).toBe(line);
});
