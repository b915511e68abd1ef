// Every field of Fleet, FleetPatch and JobSchedule changes what is read, planned or due.

import { describe } from 'vitest';
import { stringify } from 'yaml';

import { FleetPatchSpec, FleetSpec } from '../../../src/api/fleet.ts';
import { JobScheduleSpec } from '../../../src/api/job-schedule.ts';
import type { DesiredSet } from '../../../src/desired/desired-set.ts';
import { nextRun } from '../../../src/jobs/requests/schedule-clock.ts';
import { dueRun, supersededRuns } from '../../../src/jobs/requests/schedule.ts';
import { retain } from '../../../src/jobs/requests/retention.ts';
import type { JsonObject } from '../../../src/lib/json-value.ts';
import { planComment, titleOfExecutor } from '../../../src/plan/comment.ts';
import { describePlan } from '../../../src/plan/describe.ts';
import { planNodes } from '../../../src/plan/plan.ts';
import { completePolicy } from '../../../src/desired/policy-file.ts';
import { requestOf } from '../../../src/upgrade/target.ts';
import { nodeFile, read } from '../../support/desired-files.ts';
import { aNode, applied, scene } from '../../support/plan-scene.ts';
import { testEveryField, type FieldCases, type Outcome } from './schema-fields.ts';

const FILE = 'test/api/fields/fleet.test.ts';
const FLEET: JsonObject = { executors: [{ name: 'demo' }, { name: 'other' }], defaultExecutor: 'demo' };

function errorsOf({ problems }: DesiredSet): readonly string[] {
  return problems.filter(({ level }) => level === 'error').map(({ message }) => message);
}

function documentOf(kind: string, spec: JsonObject, name = 'one'): string {
  return stringify({ apiVersion: 'validatoros.com/v1alpha1', kind, metadata: { name }, spec });
}

function nodesOf({ nodes }: DesiredSet): object {
  return [...nodes].map(([key, { node }]) => [key, node.metadata.labels, node.spec]);
}

describe('Fleet', () => {
  /** Nodes of which one changes and five of ten go, with and without the approval of the test. */
  function plansOf(fleet: JsonObject): readonly string[] {
    const names = ['a', 'b', 'c', 'd', 'e', 'f', 'g', 'h', 'i', 'j'];
    const live = names.map((name) => applied(aNode(name)));
    const declared = names.slice(2).map((name) => aNode(name, name === 'c' ? { restartGeneration: 1 } : {}));
    const plans = [declared, declared.slice(3)].map((some) => planNodes(scene({ declared: some, live, fleet })));
    const title = titleOfExecutor(FleetSpec.parse(fleet), 'demo');
    return plans.map(
      (plan) => describePlan(plan) + planComment({ plans: [{ executor: 'demo', title, plan }], problems: [] }),
    );
  }

  const HELD = planNodes(
    scene({
      declared: ['f', 'g', 'h', 'i', 'j'].map((name) => aNode(name)),
      live: ['a', 'b', 'c', 'd', 'e', 'f', 'g', 'h', 'i', 'j'].map((name) => applied(aNode(name))),
    }),
  ).heldDigest;

  const cases: FieldCases = {
    'executors[].name': { to: 'third', refused: true },
    'executors[].description': { to: 'The cluster in Frankfurt' },
    defaultExecutor: { to: 'other' },
    'suspendFolders[]': { to: 'nodes' },
    'defaults.all.*': { base: { ...FLEET, defaults: { all: { deletionPolicy: 'Retain' } } }, to: 'Delete' },
    'defaults.chains.*.*': {
      base: { ...FLEET, defaults: { chains: { ethereum: { deletionPolicy: 'Retain' } } } },
      to: 'Delete',
    },
    'guards.maxDeletions': { base: { ...FLEET, guards: { maxDeletionPercent: 100, maxDeletions: 1 } }, to: 4 },
    'guards.maxDeletionPercent': { from: 10, to: 30 },
    'approvals[].digest': { from: `sha256:${'0'.repeat(64)}`, to: HELD },
    'approvals[].reason': {
      base: { ...FLEET, approvals: [{ digest: HELD }] },
      to: 'The nodes move to another cluster',
    },
    'controller.version': { from: '1.0.0', to: '1.1.0' },
    'controller.attempt': { base: { ...FLEET, controller: { version: '1.0.0' } }, to: 2 },
    'executors[].controller.version': { from: '1.0.0', to: '1.1.0' },
    'executors[].controller.attempt': {
      base: { ...FLEET, executors: [{ name: 'demo', controller: { version: '1.0.0' } }, { name: 'other' }] },
      to: 2,
    },
  };
  testEveryField({
    schema: FleetSpec,
    base: FLEET,
    cases,
    file: FILE,
    outcome: (spec): Outcome => {
      const files = { 'fleet.yaml': documentOf('Fleet', spec), 'nodes/a.yaml': nodeFile('a') };
      const policy = completePolicy({ selfUpdate: { allowed: true } }, { namespace: 'novacula-system' });
      const set = read(files, { policy });
      const upgrades = ['demo', 'other'].map((executor) => requestOf(set.fleet, executor));
      return { errors: errorsOf(set), upgrades, nodes: nodesOf(set), plans: set.fleetBroken ? [] : plansOf(spec) };
    },
  });
});

