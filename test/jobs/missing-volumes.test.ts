// A Restore into a node that was created stopped: its PVCs are created as the StatefulSet would create them, and only then filled.

import { describe, expect, it } from 'vitest';

import { missingPvcs } from '../../src/jobs/layouts/missing-pvcs.ts';
import { statefulSet } from '../../src/render/stateful-set.ts';
import type { KubeObject } from '../../src/api/objects.ts';
import { findChain } from '../../src/chains/index.ts';
import { aNode } from '../support/plan-scene.ts';
import { managedTarget, source, targetSeen } from './support/fixtures.ts';
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

describe('a Restore into it', () => {
  const target = managedTarget('a', { wasRunning: false });
  const pvc = { apiVersion: 'v1', kind: 'PersistentVolumeClaim', metadata: { name: 'data-a-0', namespace: 'prod' } };
  const given = (missing: readonly KubeObject[], works: readonly object[] = []) =>
    step({
      kind: 'Restore',
      spec: { node: 'a', backup: 'nightly' },
      status: {
        phase: 'Working',
        since: ago(1),
        locks: [LOCK],
        targets: [target],
        holds: ['a'],
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
    expect(status).toMatchObject({ phase: 'Working', message: 'creates the PVC data-a-0, as the node never ran' });
  });

  it('works once they are there', () => {
    expect(given([]).effects.map((effect) => effect.do)).toEqual(['createJob']);
  });

  it('does not put an empty one in the place of one that was lost under the work', () => {
    expect(given([pvc], [work]).effects.map((effect) => effect.do)).not.toContain('createPvc');
  });
});
