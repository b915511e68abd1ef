// What the metrics say of the records.

import { expect, it } from 'vitest';

import type { JobRecord } from '../../src/jobs/requests/record.ts';
import { UNREADABLE } from '../../src/jobs/requests/record.ts';
import { sampleJobs } from '../../src/controller/publish/jobs-sample.ts';

function record(name: string, more: Partial<JobRecord>): [string, JobRecord] {
  const base = {
    kind: 'Backup',
    namespace: 'ns',
    name,
    executor: 'east',
    specDigest: 'x',
    phase: 'Complete',
    manifestSha256: 'a'.repeat(64),
  } as const;
  return [`Backup/ns/${name}`, { ...base, nodes: ['a'], ...more }];
}

it('counts records, and gives the last end of each kind on each node', () => {
  const sample = sampleJobs(
    new Map<string, JobRecord | typeof UNREADABLE>([
      record('late', { endedAt: '1970-01-01T00:03:00Z' }),
      record('early', { endedAt: '1970-01-01T00:01:00Z' }),
      record('failed', { endedAt: '1970-01-01T00:02:00Z', phase: 'Failed' }),
      record('refused', { endedAt: '1970-01-01T00:04:00Z', phase: 'Refused', nodes: ['a', 'b'] }),
      record('cancelled', { endedAt: '1970-01-01T00:05:00Z', phase: 'Cancelled' }),
      record('held', { endedAt: '1970-01-01T00:01:00Z', phase: 'Held', kind: 'Restore', paused: ['a', 'b'] }),
      record('under-way', { phase: 'Working' }),
      record('odd', { endedAt: 'soon' }),
      ['Backup/ns/junk', UNREADABLE],
    ]),
  );
  expect(sample).toEqual({
    counts: [
      { kind: 'Backup', phase: 'Complete', count: 3 },
      { kind: 'Backup', phase: 'Failed', count: 1 },
      { kind: 'Backup', phase: 'Refused', count: 1 },
      { kind: 'Backup', phase: 'Cancelled', count: 1 },
      { kind: 'Restore', phase: 'Held', count: 1 },
      { kind: 'Backup', phase: 'Working', count: 1 },
    ],
    pausedNodes: 2,
    ends: [
      { kind: 'Backup', namespace: 'ns', node: 'a', success: 180, failure: 240 },
      { kind: 'Backup', namespace: 'ns', node: 'b', failure: 240 },
      { kind: 'Restore', namespace: 'ns', node: 'a', failure: 60 },
    ],
  });
});
