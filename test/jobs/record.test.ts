// Records survive a round trip, and junk never reads as "this never ran".

import * as fc from 'fast-check';
import { describe, expect, it } from 'vitest';

import { parseRecord, recordOf, recordPath, UNREADABLE, JobRecord } from '../../src/jobs/requests/record.ts';
import { defined } from '../../src/lib/defined.ts';
import { redact } from '../../src/lib/redact.ts';
import { createRecords } from '../../src/controller/job/records.ts';
import { sourceKeyOf, sourceOf } from '../../src/jobs/requests/restore-source.ts';
import type { JobObject } from '../../src/api/job-object.ts';
import { citaTarget, managedTarget, UID } from './support/fixtures.ts';

const claim: JobRecord = {
  kind: 'Backup',
  namespace: 'prod',
  name: 'nightly',
  executor: 'east',
  specDigest: 'sha256:1',
  phase: 'Claimed',
  uid: UID,
  commit: 'abc',
  author: 'Ada',
};

function objectWith(status: object): JobObject {
  return {
    apiVersion: 'validatoros.com/v1alpha1',
    kind: 'Backup',
    metadata: { name: 'nightly', namespace: 'prod' },
    spec: {},
    status,
  };
}

const complete = {
  phase: 'Complete',
  message: 'copied',
  endTime: '2026-11-22T04:00:00Z',
  history: [{ phase: 'Complete', at: '2026-11-22T04:00:00Z' }],
  targets: [managedTarget('a', { chainId: 'local-1' })],
  bytes: 5,
  files: 2,
  height: 100,
  manifestSha256: 'a'.repeat(64),
  claimName: 'backup-nightly-1f0c22aa',
  claimUid: 'pvc-1',
  outputTail: `\u001b[31mred\u0007 ${'x'.repeat(9000)}`,
};

