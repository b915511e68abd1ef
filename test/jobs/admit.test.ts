// Which requests are claimed, created, bound, ended; and that none runs twice, wherever a controller dies.

import * as fc from 'fast-check';
import { describe, expect, it } from 'vitest';

import type { JobPhase } from '../../src/api/job-phase.ts';
import type { Decision, LiveRequest } from '../../src/jobs/requests/admission.ts';
import { UNREADABLE, type JobRecord } from '../../src/jobs/requests/record.ts';
import { admitOne, KEY, object, record, request } from './support/admission.ts';

const NEEDED = { rules: ['RootOwner'], digest: 'sha256:needed' };
const GONE = 'its file was removed';

describe('admit', () => {
  it.each([
    {
      because: 'a new file is claimed first',
      given: {},
      want: [{ do: 'claim', record: { phase: 'Claimed', specDigest: 'sha256:1', author: request.author } }],
    },
    {
      because: 'a new file on a branch that is held waits',
      given: { more: { mayBegin: false } },
      want: [{ do: 'refuse', reason: 'BranchHeld', file: 'jobs/nightly.yaml' }],
    },
    {
      because: 'what was claimed before continues meanwhile',
      given: { record, object, more: { mayBegin: false } },
      want: [{ do: 'bind', record: { uid: 'u1' } }],
    },
    {
      because: 'its claim names the nodes, for every end',
      given: { requests: [{ ...request, nodes: ['a', 'b'] }] },
      want: [{ do: 'claim', record: { nodes: ['a', 'b'] } }],
    },
    {
      because: 'once: while its push is under way it is not claimed again, at another time',
      given: { more: { unpushed: new Map([[KEY, record]]) } },
      want: [],
    },
    {
      because: 'a file that was changed before its claim was pushed is claimed as it is now',
      given: { more: { unpushed: new Map([[KEY, { ...record, specDigest: 'sha256:2' }]]) } },
      want: [{ do: 'claim', record: { specDigest: 'sha256:1' } }],
    },
    {
      because: 'one that uses more than the default policy allows waits for an approval',
      given: { requests: [{ ...request, needsApproval: NEEDED }], more: { approvals: new Set(['sha256:other']) } },
      want: [{ do: 'refuse', reason: 'PolicyException', message: expect.stringContaining(NEEDED.digest) }],
    },
    {
      because: 'an object that someone made does not let it pass',
      given: { requests: [{ ...request, needsApproval: NEEDED }], object: { ...object, phase: 'Working' as JobPhase } },
      want: [{ do: 'refuse', reason: 'PolicyException' }],
    },
    {
      because: 'it is claimed after that approval',
      given: { requests: [{ ...request, needsApproval: NEEDED }], more: { approvals: new Set([NEEDED.digest]) } },
      want: [{ do: 'claim' }],
    },
    {
      because: 'and continues when the approval is removed',
      given: { requests: [{ ...request, needsApproval: NEEDED }], record, object },
      want: [{ do: 'bind', record: { uid: 'u1' } }],
    },
    { because: 'another executor leaves it alone', given: { requests: [{ ...request, executor: 'west' }] }, want: [] },
    { because: 'a landed claim makes the object', given: { record }, want: [{ do: 'create' }] },
    {
      because: 'an object is bound to its claim before it may act',
      given: { record, object },
      want: [{ do: 'bind', record: { uid: 'u1' } }],
    },
    {
      because: 'also when the controller remembers it and the branch does not name it yet',
      given: { record, object: { ...object, phase: 'Working' as JobPhase }, open: 'u1' },
      want: [{ do: 'bind', record: { uid: 'u1' } }],
    },
    {
      because: 'but not while its file cannot be read: only that says which spec was claimed',
      given: { requests: [], record, object, more: { brokenFiles: new Set([request.file]) } },
      want: [],
    },
    { because: 'a bound object is left alone', given: { record: { ...record, uid: 'u1' }, object }, want: [] },
    {
      because: 'a bound object that vanished is Interrupted, never made again',
      given: { record: { ...record, uid: 'u1' } },
      want: [
        { do: 'end', record: { phase: 'Interrupted', message: expect.stringContaining('its object disappeared') } },
      ],
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
      because: 'an edited request is refused with what to do',
      given: { record: { ...record, specDigest: 'sha256:2' } },
      want: [{ do: 'refuse', reason: 'Edited' }],
    },
    {
      because: 'also after it has finished',
      given: { record: { ...record, phase: 'Failed' as JobPhase, specDigest: 'sha256:2' } },
      want: [{ do: 'refuse', reason: 'Edited' }],
    },
    {
      because: 'a record that cannot be read blocks: whether it ran is unknown',
      given: { record: UNREADABLE as typeof UNREADABLE },
      want: [{ do: 'refuse', reason: 'UnreadableRecord' }],
    },
    {
      because: 'one without its file says nothing',
      given: { requests: [], record: UNREADABLE as typeof UNREADABLE },
      want: [],
    },
    {
      because: 'a file removed before there was an object cancels',
      given: { requests: [], record },
      want: [{ do: 'end', record: { phase: 'Cancelled' } }],
    },
    {
      because: 'a file removed later is written to the object',
      given: { requests: [], record: { ...record, uid: 'u1' }, object },
      want: [{ do: 'mark', uid: 'u1', withdrawn: GONE }],
    },
    {
      because: 'and written only once',
      given: { requests: [], record: { ...record, uid: 'u1' }, object: { ...object, withdrawn: GONE } },
      want: [],
    },
    {
      because: 'a file that is back is written too',
      given: { record: { ...record, uid: 'u1' }, object: { ...object, withdrawn: GONE } },
      want: [{ do: 'mark', withdrawn: undefined }],
    },
    {
      because: 'another one took its place: cancelled without an object',
      given: { requests: [{ ...request, withdrawn: 'another one came' }], record },
      want: [{ do: 'end', record: { phase: 'Cancelled', message: 'another one came before work began' } }],
    },
    {
      because: 'another one took its place: written to the object',
      given: { requests: [{ ...request, withdrawn: 'another one came' }], record: { ...record, uid: 'u1' }, object },
      want: [{ do: 'mark', uid: 'u1', withdrawn: 'another one came' }],
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
      because: 'an object created by hand has no claim and never runs',
      given: { requests: [], object },
      want: [],
    },
    {
      because: 'a lost status branch: an object that has acted keeps its claim and is not run again',
      given: { object: { ...object, phase: 'Working' as JobPhase }, open: 'u1' },
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

  it.each([
    {
      because: 'a claim that the controller does not remember makes no object',
      given: { record, open: null },
      want: [
        {
          do: 'end',
          record: { phase: 'Interrupted', message: expect.stringContaining('an older version of it made it') },
        },
      ],
    },
    {
      because: 'nor does it bind one',
      given: { record, object, open: null },
      want: [{ do: 'end', record: { phase: 'Interrupted' } }],
    },
    {
      because: 'nor does the claim of a file that cannot be read now',
      given: { requests: [], record, object, open: null, more: { brokenFiles: new Set([request.file]) } },
      want: [{ do: 'end', record: { phase: 'Interrupted' } }],
    },
    {
      because: 'a record that names another object than the controller bound',
      given: { record: { ...record, uid: 'u2' }, object: { ...object, uid: 'u2' }, open: 'u1' },
      want: [{ do: 'end', record: { phase: 'Interrupted' } }],
    },
    {
      because: 'a record that names an object which the controller has not bound',
      given: { record: { ...record, uid: 'u1' }, object, open: '' },
      want: [{ do: 'end', record: { phase: 'Interrupted', message: expect.stringContaining('does not remember') } }],
    },
    {
      because: 'a record that was set back after its object ran',
      given: { record, open: 'u1' },
      want: [{ do: 'end', record: { phase: 'Interrupted' } }],
    },
    {
      because: 'a claimed request is not bound to an object that says it has acted',
      given: { record, object: { ...object, phase: 'Working' as JobPhase }, open: '' },
      want: [{ do: 'refuse', reason: 'ObjectDiffers' }],
    },
    {
      because: 'a new request is not claimed for such an object',
      given: { object: { ...object, phase: 'Working' as JobPhase } },
      want: [{ do: 'refuse', reason: 'ObjectDiffers' }],
    },
  ])('what others write makes nothing run: $because', ({ given, want }) => {
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

  it('a request starts at most once, also when anything is lost at any moment', () => {
    const events = fc.constantFrom(
      ...(['admit', 'crash', 'work', 'lose', 'recreate', 'setBack', 'removeFile', 'addFile'] as const),
    );
    fc.assert(
      fc.property(fc.array(events, { maxLength: 60 }), (steps) => {
        const requestLife = new RequestLife();
        for (const step of steps) requestLife[step]();
        expect(requestLife.starts).toBeLessThanOrEqual(1);
      }),
      { numRuns: 2000 },
    );
  });

  it('and that test would see one that starts twice', () => {
    const requestLife = new RequestLife();
    for (const step of ['admit', 'admit', 'admit', 'work'] as const) requestLife[step]();
    expect(requestLife.starts).toBe(1);
  });
});

/** A repository, a status branch and a cluster, each of which may lose something at any time. */
class RequestLife {
  #pushed: JobRecord | undefined;
  #remembered: string | null = null;
  #live: LiveRequest | undefined;
  #inGit = true;
  #serial = 0;
  #starts = 0;

  get starts(): number {
    return this.#starts;
  }

  /** A reconciliation whose decision is carried out. */
  admit(): void {
    const [decision] = this.#decide();
    if (decision?.do === 'create') this.#live ??= this.#newObject();
    if (decision === undefined || !('record' in decision)) return;
    if (decision.do !== 'end') this.#remembered = decision.record.uid ?? '';
    this.#pushed = decision.record;
  }

  /** A reconciliation whose decision is lost. */
  crash(): void {
    this.#decide();
  }

  /** The state machine's rule: act only when the pushed record names this object and has no result. */
  work(): void {
    const { uid, phase } = this.#pushed ?? {};
    if (this.#live === undefined || this.#live.phase !== undefined || phase !== 'Claimed') return;
    if (uid !== this.#live.uid || uid !== this.#remembered) return;
    this.#live = { ...this.#live, phase: 'Working' };
    this.#starts += 1;
  }

  lose(): void {
    this.#live = undefined;
  }

  recreate(): void {
    this.#live = this.#newObject();
  }

  /** Someone who may push to the status branch. */
  setBack(): void {
    if (this.#pushed === undefined) return;
    const { uid: _uid, ...rest } = this.#pushed;
    this.#pushed = { ...rest, phase: 'Claimed' };
  }

  removeFile(): void {
    this.#inGit = false;
  }

  addFile(): void {
    this.#inGit = true;
  }

  #decide(): readonly Decision[] {
    return admitOne({
      requests: this.#inGit ? [request] : [],
      ...(this.#pushed === undefined ? {} : { record: this.#pushed }),
      open: this.#remembered,
      ...(this.#live === undefined ? {} : { object: this.#live }),
    });
  }

  #newObject(): LiveRequest {
    this.#serial += 1;
    return { uid: `u${this.#serial}`, phase: undefined, withdrawn: undefined };
  }
}
