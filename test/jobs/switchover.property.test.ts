// A Switchover of validators: no key ever signs at or below what it has signed, with every interruption, loss and change by hand.

import * as fc from 'fast-check';
import { describe, expect, it } from 'vitest';

import { isFinal } from '../../src/api/job-phase.ts';
import { recoverOrphanedLock } from '../../src/jobs/requests/orphaned-lock.ts';
import type { ChainAnswers } from '../../src/jobs/model/observation.ts';
import { kindNamed, managedTarget } from './support/fixtures.ts';
import { type Work, World, type WorldOptions } from './support/world.ts';

const answers: ChainAnswers = {
  identityFiles: [],
  signerState: ['data/priv_validator_state.json', 'data/priv_validator_state.json.secret'].map((path) => ({
    volume: 'data',
    path,
    format: 'cometbft',
  })),
  switchover: { how: 'secret' },
};

function worldOf(more: Partial<WorldOptions> = {}): World {
  return new World({
    kind: kindNamed('Switchover'),
    spec: { sourceNode: 'a', destNode: 'b', deadlineSeconds: 600 },
    targets: [managedTarget('a'), managedTarget('b')],
    answers,
    signed: { a: 100, b: 300 },
    ...more,
  });
}

const DiskFull = (swapped: boolean): object => ({
  ok: false,
  code: 'DiskFull',
  message: 'the volume is full',
  swapped,
});

type Result = NonNullable<WorldOptions['result']>;

/** What the pods of one verb report for one node; all others do their work. */
function failing(verb: string, node: string, result: object): Result {
  return (_run, work) => (work.parameters.verb === verb && work.nodes.includes(node) ? result : undefined);
}

function identities(world: World): readonly string[] {
  return [...world.nodes.values()].map(({ identity }) => identity);
}

/** Every key finds, where it is active, that nothing above is signed; and nodes run unless they are paused. */
function wrongs(world: World): readonly string[] {
  const { phase = 'Pending', message = '' } = world.status;
  const isHeld = phase === 'Held';
  const runs = [...world.nodes.values()].filter(({ pod }) => pod === 'running').map(({ target }) => target.node);
  const low = [...world.nodes.values()].flatMap(({ target: { node }, identity }) => {
    const [file = 0, signed = 0] = [world.signers.files.get(node), world.signers.highest.get(identity)];
    return !isHeld && file < signed ? [`${identity} has signed ${signed}, but ${node} says ${file}`] : [];
  });
  return [
    ...world.violations,
    ...low,
    ...(isFinal(phase) ? [] : [`it is still ${phase}: ${message}`]),
    ...(isHeld && message === '' ? ['paused without a reason'] : []),
    ...(isHeld && runs.length > 0 ? [`${runs.join(', ')} runs, although paused`] : []),
    ...(isHeld || runs.length === 2 ? [] : [`only ${runs.join(', ')} runs`]),
  ];
}

/** To the end of the job, and until pods that were created by hand have gone and come back. */
function settle(world: World): void {
  world.settle();
  for (let step = 0; step < 30; step++) world.tick();
}

function until(world: World, isThere: () => boolean, limit = 200): void {
  for (let step = 0; step < limit && !isThere(); step++) {
    world.reconcile();
    if (!isThere()) world.tick();
  }
  expect(isThere()).toBe(true);
}

/** In the order of the nodes: the second writes the lower state of `a` on `b`, whose key has signed more. */
const running = (world: World, verb: string) =>
  [...world.works.values()].filter(({ pod, parameters }) => pod === 'running' && parameters.verb === verb);

