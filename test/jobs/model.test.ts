// The words and the small decisions that all phases share.

import { describe, expect, it } from 'vitest';

import type { JobStatus } from '../../src/api/job-status.ts';
import { timestamp } from '../../src/lib/timestamp.ts';
import { inWords } from '../../src/jobs/model/deadlines.ts';
import { whyKeysAtRisk } from '../../src/jobs/model/keys-at-risk.ts';
import { locksOf } from '../../src/jobs/model/locks.ts';
import { fit, jobObjectName, madeName } from '../../src/jobs/model/names.ts';
import { elapsed, enter, fail, listOf, lockOf, type Scope, stay, viewOf, whyGone } from '../../src/jobs/model/scope.ts';
import { describeSigned } from '../../src/jobs/model/signer-state.ts';
import { citaTarget, kindNamed, observed, settings, UID } from './support/fixtures.ts';
import { ago, NOW } from './support/step.ts';

const kind = kindNamed('Switchover');
const spec = { sourceNode: 'b', destNode: 'a', deployMethod: 'cloud-config', chain: 'c' };

function scopeOf(status: JobStatus = {}, more: Partial<Scope> = {}): Scope {
  const job = { kind: 'Switchover', namespace: 'prod', name: 'one', uid: UID };
  return { kind, open: kind.open(spec), job, status, observed: observed(), settings, now: NOW, ...more };
}

const signed = (height: string) => `{"height":"${height}","round":1,"step":3,"signbytes":"secret"}`;

it.each([
  { text: undefined, says: 'nothing signed' },
  { text: '', says: 'nothing signed' },
  { text: '{', says: 'unreadable' },
  { text: '{"height":7,"round":1,"step":3}', says: 'unreadable' },
  { text: signed('7; x'), says: 'unreadable' },
  { text: signed('x7'), says: 'unreadable' },
  { text: signed('1'.repeat(20)), says: 'unreadable' },
  { text: signed('1'.repeat(19)), says: `height ${'1'.repeat(19)}, round 1, step 3` },
])('a signer state $text is described as $says', ({ text, says }) => {
  expect(describeSigned(text)).toBe(says);
});

describe('keys and what they have signed', () => {
  const states = [{ node: 'a', text: signed('7') }, { node: 'b' }];

  it.each([
    { because: 'before the exchange', signers: undefined },
    { because: 'while they are read', signers: { step: 'read' as const, states } },
    { because: 'where no key has signed', signers: { step: 'write' as const, states: [{ node: 'a', text: '' }, { node: 'b' }] } },
  ])('are together $because', ({ signers }) => {
    expect(whyKeysAtRisk(signers as never)).toBeUndefined();
  }); // prettier-ignore

  it('may lie apart from the first write on, where one of them has signed', () => {
    expect(whyKeysAtRisk({ step: 'write', states } as never)).toBe(
      'its keys and what they have signed may lie on different volumes (the first key of a: height 7, round 1, step 3; the first key of b: nothing signed)',
    );
  });
});

describe('words', () => {
  it.each([
    [[], 'the node'],
    [undefined, 'the node'],
    [['a'], 'a'],
    [['a', 'b'], 'a and b'],
    [['a', 'b', 'c'], 'a, b and c'],
  ])('for the nodes %j: %s', (names, says) => expect(listOf(names)).toBe(says));

  it.each([
    [48_000, '48 seconds'],
    [60_000, '60 seconds'],
    [119_600, '2 minutes'],
    [121_000, '121 seconds'],
    [600_000, '10 minutes'],
  ])('for %d ms: %s', (milliseconds, says) => expect(inWords(milliseconds)).toBe(says));

  it.each([
    { gone: undefined, says: undefined },
    { gone: [], says: undefined },
    { gone: ['a'], says: 'BlockchainNode a was deleted, and no file declares it: file a new request when there is one of the name' },
    { gone: ['a', 'b'], says: 'BlockchainNodes a and b were deleted, and no file declares them: file a new request when there is one of the name' },
  ])('for deleted nodes $gone: $says', ({ gone, says }) => {
    expect(whyGone(scopeOf({}, { observed: observed(gone === undefined ? {} : { gone }) }))).toBe(says);
  }); // prettier-ignore
});

