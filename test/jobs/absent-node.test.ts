// A node that cannot be a target yet is waited for without its lock, so that a Restore can fill it meanwhile.

import { describe, expect, it } from 'vitest';

import { keyOf, type KubeObject, type Ref } from '../../src/api/objects.ts';
import { findChain } from '../../src/chains/index.ts';
import { findAbsent } from '../../src/controller/job/observe-nodes.ts';
import { canAcquire } from '../../src/jobs/model/locks.ts';
import { statefulSet } from '../../src/render/stateful-set.ts';
import { timestamp } from '../../src/lib/timestamp.ts';
import type { JobStatus } from '../../src/api/job-status.ts';
import type { JobObservation } from '../../src/jobs/model/observation.ts';
import { aNode } from '../support/plan-scene.ts';
import { kindNamed, UID } from './support/fixtures.ts';
import { ago, HOLDER, LOCK, NOW, step } from './support/step.ts';

const LOCK_B = 'nodewright-node-b';
const OTHER = { holder: { uid: 'x', text: 'Restore prod/two' } };
const GONE = { node: 'a', reason: 'ClaimMissing', message: 'a never ran' } as const;
const waiting: JobStatus = { phase: 'Claimed', reason: 'ClaimMissing', since: ago(1), locks: [LOCK] };

function claimed(observed: Partial<JobObservation>, status: JobStatus = { phase: 'Claimed', since: ago(60) }) {
  return step({ spec: { node: 'a' }, status, observed });
}

describe('a job in Claimed', () => {
  it('waits for its node without the lock, and says why', () => {
    const { status, effects } = claimed({ absent: [GONE] });
    expect(effects).toEqual([]);
    const since = timestamp(NOW);
    expect(status).toMatchObject({ phase: 'Claimed', reason: 'ClaimMissing', message: 'a never ran', since });
    // The release of the lock, and changes of the node, wake it by this.
    expect(status.locks).toEqual([LOCK]);
  });

  it('is refused ten minutes after that wait began, however long it was in the queue before', () => {
    const after = (minutes: number) => claimed({ absent: [GONE] }, { ...waiting, since: ago(minutes) }).status;
    expect(after(9.9)).toMatchObject({ phase: 'Claimed', since: ago(9.9) });
    expect(after(10)).toMatchObject({ phase: 'Refused', reason: 'ClaimMissing', message: 'a never ran' });
  });

  it('names what is missing now, and goes by the same time', () => {
    const { status } = claimed({ absent: [{ ...GONE, reason: 'NodeMissing' }] }, waiting);
    expect(status).toMatchObject({ reason: 'NodeMissing', since: waiting.since });
  });

  it('acquires the lock once every node is there', () => {
    const { status, effects } = claimed({ absent: [] }, waiting);
    expect(effects.map((effect) => effect.do)).toEqual(['acquireLock']);
    const locks = new Map([[LOCK, { holder: HOLDER }]]);
    expect(claimed({ locks }, status).status).toMatchObject({ phase: 'Locked', reason: 'Locked' });
  });

  it('acquires nothing while its nodes were not looked at', () => {
    const { status, effects } = claimed({ absent: undefined as never });
    expect(effects).toEqual([]);
    expect(status).toMatchObject({ phase: 'Claimed', reason: 'NodeMissing', message: 'a was not checked yet' });
  });

  it.each([
    { because: 'another job', observed: { locks: new Map([[LOCK, OTHER]]) }, says: `waits for Restore prod/two, which has ${LOCK}` },
    { because: 'the Fleet', observed: { mustWait: 'waits while the Fleet is suspended' }, says: 'waits while the Fleet is suspended' },
  ])('that must wait for $because meanwhile has its ten minutes again', ({ observed, says }) => {
    const { status } = claimed(observed, waiting);
    expect(status).toMatchObject({ phase: 'Claimed', reason: 'Claimed', message: says, since: timestamp(NOW) });
    expect(claimed(observed, status).status).toBe(status);
  }); // prettier-ignore

  it('gives back the lock that it has of one node while the other is not there', () => {
    const locks = new Map([[LOCK, { holder: HOLDER }]]);
    const given = { kind: 'Switchover', spec: { sourceNode: 'b', destNode: 'a' }, status: { ...waiting, locks: [LOCK, LOCK_B] } };
    const { status, effects } = step({ ...given, observed: { locks, absent: [{ ...GONE, node: 'b' }] } });
    expect(effects).toEqual([{ do: 'releaseLock', lock: LOCK, keepNote: true }]);
    expect(status.phase).toBe('Claimed');
  }); // prettier-ignore
});

it.each([
  { because: 'all are free', locks: [], can: true },
  { because: 'another has the first', locks: [[LOCK, OTHER]], can: false },
  { because: 'another has the last: the first can be acquired', locks: [[LOCK_B, OTHER]], can: true },
  { because: 'it has the first, and another the last', locks: [[LOCK, { holder: HOLDER }], [LOCK_B, OTHER]], can: false },
  { because: 'it has all', locks: [[LOCK, { holder: HOLDER }], [LOCK_B, { holder: HOLDER }]], can: false },
] as const)('the next lock can be acquired: $can, where $because', ({ locks, can }) => {
  expect(canAcquire([LOCK, LOCK_B], new Map(locks), UID)).toBe(can);
}); // prettier-ignore

