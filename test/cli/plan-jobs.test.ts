// The jobs of a plan, from the files of both sides.

import { expect, it } from 'vitest';

import { jobsBetween } from '../../src/cli/plan/jobs.ts';
import { nodeFile, read } from '../support/desired-files.ts';

const BACKUP = `apiVersion: validatoros.com/v1alpha1
kind: Backup
metadata: { name: save }
spec: { node: a }
`;

it.each([
  { state: 'Running', says: /^stops a, .*, and starts it again;/ },
  { state: 'Stopped', says: /^keeps a stopped, .*, and does not start it;/ },
])('says what becomes of a node that the same commit makes $state', ({ state, says }) => {
  const before = read({ 'nodes/a.yaml': nodeFile('a') });
  const node = nodeFile('a', (text) => `${text.trimEnd()}\n  desiredState: ${state}\n`);
  const [step] = jobsBetween(before, read({ 'nodes/a.yaml': node, 'jobs/save.yaml': BACKUP }));
  expect(step?.because).toMatch(says);
});

it('shows that an annotation releases a job', () => {
  const nodes = { 'nodes/a.yaml': nodeFile('a') };
  const released = BACKUP.replace('{ name: save }', '{ name: save, annotations: { validatoros.com/release: "true" } }');
  const before = read({ ...nodes, 'jobs/save.yaml': BACKUP });
  const after = read({ ...nodes, 'jobs/save.yaml': released });
  expect(jobsBetween(before, after)).toMatchObject([{ do: 'release', job: 'Backup novacula-system/save' }]);
  expect(jobsBetween(before, before)).toEqual([]);
});
