// A backup of a real geth in VolumeSnapshots comes back. The definitions are the real ones; the test plays the snapshot controller
// and the CSI driver by their documented fields, and copies the directory of the volume.

import { execFileSync } from 'node:child_process';
import { mkdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { setTimeout as wait } from 'node:timers/promises';

import { afterAll, beforeAll, expect, it } from 'vitest';

import { importWorkerImage } from '../cluster/worker-image.ts';
import { PROVISIONER } from '../cluster/storage-classes.ts';
import { snapshotFolder } from '../cluster/volumes.ts';
import { snapshotDefinitions } from '../support/snapshot-definitions.ts';
import { waitFor } from '../demo/wait-for.ts';
import { wellGeth } from '../pods/geth.ts';
import { run } from '../pods/job-files.ts';
import { gethDev } from '../pods/node-file.ts';
import { isWell } from '../pods/observer.ts';
import { podsCluster, type PodsWorld, startWorld } from '../pods/world.ts';

const ALICE = `0x${'a11ce'.padStart(40, '0')}`;
const BOB = `0x${'b0b'.padStart(40, '0')}`;
const GROUP = 'snapshot.storage.k8s.io';

let world: PodsWorld;
let driver: { stop(): Promise<void> };

beforeAll(async () => {
  const { state } = await podsCluster();
  const image = await importWorkerImage(state);
  world = await startWorld('snapshots', ['--image', image]);
  await world.kubectl(['apply', '-f', '-'], await snapshotDefinitions());
  await world.kubectl(['wait', '--for=condition=Established', `crd/volumesnapshots.${GROUP}`, '--timeout=60s']);
  const annotations = { 'snapshot.storage.kubernetes.io/is-default-class': 'true' };
  await world.kubectl(['apply', '-f', '-'], [
    { apiVersion: `${GROUP}/v1`, kind: 'VolumeSnapshotClass', metadata: { name: 'snapshots', annotations }, driver: PROVISIONER, deletionPolicy: 'Delete' },
  ]); // prettier-ignore
  driver = startDriver();
  world.change('A node', { saved: gethDev });
});
afterAll(async () => {
  await driver?.stop();
  await world?.close();
});

interface Snapshot {
  readonly metadata: { readonly name: string; readonly uid: string };
  readonly spec: { readonly source: { readonly persistentVolumeClaimName: string } };
  readonly status?: { readonly readyToUse?: boolean };
}

/** Copies the directory of the volume of each new VolumeSnapshot, then says that it can be restored. */
function startDriver(): { stop(): Promise<void> } {
  const end = new AbortController();
  const loop = (async () => {
    while (!end.signal.aborted) {
      const { items } = JSON.parse(await world.kubectl(['get', `volumesnapshots.${GROUP}`, '-o', 'json'])) as {
        readonly items: readonly Snapshot[];
      };
      for (const one of items) if (one.status?.readyToUse !== true) await take(one);
      await wait(500);
    }
  })();
  return {
    async stop() {
      end.abort();
      await loop;
    },
  };
}

async function take({ metadata: { name, uid }, spec }: Snapshot): Promise<void> {
  const volume = await world.kubectl([
    'get',
    'pvc',
    spec.source.persistentVolumeClaimName,
    '-o',
    'jsonpath={.spec.volumeName}',
  ]);
  const to = folderOf(name);
  mkdirSync(to, { recursive: true });
  execFileSync('cp', ['-a', `${volumesFolder()}/${volume}/.`, to]);
  const status = { readyToUse: true, restoreSize: '1Gi', boundVolumeSnapshotContentName: `snapcontent-${uid}` };
  await world.kubectl([
    'patch',
    `volumesnapshot.${GROUP}/${name}`,
    '--subresource=status',
    '--type=merge',
    '-p',
    JSON.stringify({ status }),
  ]);
}

const volumesFolder = (): string => join(world.state.directory, 'volumes');
const folderOf = (name: string): string => snapshotFolder(volumesFolder(), world.namespace, name);

it('gives the node the state of then back, by PVCs that are gone afterwards, and nothing that differs from the record', async () => {
  const geth = await wellGeth(world, 'saved');
  await geth.pay(ALICE, 1_000n);
  const spec = { node: 'saved', destination: { volumeSnapshot: {} } };
  const made = await run(world, { kind: 'Backup', name: 'kept', spec });
  expect(made).toMatchObject({ phase: 'Complete', manifestSha256: expect.stringMatching(/^[0-9a-f]{64}$/) });
  expect(made.claimName).toBeUndefined();
  const [snapshot] = made.volumeSnapshots ?? [];
  expect(snapshot).toMatchObject({ volume: 'data', restoreSize: '1Gi', storageClass: 'standard' });

  await world.await('saved', 'to be well', isWell);
  await geth.pay(BOB, 7n);
  const back = await run(world, { kind: 'Restore', name: 'back', spec: { node: 'saved', backup: 'kept' } });
  expect(back).toMatchObject({ phase: 'Complete', height: made.height });
  expect(await geth.balance(ALICE)).toBe(1_000n);
  expect(await geth.balance(BOB)).toBe(0n);
  await waitFor({ what: 'the PVC of the restore to be gone', timeoutMs: 120_000 }, async () => {
    const names = await world.kubectl(['get', 'pvc', '-o', 'name']);
    return names.includes('restore-back') ? undefined : true;
  });

  await world.await('saved', 'to be well', isWell);
  writeFileSync(join(folderOf(snapshot?.name ?? ''), 'added'), 'by something else');
  const bad = await run(world, { kind: 'Restore', name: 'bad', spec: { node: 'saved', backup: 'kept' } });
  expect(bad).toMatchObject({ phase: 'Failed', reason: 'ContentDiffers' });
  await world.await('saved', 'to be well', isWell);
  expect(await geth.balance(ALICE)).toBe(1_000n);

  await world.kubectl(['delete', `volumesnapshot.${GROUP}/${snapshot?.name}`]);
  const late = await run(world, { kind: 'Restore', name: 'late', spec: { node: 'saved', backup: 'kept' } });
  expect(late).toMatchObject({ phase: 'Refused', reason: 'SourceMissing' });
}, 900_000);
