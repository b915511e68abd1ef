// A copy counts as a backup only when it holds a database of its chain, and is restored only where it fits.

import { describe, expect, it } from 'vitest';

import type { JobTask } from '../../src/api/job-status.ts';
import { isProvenCopy } from '../../src/jobs/requests/record.ts';
import { kindNamed, managedTarget, source, targetSeen, viewFor } from './support/fixtures.ts';
import { step, work, working } from './support/step.ts';

const manifestSha256 = 'a'.repeat(64);

describe('a Backup', () => {
  it.each([
    { because: 'no file', figures: { files: 0, bytes: 0 } },
    { because: 'files without a byte', figures: { files: 3, bytes: 0 } },
    { because: 'no figures', figures: {} },
  ])('fails when the copy has $because', ({ figures }) => {
    const ended: JobTask = { ...work, outcome: 'Succeeded', manifestSha256, ...figures };
    const { status } = step({ status: { ...working, phase: 'Verifying', works: [ended] } });
    expect(status).toMatchObject({ phase: 'Starting', failure: { reason: 'EmptyBackup', unsafe: false } });
    expect(status.failure?.message).toContain('the copy of a has');
  });

  it('completes with one file of one byte', () => {
    const ended: JobTask = { ...work, outcome: 'Succeeded', manifestSha256, files: 1, bytes: 1 };
    const { status } = step({ status: { ...working, phase: 'Verifying', works: [ended] } });
    expect(status).toMatchObject({ phase: 'Starting', reason: 'Verified', files: 1, bytes: 1 });
    expect(status.failure).toBeUndefined();
  });

  it('passes the markers of volumes that it copies to the worker', () => {
    const answers = {
      identityFiles: [],
      signerState: [],
      databaseMarkers: [
        { volume: 'data', anyOf: ['geth/chaindata'] },
        { volume: 'gone', anyOf: ['x'] },
      ],
    };
    const target = managedTarget('a');
    const view = viewFor('Backup', [target], { targets: new Map([['a', targetSeen(target, { answers })]]) });
    const plan = kindNamed('Backup').open({ node: 'a' }).plan(view);
    expect(plan).toMatchObject({
      pods: [{ parameters: { markers: [{ volume: 'data', anyOf: ['geth/chaindata'] }] } }],
    });
  });
});

describe('a Restore', () => {
  const target = managedTarget('a', { clients: ['cl=lighthouse', 'el=geth'] });
  const refusal = (more: Parameters<typeof source>[0]) => {
    const view = viewFor('Restore', [target], { source: source(more) });
    const answer = kindNamed('Restore').open({ node: 'a', backup: 'nightly' }).preflight(view);
    return 'refuse' in answer ? answer.refuse : answer;
  };

  it.each([
    { because: 'a source without files', more: { files: 0 }, reason: 'SourceEmpty' },
    { because: 'a source without bytes', more: { files: 2, bytes: 0 }, reason: 'SourceEmpty' },
    { because: 'a source of another client', more: { clients: ['cl=lighthouse', 'el=reth'] }, reason: 'WrongClient' },
    { because: 'a source of another chain', more: { chain: 'bitcoin' }, reason: 'WrongChain' },
    { because: 'a source of another network', more: { network: 'main' }, reason: 'WrongChain' },
  ])('refuses $because', ({ more, reason }) => {
    expect(refusal(more)).toMatchObject({ reason });
  });

  it.each([
    { because: 'the same clients', more: { clients: ['cl=lighthouse', 'el=geth'], files: 1, bytes: 1 } },
    { because: 'clients of other roles', more: { clients: ['node=gaia'] } },
    { because: 'a record of an older version, without clients and figures', more: {} },
  ])('accepts $because', ({ more }) => {
    expect(refusal(more)).toMatchObject({ go: true });
  });
});

describe('isProvenCopy', () => {
  it.each([
    { because: 'a complete copy', record: { phase: 'Complete', manifestSha256, files: 1, bytes: 1 }, want: true },
    { because: 'a record without figures', record: { phase: 'Complete', manifestSha256 }, want: true },
    { because: 'no manifest', record: { phase: 'Complete', files: 1, bytes: 1 }, want: false },
    { because: 'no files', record: { phase: 'Complete', manifestSha256, files: 0 }, want: false },
    { because: 'no bytes', record: { phase: 'Complete', manifestSha256, files: 1, bytes: 0 }, want: false },
    { because: 'a failure', record: { phase: 'Failed', manifestSha256, files: 1, bytes: 1 }, want: false },
  ] as const)('$because', ({ record, want }) => {
    expect(isProvenCopy(record)).toBe(want);
  });
});
