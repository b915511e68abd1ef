// The life of every kind under crashes at any step, killed pods and meddling: what may never happen, does not.

import * as fc from 'fast-check';
import { describe, expect, it } from 'vitest';

import { isFinal } from '../../src/api/job-phase.ts';
import { citaTarget, kindNamed, managedTarget, source } from './support/fixtures.ts';
import { World, type WorldOptions } from './support/world.ts';

const answers = {
  identityFiles: [],
  signerState: [],
  snapshot: { how: 'copy' },
  switchover: { how: 'secret' },
  rollback: {
    how: 'command',
    run: { image: 'gaia:1', command: ['gaiad'], args: ['rollback'], mounts: [{ volume: 'data', path: '/home/app' }] },
    repeatable: false,
    heightPattern: 'height ([0-9]+)',
  },
} as const;

const SIGNER = { volume: 'data', path: 'data/priv_validator_state.json', format: 'cometbft' } as const;
const managed = { answers, targets: [managedTarget('a')] };
const both = [managedTarget('a'), managedTarget('b')];
const cita = [citaTarget('a'), citaTarget('b')];
const foreign = { deployMethod: 'cloud-config', chain: 'test-chain' };

const cases: readonly (Omit<WorldOptions, 'kind'> & {
  readonly because: string;
  readonly kind: string;
  readonly retries: boolean;
})[] = [
  { because: 'Backup of a managed node', kind: 'Backup', spec: { node: 'a' }, ...managed, retries: true },
  {
    because: 'Backup of a cloud-config node',
    kind: 'Backup',
    spec: { node: 'a', ...foreign },
    targets: [citaTarget('a')],
    retries: true,
  },
  {
    because: 'Backup of a stopped node',
    kind: 'Backup',
    spec: { node: 'a' },
    answers,
    targets: [managedTarget('a', { wasRunning: false })],
    retries: true,
  },
  {
    because: 'Restore',
    kind: 'Restore',
    spec: { node: 'a', backup: 'nightly' },
    ...managed,
    source: source(),
    retries: true,
  },
  {
    because: 'Snapshot by copying',
    kind: 'Snapshot',
    spec: { node: 'a', blockHeight: 105 },
    ...managed,
    retries: true,
  },
  { because: 'ChangeOwner', kind: 'ChangeOwner', spec: { node: 'a' }, ...managed, retries: true },
  {
    because: 'rollback by a command that must not run twice',
    kind: 'BlockHeightFallback',
    spec: { node: 'a', blockHeight: 90 },
    ...managed,
    retries: false,
  },
  {
    because: 'rollback of a whole chain',
    kind: 'BlockHeightFallback',
    spec: { nodes: ['a', 'b'], blockHeight: 90, ...foreign },
    targets: cita,
    retries: false,
  },
  {
    because: 'Switchover of managed nodes',
    kind: 'Switchover',
    spec: { sourceNode: 'a', destNode: 'b' },
    answers: { ...answers, signerState: [SIGNER] },
    targets: both,
    signed: { a: 100, b: 300 },
    retries: true,
  },
  {
    because: 'Switchover of cloud-config nodes',
    kind: 'Switchover',
    spec: { sourceNode: 'a', destNode: 'b', ...foreign },
    targets: cita,
    retries: true,
  },
];

function worldOf(row: (typeof cases)[number]): World {
  return new World({ ...row, kind: kindNamed(row.kind) });
}

/** How the nodes must be once a job has ended, after any disturbance: nothing of this may be wrong. */
function wrongs(world: World): readonly string[] {
  const { phase = 'Pending', message = '' } = world.status;
  const nodes = [...world.nodes.values()].filter(({ pod, target }) => pod !== (target.wasRunning ? 'running' : 'none'));
  const heldLocks = [...world.locks].filter(([, { holder }]) => holder !== undefined).map(([lock]) => lock);
  return [
    ...world.violations,
    ...(isFinal(phase) ? [] : [`it is still ${phase}: ${message}`]),
    ...heldLocks.map((lock) => `${lock} was not given back`),
    ...[...world.nodes.values()].flatMap(({ target, starts }) =>
      starts > 1 ? [`${target.node} was started ${starts} times`] : [],
    ),
    ...(phase === 'Held' && message === '' ? ['Held without a reason'] : []),
    ...(phase === 'Held' ? [] : nodes.map(({ target, pod }) => `${target.node} is ${pod}, unlike before`)),
  ];
}

/** The whole outcome in one line, so that a failure shows why. */
function outcome({ status }: World): string {
  return status.phase === 'Complete' ? 'Complete' : `${status.phase}: ${status.message}`;
}

