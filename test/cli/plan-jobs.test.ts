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