describe('recordOf', () => {
  it('keeps the nodes that were asked for until work has begun on some', () => {
    const asked = { ...claim, nodes: ['a', 'b'] };
    expect(recordOf(asked, objectWith({ phase: 'Refused' })).nodes).toEqual(['a', 'b']);
    expect(recordOf(asked, objectWith(complete)).nodes).toEqual(recordOf(claim, objectWith(complete)).nodes);
  });

  const record = recordOf(claim, objectWith(complete));

  it('keeps the claim and adds what happened', () => {
    expect(record).toMatchObject({
      author: 'Ada',
      commit: 'abc',
      uid: UID,
      phase: 'Complete',
      bytes: 5,
      files: 2,
      chain: 'cosmos',
      network: 'local',
      chainId: 'local-1',
      nodes: ['a'],
    });
  });

  it('bounds and cleans the tail of the output', () => {
    expect(record.outputTail?.length).toBeLessThanOrEqual(4096);
    expect(record.outputTail).not.toContain('\u001b');
  });

  it('reads back as it was written, through JSON', () => {
    expect(parseRecord(JSON.parse(JSON.stringify(record)))).toEqual(record);
  });

  it('never turns a result back into something unfinished', () => {
    expect(recordOf({ ...claim, phase: 'Interrupted' }, objectWith({ phase: 'Working' })).phase).toBe('Interrupted');
    expect(recordOf({ ...claim, phase: 'Held' }, objectWith({ phase: 'Starting' })).phase).toBe('Starting');
  });

  it.each([
    { because: 'a job that ended Held says what it keeps stopped', phase: 'Held', paused: ['a'], want: ['a'] },
    { because: 'once repaired it keeps nothing', phase: 'Held', paused: [], want: undefined },
    { because: 'one that says nothing keeps nothing', phase: 'Held', paused: undefined, want: undefined },
    { because: 'a job under way gives back what it stopped', phase: 'Working', paused: ['a'], want: undefined },
  ] as const)('$because', ({ phase, paused, want }) => {
    const before = { ...claim, phase: 'Held' as const, paused: ['a'] };
    expect(recordOf(before, objectWith(defined({ phase, paused }))).paused).toEqual(want);
  });

  it('never says again that data is there which was removed', () => {
    const { claimName: _, claimUid: _uid, ...rest } = record;
    const pruned = { ...rest, dataRemoved: 'last 1', notes: ['its data was removed: last 1'] };
    expect(recordOf(pruned, objectWith(complete))).toEqual(pruned);
    const objectStorage = { location: 'offsite', repository: 'east/prod/a', snapshot: 'a'.repeat(64) };
    expect(recordOf(pruned, objectWith({ ...complete, objectStorage }))).toEqual(pruned);
  });

  it('names no data that was removed, also where the claim names it still', () => {
    const pruned = recordOf({ ...record, dataRemoved: 'last 1' }, objectWith(complete));
    expect(Object.keys(pruned)).not.toContain('claimName');
    expect(Object.keys(pruned)).not.toContain('claimUid');
  });

  it.each([undefined, 'Pending'])('has the phase of its claim while its object has the phase %s', (phase) => {
    expect(recordOf({ ...claim, phase: 'Held' }, objectWith(defined({ phase }))).phase).toBe('Held');
  });

  it('keeps what its object does not say, and the notes that it says', () => {
    const workloads = [{ node: 'b', workload: { apiVersion: 'apps/v1', kind: 'StatefulSet', name: 'b' }, replicas: 2 }];
    const phases = [{ phase: 'Claimed' as const, at: '2026-11-22T03:00:00Z' }];
    const before = { ...claim, workloads, phases };
    expect(recordOf(before, objectWith({}))).toMatchObject({ workloads, phases });
    expect(recordOf(before, objectWith(complete))).toMatchObject({ workloads, phases: complete.history });
    expect(recordOf(claim, objectWith({ notes: ['slow'] })).notes).toEqual(['slow']);
  });

  it('names what of other tools is stopped, and nothing of managed nodes', () => {
    const targets = [managedTarget('a'), citaTarget('b'), citaTarget('c', { replicas: 0 })];
    const workload = (name: string) => ({ apiVersion: 'apps/v1', kind: 'StatefulSet', name });
    expect(recordOf(claim, objectWith({ targets })).workloads).toEqual([
      { node: 'b', workload: workload('b'), replicas: 1 },
      { node: 'c', workload: workload('c'), replicas: 0 },
    ]);
  });

  it('has its place below its executor', () => {
    expect(recordPath(claim)).toBe('east/jobs/backup/prod/nightly.yaml');
  });

  it('is a source for a restore on a rebuilt cluster, if the PVC is still the same', () => {
    expect(sourceOf(record, new Map([['backup-nightly-1f0c22aa', 'pvc-1']]))).toMatchObject({
      phase: 'Complete',
      pvcPresent: true,
      pvcName: 'backup-nightly-1f0c22aa',
      height: 100,
      node: 'a',
      chainId: 'local-1',
    });
    expect(sourceOf(record, new Map([['backup-nightly-1f0c22aa', 'pvc-2']])).pvcPresent).toBe(false);
  });

  it.each([
    { because: 'that is gone', more: {}, pvcs: {}, isThere: false },
    { because: 'that it does not name', more: { claimName: undefined, claimUid: undefined }, pvcs: {}, isThere: false },
    { because: 'whose UID is not on record', more: { claimUid: undefined }, pvcs: { [complete.claimName]: 'pvc-9' }, isThere: true },
  ])('as a source, a PVC $because is there: $isThere', ({ more, pvcs, isThere }) => {
    expect(sourceOf(JobRecord.parse({ ...record, ...more }), new Map(Object.entries(pvcs))).pvcPresent).toBe(isThere);
  }); // prettier-ignore

  it.each([
    { more: { live: true, deployMethod: 'helm' }, want: { live: true, deployMethod: 'helm' } },
    { more: { live: undefined, deployMethod: undefined }, want: { live: false, deployMethod: 'managed' } },
  ])('as a source, $more counts as $want', ({ more, want }) => {
    expect(sourceOf(JobRecord.parse({ ...record, ...more }), new Map())).toMatchObject(want);
  });

  it.each([
    { spec: { backup: 'b' }, want: 'Backup/prod/b' },
    { spec: { snapshot: 's' }, want: 'Snapshot/prod/s' },
    { spec: {}, want: undefined },
  ])('a restore with $spec reads $want', ({ spec, want }) => {
    expect(sourceKeyOf({ apiVersion: 'x', kind: 'Restore', metadata: { name: 'r', namespace: 'prod' }, spec })).toBe(
      want,
    );
  });
});

