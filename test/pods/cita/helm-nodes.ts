// Jobs on nodes of the Helm chart: one StatefulSet and one PVC for the whole chain.

import { expect, it } from 'vitest';

import { cloudOpImage } from '../../support/cita/images.ts';
import { expectGrowth, firstHeight, heightAbove, heightOf } from './chain-files.ts';
import { CLASS, copyIn, FOLDERS, HELM, IN_ORDER, PYTHON, type Scene } from './scene.ts';

const { helm0, helm1 } = FOLDERS;

/** A node can't be stopped alone here; everything else is as elsewhere. */
export function jobsOnHelmNodes(scene: () => Scene): void {
  it('Backup of one node: the chain stops, and comes back with as many pods', IN_ORDER, async () => {
    const { world, run, document } = scene();
    const here = { ...CLASS, [PYTHON]: HELM, 'deployMethod: python': 'deployMethod: helm' };
    const { record, job } = await run(document('backup-sample', { ...here, 'backup-sample': 'helm-backup' }));
    expect(record).toMatchObject({ phase: 'Complete' });
    expect(job.status?.targets).toMatchObject([{ node: `${HELM}-0`, replicas: 2, workload: { name: HELM } }]);
    expect(await world.kubectl(['get', 'statefulset', HELM, '-o', 'jsonpath={.spec.replicas}'])).toBe('2');
    expect(await firstHeight(world, `${HELM}-0`)).toBe(heightOf(world, copyIn(record.claimName)));
  });

  it('BlockHeightFallback of one node leaves the other its height', IN_ORDER, async () => {
    const { world, run, fallback } = scene();
    const other = await heightAbove(world, helm1, 5);
    await heightAbove(world, helm0, 5);
    const changes = { name: 'helm-fallback', image: cloudOpImage('0.3.1'), node: `${HELM}-0`, chain: HELM, height: 3 };
    const { record } = await run(fallback({ ...changes, deployMethod: 'helm' }));
    expect(record).toMatchObject({ phase: 'Complete', height: 3 });
    expectGrowth(record, 3);
    expect(await firstHeight(world, `${HELM}-0`)).toBe(3);
    expect(await firstHeight(world, `${HELM}-1`)).toBeGreaterThanOrEqual(other);
  });
}