describe('a Switchover of validators', () => {
  it('moves each state with its key, to the very height, and says so', () => {
    const world = worldOf();
    world.settle();
    expect(world.status).toMatchObject({ phase: 'Complete', command: 'nodewright job writeSigner' });
    expect(identities(world)).toEqual(['b-key', 'a-key']);
    expect(world.status.message).toMatch(
      /signer state of a-key \(height \d+, round 0, step 3\) moved from a to b; the signer state of b-key \(height \d+, .*\) moved from b to a/,
    );
    expect(wrongs(world)).toEqual([]);
  });

  it.each([
    { because: 'one node never signed', signed: { a: undefined, b: 300 }, phase: 'Failed', keys: ['a-key', 'b-key'] },
    {
      because: 'neither ever signed',
      signed: { a: undefined, b: undefined },
      phase: 'Complete',
      keys: ['b-key', 'a-key'],
    },
  ])('$because: ends $phase', ({ signed, phase, keys }) => {
    const targets = [managedTarget('a', { wasRunning: false }), managedTarget('b', { wasRunning: false })];
    const world = worldOf({ signed, targets });
    world.settle();
    expect(world.status).toMatchObject({ phase });
    expect(identities(world)).toEqual(keys);
    expect(world.violations).toEqual([]);
    expect([...world.works.values()].map(({ parameters }) => parameters.verb)).not.toContain('writeSigner');
  });

  it.each([
    {
      because: 'a state that can not be read',
      result: failing('readSigner', 'b', DiskFull(false)),
      said: /nothing was changed/,
    },
    {
      because: 'a reader that does not say what it read',
      result: failing('readSigner', 'b', { ok: true, text: undefined }),
      said: /did not say/,
    },
    {
      because: 'a write that failed before it began',
      result: failing('writeSigner', 'b', DiskFull(false)),
      said: /own signer state again/,
    },
  ])('$because: both nodes start as they were', ({ result, said }) => {
    const world = worldOf({ result });
    world.settle();
    expect(world.status).toMatchObject({ phase: 'Failed', message: expect.stringMatching(said) });
    expect(identities(world)).toEqual(['a-key', 'b-key']);
    expect(wrongs(world)).toEqual([]);
  });

  it('leaves both paused when a write fails and can not be taken back, and no other job touches them', () => {
    const world = worldOf({ result: failing('writeSigner', 'b', DiskFull(true)) });
    world.settle();
    expect(world.status).toMatchObject({ phase: 'Held', reason: 'SignerStateLost' });
    expect(world.status.message).toContain('status.signers');
    expect([...world.locks.values()]).toMatchObject([{ note: { keys: true } }, { note: { keys: true } }]);
    expect(wrongs(world)).toEqual([]);

    const later = worldOf({ kind: kindNamed('BlockHeightFallback'), spec: { node: 'a', blockHeight: 90 } });
    for (const [lock, { note }] of world.locks) later.locks.set(lock, { note: { ...note!, uid: 'the-first' } });
    later.settle();
    expect(later.status).toMatchObject({ phase: 'Refused', reason: 'KeysApart' });
  });

  it('asks for the identities until they are written, however long that takes', () => {
    const world = worldOf();
    world.refusals = 100;
    until(world, () => world.status.message?.includes('more than 10 minutes') === true);
    world.settle();
    expect(world.status.phase).toBe('Complete');
    expect(wrongs(world)).toEqual([]);
  });

  it('takes nothing back while a writing pod may still write', () => {
    const world = worldOf();
    until(world, () => running(world, 'writeSigner').length === 2);
    const [, onB] = running(world, 'writeSigner');
    onB!.left = 1000;
    until(world, () => onB!.deleted);
    onB!.left = 20;
    world.settle();
    expect(world.status).toMatchObject({ phase: 'Failed', reason: 'DeadlineExceeded' });
    expect(wrongs(world)).toEqual([]);
  });

  it('takes nothing back while a Job that was given up may still make a pod', () => {
    const world = worldOf();
    const works = () => [...world.works.values()].filter(({ parameters }) => parameters.verb === 'writeSigner');
    until(world, () => works().length === 2);
    const [, onB] = works();
    onB!.stalled = true;
    // The controller dies each time before it can delete the Job.
    until(world, () => running(world, 'writeSigner').length === 1);
    const isGivenUp = () => world.status.works?.some(({ outcome }) => outcome === 'Failed') === true;
    for (let step = 0; step < 100 && !isGivenUp(); step++) {
      world.tick();
      world.reconcile(1);
    }
    onB!.stalled = false;
    onB!.left = 6;
    world.settle();
    expect(world.status).toMatchObject({ phase: 'Failed', reason: 'PodNotStarted' });
    expect(wrongs(world)).toEqual([]);
  });

  it('leaves both paused when a user starts one between the writes and the exchange of the keys', () => {
    const world = worldOf();
    world.disturbed = true;
    world.refusals = 1000;
    until(world, () => world.status.signers?.step === 'assign');
    world.startByHand('a');
    settle(world);
    expect(world.status).toMatchObject({ phase: 'Held', reason: 'NodeStarted' });
    expect(identities(world)).toEqual(['a-key', 'b-key']);
    expect(wrongs(world)).toEqual([]);
  });

  it('notices that a node has signed between reading and writing', () => {
    const world = worldOf();
    until(world, () => world.status.signers?.step === 'write');
    world.signers.sign('b', 'b-key');
    world.settle();
    expect(world.status).toMatchObject({ phase: 'Failed', reason: 'SignerStateChanged' });
    expect(identities(world)).toEqual(['a-key', 'b-key']);
    expect(wrongs(world)).toEqual([]);
  });
});

