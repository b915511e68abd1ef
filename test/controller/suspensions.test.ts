// Which nodes the reconcilers leave as they are: from what was read last, and from what was followed and is remembered.

import { describe, expect, it } from 'vitest';

import type { FleetSpec } from '../../src/api/fleet.ts';
import { ANNOTATION, LABEL } from '../../src/api/group.ts';
import type { JobPhase } from '../../src/api/job-phase.ts';
import { describeSuspension } from '../../src/api/fleet.ts';
import { dataOf, NOTHING, readData } from '../../src/controller/engine/memory-data.ts';
import { createSuspensions, type Suspended } from '../../src/controller/node/suspensions.ts';
import { hasBegun } from '../../src/controller/job/records/open-jobs.ts';
import { whyLeft } from '../../src/controller/node/left.ts';
import { aNode } from '../support/plan-scene.ts';

type Part = Pick<FleetSpec, 'suspend' | 'suspendFolders'>;

interface Scene {
  /** What was followed before this process. */
  readonly remembered?: Part;
  /** Undefined: nothing could be read yet. */
  readonly read?: Part;
  readonly broken?: boolean;
  readonly file?: string;
  readonly applied?: string | undefined;
  readonly spec?: object;
}

function sceneOf({ remembered, read, broken = false, file = 'nodes/a/n0.yaml', ...live }: Scene) {
  const { metadata, ...rest } = aNode('n0', live.spec ?? {});
  const applied = 'applied' in live ? live.applied : 'nodes/a/n0.yaml';
  const annotations = applied === undefined ? {} : { [ANNOTATION.file]: applied };
  const node = { ...rest, metadata: { ...metadata, namespace: 'ns', annotations, labels: { [LABEL.executor]: 'demo' } } };
  if (applied === undefined) Object.assign(node.metadata, { labels: {} });
  const nodes = new Map([['ns/n0', { file, node }]]);
  const desired = { fleet: read ?? {}, fleetBroken: broken, nodes };
  const fleet = { pulled: read === undefined && !broken ? undefined : { desired, ancestry: 'descendant' } };
  let current = { suspension: remembered };
  const memory = {
    get current() {
      return current;
    },
    save: async (change: (before: object) => object) => {
      current = { ...current, ...change(current) };
      await Promise.resolve();
    },
  };
  const watches = { nodes: { get: (key: string) => (key === 'ns/n0' ? node : undefined), list: () => [node] } };
  const isUnknownExecutor = () => false;
  const suspensions = createSuspensions({ fleet, memory, watches, executor: 'demo', isUnknownExecutor } as never);
  return { suspensions, fleet, memory, node };
} // prettier-ignore

const words = (found: Suspended | undefined): string | undefined =>
  found === undefined || found === 'unknown' ? found : describeSuspension(found);

const FLEET = 'the Fleet is suspended';
const FOLDER = 'the folder nodes/a is suspended';
const IN_A = { suspendFolders: ['nodes/a'] };

