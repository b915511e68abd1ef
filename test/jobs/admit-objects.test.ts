// What a claim holds, which object of its name a request may run in, and requests whose records are lost.

import { describe, expect, it } from 'vitest';

import type { JobPhase } from '../../src/api/job-phase.ts';
import { neededApproval } from '../../src/jobs/requests/approval.ts';
import type { JobRecord } from '../../src/jobs/requests/record.ts';
import { admitOne, type Given, KEY, object, record, request } from './support/admission.ts';

const working = { ...object, phase: 'Working' as JobPhase };
const withSpec = (objectDigest: string) => ({ requests: [{ ...request, objectDigest }] });

function messageOf(given: Given): string {
  const [decision] = admitOne(given);
  return decision?.do === 'refuse' ? decision.message : '';
}

describe('a claim', () => {
  it('names the spec that its object must have, and the schedule that filed it', () => {
    const requests = [{ ...request, objectDigest: 'sha256:o', schedule: 'prod/nightly' }];
    expect(admitOne({ requests })).toMatchObject([{ record: { objectDigest: 'sha256:o', schedule: 'prod/nightly' } }]);
  });

  it('whose push is under way without the object is made again with it', () => {
    const unpushed = new Map([[KEY, record]]);
    expect(admitOne({ object: working, open: 'u1', more: { unpushed } })).toMatchObject([{ record: { uid: 'u1' } }]);
  });

  it.each([
    { because: 'with its commit', commit: 'c'.repeat(40), says: `other content at commit ${'c'.repeat(12)} and` },
    { because: 'without one', commit: undefined, says: 'other content and' },
  ])('of other content is named: $because', ({ commit, says }) => {
    const { commit: _commit, ...bare } = record;
    const claimed: JobRecord = { ...bare, specDigest: 'sha256:2', ...(commit === undefined ? {} : { commit }) };
    expect(messageOf({ record: claimed })).toContain(says);
  });

  it('that ends adds its end to its phases, of which the last 16 stay', () => {
    const phases = Array.from({ length: 16 }, (_, index) => ({ phase: 'Claimed' as const, at: `${index}` }));
    const [decision] = admitOne({ requests: [], record: { ...record, phases } });
    const [short] = admitOne({ requests: [], record });
    const end = { phase: 'Cancelled', at: '2027-01-15T08:00:00Z' };
    expect(decision).toMatchObject({ do: 'end', record: { phases: [...phases.slice(1), end] } });
    expect(short).toMatchObject({ do: 'end', record: { endedAt: end.at, phases: [end] } });
  });
});

describe('an object of the name of a request', () => {
  it.each<Given & { readonly because: string; readonly bound: boolean }>([
    { because: 'with the same spec', ...withSpec('sha256:o'), object: { ...object, objectDigest: 'sha256:o' }, bound: true },
    { because: 'with another spec', ...withSpec('sha256:o'), object: { ...object, objectDigest: 'sha256:x' }, bound: false },
    { because: 'whose spec has no digest', ...withSpec('sha256:o'), object, bound: true },
    { because: 'where the request has no digest', object: { ...object, objectDigest: 'sha256:x' }, bound: true },
  ])('$because is bound: $bound', ({ bound, ...given }) => {
    const want = bound ? { do: 'bind', record: { uid: 'u1' } } : { do: 'refuse', reason: 'ObjectDiffers' };
    expect(admitOne({ ...given, record })).toMatchObject([want]);
  }); // prettier-ignore

  it('is compared with the claim where the request has no digest', () => {
    const given = { record: { ...record, objectDigest: 'sha256:o' }, object: { ...object, objectDigest: 'sha256:x' } };
    expect(messageOf(given)).toContain('an object of this name with another spec');
  });

  it('that was bound, and has another spec than its file now, gets no new claim for a lost one', () => {
    const given = { ...withSpec('sha256:o'), object: { ...working, objectDigest: 'sha256:x' }, open: 'u1' };
    expect(messageOf(given)).toContain('an object of this name with another spec');
  });
});

describe('a request whose record is lost', () => {
  const unrecorded = new Set([KEY]);
  const [, digest = ''] = /the digest (\S+) to/.exec(messageOf({ more: { unrecorded } })) ?? [];

  it.each<Given & { readonly because: string; readonly runs: boolean }>([
    { because: 'before it is approved', runs: false },
    { because: 'with the approval of something else', more: { approvals: new Set(['sha256:other']) }, runs: false },
    { because: 'with its approval', more: { approvals: new Set([digest]) }, runs: true },
    { because: 'with the approval of other content', requests: [{ ...request, specDigest: 'sha256:2' }], more: { approvals: new Set([digest]) }, runs: false },
    { because: 'in the object that the controller has bound', object: working, open: 'u1', runs: true },
    { because: 'in another object than that', object: { ...object, uid: 'u2' }, open: 'u1', runs: false },
    { because: 'when its object is lost too', open: 'u1', runs: false },
  ])('runs $because: $runs', ({ runs, more, ...given }) => {
    const want = runs ? { do: 'claim' } : { do: 'refuse', reason: 'RecordLost' };
    expect(admitOne({ ...given, more: { unrecorded, ...more } })).toMatchObject([want]);
  }); // prettier-ignore

  it('does not keep another one from running', () => {
    expect(admitOne({ more: { unrecorded: new Set(['Backup/prod/other']) } })).toMatchObject([{ do: 'claim' }]);
  });
});

it('an approval is for one request with one content and those rules', () => {
  const asked = { key: KEY, specDigest: 'sha256:1', rules: ['RootOwner'] };
  const others = [{ key: 'Backup/prod/x' }, { specDigest: 'sha256:2' }, { rules: ['RootOwner', 'ImageNotAllowed'] }];
  const digests = [{}, ...others].map((more) => neededApproval({ ...asked, ...more })?.digest);
  expect(new Set(digests).size).toBe(4);
  expect(neededApproval({ ...asked, rules: [] })).toBeUndefined();
});