describe('FleetPatch', () => {
  const replace = { op: 'replace', path: '/network', value: 'mainnet' };
  const base: JsonObject = { match: { chain: 'ethereum' }, patch: [replace] };
  const copy = { op: 'copy', from: '/clients/el/name', path: '/podLabels/team' };
  const cases: FieldCases = {
    'match.chain': { to: 'bitcoin' },
    'match.network': { from: 'hoodi', to: 'sepolia' },
    'match.labels.*': { base: { match: { labels: { tier: 'prod' } }, patch: [replace] }, to: 'test' },
    'match.names[]': { to: 'b' },
    'patch[].op': { to: 'test', refused: true },
    'patch[].path': { to: '/podLabels/team' },
    'patch[].from': { base: { match: {}, patch: [copy] }, to: '/clients/cl/name' },
    'patch[].value': { from: 'hoodi', to: 'mainnet' },
  };
  testEveryField({
    schema: FleetPatchSpec,
    base,
    cases,
    file: FILE,
    outcome: (spec): Outcome => {
      const labelled = nodeFile('a', (text) =>
        text
          .replace('name: a', 'name: a\n  labels: { tier: prod }')
          .replace('spec:', 'spec:\n  podLabels: { team: y }'),
      );
      const set = read({ 'patches/one.yaml': documentOf('FleetPatch', spec), 'nodes/a.yaml': labelled });
      return { errors: errorsOf(set), nodes: nodesOf(set) };
    },
  });
});

describe('JobSchedule', () => {
  const base: JsonObject = {
    schedule: '0 3 * * *',
    keep: { last: 1 },
    template: { kind: 'Backup', spec: { node: 'a' } },
  };
  const cases: FieldCases = {
    executor: { to: 'other' },
    schedule: { to: '0 4 * * *' },
    timeZone: { to: 'Asia/Tokyo' },
    startingDeadlineSeconds: { from: 60, to: 7200 },
    concurrencyPolicy: {},
    'keep.last': { to: 3 },
    'keep.daily': { to: 3 },
    'keep.weekly': { to: 3 },
    'template.kind': { base: { ...base, keep: undefined }, to: 'ChangeOwner' },
    'template.spec.*': { to: 'b' },
  };
  testEveryField({
    schema: JobScheduleSpec,
    base,
    cases,
    file: FILE,
    outcome: (spec): Outcome => {
      const set = read({
        'fleet.yaml': documentOf('Fleet', FLEET),
        'schedules/one.yaml': documentOf('JobSchedule', spec),
        'nodes/a.yaml': nodeFile('a'),
        'nodes/b.yaml': nodeFile('b'),
      });
      const [schedule] = set.schedules.values();
      if (schedule === undefined) return { errors: errorsOf(set) };
      const { executor, spec: read_ } = schedule;
      return { errors: errorsOf(set), executor, template: read_.template, ...decisionsOf(read_) };
    },
  });

  const START = Date.UTC(2026, 0, 1);
  const DAY = 86_400_000;

  /** Half an hour after the run of the first night, with and without one that is not finished. */
  function decisionsOf(spec: JobScheduleSpec): object {
    const nextTime = (after: number): number | undefined => nextRun(spec, after);
    const input = { name: 'one', spec, lastScheduled: START, now: START + 3.5 * 3_600_000, nextTime };
    const waiting = { name: 'old', phase: 'Claimed', claimedAt: '2025-12-31T03:00:00Z' } as const;
    const newer = { name: 'new', phase: 'Claimed', claimedAt: '2026-01-01T03:00:00Z' } as const;
    const backups = Array.from({ length: 30 }, (_, day) => ({
      id: `b${day}`,
      schedule: 'one',
      isReported: true,
      good: true,
      at: START + day * DAY,
      inUse: false,
    }));
    return {
      due: dueRun({ ...input, runs: [] }),
      dueBesideAnother: dueRun({ ...input, runs: [waiting] }),
      superseded: [...supersededRuns(spec, [waiting, newer])],
      removed: spec.keep === undefined ? [] : retain('one', spec.keep, backups),
    };
  }
});