describe('parseRecord', () => {
  it('ignores broken optional fields and unknown ones', () => {
    expect(parseRecord({ ...claim, bytes: 'many', height: -1, phases: 'x', colour: 'red' })).toMatchObject(claim);
  });

  it.each(['kind', 'namespace', 'name', 'executor', 'specDigest', 'phase'])(
    'without %s it is unreadable, not absent',
    (field) => {
      expect(parseRecord({ ...claim, [field]: undefined })).toBe(UNREADABLE);
    },
  );

  it('never throws', () => {
    expect(() => fc.assert(fc.property(fc.anything(), (junk) => void parseRecord(junk)))).not.toThrow();
  });
});

describe('records to come', () => {
  it.each([
    {
      because: 'an object that is not bound is not recorded: it can have done nothing',
      uid: undefined,
      phase: 'Claimed',
    },
    { because: 'the object that is bound is', uid: UID, phase: 'Complete' },
    { because: 'another object of its name is not', uid: 'other', phase: 'Claimed' },
  ])('$because', ({ uid, phase }) => {
    const records = createRecords('east');
    const { uid: _uid, ...unbound } = claim;
    records.put(uid === undefined ? unbound : { ...unbound, uid });
    const object = objectWith(complete);
    const key = 'Backup/prod/nightly';
    const isNew = records.follow(key, { ...object, metadata: { ...object.metadata, uid: UID } });
    expect(isNew).toBe(phase === 'Complete');
    expect(records.next(key)?.phase).toBe(phase);
  });
});

describe('a record whose claim is pushed without its object', () => {
  it('follows the object when the push that names it has landed, and its end at once', () => {
    const records = createRecords('east');
    const { uid: _uid, ...unbound } = claim;
    records.put(unbound);
    records.landed(records.files(redact));
    records.put({ ...unbound, uid: UID });
    const key = 'Backup/prod/nightly';
    const object = (status: object): JobObject => ({
      ...objectWith(status),
      metadata: { ...objectWith(status).metadata, uid: UID },
    });
    const waiting = { phase: 'Claimed', message: 'waits until the status branch names this object' };
    expect(records.follow(key, object(waiting))).toBe(false);
    expect(records.follow(key, object(complete))).toBe(true);
    records.put({ ...unbound, uid: UID });
    records.landed(records.files(redact));
    expect(records.follow(key, object({ phase: 'Claimed', message: 'waits for Backup prod/other' }))).toBe(true);
  });
});

describe('thousands of records', () => {
  const key = 'Backup/prod/nightly';
  const path = recordPath(claim);

  it('are parsed and rendered only when they change', () => {
    const records = createRecords('east');
    records.put(claim);
    const first = records.files(redact);
    expect(records.landed(first)).toEqual([key]);
    const parsed = records.pushedAll().get(key);
    const second = records.files(redact);
    expect(second).toEqual(first);
    expect(records.landed(second)).toEqual([]);
    expect(records.pushedAll().get(key)).toBe(parsed);
  });

  it('a change made while a push was under way is in the next one', () => {
    const records = createRecords('east');
    records.put(claim);
    const first = records.files(redact);
    records.put({ ...claim, phase: 'Cancelled' });
    records.landed(first);
    expect(records.pushed(key)).toMatchObject({ phase: 'Claimed' });
    const second = records.files(redact);
    expect(second.get(path)).toContain('phase: Cancelled');
    expect(records.landed(second)).toEqual([key]);
    expect(records.pushed(key)).toMatchObject({ phase: 'Cancelled' });
  });

  it('what landed otherwise than it was rendered is rendered again', () => {
    const records = createRecords('east');
    records.put(claim);
    const text = records.files(redact).get(path) ?? '';
    records.landed(new Map([[path, text.replace('phase: Claimed', 'phase: Failed')]]));
    expect(records.files(redact).get(path)).toBe(text);
  });

  it('read ahead or not, a branch says the same', () => {
    const written = createRecords('east');
    written.put(claim);
    const files = new Map([
      ...written.files(redact),
      ['east/jobs/backup/prod/junk.yaml', '{'],
      ['east/sync.yaml', 'a: b'],
    ]);
    const [ahead, atOnce] = [createRecords('east'), createRecords('east')];
    for (const [one, text] of files) ahead.readAhead(one, text);
    for (const records of [ahead, atOnce]) records.load(files);
    expect(ahead.pushedAll()).toEqual(atOnce.pushedAll());
    expect([...ahead.pushedAll().keys()].sort()).toEqual([key, 'Backup/prod/junk'].sort());
    expect(ahead.files(redact)).toEqual(atOnce.files(redact));
  });
});