const EVENTS = [
  'reconcile',
  'reconcile',
  'tick',
  'tick',
  'crash 1',
  'crash 2',
  'crash 3',
  'kill before',
  'kill after',
  'delete',
  'refuse',
  'fileGone',
  'deleting',
] as const;

/** By the first word of an event; the second says when or where. */
const CHANGES: Readonly<Record<string, (world: World, more: string) => void>> = {
  reconcile: (world) => void world.reconcile(),
  tick: (world) => world.tick(),
  crash: (world, step) => void world.reconcile(Number(step)),
  kill: (world, when) => runningWorks(world).forEach((work) => world.kill(work, when === 'after')),
  delete: (world) => runningWorks(world).forEach((work) => (work.deleted = true)),
  refuse: (world) => (world.refusals = 3),
  fileGone: (world) => (world.fileGone = true),
  deleting: (world) => (world.deleting = true),
};

function happen(world: World, event: string): void {
  const [name = '', more = ''] = event.split(' ');
  CHANGES[name]?.(world, more);
}

/** The first alone: one disturbance at a time. */
function runningWorks({ works }: World): readonly Work[] {
  return [...works.values()].filter(({ pod, deleted }) => pod === 'running' && !deleted).slice(0, 1);
}

/** A user may start a node as long as nothing was written; after that it is not the job that signs twice. */
function mayMeddle({ status }: World): boolean {
  return status.signers === undefined || status.signers.step === 'read';
}

const results: readonly (readonly [string, Result | undefined])[] = [
  ['all goes well', undefined],
  ['reading fails', failing('readSigner', 'a', DiskFull(false))],
  ['a write fails before it began', failing('writeSigner', 'a', DiskFull(false))],
  ['a write fails in the middle', failing('writeSigner', 'b', DiskFull(true))],
];

describe.each(results)('after any disturbance, when %s', (_name, result) => {
  /** Nodes take long to stop, and nothing of interest happens meanwhile: most runs begin after that. */
  const begin = (late: boolean): World => {
    const world = worldOf(result === undefined ? {} : { result });
    if (late) until(world, () => world.status.phase === 'Working');
    return world;
  };
  const late = fc.constantFrom(true, true, true, false);
  const events = fc.array(fc.constantFrom(...EVENTS), { minLength: 20, maxLength: 90 });

  it('no key signs twice, no two nodes have one key, and both run or are paused with a reason', () => {
    fc.assert(
      fc.property(late, events, (isLate, list) => {
        const one = begin(isLate);
        for (const event of list) happen(one, event);
        settle(one);
        expect(wrongs(one)).toEqual([]);
      }),
      { numRuns: 60 },
    );
  });

  it('nor when a user starts nodes by hand before anything was written', () => {
    const strange = fc.array(fc.constantFrom(...EVENTS, 'start a', 'start b'), { minLength: 20, maxLength: 90 });
    fc.assert(
      fc.property(late, strange, (isLate, list) => {
        const one = begin(isLate);
        one.disturbed = true;
        for (const event of list) {
          happen(one, event);
          if (event.startsWith('start') && mayMeddle(one)) one.startByHand(event.slice(-1));
        }
        settle(one);
        expect(wrongs(one)).toEqual([]);
      }),
      { numRuns: 60 },
    );
  });

  it('nor when the request is lost at any moment: its nodes start as they were, or stay stopped', () => {
    fc.assert(
      fc.property(late, events, (isLate, list) => {
        const one = begin(isLate);
        for (const event of list) happen(one, event);
        recover(one);
        for (let step = 0; step < 40; step++) one.tick();
        expect(one.violations).toEqual([]);
      }),
      { numRuns: 60 },
    );
  });
});

/** The request is gone: only the cluster and the notes on its locks are left. */
function recover(world: World): void {
  for (let step = 0; step < 60; step++) {
    for (const [lock, { note, holder }] of world.locks) {
      if (note === undefined || holder === undefined) continue;
      const live = [...world.works.values()].filter(({ deleted }) => !deleted);
      const { effects } = recoverOrphanedLock({
        lock,
        note,
        workerPods: live.filter(({ pod }) => pod === 'running').length,
        jobs: live.map(({ name, uid, suspended }) => ({ name, uid, suspended })),
        nodes: new Map(
          [...world.nodes.keys()].map((name) => [name, { replicas: undefined, paused: world.isHeld(name) }]),
        ),
      });
      for (const effect of effects) world.perform(effect);
    }
    world.tick();
  }
}