describe('a node', () => {
  it.each<{ because: string; scene: Scene; want?: string }>([
    { because: 'nothing suspends it', scene: { remembered: {}, read: {} } },
    { because: 'the Fleet that was read is suspended', scene: { remembered: {}, read: { suspend: true } }, want: FLEET },
    { because: 'its file was moved into a suspended folder', scene: { remembered: IN_A, read: IN_A, applied: 'nodes/b/n0.yaml' }, want: FOLDER },
    { because: 'its file was moved out of one, and that is not applied yet', scene: { remembered: IN_A, read: IN_A, file: 'nodes/b/n0.yaml' }, want: FOLDER },
    { because: 'its file was moved out of one', scene: { remembered: IN_A, read: IN_A, file: 'nodes/b/n0.yaml', applied: 'nodes/b/n0.yaml' } },
    { because: 'the suspension is over, and the plan of that is not carried out', scene: { remembered: { suspend: true }, read: {} }, want: FLEET },
    { because: 'fleet.yaml has an error, and the last one suspended the Fleet', scene: { remembered: { suspend: true }, broken: true }, want: FLEET },
    { because: 'fleet.yaml has an error, and the last one suspended nothing', scene: { remembered: {}, broken: true } },
    { because: 'nothing was read since the start, and its folder was suspended', scene: { remembered: IN_A }, want: FOLDER },
    { because: 'nothing was read since the start, and it was not suspended', scene: { remembered: {} } },
    { because: 'nothing was read since the start, and its spec suspends it', scene: { remembered: {}, spec: { suspend: true } }, want: 'the node is suspended' },
    { because: 'nothing was read, and nothing is remembered', scene: {}, want: 'unknown' },
    { because: 'fleet.yaml has an error, and nothing is remembered', scene: { broken: true }, want: 'unknown' },
    { because: 'it is not from Git, and nothing is remembered', scene: { applied: undefined } },
  ])('is judged where $because', ({ scene, want }) => {
    expect(words(sceneOf(scene).suspensions.of('ns/n0'))).toBe(want);
  }); // prettier-ignore

  const plan = (guard?: string): never =>
    ({ actions: guard === undefined ? [] : [{ do: 'delete', ref: {}, hold: { guard } }] }) as never;

  it.each<{ because: string; scene: Scene; guard?: string; changed: boolean; want?: string }>([
    { because: 'a suspension began', scene: { remembered: {}, read: { suspend: true } }, changed: true, want: FLEET },
    { because: 'it ended', scene: { remembered: { suspend: true }, read: {} }, changed: true },
    { because: 'it is another one', scene: { remembered: { suspend: true }, read: IN_A }, changed: true, want: FOLDER },
    { because: 'it lasts', scene: { remembered: IN_A, read: IN_A }, changed: false, want: FOLDER },
    { because: 'it is known now', scene: { read: {} }, changed: true },
    { because: 'it would end with a branch that is held', scene: { remembered: IN_A, read: {} }, guard: 'EmptyTree', changed: false, want: FOLDER },
    { because: 'fleet.yaml has an error', scene: { remembered: IN_A, broken: true }, changed: false, want: FOLDER },
  ])('is named after a plan where $because', async ({ scene, guard, changed, want }) => {
    const { suspensions } = sceneOf(scene);
    expect(await suspensions.follow(plan(guard))).toEqual(changed ? ['ns/n0'] : []);
    expect(await suspensions.follow(plan(guard))).toEqual([]);
    expect(words(suspensions.of('ns/n0'))).toBe(want);
  }); // prettier-ignore

  it.each<{ phase: JobPhase; left: boolean }>([
    { phase: 'Claimed', left: true },
    { phase: 'Locked', left: true },
    { phase: 'Stopping', left: false },
    { phase: 'Starting', left: false },
    { phase: 'Complete', left: true },
    { phase: 'Held', left: true },
  ])('with a job in $phase is left as it is: $left', ({ phase, left }) => {
    const { suspensions, node } = sceneOf({ read: { suspend: true } });
    const job = { kind: 'Backup', metadata: { namespace: 'ns', name: 'b', uid: 'u' }, spec: {}, status: { phase, targets: [{ node: 'n0' }] } };
    const whyWith = (jobs: object | undefined): string | undefined => {
      const isWorkedOn = (key: string): boolean => hasBegun(key, { jobs: { list: () => [job] }, memory: { current: { jobs } } } as never);
      return words(whyLeft(node, { suspensions, isWorkedOn }));
    };
    expect([whyWith({ 'Backup/ns/b': 'u' }), whyWith(undefined)]).toEqual(left ? [FLEET, FLEET] : [undefined, undefined]);
    // Others can create a job and write its status.
    expect([whyWith({}), whyWith({ 'Backup/ns/b': 'another' })]).toEqual([FLEET, FLEET]);
  }); // prettier-ignore
});

it('the fleet is suspended by what was read, or by what was followed before', () => {
  const of = (scene: Scene): string | undefined => words(sceneOf(scene).suspensions.ofFleet());
  expect([of({ read: { suspend: true } }), of({ remembered: { suspend: true } })]).toEqual([FLEET, FLEET]);
  expect([of({ read: IN_A }), of({})]).toEqual([undefined, undefined]);
});

it('what suspends outlives the process; a memory that was edited into nonsense is none', () => {
  const stored = dataOf({ ...NOTHING, origin: 'x', suspension: IN_A });
  expect(readData(stored).remembered.suspension).toEqual(IN_A);
  expect(readData({ ...stored, suspension: '{"suspend":"perhaps"}' }).remembered.suspension).toBeUndefined();
  expect(readData({ origin: 'x' }).remembered.suspension).toBeUndefined();
});
