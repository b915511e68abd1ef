// Nodes that a lost request had stopped; identities after an exchange; names, locks and conditions.

import { describe, expect, it } from 'vitest';

import type { JobPhase } from '../../src/api/job-phase.ts';
import { jobConditions } from '../../src/jobs/model/conditions.ts';
import { exchangesIn } from '../../src/jobs/key-exchange/identity-override.ts';
import { locksOf } from '../../src/jobs/model/locks.ts';
import { recoverOrphanedLock, type OrphanedLock } from '../../src/jobs/requests/orphaned-lock.ts';
import { jobObjectName } from '../../src/jobs/model/names.ts';
import { defined } from '../../src/lib/defined.ts';
import { citaTarget, managedTarget, UID } from './support/fixtures.ts';

const { workload } = citaTarget('a');
const lost: OrphanedLock = {
  lock: 'nodewright-node-a',
  note: { uid: UID, job: 'Backup prod/one', nodes: [{ node: 'a', workload, replicas: 1, wasRunning: true }] },
  workerPods: 0,
  jobs: [],
  nodes: new Map([['a', { replicas: 0, paused: false }]]),
};
const release = { do: 'releaseLock', lock: lost.lock };

describe('recoverOrphanedLock', () => {
  it.each([
    {
      because: 'worker pods end first: they may be in the middle of a swap',
      more: { workerPods: 1 },
      want: [],
      done: false,
    },
    {
      because: 'one that has not run never will',
      more: { workerPods: 1, jobs: [{ name: 'w', uid: 'u', suspended: true }] },
      want: [{ do: 'deleteJob', name: 'w', uid: 'u' }],
      done: false,
    },
    {
      because: 'one that runs is left to end',
      more: { workerPods: 1, jobs: [{ name: 'w', uid: 'u', suspended: false }] },
      want: [],
      done: false,
    },
    {
      because: 'a Job without a pod goes before the lock is given back',
      more: {
        nodes: new Map([['a', { replicas: 1, paused: false }]]),
        jobs: [{ name: 'w', uid: 'u', suspended: false }],
      },
      want: [{ do: 'deleteJob', name: 'w', uid: 'u' }],
      done: false,
    },
    {
      because: 'a workload that is gone is not waited for',
      more: { nodes: new Map() },
      want: [{ ...release, keepNote: false }],
      done: true,
    },
    {
      because: 'nor one whose replicas are not known',
      more: { nodes: new Map([['a', { replicas: undefined, paused: false }]]) },
      want: [{ ...release, keepNote: false }],
      done: true,
    },
    {
      because: 'then the node is started as it was',
      more: {},
      want: [{ do: 'scaleWorkload', workload, replicas: 1 }],
      done: false,
    },
    {
      because: 'and the lock is given back when it is',
      more: { nodes: new Map([['a', { replicas: 1, paused: false }]]) },
      want: [{ ...release, keepNote: false }],
      done: true,
    },
    {
      because: 'a managed node is released',
      more: {
        note: { ...lost.note, nodes: [{ node: 'a', workload: managedTarget('a').workload, wasRunning: true }] },
        nodes: new Map([['a', { replicas: 0, paused: true }]]),
      },
      want: [{ do: 'unpauseNode', node: 'a' }],
      done: false,
    },
    ...[new Map([['a', { replicas: 0, paused: false }]]), new Map()].map((nodes) => ({
      because: `the lock of a managed node that is not paused is given back: ${nodes.size === 0 ? 'it is gone' : 'it runs'}`,
      more: {
        note: { ...lost.note, nodes: [{ node: 'a', workload: managedTarget('a').workload, wasRunning: true }] },
        nodes,
      },
      want: [{ ...release, keepNote: false }],
      done: true,
    })),
    {
      because: 'an unsafe one stays stopped, with its note',
      more: { note: { ...lost.note, unsafe: 'its data is being changed' } },
      want: [{ ...release, keepNote: true }],
      done: true,
    },
    {
      because: 'a node that was stopped before stays so',
      more: { note: { ...lost.note, nodes: [{ node: 'a', workload, replicas: 0, wasRunning: false }] } },
      want: [{ ...release, keepNote: false }],
      done: true,
    },
  ])('$because', ({ more, want, done }) => {
    const recovery = recoverOrphanedLock({ ...lost, ...more });
    expect(recovery.effects).toMatchObject(want);
    expect(recovery.effects).toHaveLength(want.length);
    expect(recovery.done).toBe(done);
    expect(recovery.message).toContain('Backup prod/one');
  });
});

