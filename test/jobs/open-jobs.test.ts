// What a controller remembers of the jobs that it claimed.

import { describe, expect, it } from 'vitest';

import type { JobPhase } from '../../src/api/job-phase.ts';
import type { Decision, LiveRequest } from '../../src/jobs/requests/admission.ts';
import { adoptOpen, openAfter } from '../../src/jobs/requests/open-jobs.ts';
import { UNREADABLE, type JobRecord } from '../../src/jobs/requests/record.ts';
import { KEY, request } from './support/admission.ts';

function recordOf(phase: JobPhase, uid?: string): JobRecord {
  const head = { kind: 'Backup', namespace: 'prod', name: 'nightly', executor: 'east', specDigest: 'sha256:1' };
  return { ...head, phase, ...(uid === undefined ? {} : { uid }) };
}

interface Given {
  readonly record?: JobRecord | typeof UNREADABLE;
  readonly object?: { readonly uid: string; readonly phase?: JobPhase };
}

function seenOf({ record, object }: Given) {
  const live: LiveRequest | undefined = object && { withdrawn: undefined, phase: undefined, ...object };
  return {
    records: new Map(record === undefined ? [] : [[KEY, record]]),
    objects: new Map(live === undefined ? [] : [[KEY, live]]),
    requests: [],
  };
}

describe('after a loss of the memory', () => {
  it.each<Given & { readonly because: string; readonly adopted: boolean }>([
    {
      because: 'a job under way',
      record: recordOf('Working', 'u1'),
      object: { uid: 'u1', phase: 'Working' },
      adopted: true,
    },
    {
      because: 'a job that keeps its node stopped',
      record: recordOf('Held', 'u1'),
      object: { uid: 'u1', phase: 'Held' },
      adopted: true,
    },
    { because: 'a claim alone', record: recordOf('Claimed'), adopted: false },
    {
      because: 'an object that has not begun',
      record: recordOf('Claimed', 'u1'),
      object: { uid: 'u1', phase: 'Claimed' },
      adopted: false,
    },
    {
      because: 'another object',
      record: recordOf('Working', 'u1'),
      object: { uid: 'u2', phase: 'Working' },
      adopted: false,
    },
    { because: 'an object without a record', object: { uid: 'u1', phase: 'Working' }, adopted: false },
    {
      because: 'a record that cannot be read',
      record: UNREADABLE,
      object: { uid: 'u1', phase: 'Working' },
      adopted: false,
    },
    {
      because: 'a record that has ended',
      record: recordOf('Complete', 'u1'),
      object: { uid: 'u1', phase: 'Working' },
      adopted: false,
    },
  ])('$because counts as its own: $adopted', ({ adopted, ...given }) => {
    expect(adoptOpen(seenOf(given))).toEqual(adopted ? { [KEY]: 'u1' } : {});
  });
});

describe('after each decision', () => {
  const claim: Decision = { do: 'claim', key: 'Backup/prod/next', record: recordOf('Claimed') };
  const bind: Decision = { do: 'bind', key: KEY, record: recordOf('Claimed', 'u1') };

  it('has what was claimed and bound', () => {
    expect(openAfter({}, [claim, bind], seenOf({}))).toEqual({ 'Backup/prod/next': '', [KEY]: 'u1' });
  });

  it.each([
    { because: 'while it is requested', requests: [request], kept: true },
    { because: 'and not when its file is gone too', requests: [], kept: false },
  ])('a claim of which nothing is on the branch is remembered $because', ({ requests, kept }) => {
    expect(KEY in openAfter({ [KEY]: '' }, [], { ...seenOf({}), requests })).toBe(kept);
  }); // prettier-ignore

  it('is the same where other things are decided', () => {
    const open = { [KEY]: 'u1' };
    const record = recordOf('Working', 'u1');
    const decisions: Decision[] = [
      { do: 'mark', key: KEY, uid: 'u1', withdrawn: 'its file was removed' },
      { do: 'end', key: 'Backup/prod/next', record: recordOf('Cancelled') },
    ];
    expect(openAfter(open, decisions, seenOf({ record }))).toBe(open);
  });

  it('is the same where nothing was claimed and nothing has ended, so that nothing is written', () => {
    const open = { [KEY]: 'u1' };
    expect(openAfter(open, [], seenOf({ record: recordOf('Working', 'u1') }))).toBe(open);
    expect(openAfter(open, [], seenOf({ record: recordOf('Complete', 'u1') }))).toEqual({});
  });

  it.each<Given & { readonly because: string; readonly kept: boolean }>([
    {
      because: 'its object ended, and the branch says so',
      record: recordOf('Complete', 'u1'),
      object: { uid: 'u1', phase: 'Complete' },
      kept: false,
    },
    {
      because: 'its object ended, and its end is not pushed yet',
      record: recordOf('Working', 'u1'),
      object: { uid: 'u1', phase: 'Complete' },
      kept: true,
    },
    { because: 'it ended Held', record: recordOf('Held', 'u1'), object: { uid: 'u1', phase: 'Held' }, kept: true },
    { because: 'its object ended without a record', object: { uid: 'u1', phase: 'Complete' }, kept: true },
    { because: 'its record cannot be read', record: UNREADABLE, kept: true },
    {
      because: 'only the branch says that it ended',
      record: recordOf('Complete', 'u1'),
      object: { uid: 'u1', phase: 'Working' },
      kept: true,
    },
    { because: 'it ended and its object is gone', record: recordOf('Complete', 'u1'), kept: false },
    { because: 'its object is not there yet', record: recordOf('Claimed'), kept: true },
  ])('$because: remembered is $kept', ({ kept, ...given }) => {
    expect(KEY in openAfter({ [KEY]: 'u1' }, [claim], seenOf(given))).toBe(kept);
  });
});