describe('the nodes that cannot be targets yet', () => {
  const node = aNode('eth-0', { desiredState: 'Stopped', storage: { data: { size: '1Gi' } } });
  const workload = statefulSet(node, findChain('ethereum')!.workload(node), { running: false });
  const pvc = { apiVersion: 'v1', kind: 'PersistentVolumeClaim', metadata: { name: 'data-eth-0-0' } };

  interface Cluster {
    readonly declared?: typeof node | undefined;
    readonly owned?: Readonly<Record<string, readonly KubeObject[]>>;
    readonly live?: readonly KubeObject[];
    readonly pause?: object;
  }

  async function absentOf(kind: string, spec: object, { declared = node, owned = {}, live = [], pause }: Cluster) {
    const asked: string[] = [];
    const deps = {
      cluster: {
        get: (ref: Ref) => {
          asked.push(`${ref.kind} ${ref.name}`);
          return Promise.resolve(live.find((one) => one.kind === ref.kind && one.metadata.name === ref.name));
        },
        list: ({ kind: listed }: { kind: string }) => {
          asked.push(listed);
          return Promise.resolve(live.filter((one) => one.kind === listed));
        },
      },
      watches: {
        nodes: new Map(declared === undefined ? [] : [[keyOf(declared), declared]]),
        owned: (_key: string, one: string) => owned[one] ?? [],
      },
      pauses: { of: () => pause },
    };
    const job = { kind, metadata: { name: 'one', namespace: node.metadata.namespace, uid: UID }, spec };
    const absent = await findAbsent({ job, open: kindNamed(kind).open(spec) } as never, deps as never);
    return { asked, absent: absent.map(({ reason, message }) => `${reason}: ${message}`) };
  }

  const NEVER =
    'ClaimMissing: node eth-0 is stopped and never ran, so that it has no volumes: start it, or restore a Backup into it';
  const YET = 'ClaimMissing: node eth-0 has no PVCs yet; wait until it ran once, or restore a Backup into it';
  const GONE_VOLUMES =
    'ClaimMissing: node eth-0 is stopped and has no PVCs any more: start it, or restore a Backup into it';
  const had = { ...node, status: { volumes: [{ name: 'data', claim: 'data-eth-0-0' }] } } as never;
  const running = { ...workload, spec: { ...Object(workload['spec']), replicas: 1 } };

  it.each<{ readonly because: string; readonly given: Cluster; readonly says: readonly string[] }>([
    { because: 'none, of a node with PVCs', given: { owned: { PersistentVolumeClaim: [pvc] } }, says: [] },
    { because: 'one that never ran', given: { owned: { StatefulSet: [workload] } }, says: [NEVER] },
    { because: 'one whose StatefulSet is not there yet', given: {}, says: [NEVER] },
    { because: 'one whose volumes are gone', given: { declared: had }, says: [GONE_VOLUMES] },
    { because: 'one that starts', given: { declared: aNode('eth-0') }, says: [YET] },
    { because: 'one whose pod was asked for just now', given: { owned: { StatefulSet: [running] } }, says: [YET] },
    { because: 'one that a job keeps stopped', given: { pause: {} }, says: [YET] },
    { because: 'one that does not exist', given: { declared: aNode('eth-1') }, says: ['NodeMissing: BlockchainNode eth-0 does not exist in this namespace'] },
  ])('are $because, without a request to the API server', async ({ given, says }) => {
    expect(await absentOf('Backup', { node: 'eth-0' }, given)).toEqual({ absent: says, asked: [] });
  }); // prettier-ignore

  it('are none for a Restore, which creates the PVCs that the StatefulSet names', async () => {
    const spec = { node: 'eth-0', backup: 'x' };
    const known = { owned: { StatefulSet: [workload] } };
    expect(await absentOf('Restore', spec, known)).toEqual({ absent: [], asked: ['PersistentVolumeClaim data-eth-0-0'] });
    expect((await absentOf('Restore', spec, {})).absent).toEqual([NEVER]);
    const full = await absentOf('Restore', spec, { owned: { PersistentVolumeClaim: [pvc] } });
    expect(full).toEqual({ absent: [], asked: [] });
  }); // prettier-ignore

  it('are those of other tools without a workload or a PVC; no pod is asked for', async () => {
    const spec = { node: 'eth-0', deployMethod: 'python', chain: 'c' };
    const { absent, asked } = await absentOf('Backup', spec, {});
    expect(absent).toEqual([expect.stringMatching(/^NodeMissing: /)]);
    expect(asked).toEqual(['Deployment eth-0', 'PersistentVolumeClaim']);
  });
});
