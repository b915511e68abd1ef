// The storage classes of a cluster, as rows.

import { fileURLToPath } from 'node:url';

import { applyObject } from './api.ts';
import { startServer } from './processes.ts';
import type { ClusterState } from './state.ts';

export const PROVISIONER = 'nodewright.dev/test-volumes';

export const STORAGE_CLASSES = [
  { name: 'standard', isDefault: true, expandable: true },
  // For what happens when a volume cannot grow.
  { name: 'fixed-size', isDefault: false, expandable: false },
] as const;

/** Creates the classes and starts the provisioner that serves them. */
export async function startStorage(state: ClusterState): Promise<void> {
  for (const { name, isDefault, expandable } of STORAGE_CLASSES)
    await applyObject(state, `/apis/storage.k8s.io/v1/storageclasses/${name}`, {
      apiVersion: 'storage.k8s.io/v1',
      kind: 'StorageClass',
      metadata: { name, annotations: { 'storageclass.kubernetes.io/is-default-class': String(isDefault) } },
      provisioner: PROVISIONER,
      volumeBindingMode: 'WaitForFirstConsumer',
      reclaimPolicy: 'Delete',
      allowVolumeExpansion: expandable,
    });
  const script = fileURLToPath(new URL('cli.ts', import.meta.url));
  const args = [script, 'serve-volumes', '--name', state.name];
  await startServer(state.directory, { name: 'volumes', program: process.execPath, args });
}