describe('every kind', () => {
  it.each(cases)('$because: undisturbed, it completes and everything runs as before', (row) => {
    const world = worldOf(row);
    expect(world.settle()).toBeLessThan(200);
    expect(outcome(world)).toBe('Complete');
    expect(wrongs(world)).toEqual([]);
  });

  it.each(cases)('$because: a crash at any steps changes nothing of the outcome', (row) => {
    fc.assert(
      fc.property(fc.array(fc.nat({ max: 3 }), { maxLength: 60 }), (crashes) => {
        const world = worldOf(row);
        for (const steps of crashes) {
          world.reconcile(steps);
          if (steps % 2 === 0) world.tick();
        }
        world.settle();
        expect(outcome(world)).toBe('Complete');
        expect(wrongs(world)).toEqual([]);
      }),
      { numRuns: 60 },
    );
  });

  it.each(cases.filter(({ retries }) => retries))(
    '$because: killed worker pods and deleted Jobs change nothing of the outcome',
    (row) => {
      fc.assert(
        fc.property(
          fc.array(fc.constantFrom('reconcile', 'tick', 'crash'), { maxLength: 60 }),
          fc.constantFrom('killed', 'deleted'),
          fc.nat({ max: 1 }),
          (steps, how, kills) => {
            const world = worldOf(row);
            let left = kills + 1;
            for (const step of steps) {
              if (step === 'reconcile') world.reconcile();
              if (step === 'crash') world.reconcile(1);
              if (step === 'tick') world.tick();
              const victim = [...world.works.values()].find(({ pod, deleted }) => pod === 'running' && !deleted);
              if (victim === undefined || left-- <= 0) continue;
              if (how === 'killed') victim.pod = 'killed';
              else victim.deleted = true;
            }
            world.settle();
            expect(outcome(world)).toBe('Complete');
            expect(wrongs(world)).toEqual([]);
          },
        ),
        { numRuns: 60 },
      );
    },
  );

  it.each(cases.filter(({ retries }) => !retries))(
    '$because: a killed pod is never run again; the node is left paused with the reason',
    (row) => {
      const world = worldOf(row);
      for (let step = 0; step < 100; step++) {
        world.reconcile();
        world.tick();
        const victim = [...world.works.values()].find(({ pod }) => pod === 'running');
        if (victim !== undefined) victim.pod = 'killed';
      }
      world.settle();
      expect(world.status.phase).toBe('Held');
      expect(world.status.message).toContain('without a result');
      expect([...world.nodes.values()].map(({ pod }) => pod)).not.toContain('running');
      expect([...world.works.values()].map(({ runs }) => runs)).toEqual(row.targets.map(() => 1));
      expect(wrongs(world)).toEqual([]);
    },
  );

  it.each(cases)(
    '$because: failing work, removed files and deleted objects leave no node stopped without a reason',
    (row) => {
      const events = fc.constantFrom('reconcile', 'crash', 'tick', 'fileGone', 'deleting', 'fails');
      fc.assert(
        fc.property(fc.array(events, { maxLength: 60 }), fc.boolean(), (steps, swapped) => {
          let fails = false;
          const world = new World({
            ...row,
            kind: kindNamed(row.kind),
            result: () =>
              fails
                ? { ok: false, code: 'NoSpace', message: 'no space left', swapped }
                : { ok: true, manifestSha256: 'c'.repeat(64), height: 90 },
          });
          for (const step of steps) {
            if (step === 'reconcile') world.reconcile();
            if (step === 'crash') world.reconcile(1);
            if (step === 'tick') world.tick();
            if (step === 'fileGone') world.fileGone = true;
            if (step === 'deleting') world.deleting = true;
            if (step === 'fails') fails = true;
          }
          world.settle();
          expect(wrongs(world)).toEqual([]);
        }),
        { numRuns: 60 },
      );
    },
  );
});

describe('a stranger who starts stopped nodes', () => {
  it.each(cases.filter(({ kind }) => kind === 'Switchover'))(
    '$because: never makes two signers with one key',
    (row) => {
      const events = fc.constantFrom('reconcile', 'crash', 'tick', 'start a', 'start b');
      fc.assert(
        fc.property(fc.array(events, { maxLength: 80 }), (steps) => {
          const world = worldOf(row);
          world.disturbed = true;
          for (const step of steps) {
            if (step === 'reconcile') world.reconcile();
            if (step === 'crash') world.reconcile(1);
            if (step === 'tick') world.tick();
            const node = world.nodes.get(step.slice(-1));
            if (step.startsWith('start') && node !== undefined) node.replicas = 1;
          }
          world.settle();
          expect(world.violations).toEqual([]);
          const keys = [...world.nodes.values()].map(({ identity }) => identity).sort();
          expect(keys).toEqual(row.targets.map(({ identity }) => identity ?? '').sort());
        }),
        { numRuns: 100 },
      );
    },
  );

  it('is not mistaken for success: a copy under a running node fails', () => {
    const world = worldOf(cases[1]!);
    world.disturbed = true;
    for (let step = 0; step < 60; step++) {
      world.reconcile();
      world.tick();
      const node = world.nodes.get('a');
      if (node !== undefined && [...world.works.values()].some(({ pod }) => pod === 'running') && node.pod === 'none') {
        node.replicas = 1;
        node.pod = 'running';
      }
    }
    world.settle();
    expect(world.status).toMatchObject({ phase: 'Failed', reason: 'NodeStarted' });
    expect(wrongs(world)).toEqual([]);
  });
});
