// The subjects and trailers of commits on the status branch.

import * as fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { stringify } from 'yaml';

import { commitMessage, describeBatch } from '../../src/status/batch.ts';

function tree(phases: Record<string, string>, state = 'Synced', held: string[] = []): Map<string, string> {
  const nodes = Object.entries(phases).map(([name, phase]): [string, string] => [
    `paris/nodes/ns/${name}.yaml`,
    stringify({ status: { phase, ...(held.includes(name) ? { hold: { reason: 'Protected', message: 'x' } } : {}) } }),
  ]);
  return new Map([...nodes, ['paris/sync.yaml', `state: ${state}\n`]]);
}

function waiting(reason: string, phase = 'Configuring'): Map<string, string> {
  const conditions = [{ type: 'Ready', status: 'False', reason, message: 'why' }];
  return new Map([['paris/nodes/ns/a.yaml', stringify({ status: { phase, conditions } })]]);
}

function height(value: number): Map<string, string> {
  return new Map([['paris/nodes/ns/a.yaml', stringify({ status: { phase: 'Running' }, snapshot: { height: value } })]]);
}

function unready(value: number): Map<string, string> {
  const conditions = [{ type: 'Ready', status: 'False', reason: 'NoPeers', message: 'why' }];
  const document = { status: { phase: 'Configuring', conditions }, snapshot: { height: value } };
  return new Map([['paris/nodes/ns/a.yaml', stringify(document)]]);
}

function applied(revision: string): Map<string, string> {
  return new Map([['paris/sync.yaml', stringify({ state: 'Synced', revision: { applied: revision } })]]);
}

function paused(phase: string): Map<string, string> {
  const pause = { by: 'Backup ns/b', message: 'Paused by Backup ns/b while it works' };
  return new Map([...tree({}), ['paris/nodes/ns/a.yaml', stringify({ status: { phase, pause } })]]);
}

function job(phase: string, more: object = {}): Map<string, string> {
  const record = { kind: 'Backup', name: 'nightly', phase, ...more };
  return new Map([['paris/jobs/backup/ns/nightly.yaml', stringify(record)]]);
}

