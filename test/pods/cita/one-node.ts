// Jobs on one node from cloud-config while the other keeps running.

import { chownSync, lstatSync } from 'node:fs';
import { join } from 'node:path';

import { expect, it } from 'vitest';

import { waitFor } from '../../support/wait-for.ts';
import { cloudOpImage, JOB_IMAGE } from '../../support/cita/images.ts';
import { expectGrowth, firstHeight, heightAbove, heightOf, pathOf, read } from './chain-files.ts';
import { CITA, CLASS, FOLDERS, IN_ORDER, NODES, type Scene } from './scene.ts';

const [NODE] = NODES;
const FOLDER = FOLDERS.node0;

/** Every kind that has a height, with cloud-op of both generations; and a change of owner. */
export function jobsOnOneNode(scene: () => Scene): void {
  it('Snapshot: cloud-op writes the state at the height; the node continues', IN_ORDER, async () => {
    const { world, run, document } = scene();
    const before = heightOf(world, FOLDER);
    const text = document('snapshot-sample', { 'blockHeight: 30': 'blockHeight: 4', ...CLASS });
    const { record, job } = await run(text);
    expect(record).toMatchObject({ phase: 'Complete', height: 4, format: '0.2.3', claimName: expect.any(String) });
    const made = { pvc: record.claimName ?? '' };
    await waitFor('the PVC to be seen', () => world.pvc(made.pvc)?.spec?.volumeName);
    expect(read(world, made, 'state/state/statedb/current_height')).toBe('4\n');
    expect(job.status?.targets).toMatchObject([
      { node: NODE, replicas: 1, wasRunning: true, volumes: [{ claim: FOLDER.pvc }] },
    ]);
    expect(await firstHeight(world, `${NODE}-0`)).toBeGreaterThanOrEqual(before);
  });

  it('Restore from it: the state is read back, and the node starts at its height', IN_ORDER, async () => {
    const { world, run, document } = scene();
    const { record } = await run(document('restore-sample-cloud-config'));
    expect(record).toMatchObject({ phase: 'Complete', height: 4 });
    expectGrowth(record, 4);
    expect(await firstHeight(world, `${NODE}-0`)).toBe(4);
  });

  it.for([
    { because: 'by the verb of cloud-op 0.2', name: 'back-by-old', image: JOB_IMAGE, verb: 'recover' },
    { because: 'by the verb of cloud-op 0.3', name: 'back-by-new', image: cloudOpImage('0.3.1'), verb: 'rollback' },
  ])('BlockHeightFallback $because', IN_ORDER, async ({ name, image, verb }) => {
    const { world, run, fallback, guards } = scene();
    await heightAbove(world, FOLDER, 4);
    const { record } = await run(fallback({ name, image, node: NODE, chain: CITA, height: 3 }));
    expect(record).toMatchObject({ phase: 'Complete', height: 3, command: expect.stringContaining(verb) });
    expectGrowth(record, 3);
    expect(record.heightBefore).toBeGreaterThan(3);
    expect(await firstHeight(world, `${NODE}-0`)).toBe(3);
    const [pod] = guards.workingPods(`blockheightfallback-${name}`);
    const nodeName = [{ key: 'metadata.name', operator: 'In', values: [world.pod(NODE)?.spec?.nodeName] }];
    expect(pod?.spec?.affinity?.nodeAffinity?.requiredDuringSchedulingIgnoredDuringExecution).toEqual({
      nodeSelectorTerms: [{ matchFields: nodeName }],
    });
  });

  it('a height that is not below the current one is refused before the node is stopped', IN_ORDER, async () => {
    const { world, run, fallback } = scene();
    const uid = world.pod(NODE)?.metadata?.uid;
    const image = cloudOpImage('0.3.1');
    const { record } = await run(fallback({ name: 'too-high', image, node: NODE, chain: CITA, height: 2_000_000 }));
    expect(record).toMatchObject({
      phase: 'Refused',
      reason: 'HeightNotBelow',
      message: expect.stringMatching(/is at height \d+; 2000000 is not below that$/),
    });
    expect(world.pod(NODE)?.metadata).toMatchObject({ uid });
  });

  it(
    "ChangeOwner: files of root become the node's own; without podAffinityFlag any Kubernetes node will do",
    IN_ORDER,
    async () => {
      const { world, run, document, guards } = scene();
      const blocks = join(pathOf(world, FOLDER), 'chain_data/blocks');
      chownSync(blocks, 0, 0);
      const { record } = await run(document('changeowner-sample'));
      expect(record).toMatchObject({ phase: 'Complete', message: expect.stringContaining('1000:1000') });
      expect(lstatSync(blocks)).toMatchObject({ uid: 1000, gid: 1000 });
      expect(guards.workingPods('changeowner-')[0]?.spec?.affinity).toBeUndefined();
    },
  );
}
