// Jobs on nodes of the Python tool, which share one PVC.

import { readdirSync } from 'node:fs';

import { expect, it } from 'vitest';

import { cloudOpImage, JOB_IMAGE } from '../../support/cita/images.ts';
import { expectGrowth, firstHeight, heightAbove, heightOf, pathOf, read } from './chain-files.ts';
import { carryOut } from './requests.ts';
import { CITA, CLASS, copyIn, FOLDERS, IN_ORDER, NODES, PYTHON, type Scene } from './scene.ts';

const [NODE0, NODE1] = [`${PYTHON}-0`, `${PYTHON}-1`];
const { python0, python1 } = FOLDERS;
const HERE = { 'deployMethod: cloud-config': 'deployMethod: python', [NODES[0]]: NODE1, [CITA]: PYTHON };

/** The older operator could do none of these on this layout but the fallback. */
export function jobsOnPythonNodes(scene: () => Scene): void {
  it('Backup and Restore of it, merged in one commit: one folder, one node, and its own key', IN_ORDER, async () => {
    const { world, document } = scene();
    const uid = ['-o', 'jsonpath={.items[*].metadata.uid}'];
    const other = await world.kubectl(['get', 'pods', '-l', `node_name=${NODE1}`, ...uid]);
    const key = read(world, python0, 'private_key');
    const texts = [document('restore-sample'), document('backup-sample', CLASS)];
    const [restored, made] = await carryOut(world, texts);
    const { manifestSha256, claimName, height = Number.NaN } = made?.record ?? {};
    expect(made?.record).toMatchObject({ phase: 'Complete', manifestSha256: expect.stringMatching(/^[0-9a-f]{64}$/) });
    expect(height).toBeLessThanOrEqual(heightOf(world, copyIn(claimName)));
    expect(made?.job.status?.targets).toMatchObject([
      {
        workload: { kind: 'Deployment', name: NODE0 },
        replicas: 1,
        volumes: [{ claim: python0.pvc, subPath: python0.subPath }],
      },
    ]);
    const copied = readdirSync(pathOf(world, copyIn(claimName))).sort();
    expect(copied).toEqual(readdirSync(pathOf(world, python0)).sort());
    expect(copied).toContain('chain_data');
    expect(restored?.record).toMatchObject({ phase: 'Complete', manifestSha256, height });
    expect(restored?.record.heightAfter).toBeGreaterThan(height);
    expect(await firstHeight(world, `deployment/${NODE0}`)).toBe(heightOf(world, copyIn(claimName)));
    expect(read(world, python0, 'private_key')).toBe(key);
    expect(await world.kubectl(['get', 'pods', '-l', `node_name=${NODE1}`, ...uid])).toBe(other);
  });

  it('Snapshot by cloud-op 0.3, which is a copy, and Restore of it', IN_ORDER, async () => {
    const { world, run, document } = scene();
    const here = { [JOB_IMAGE]: cloudOpImage('0.3.1'), ...HERE };
    await heightAbove(world, python1, 7);
    const name = { 'snapshot-sample': 'python-snapshot' };
    const height = { 'blockHeight: 30': 'blockHeight: 6' };
    const taken = await run(document('snapshot-sample', { ...here, ...CLASS, ...height, ...name }));
    expect(taken.record).toMatchObject({ phase: 'Complete', height: 6, format: '0.3.1' });
    const back = await run(
      document('restore-sample-cloud-config', { ...here, ...name, 'restore-sample-cloud-config': 'python-back' }),
    );
    expect(back.record).toMatchObject({ phase: 'Complete', height: 6 });
    expectGrowth(back.record, 6);
    expect(await firstHeight(world, `deployment/${NODE1}`)).toBe(6);
  });

  it('BlockHeightFallback with the configuration that lies in the data', IN_ORDER, async () => {
    const { world, run, fallback } = scene();
    const changes = { name: 'python-fallback', image: JOB_IMAGE, node: NODE0, chain: PYTHON, height: 2 };
    const { record } = await run(fallback({ ...changes, deployMethod: 'python' }));
    expect(record).toMatchObject({ phase: 'Complete', height: 2 });
    expectGrowth(record, 2);
    expect(await firstHeight(world, `deployment/${NODE0}`)).toBe(2);
  });
}
