// A backup that stays where it is, as a VolumeSnapshot keeps it: what the volumes hold is recorded, and a restore takes nothing else.

import { chmodSync, cpSync, mkdirSync, readFileSync, utimesSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';

import { beforeEach, expect, it } from 'vitest';

import { DescribeParameters } from '../../src/api/worker-task.ts';
import { describe as describeVolumes } from '../../src/worker/backup/describe.ts';
import { restoreDescribed } from '../../src/worker/restore-described.ts';
import { ORIGIN, quiet, restoreParams } from './support/params.ts';
import { picture, tempDir } from './support/tree.ts';

let dir: string;
/** As in the pods: the volume lies below an empty folder of the pod. */
let node: string;
let snapshot: string;
let target: string;

beforeEach(() => {
  dir = tempDir();
  [node, snapshot, target] = [join(dir, 'node'), join(dir, 'snapshot'), join(dir, 'target')];
  mkdirSync(join(node, 'volumes/data/chaindata'), { recursive: true });
  writeFileSync(join(node, 'volumes/data/chaindata/CURRENT'), 'MANIFEST-000001');
  writeFileSync(join(node, 'volumes/data/nodekey'), 'of the node that was backed up');
  mkdirSync(target);
  writeFileSync(join(target, 'nodekey'), 'its own');
  writeFileSync(join(target, 'newer'), 'x');
});

const markers = [{ volume: 'data', anyOf: ['chaindata/CURRENT'] }];

function described(more: object = {}): Promise<{ readonly manifestSha256: string; readonly files: number }> {
  const volumes = [{ name: 'data', from: join(node, 'volumes/data') }];
  return describeVolumes(
    DescribeParameters.parse({ verb: 'describe', at: node, volumes, origin: ORIGIN, ...more }),
    quiet(),
  );
}

function restored(contentSha256: string): ReturnType<typeof restoreDescribed> {
  cpSync(join(node, 'volumes'), join(snapshot, 'volumes'), { recursive: true });
  const params = restoreParams(snapshot, target, { keep: ['nodekey'], describe: { origin: ORIGIN, contentSha256 } });
  return restoreDescribed(params, quiet());
}

it('records the content alone: owners, modes and times of a volume that is mounted elsewhere do not count', async () => {
  const first = await described({ markers });
  expect(first).toMatchObject({ files: 2, manifestSha256: expect.stringMatching(/^[0-9a-f]{64}$/) });
  chmodSync(join(node, 'volumes/data/nodekey'), 0o660);
  utimesSync(join(node, 'volumes/data'), 1, 1);
  expect((await described()).manifestSha256).toBe(first.manifestSha256);
  writeFileSync(join(node, 'volumes/data/nodekey'), 'of the node that was backed uq');
  expect((await described()).manifestSha256).not.toBe(first.manifestSha256);
});

it("replaces the data by what was recorded, and keeps the node's own files", async () => {
  const { manifestSha256 } = await described();
  await expect(restored(manifestSha256)).resolves.toMatchObject({ files: 2, height: ORIGIN.height });
  expect(readFileSync(join(target, 'chaindata/CURRENT'), 'utf8')).toBe('MANIFEST-000001');
  expect(readFileSync(join(target, 'nodekey'), 'utf8')).toBe('its own');
  expect(Object.keys(picture(target) as object).join()).not.toContain('newer');
});

it('touches nothing when the snapshot holds anything else', async () => {
  const { manifestSha256 } = await described();
  const before = picture(target);
  writeFileSync(join(node, 'volumes/data/chaindata/CURRENT'), 'MANIFEST-000002');
  await expect(restored(manifestSha256)).rejects.toMatchObject({ code: 'ContentDiffers', swapped: false });
  expect(picture(target)).toEqual(before);
});

it('refuses a volume without a database of the chain', async () => {
  const anyOf = ['geth/chaindata/CURRENT'];
  await expect(described({ markers: [{ volume: 'data', anyOf }] })).rejects.toMatchObject({ code: 'EmptyBackup' });
});
