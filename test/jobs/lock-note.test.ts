// What the node locks of a job say of its nodes when the job is lost.

import { describe, expect, it } from 'vitest';

import type { JobStatus } from '../../src/api/job-status.ts';
import { noteOf, noteOfStatus } from '../../src/jobs/model/lock-note.ts';
import { managedTarget } from './support/fixtures.ts';

const job = { kind: 'Switchover', namespace: 'prod', name: 'keys', uid: 'u1' };
const [a, b] = [managedTarget('a'), managedTarget('b')];
/** Written in part. */
const signers: NonNullable<JobStatus['signers']> = {
  step: 'write',
  since: '2026-11-22T00:00:00Z',
  states: [{ node: 'a', volume: 'data', paths: ['state.json'], text: '{"height":"7","round":0,"step":3}' }],
};

describe('the note on a lock', () => {
  it('has what starts each node again, and nothing that is not known of it', () => {
    const status = {
      targets: [
        { ...a, replicas: 2 },
        { ...b, detached: true },
      ],
    };
    const { replicas: _replicas, ...plain } = { ...b };
    expect(noteOf({ job, status: { targets: [plain] } }, undefined)).toStrictEqual({
      uid: 'u1',
      job: 'Switchover prod/keys',
      nodes: [{ node: 'b', workload: b.workload, wasRunning: b.wasRunning }],
    });
    expect(noteOf({ job, status }, undefined).nodes).toMatchObject([{ replicas: 2 }, { detached: true }]);
    expect(noteOf({ job, status: {} }, undefined).nodes).toEqual([]);
  });

  it('says that keys are at risk while the nodes must not be started, and not once they may', () => {
    expect(noteOf({ job, status: { signers } }, 'half')).toMatchObject({ unsafe: 'half', keys: true });
    expect(noteOf({ job, status: { signers } }, undefined)).not.toHaveProperty('keys');
    expect(noteOf({ job, status: {} }, 'half')).not.toHaveProperty('keys');
  });

  it.each<{ readonly because: string; readonly more: JobStatus; readonly unsafe: string | undefined }>([
    { because: 'nothing failed', more: {}, unsafe: undefined },
    { because: 'it failed before it changed anything', more: { failure: { reason: 'WorkFailed', message: 'no', unsafe: false } }, unsafe: undefined },
    { because: 'it failed half way', more: { failure: { reason: 'WorkFailed', message: 'half', unsafe: true } }, unsafe: 'half' },
    { because: 'it was under way', more: { risk: 'begun', failure: { reason: 'WorkFailed', message: 'half', unsafe: true } }, unsafe: 'begun' },
  ])('by its status alone is about the nodes that it pauses: $because', ({ more, unsafe }) => {
    const note = noteOfStatus({ job, status: { targets: [a, b], paused: ['b'], ...more } });
    expect(note.nodes.map(({ node }) => node)).toEqual(['b']);
    expect(note.unsafe).toBe(unsafe);
    expect(noteOfStatus({ job, status: { targets: [a, b], ...more } }).nodes).toEqual([]);
  }); // prettier-ignore
});
