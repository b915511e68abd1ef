// The definitions of CSI VolumeSnapshots, as the project that owns them publishes them.

import { readFileSync } from 'node:fs';
import { join } from 'node:path';

import { parse } from 'yaml';

import type { KubeObject } from '../../src/api/objects.ts';
import { moduleFolder } from '../cluster/module-folder.ts';
import { EXTERNAL_SNAPSHOTTER } from '../cluster/modules.ts';

const NAMES = ['volumesnapshotclasses', 'volumesnapshotcontents', 'volumesnapshots'];

export async function snapshotDefinitions(): Promise<readonly KubeObject[]> {
  const folder = await moduleFolder(EXTERNAL_SNAPSHOTTER);
  return NAMES.map(
    (name) =>
      parse(readFileSync(join(folder, 'config/crd', `snapshot.storage.k8s.io_${name}.yaml`), 'utf8')) as KubeObject,
  );
}
