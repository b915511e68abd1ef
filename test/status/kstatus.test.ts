// What a tool concludes that waits for our objects: kstatus, as in Flux, kpt and `helm --wait` of Helm 4, and `kubectl wait`.

import { describe, expect, it } from 'vitest';

import type { Condition } from '../../src/api/conditions.ts';
import { isFinal, JobPhase } from '../../src/api/job-phase.ts';
import { crds } from '../../src/desired/crds.ts';
import { jobConditions } from '../../src/jobs/model/conditions.ts';
import { textAt, valueAt } from '../../src/lib/json-value.ts';
import { nodeStatus } from '../../src/status/node-status.ts';
import type { Observation } from '../../src/status/observation.ts';
import { aNode, aPod, aSet, facts, observe, waiting } from './builders.ts';

type Verdict = 'Current' | 'InProgress' | 'Failed' | 'Terminating';
type Given = Pick<Condition, 'type' | 'status'>;

interface Waited {
  readonly generation: number | undefined;
  readonly observedGeneration: number | undefined;
  readonly conditions: readonly Given[];
  readonly isDeleted: boolean;
}

/** The rules for a kind that kstatus does not know: https://github.com/kubernetes-sigs/cli-utils/blob/master/pkg/kstatus/README.md */
function kstatus({ generation, observedGeneration, conditions, isDeleted }: Waited): Verdict {
  const holds = (type: string, status: string): boolean =>
    conditions.some((condition) => condition.type === type && condition.status === status);
  if (isDeleted) return 'Terminating';
  if (observedGeneration !== undefined && observedGeneration !== generation) return 'InProgress';
  if (holds('Reconciling', 'True')) return 'InProgress';
  if (holds('Stalled', 'True')) return 'Failed';
  return holds('Ready', 'False') || holds('Ready', 'Unknown') ? 'InProgress' : 'Current';
}

const silent = { reach: 'unreachable', message: 'nothing listens there' } as const;
const stopped = aNode({ desiredState: 'Stopped' });
const pause = { message: 'A Backup reads the data.', by: 'Backup ns/b' } as const;
const ended = { ...pause, message: 'Backup ns/b has ended.', stalled: true };
const refused = { reason: 'ObjectRefused', message: 'denied', stalled: true } as const;

describe('a BlockchainNode', () => {
  const rows: readonly (readonly [because: string, seen: Partial<Observation>, phase: string, verdict: Verdict])[] = [
    ['runs', {}, 'Running', 'Current'],
    ['is stopped as its file asks', { node: stopped, statefulSet: aSet(0), pods: [] }, 'Stopped', 'Current'],
    ['shuts down', { node: stopped, statefulSet: aSet(0) }, 'Stopping', 'InProgress'],
    ['is created', { statefulSet: undefined, pods: [] }, 'Pending', 'InProgress'],
    ['pulls its image', { pods: [aPod({ containers: [waiting('el', 'ContainerCreating')] })] }, 'Configuring', 'InProgress'],
    ['syncs', { facts: facts({ syncing: true }) }, 'Syncing', 'InProgress'],
    ['is stopped by a job', { pause, statefulSet: aSet(0), pods: [] }, 'Stopped', 'InProgress'],
    ['is kept stopped by a job that has ended', { pause: ended, statefulSet: aSet(0), pods: [] }, 'Stopped', 'Failed'],
    ['shuts down before it is kept stopped', { pause: ended, statefulSet: aSet(0) }, 'Stopping', 'InProgress'],
    ['is stopped by its file as well', { node: stopped, pause: ended, statefulSet: aSet(0), pods: [] }, 'Stopped', 'Current'],
    ['runs with an older revision', { statefulSet: aSet(1, 'r2') }, 'Running', 'InProgress'],
    ['runs while a change of it is held', { hold: { reason: 'Protected', message: 'protect: true' } }, 'Running', 'InProgress'],
    ['runs while its file has an error', { broken: 'nodes/a.yaml:3: no.' }, 'Running', 'Failed'],
    ['syncs while its file has an error', { broken: 'nodes/a.yaml:3: no.', facts: facts({ syncing: true }) }, 'Syncing', 'Failed'],
    ['does not answer, which may pass', { facts: facts(silent, silent) }, 'Error', 'InProgress'],
    ['is on another network', { facts: facts({ chainId: '1' }) }, 'Error', 'Failed'],
    ['runs while its new spec is refused', { trouble: refused }, 'Running', 'Failed'],
    ['syncs while its new spec is refused', { trouble: refused, facts: facts({ syncing: true }) }, 'Syncing', 'Failed'],
    ['is stopped while its new spec is refused', { trouble: refused, node: stopped, statefulSet: aSet(0), pods: [] }, 'Stopped', 'Failed'],
    ['is created while its spec is refused', { trouble: refused, statefulSet: undefined, pods: [] }, 'Error', 'Failed'],
    ['is deleted', { node: aNode({}, { deletionTimestamp: '2026-11-22T00:00:00Z' }) }, 'Stopping', 'Terminating'],
  ]; // prettier-ignore

  it.each(rows)('that %s', (...[, seen, phase, verdict]) => {
    const observation = observe(seen);
    const { metadata } = observation.node;
    const status = nodeStatus(observation);
    const waited = { generation: metadata.generation, isDeleted: metadata.deletionTimestamp !== undefined };
    const { observedGeneration, conditions = [] } = status;
    expect(Object.keys(status.pause ?? {})).not.toContain('stalled');
    expect([status.phase, kstatus({ ...waited, observedGeneration, conditions })]).toEqual([phase, verdict]);
    expect(kstatus({ ...waited, observedGeneration, conditions, generation: 99, isDeleted: false })).toBe('InProgress');
  });
});

it.each(crds().map((crd) => [textAt(crd, ['spec', 'names', 'kind']), crd] as const))(
  'a %s that no controller has judged is not there yet',
  (_kind, crd) => {
    const status = ['spec', 'versions', 0, 'schema', 'openAPIV3Schema', 'properties', 'status', 'default'];
    const { observedGeneration } = Object(valueAt(crd, status)) as { observedGeneration?: number };
    expect(kstatus({ generation: 1, observedGeneration, conditions: [], isDeleted: false })).toBe('InProgress');
  },
);

describe('a job', () => {
  const VERDICTS: Readonly<Record<JobPhase, Verdict>> = {
    Pending: 'InProgress',
    Claimed: 'InProgress',
    Locked: 'InProgress',
    Stopping: 'InProgress',
    Working: 'InProgress',
    Verifying: 'InProgress',
    Starting: 'InProgress',
    Complete: 'Current',
    Failed: 'Failed',
    Held: 'Failed',
    Interrupted: 'Failed',
    Refused: 'Failed',
    Cancelled: 'Failed',
  };

  it.each(JobPhase.options)('in phase %s', (phase) => {
    const conditions = jobConditions({ phase });
    const verdict = kstatus({ generation: 1, observedGeneration: 1, conditions, isDeleted: false });
    expect(verdict).toBe(VERDICTS[phase]);
    // `kubectl wait --for=condition=Complete` and `--for=condition=Failed`: one of them ends, except after a cancellation.
    const ends = conditions.filter(
      ({ type, status }) => (type === 'Complete' || type === 'Failed') && status === 'True',
    );
    expect(ends).toHaveLength(isFinal(phase) && phase !== 'Cancelled' ? 1 : 0);
  });
});
