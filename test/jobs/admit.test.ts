// Which requests are claimed, created, bound, ended; and that none runs twice, wherever a controller dies.

import fc from 'fast-check';
import { describe, expect, it } from 'vitest';

import type { JobPhase } from '../../src/api/job-status.ts';
import { admit, type AdmitInput, type Decision, type GitRequest, type LiveRequest } from '../../src/jobs/admit.ts';
import { UNREADABLE, type JobRecord } from '../../src/jobs/record.ts';

const KEY = 'Backup/prod/nightly';
const request: GitRequest = {
  key: KEY,
  kind: 'Backup',
  namespace: 'prod',
  name: 'nightly',
  executor: 'east',
  specDigest: 'sha256:1',
  file: 'jobs/nightly.yaml',
  commit: 'c'.repeat(40),
  author: 'Ada <ada@example.com>',
};
const record: JobRecord = {
  kind: 'Backup',
  namespace: 'prod',
  name: 'nightly',
  executor: 'east',
  specDigest: 'sha256:1',
  phase: 'Claimed',
  file: request.file,
  commit: request.commit,
};
const object: LiveRequest = { uid: 'u1', phase: undefined, markedGone: false };

interface Given {
  readonly requests?: readonly GitRequest[];
  readonly record?: JobRecord | typeof UNREADABLE;
  readonly object?: LiveRequest;
  readonly more?: Partial<AdmitInput>;
}

function admitOne({ requests = [request], record: known, object: live, more = {} }: Given): readonly Decision[] {
  return admit({
    requests,
    records: new Map(known === undefined ? [] : [[KEY, known]]),
    objects: new Map(live === undefined ? [] : [[KEY, live]]),
    executor: 'east',
    unreadable: new Set(),
    brokenFiles: new Set(),
    trustRemovals: true,
    now: 1_800_000_000_000,
    ...more,
  });
}

