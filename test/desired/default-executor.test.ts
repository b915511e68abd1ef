// A default executor that the Fleet does not list: one error at its place, and none of what needs the default.

import { expect, it } from 'vitest';

import { createReadCache } from '../../src/desired/read-cache.ts';
import { readDesired } from '../../src/desired/read.ts';
import { describeProblem } from '../../src/desired/text/problem.ts';
import { FLEET, nodeFile, read, sources } from '../support/desired-files.ts';

const fleet = (name: string): string =>
  FLEET.replace('[{ name: demo }]', `[{ name: demo }, { name: other }]\n  defaultExecutor: ${name}`);
const document = (kind: string, name: string, spec: string): string =>
  `apiVersion: validatoros.com/v1alpha1\nkind: ${kind}\nmetadata: { name: ${name} }\nspec:\n  ${spec}\n`;
const files = (name: string) => ({
  'fleet.yaml': fleet(name),
  'nodes/a.yaml': nodeFile('a'),
  'nodes/b.yaml': nodeFile('b'),
  'nodes/c.yaml': `${nodeFile('c')}  executor: other\n`,
  'jobs/a.yaml': document('Backup', 'a', 'node: a'),
  'jobs/c.yaml': document('Backup', 'c', 'node: c'),
  'schedules/s.yaml': document('JobSchedule', 's', 'schedule: "0 3 * * *"\n  template: { kind: Backup, spec: { node: c } }'),
}); // prettier-ignore
const SAYS =
  'fleet.yaml:6:20 error UnknownExecutor spec.defaultExecutor: "dmeo" is not an executor of the Fleet; did you mean "demo"?';
const key = (name: string): string => `novacula-system/${name}`;

it('is one error, at its place, with the nearest name and what it breaks', () => {
  const set = read(files('dmeo'));
  expect(set.problems.map(describeProblem)).toEqual([`${SAYS} (breaks ${key('a')} and 1 more)`]);
  expect([...set.nodes.keys()]).toEqual([key('c')]);
  expect([set.requests.size, set.schedules.size]).toEqual([0, 0]);
});

it('keeps all that needs it as it was, and says so of each node', () => {
  const set = read(files('dmeo'));
  expect(set.fleetBroken).toBe(false);
  expect([...set.brokenNodes].sort()).toEqual([key('a'), key('b')]);
  expect([...set.brokenRequests].sort()).toEqual([`Backup/${key('a')}`, `Backup/${key('c')}`]);
  const kept = ['jobs/a.yaml', 'jobs/c.yaml', 'nodes/a.yaml', 'nodes/b.yaml', 'schedules/s.yaml'];
  expect([...set.brokenFiles].sort()).toEqual(kept);
  for (const node of [key('a'), key('b')]) expect(describeProblem(set.brokenBy.nodes.get(node)!)).toBe(SAYS);
});

it('is an error also where nothing needs it', () => {
  expect(read({ 'fleet.yaml': fleet('dmeo') }).problems.map(describeProblem)).toEqual([SAYS]);
  const far = read({ 'fleet.yaml': fleet('elsewhere') }).problems.map(({ message }) => message);
  expect(far).toEqual(['spec.defaultExecutor: "elsewhere" is not an executor of the Fleet; it lists demo, other']);
});

it('leaves the other errors of such documents', () => {
  const found = read({ ...files('dmeo'), 'nodes/b.yaml': nodeFile('b', (text) => text.replace('hoodi', 'hodi')) });
  expect(found.problems.map(({ file, code }) => `${file} ${code}`)).toEqual(['fleet.yaml UnknownExecutor', 'nodes/b.yaml UnknownNetwork']);
  expect(found.brokenBy.nodes.get(key('b'))).toMatchObject({ code: 'UnknownNetwork' });
}); // prettier-ignore

it('breaks nothing once it is corrected, also with files that were read before', () => {
  const cache = createReadCache();
  const readAgain = (name: string) => readDesired(sources(files(name)), { defaultNamespace: 'novacula-system', cache });
  expect(readAgain('dmeo').problems).toHaveLength(1);
  const good = readAgain('demo');
  expect(good.problems.filter(({ level }) => level === 'error')).toEqual([]);
  expect([good.nodes.size, good.requests.size, good.schedules.size]).toEqual([3, 2, 1]);
});