describe('names', () => {
  const long = 'x'.repeat(70);

  it.each(['a', 'a-1', 'x'.repeat(63)])('%s fits as it is', (name) => expect(fit(name, 63)).toBe(name));

  it.each(['a.b', 'A', long, `${'x'.repeat(51)}---${long}`])('%s is shortened or made valid, with a digest', (name) => {
    expect(fit(name, 63)).toMatch(/^[a-z0-9](?:[-a-z0-9]{0,52}[a-z0-9])?-[0-9a-f]{8}$/);
    expect(fit(name, 63)).not.toBe(fit(`${name}x`, 63));
  });

  it('of what a job makes: the first has the name of its other objects', () => {
    const job = { kind: 'Backup', namespace: 'prod', name: 'one', uid: UID };
    expect([madeName(job, 0), madeName(job, 1)]).toEqual(['backup-one-1f0c22aa', 'backup-one-1f0c22aa-v1']);
    for (const uid of ['no-uuid', 'abc-uuid', 'x1f0c22aa'])
      expect(jobObjectName({ ...job, uid })).toMatch(/^backup-one-[0-9a-f]{8}$/);
  });

  it('of locks: each node once, in order; of a chain in the helm layout one', () => {
    const chain = 'My_Chain';
    expect(locksOf({ deployMethod: 'managed', chain, nodes: ['b', 'a', 'b'] })).toEqual(['nodewright-node-a', 'nodewright-node-b']);
    expect(locksOf({ deployMethod: 'helm', chain, nodes: ['b', 'a'] })).toEqual([expect.stringMatching(/^nodewright-chain-my-chain-[0-9a-f]{8}$/)]);
    expect(lockOf(scopeOf(), 'b')).toBe('nodewright-node-b');
  }); // prettier-ignore
});

describe('a move', () => {
  it.each([
    ['Complete', 'Normal', true],
    ['Cancelled', 'Normal', true],
    ['Failed', 'Warning', true],
    ['Held', 'Warning', true],
    ['Working', 'Normal', false],
  ] as const)('into %s is an Event of the type %s, and has an end: %s', (phase, type, ends) => {
    const { status, effects, because } = enter(scopeOf({ startTime: 'before' }), { phase, message: 'm' });
    const at = timestamp(NOW);
    expect(status).toMatchObject({ phase, reason: phase, message: 'm', since: at, startTime: 'before' });
    expect(status.endTime).toBe(ends ? at : undefined);
    expect(effects).toEqual([{ do: 'emitEvent', type, reason: phase, message: 'm' }]);
    expect(because).toBe('m');
  });

  it('has its time on record, beside the last fifteen', () => {
    const history = Array.from({ length: 16 }, (_, index) => ({ phase: 'Claimed' as const, at: `${index}` }));
    const { status } = enter(scopeOf({ history }), { phase: 'Locked', message: 'x'.repeat(2000), reason: 'Locked' });
    expect(status.history).toEqual([...history.slice(1), { phase: 'Locked', at: timestamp(NOW) }]);
    expect(status.message).toHaveLength(1024);
    expect(enter(scopeOf(), { phase: 'Claimed', message: 'm' }).status).toMatchObject({ startTime: timestamp(NOW), history: [{ phase: 'Claimed' }] });
  }); // prettier-ignore

  it('that changes nothing has the very same status, so that nothing is written', () => {
    const status = { phase: 'Claimed', message: 'waits' } as const;
    expect(stay(scopeOf(status), 'waits')).toEqual({ status, effects: [], because: 'waits' });
    expect(stay(scopeOf(status), 'waits').status).toBe(status);
    expect(stay(scopeOf(status), 'waits', { status: { locks: ['x'] } }).status).toEqual({ ...status, locks: ['x'] });
  });

  it('has taken no time before its phase has one, nor when the clock was set back', () => {
    const times = [undefined, ago(2), ago(-2)].map((since) => elapsed(scopeOf(since === undefined ? {} : { since })));
    expect(times).toEqual([0, 120_000, 0]);
  }); // prettier-ignore

  it('sees its targets in the order of the request', () => {
    const targets = [citaTarget('a'), citaTarget('x'), citaTarget('b')];
    expect(viewOf(scopeOf({ targets })).targets.map(({ node }) => node)).toEqual(['b', 'a']);
    expect([viewOf(scopeOf({ live: true })).live, viewOf(scopeOf()).live]).toEqual([true, false]);
  });
});

describe('a failure', () => {
  const failure = { reason: 'NoSpace', message: 'no space', unsafe: true } as const;
  const held = { paused: ['a', 'b'], released: ['a'] };

  it('that is safe starts the nodes again', () => {
    const { status } = fail(scopeOf(held), { ...failure, unsafe: false }, { bytes: 1 });
    expect(status).toMatchObject({ phase: 'Starting', reason: 'NoSpace', message: 'no space', bytes: 1, released: ['a'] });
    expect(status.failure).toEqual({ ...failure, unsafe: false });
  }); // prettier-ignore

  it('that is unsafe leaves them paused, also those that were started already, and says what repairs them', () => {
    const { status } = fail(scopeOf(held), failure);
    expect(status).toMatchObject({ phase: 'Held', released: [], failure });
    expect(status.message).toBe('no space. a and b must not be started like this: repair it with a Restore or a BlockHeightFallback, or release it');
    expect(fail(scopeOf({ paused: ['a'] }), failure).status).not.toHaveProperty('released');
  }); // prettier-ignore

  it('between two keys says how to bring them together', () => {
    const signers = { step: 'write', states: [{ node: 'a', text: signed('7') }] } as never;
    expect(fail(scopeOf({ ...held, signers }), failure).status.message).toContain('make sure that each volume has the signer state');
  }); // prettier-ignore
});
