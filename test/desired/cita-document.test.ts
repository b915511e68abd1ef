// The documents in the README of the CITA-Cloud operator are job requests.

import { readFileSync } from 'node:fs';
import { describe, expect, it } from 'vitest';

import { describeProblem } from '../../src/desired/text/problem.ts';
import { read } from '../support/desired-files.ts';

const DOCUMENTS = readFileSync(new URL('../jobs/support/cita-documents.yaml', import.meta.url), 'utf8');
/** Only the errors: the warning that a workload is not declared in the repository is expected. */
const errorsOf = (text: string): string[] =>
  read({ 'jobs/cita.yaml': text })
    .problems.filter(({ level }) => level === 'error')
    .map(describeProblem);
const request = (kind: string, spec: string): string =>
  `apiVersion: citacloud.rivtower.com/v1\nkind: ${kind}\nmetadata: { name: x }\nspec: ${spec}\n`;

describe('documents of the CITA-Cloud operator', () => {
  it('are accepted unchanged, with the defaults of their kinds', () => {
    expect(errorsOf(DOCUMENTS)).toEqual([]);
    const found = [...read({ 'jobs/cita.yaml': DOCUMENTS }).requests.values()].map(({ request: asked }) => asked);
    expect(found.map(({ kind }) => kind)).toEqual([
      'BlockHeightFallback',
      'Backup',
      'Snapshot',
      'Restore',
      'Restore',
      'Switchover',
      'ChangeOwner',
    ]);
    for (const { spec } of found)
      expect(spec).toMatchObject({ ttlSecondsAfterFinished: 30, deployMethod: expect.not.stringMatching('managed') });
  });

  it('are of cloud-config nodes when they are a Switchover', () => {
    const [only] = read({
      'jobs/cita.yaml': request('Switchover', '{ chain: c, sourceNode: a, destNode: b }'),
    }).requests.values();
    expect(only?.request.spec).toMatchObject({ deployMethod: 'cloud-config' });
  });

  it.each([
    { because: 'a kind that is no job', text: request('CitaNode', '{}'), says: 'BlockchainNode' },
    { because: 'a copy without a manifest', text: request('Duplicate', '{}'), says: 'use a Backup' },
    { because: 'an unknown kind', text: request('constructor', '{}'), says: 'is not a kind of this repository' },
    {
      because: 'no deployMethod',
      text: request('Backup', '{ chain: c, node: n }'),
      says: 'cloud-config, python or helm',
    },
    { because: 'no spec', text: request('Backup', ''), says: 'spec: ' },
  ])('are refused with advice: $because', ({ text, says }) => {
    expect(errorsOf(text)).toEqual([expect.stringContaining(says)]);
  });
});
