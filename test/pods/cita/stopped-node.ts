// Jobs on a node from cloud-config that was stopped on purpose.

import { expect, it } from 'vitest';

import { expectGrowth, firstHeight, heightAbove, heightOf, read } from './chain-files.ts';
import type { Ended } from './requests.ts';
import { CITA, CLASS, copyIn, FOLDERS, IN_ORDER, NODES, PYTHON, type Scene } from './scene.ts';

const [, NODE] = NODES;
const FOLDER = FOLDERS.node1;
const HERE = { [`${PYTHON}-0`]: NODE, [PYTHON]: CITA, 'deployMethod: python': 'deployMethod: cloud-config' };

/** A Backup of it, and a Restore once it runs again. */
export function jobsOnStoppedNode(scene: () => Scene): void {
  let made: Ended;

  it('Backup: it stays stopped', IN_ORDER, async () => {
    const { world, run, document } = scene();
    await world.kubectl(['scale', `statefulset/${NODE}`, '--replicas=0']);
    await world.kubectl(['wait', `pod/${NODE}-0`, '--for=delete', '--timeout=60s']);
    made = await run(document('backup-sample', { ...CLASS, ...HERE, 'backup-sample': 'stopped-one' }));
    const { record, job } = made;
    expect(record).toMatchObject({ phase: 'Complete', message: expect.stringContaining(`${NODE} was stopped before`) });
    expect(job.status?.targets).toMatchObject([{ replicas: 0, wasRunning: false }]);
    expect(
      await world.kubectl(['get', 'statefulset', NODE, '-o', 'jsonpath={.spec.replicas} {.status.replicas}']),
    ).toBe('0 0');
    expect(read(world, copyIn(record.claimName), 'chain_data/blocks')).toBe(read(world, FOLDER, 'chain_data/blocks'));
  });

  it('Restore: it has the blocks and the height of the Backup again', IN_ORDER, async () => {
    const { world, run, document } = scene();
    const copy = copyIn(made.record.claimName);
    const kept = heightOf(world, copy);
    await world.kubectl(['scale', `statefulset/${NODE}`, '--replicas=1']);
    await heightAbove(world, FOLDER, kept + 1);
    const names = { 'restore-sample': 'restore-stopped', 'backup: backup-sample': 'backup: stopped-one' };
    const { record } = await run(document('restore-sample', { ...HERE, ...names }));
    expect(record).toMatchObject({ phase: 'Complete', manifestSha256: made.record.manifestSha256 });
    expectGrowth(record, kept);
    expect(await firstHeight(world, `${NODE}-0`)).toBe(kept);
    const [blocks, before] = [read(world, FOLDER, 'chain_data/blocks'), read(world, copy, 'chain_data/blocks')];
    expect(blocks.slice(0, before.length)).toBe(before);
  });
}
