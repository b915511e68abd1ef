// The definitions of CSI VolumeSnapshots, as the project that owns them publishes them.

import { readFileSync } from 'node:fs';
import { join } from 'node:path';

import { parse } from 'yaml';

import type { KubeObject } from '../../src/api/objects.ts';
import { run } from '../cluster/command.ts';
import { EXTERNAL_SNAPSHOTTER, moduleDirectory } from '../cluster/modules.ts';

const NAMES = ['volumesnapshotclasses', 'volumesnapshotcontents', 'volumesnapshots'];

export async function snapshotDefinitions(): Promise<readonly KubeObject[]> {
  const text = await run('go', ['mod', 'download', '-json', EXTERNAL_SNAPSHOTTER.path], {
    cwd: moduleDirectory(EXTERNAL_SNAPSHOTTER),
    timeoutMs: 300_000,
  });
  const { Dir } = JSON.parse(text) as { readonly Dir: string };
  return NAMES.map(
    (name) =>
      parse(readFileSync(join(Dir, 'config/crd', `snapshot.storage.k8s.io_${name}.yaml`), 'utf8')) as KubeObject,
  );
}