it.each([
  { because: 'by a job', keys: undefined, says: 'a stays stopped until a Restore or a BlockHeightFallback repairs it' },
  { because: 'by hand, after keys were at risk', keys: true, says: 'a stays stopped until it is repaired by hand' },
])('says why a node stays stopped, and that it is repaired $because', ({ keys, says }) => {
  const note = { ...lost.note, unsafe: 'its data is being changed', ...defined({ keys }) };
  const { message } = recoverOrphanedLock({ ...lost, note });
  expect(message).toContain('was lost and its data is being changed: ');
  expect(message).toContain(says);
});

it.each([undefined, true])(
  'says that a lock of which the controller has a copy is not to be deleted (keys: %s)',
  (keys) => {
    const note = { ...lost.note, unsafe: 'half', ...defined({ keys }) };
    const { message } = recoverOrphanedLock({ ...lost, note, isKept: true });
    expect(message).toContain('add the annotation validatoros.com/release: "true" to the file of the request');
    expect(message).not.toContain('delete the lock');
  },
);

describe('identities', () => {
  const was = [
    { node: 'p/a', identity: 'ka' },
    { node: 'p/b', identity: 'kb' },
    { node: 'p/c', identity: 'kc' },
  ];
  const exchanged = [{ node: 'p/a', identity: 'kb' }, { node: 'p/b', identity: 'ka' }, was[2]!];
  const overrides = new Map([
    ['p/a', 'kb'],
    ['p/b', 'ka'],
  ]);

  it.each([
    { because: 'no change', before: was, inGit: was, overrides: new Map(), want: [] },
    {
      because: 'two files exchange theirs',
      before: was,
      inGit: exchanged,
      overrides: new Map(),
      want: [['p/a', 'p/b']],
    },
    { because: 'the files follow an exchange that is active', before: was, inGit: exchanged, overrides, want: [] },
    { because: 'the files still say what was before it', before: was, inGit: was, overrides, want: [] },
    {
      because: 'a change to a new key is no exchange',
      before: was,
      inGit: [{ node: 'p/a', identity: 'new' }, was[1]!],
      overrides: new Map(),
      want: [],
    },
    {
      because: 'taking the key of another without giving is no exchange',
      before: was,
      inGit: [{ node: 'p/a', identity: 'kb' }, was[1]!],
      overrides: new Map(),
      want: [],
    },
    {
      because: 'a ring of three is no exchange of two',
      before: was,
      inGit: [
        { node: 'p/a', identity: 'kb' },
        { node: 'p/b', identity: 'kc' },
        { node: 'p/c', identity: 'ka' },
      ],
      overrides: new Map(),
      want: [],
    },
  ])('$because', ({ because: _because, want, ...input }) => {
    expect(exchangesIn(input)).toEqual(want);
  });
});

describe('names and locks', () => {
  const job = { kind: 'Backup', namespace: 'prod', name: 'nightly', uid: UID };

  it('differ by kind, name and UID, and fit', () => {
    const names = [
      job,
      { ...job, kind: 'Snapshot' },
      { ...job, name: 'x'.repeat(63) },
      { ...job, name: `${'x'.repeat(62)}y` },
      { ...job, uid: `2${UID.slice(1)}` },
    ].map((one) => jobObjectName(one));
    expect(new Set(names).size).toBe(names.length);
    expect(names[0]).toBe('backup-nightly-1f0c22aa');
    for (const name of names) expect(name).toMatch(/^[a-z0-9]([-a-z0-9]{0,61}[a-z0-9])$/);
    expect(
      jobObjectName({ ...job, kind: 'BlockHeightFallback', name: 'x'.repeat(63) }, '63-r3').length,
    ).toBeLessThanOrEqual(63);
  });

  it('are taken in one order by everybody', () => {
    const needs = { deployMethod: 'managed', chain: 'c' } as const;
    expect(locksOf({ ...needs, nodes: ['b', 'a'] })).toEqual(locksOf({ ...needs, nodes: ['a', 'b'] }));
  });

  it('are one for a whole chain in the helm layout, since stopping one node stops all', () => {
    expect(locksOf({ deployMethod: 'helm', chain: 'My_Chain', nodes: ['c-0'] })).toEqual(
      locksOf({ deployMethod: 'helm', chain: 'My_Chain', nodes: ['c-1'] }),
    );
  });
});

describe('jobConditions', () => {
  it.each([
    ['Pending', ['Ready=False', 'Reconciling=True']],
    ['Working', ['Ready=False', 'Reconciling=True']],
    ['Complete', ['Ready=True', 'Complete=True']],
    ['Failed', ['Ready=False', 'Stalled=True', 'Failed=True']],
    ['Held', ['Ready=False', 'Stalled=True', 'Failed=True']],
    ['Cancelled', ['Ready=False', 'Stalled=True']],
  ] as const)('%s', (phase: JobPhase, want) => {
    expect(jobConditions({ phase }).map(({ type, status }) => `${type}=${status}`)).toEqual(want);
  });
});