describe('admit', () => {
  it.each([
    {
      because: 'a new file is claimed first',
      given: {},
      want: [{ do: 'claim', record: { phase: 'Claimed', specDigest: 'sha256:1', author: request.author } }],
    },
    { because: 'another executor leaves it alone', given: { requests: [{ ...request, executor: 'west' }] }, want: [] },
    { because: 'a landed claim makes the object', given: { record }, want: [{ do: 'create' }] },
    {
      because: 'an object is bound to its claim before it may act',
      given: { record, object },
      want: [{ do: 'bind', record: { uid: 'u1' } }],
    },
    { because: 'a bound object is left alone', given: { record: { ...record, uid: 'u1' }, object }, want: [] },
    {
      because: 'a bound object that vanished is Interrupted, never made again',
      given: { record: { ...record, uid: 'u1' } },
      want: [{ do: 'end', record: { phase: 'Interrupted' } }],
    },
    {
      because: 'an object of the same name with another UID is not it',
      given: { record: { ...record, uid: 'u1' }, object: { ...object, uid: 'u2' } },
      want: [{ do: 'end', record: { phase: 'Interrupted' } }],
    },
    {
      because: 'a finished request never runs again, with or without its object',
      given: { record: { ...record, uid: 'u1', phase: 'Complete' as JobPhase } },
      want: [],
    },
    {
      because: 'nor does a cancelled one when its file comes back',
      given: { record: { ...record, phase: 'Cancelled' as JobPhase } },
      want: [],
    },
    {
      because: 'defect 28: an edited request is refused with what to do',
      given: { record: { ...record, specDigest: 'sha256:2' } },
      want: [{ do: 'refuse', reason: 'Edited' }],
    },
    {
      because: 'also after it has finished',
      given: { record: { ...record, phase: 'Failed' as JobPhase, specDigest: 'sha256:2' } },
      want: [{ do: 'refuse', reason: 'Edited' }],
    },
    {
      because: 'a record that cannot be read blocks: nobody knows whether it ran',
      given: { record: UNREADABLE as typeof UNREADABLE },
      want: [{ do: 'refuse', reason: 'UnreadableRecord' }],
    },
    {
      because: 'a file removed before there was an object cancels',
      given: { requests: [], record },
      want: [{ do: 'end', record: { phase: 'Cancelled' } }],
    },
    {
      because: 'a file removed later is told to the object',
      given: { requests: [], record: { ...record, uid: 'u1' }, object },
      want: [{ do: 'mark', uid: 'u1', gone: true }],
    },
    {
      because: 'and told only once',
      given: { requests: [], record: { ...record, uid: 'u1' }, object: { ...object, markedGone: true } },
      want: [],
    },
    {
      because: 'a file that is back is told too',
      given: { record: { ...record, uid: 'u1' }, object: { ...object, markedGone: true } },
      want: [{ do: 'mark', gone: false }],
    },
    {
      because: 'a file with a syntax error is not a removed one',
      given: { requests: [], record, more: { brokenFiles: new Set([request.file]) } },
      want: [],
    },
    {
      because: 'an empty or rewound tree removes nothing',
      given: { requests: [], record, more: { trustRemovals: false } },
      want: [],
    },
    {
      because: 'an object somebody made by hand has no claim and never runs',
      given: { requests: [], object },
      want: [],
    },
    {
      because: 'a lost status branch: an object that has acted keeps its claim and is not run again',
      given: { object: { ...object, phase: 'Working' as JobPhase } },
      want: [{ do: 'claim', record: { uid: 'u1' } }],
    },
    {
      because: 'and one that has not acted is bound again',
      given: { object: { ...object, phase: 'Claimed' as JobPhase } },
      want: [{ do: 'claim', record: { phase: 'Claimed' } }],
    },
  ])('$because', ({ given, want }) => {
    expect(admitOne(given)).toMatchObject(want);
  });

  it('200 requests are claimed in one go, in a stable order', () => {
    const requests = Array.from({ length: 200 }, (_, index) => ({
      ...request,
      key: `Backup/prod/n${index}`,
      name: `n${index}`,
    }));
    const decisions = admitOne({ requests });
    expect(decisions).toHaveLength(200);
    expect(new Set(decisions.map((decision) => decision.do))).toEqual(new Set(['claim']));
    expect(admitOne({ requests: requests.toReversed() })).toEqual(decisions);
  });

  it('whatever is lost at whatever moment, a request starts to work at most once', () => {
    const events = fc.constantFrom(
      'admit',
      'crash',
      'work',
      'lose object',
      'recreate by hand',
      'remove file',
      'add file',
    );
    fc.assert(
      fc.property(fc.array(events, { maxLength: 60 }), (steps) => {
        let pushed: JobRecord | undefined;
        let live: LiveRequest | undefined;
        let inGit = true;
        let serial = 0;
        let starts = 0;
        for (const step of steps) {
          if (step === 'remove file') inGit = false;
          if (step === 'add file') inGit = true;
          if (step === 'lose object') live = undefined;
          if (step === 'recreate by hand') live = { uid: `u${serial++}`, phase: undefined, markedGone: false };
          // The machine's rule: act only when the pushed record names this object and has no result.
          if (
            step === 'work' &&
            live !== undefined &&
            live.phase === undefined &&
            pushed?.uid === live.uid &&
            pushed.phase === 'Claimed'
          ) {
            live = { ...live, phase: 'Working' };
            starts += 1;
          }
          if (step !== 'admit' && step !== 'crash') continue;
          const [decision] = admitOne({
            requests: inGit ? [request] : [],
            ...(pushed === undefined ? {} : { record: pushed }),
            ...(live === undefined ? {} : { object: live }),
          });
          if (decision === undefined || step === 'crash') continue;
          if (decision.do === 'claim' || decision.do === 'bind' || decision.do === 'end') pushed = decision.record;
          if (decision.do === 'create' && live === undefined)
            live = { uid: `u${serial++}`, phase: undefined, markedGone: false };
        }
        expect(starts).toBeLessThanOrEqual(1);
      }),
      { numRuns: 2000 },
    );
  });
});