describe('describeBatch', () => {
  it.each([
    { because: 'a transition and the number that sync', from: tree({ a: 'Syncing', b: 'Syncing', c: 'Syncing' }), to: tree({ a: 'Running', b: 'Syncing', c: 'Syncing' }), want: 'a: Syncing → Running; 2 nodes syncing' },
    { because: 'a new node', from: tree({}), to: tree({ a: 'Pending' }), want: 'a: Pending' },
    { because: 'errors come first', from: tree({ a: 'Syncing', z: 'Running' }), to: tree({ a: 'Running', z: 'Error' }), want: 'z: Running → Error; a: Syncing → Running' },
    { because: 'a node that went', from: tree({ a: 'Stopped' }), to: tree({}), want: 'a deleted' },
    { because: 'a hold', from: tree({ a: 'Running' }), to: tree({ a: 'Running' }, 'Synced', ['a']), want: 'a: action held (Protected)' },
    { because: 'a pause by a job', from: tree({ a: 'Running' }), to: paused('Running'), want: 'a paused' },
    { because: 'a pause that stays', from: paused('Running'), to: paused('Stopped'), want: 'a: Running → Stopped' },
    { because: 'a new node with a hold', from: tree({}), to: tree({ a: 'Running' }, 'Synced', ['a']), want: 'a: action held (Protected); a: Running' },
    { because: 'a new node that is paused', from: tree({}), to: paused('Stopped'), want: 'a paused; a: Stopped' },
    { because: 'a new job', from: tree({}), to: job('Claimed'), want: 'Backup nightly: Claimed' },
    { because: 'nothing of a job that did not change', from: new Map([...tree({ a: 'Running' }), ...job('Working')]), to: new Map([...tree({ a: 'Stopped' }), ...job('Working')]), want: 'a: Running → Stopped' },
    { because: 'no reason that is over', from: waiting('NoPeers'), to: new Map([['paris/nodes/ns/a.yaml', stringify({ status: { phase: 'Configuring' } })]]), want: 'Status updated' },
    { because: 'a height of a node that is not ready as before', from: unready(1), to: unready(2), want: 'a: height 2' },
    { because: 'a hold that stays', from: tree({ a: 'Running' }, 'Synced', ['a']), to: tree({ a: 'Stopped' }, 'Synced', ['a']), want: 'a: Running → Stopped' },
    { because: 'no reason of a node that is on its way', from: waiting('x', 'Pending'), to: waiting('NoPeers'), want: 'a: Pending → Configuring' },
    { because: 'steps on the way after those that settle', from: tree({ a: 'Running', z: 'Pending' }), to: tree({ a: 'Pending', z: 'Running' }), want: 'z: Pending → Running; a: Running → Pending' },
    { because: 'equal news by name', from: tree({ b: 'Pending', a: 'Pending' }), to: tree({ b: 'Running', a: 'Running' }), want: 'a: Pending → Running; b: Pending → Running' },
    { because: 'a file that cannot be read any more', from: tree({ a: 'Running' }), to: new Map([...tree({}), ['paris/nodes/ns/a.yaml', '{']]), want: 'a deleted' },
    { because: 'the sync in trouble before nodes on their way, and its end after them', from: tree({ a: 'Running' }), to: tree({ a: 'Pending' }, 'Degraded'), want: 'sync: Synced → Degraded; a: Running → Pending' },
    { because: 'the end of trouble after nodes on their way', from: tree({ a: 'Running' }, 'Degraded'), to: tree({ a: 'Pending' }), want: 'a: Running → Pending; sync: Degraded → Synced' },
    { because: 'a job that says nothing any more', from: job('Working', { message: 'copies' }), to: job('Working', { message: '' }), want: 'Backup nightly updated' },
    { because: 'the same revision', from: applied('main@sha1:1111111aaaa'), to: new Map([['paris/sync.yaml', `${applied('main@sha1:1111111aaaa').get('paris/sync.yaml')}x: 1\n`]]), want: 'Status updated' },
    { because: 'a height that is not known any more', from: height(1), to: new Map([['paris/nodes/ns/a.yaml', stringify({ status: { phase: 'Running' } })]]), want: 'a: height unknown' },
    { because: 'the sync itself', from: tree({ a: 'Running' }), to: tree({ a: 'Running' }, 'Held'), want: 'sync: Synced → Held' },
    { because: 'only figures', from: tree({ a: 'Syncing' }), to: tree({ a: 'Syncing' }), want: 'Status updated; 1 node syncing' },
    { because: 'many', from: tree({}), to: tree({ a: 'Running', b: 'Running', c: 'Running', d: 'Running', e: 'Running' }), want: 'a: Running; b: Running; c: Running; 2 more' },
    { because: 'another reason in the same phase', from: waiting('Starting'), to: waiting('NoPeers'), want: 'a: Configuring (NoPeers)' },
    { because: 'only a height', from: height(1), to: height(2), want: 'a: height 2' },
    { because: 'another revision', from: applied('main@sha1:1111111aaaa'), to: applied('main@sha1:2222222bbbb'), want: 'main@2222222 applied' },
    { because: 'the reason of an error', from: waiting('Starting', 'Running'), to: waiting('DiskFull', 'Error'), want: 'a: Running → Error (DiskFull)' },
    { because: 'a job in another phase', from: job('Stopping'), to: job('Working'), want: 'Backup nightly: Stopping → Working' },
    { because: 'a job that ended well', from: job('Working'), to: job('Complete'), want: 'Backup nightly completed' },
    { because: 'what a job waits for', from: job('Working', { message: 'copies' }), to: job('Working', { message: 'waits for its pod' }), want: 'Backup nightly: waits for its pod' },
    { because: 'a job of which only more is known', from: job('Working', { message: 'copies' }), to: job('Working', { message: 'copies', files: 3 }), want: 'Backup nightly updated' },
    { because: 'a job that failed comes before a node', from: job('Working'), to: new Map([...job('Failed'), ...tree({ a: 'Running' })]), want: 'Backup nightly failed; a: Running; sync: Synced' },
    { because: 'as much of a long one as fits', from: tree({}), to: tree({ ['a'.repeat(63)]: 'Configuring', b: 'Syncing' }), want: `${'a'.repeat(63)}: Config…` },
    { because: 'two that just fit', from: tree({ c: 'Running' }), to: tree({ ['a'.repeat(26)]: 'Running', ['b'.repeat(26)]: 'Running', c: 'Running' }), want: `${'a'.repeat(26)}: Running; ${'b'.repeat(26)}: Running` },
  ])('$because', ({ from, to, want }) => {
    expect(describeBatch(from, to)).toBe(want);
  }); // prettier-ignore

  it('fits one line of 72 characters, for all contents of the files', () => {
    fc.assert(
      fc.property(fc.dictionary(fc.stringMatching(/^[a-z]{1,60}$/), fc.string({ unit: 'binary' })), (phases) => {
        const subject = describeBatch(new Map(), tree(phases));
        expect(subject.length).toBeLessThanOrEqual(72);
        expect(subject).toMatch(/^[^\n\r]+$/);
      }),
    );
  });
});

describe('commitMessage', () => {
  it('adds trailers', () => {
    expect(commitMessage('a: Running', { sourceCommit: 'main@sha1:363a', executor: 'paris' })).toBe(
      'a: Running\n\nSource-Commit: main@sha1:363a\nExecutor: paris\n',
    );
  });

  it('has no trailer for what is not known', () => {
    expect(commitMessage('x', { executor: 'paris' })).toBe('x\n\nExecutor: paris\n');
  });

  it('leaves out values that would forge a line', () => {
    const message = commitMessage('x\n\nExecutor: evil', {
      sourceCommit: 'm@sha1:0\nSigned-off-by: x',
      executor: 'paris',
    });
    expect(message).toBe('x Executor: evil\n\nExecutor: paris\n');
  });
});
