// A Restore into a node that was created stopped: its PVCs are created as the StatefulSet would create them, and only then filled.

import { describe, expect, it } from 'vitest';

import { missingPvcs } from '../../src/jobs/layouts/missing-pvcs.ts';
import { statefulSet } from '../../src/render/stateful-set.ts';
import { keyOf, type KubeObject, type Ref } from '../../src/api/objects.ts';
import { findChain } from '../../src/chains/index.ts';
import { aNode } from '../support/plan-scene.ts';
import { observeManaged } from '../../src/controller/job/observe-managed.ts';
import { kindNamed, managedTarget, source, targetSeen, UID } from './support/fixtures.ts';
import { ago, HOLDER, LOCK, NOTE, step, work } from './support/step.ts';

describe('the PVCs of a node that never ran', () => {
  const node = aNode('eth-0', { storage: { data: { size: '1Gi', storageClass: 'fast' }, ancient: { size: '2Gi' } } });
  const live = statefulSet(node, findChain('ethereum')!.workload(node), { running: false });

  it('are those of its StatefulSet for pod 0, with labels, annotations and spec', () => {
    const [template] = (live as unknown as { spec: { volumeClaimTemplates: readonly KubeObject[] } }).spec.volumeClaimTemplates; // prettier-ignore
    const [data, ancient] = missingPvcs(live, []);
    expect(data).toEqual({ ...template, metadata: { ...template?.metadata, name: 'data-eth-0-0', namespace: live.metadata.namespace } }); // prettier-ignore
    expect(ancient?.metadata.name).toBe('ancient-eth-0-0');
  });

  it('do not include those that exist', () => {
    const present = { apiVersion: 'v1', kind: 'PersistentVolumeClaim', metadata: { name: 'data-eth-0-0' } };
    expect(missingPvcs(live, [present]).map(({ metadata }) => metadata.name)).toEqual(['ancient-eth-0-0']);
  });

  it('are not known without its StatefulSet', () => {
    expect(missingPvcs(undefined, [])).toEqual([]);
  });
});

describe('a PVC that a watch does not show', () => {
  const node = aNode('eth-0', { storage: { data: { size: '1Gi' } } });
  const live = statefulSet(node, findChain('ethereum')!.workload(node), { running: false });
  const found = async (kind: string, pvc: KubeObject | undefined) => {
    const get = (ref: Ref) => Promise.resolve(ref.kind === 'StatefulSet' ? live : pvc);
    const deps = {
      cluster: { get, list: () => Promise.resolve([]) },
      watches: { nodes: new Map([[keyOf(node), node]]), owned: () => [] },
      pauses: { of: () => undefined, leftBy: () => undefined },
      observations: { of: () => ({ facts: new Map() }) },
      identities: { of: () => undefined },
    };
    const { namespace } = node.metadata;
    const job = {
      apiVersion: 'x',
      kind,
      metadata: { name: 'one', namespace, uid: UID },
      spec: { node: 'eth-0', backup: 'x' },
    };
    const open = kindNamed(kind).open({ node: 'eth-0', ...(kind === 'Restore' ? { backup: 'x' } : {}) });
    return await observeManaged({ job, open } as never, 'eth-0', deps as never);
  };
  const unlabelled = { apiVersion: 'v1', kind: 'PersistentVolumeClaim', metadata: { name: 'data-eth-0-0' } };

  it('is the volume of the node all the same, and is not created', async () => {
    const seen = await found('Restore', unlabelled);
    expect(seen.missingPvcs).toBeUndefined();
    expect(seen.found).toMatchObject({ ok: true, target: { volumes: [{ name: 'data', claim: 'data-eth-0-0' }] } });
  });

  it('is not taken from another node that has one by the same name', async () => {
    const metadata = { name: 'data-eth-0-0', labels: { 'novacula.com/node': '0' } };
    const seen = await found('Restore', { ...unlabelled, metadata });
    expect(seen.missingPvcs).toBeUndefined();
    expect(seen.found).toMatchObject({ ok: false, reason: 'ClaimMissing' });
  });

  it('is created by a Restore when it does not exist, and by no other job', async () => {
    expect((await found('Restore', undefined)).missingPvcs).toHaveLength(1);
    expect((await found('Backup', undefined)).found).toMatchObject({ ok: false, reason: 'ClaimMissing' });
  });
});

describe('a Restore into it', () => {
  const target = managedTarget('a', { wasRunning: false });
  const pvc = { apiVersion: 'v1', kind: 'PersistentVolumeClaim', metadata: { name: 'data-a-0', namespace: 'prod' } };
  const given = (missing: readonly KubeObject[], works: readonly object[] = [], since = ago(1)) =>
    step({
      kind: 'Restore',
      spec: { node: 'a', backup: 'nightly' },
      status: {
        phase: 'Working',
        since,
        locks: [LOCK],
        targets: [target],
        paused: ['a'],
        works: works as [],
      },
      observed: {
        targets: new Map([
          ['a', targetSeen(target, { pods: [], replicas: 0, paused: true, ...(missing.length === 0 ? {} : { missingPvcs: missing }) })], // prettier-ignore
        ]),
        locks: new Map([[LOCK, { holder: { ...HOLDER, text: 'Restore prod/one' }, note: { ...NOTE, unsafe: 'its data is being changed', job: 'Restore prod/one', nodes: [{ node: 'a', workload: target.workload, wasRunning: false }] } }]]), // prettier-ignore
        source: source(),
      },
    });

  it('creates them first', () => {
    const { status, effects } = given([pvc]);
    expect(effects).toEqual([{ do: 'createPvc', object: pvc }]);
    expect(status).toMatchObject({
      phase: 'Working',
      message: 'creates the PVC data-a-0, which its node does not have yet',
    });
  });

  it('works once they are there', () => {
    expect(given([]).effects.map((effect) => effect.do)).toEqual(['createJob']);
  });

  it('does not put an empty one in the place of one that was lost under the work', () => {
    const { uid: _uid, ...again } = { ...work, name: `${work.name}-r2`, attempt: 2 };
    for (const task of [work, again])
      expect(given([pvc], [task]).effects.map((effect) => effect.do)).not.toContain('createPvc');
  });

  it('starts the node again when they cannot be created', () => {
    expect(given([pvc], [], ago(11)).status).toMatchObject({
      phase: 'Starting',
      failure: {
        reason: 'ClaimMissing',
        message: 'the PVC data-a-0 could not be created within 10 minutes',
        unsafe: false,
      },
    });
  });

  it('keeps the node stopped when a second attempt cannot begin: the first may have changed its data', () => {
    const { uid: _uid, ...again } = { ...work, name: `${work.name}-r2`, attempt: 2, intentAt: ago(11) };
    const first = { ...again, attempt: 1 };
    expect(given([], [again]).status.works).toMatchObject([{ code: 'JobNotCreated', unsafe: true }]);
    expect(given([], [first]).status.works).toMatchObject([{ code: 'JobNotCreated', unsafe: false }]);
  });
});
