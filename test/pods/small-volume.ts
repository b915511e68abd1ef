// A volume that is a real file system of little size: host folders know no quota.

import { execFileSync } from 'node:child_process';
import { mkdirSync, rmSync } from 'node:fs';
import { join } from 'node:path';

import type { PodsWorld } from './world.ts';

export interface SmallVolume {
  readonly name: string;
  readonly folder: string;
  /** The PersistentVolume that claims of its class, or the given one, are bound to. */
  readonly object: object;
}

export interface SmallVolumeOptions {
  readonly label: string;
  /** As mount(8) reads it: `96m`. */
  readonly size: string;
  readonly storageClass: string;
  /** The only claim that may have it; default: any of the class. */
  readonly claim?: string;
  /** What must end before it is unmounted. */
  readonly release?: () => Promise<unknown>;
}

/** Mounts it; it is unmounted when the world closes. */
export function smallVolume(world: PodsWorld, options: SmallVolumeOptions): SmallVolume {
  const { label, size, storageClass, claim, release } = options;
  const name = `small-${label}-${world.namespace}`;
  const folder = join(world.state.directory, 'volumes', name);
  mkdirSync(folder, { recursive: true });
  execFileSync('mount', ['-t', 'tmpfs', '-o', `size=${size},mode=0777`, 'tmpfs', folder]);
  world.atEnd(async () => {
    await release?.();
    await world.kubectl(['delete', 'pv', name, '--wait=false', '--ignore-not-found']);
    execFileSync('umount', ['-l', folder]);
    rmSync(folder, { recursive: true, force: true });
  });
  const hosts = [{ key: 'kubernetes.io/hostname', operator: 'Exists' }];
  const claimRef = { apiVersion: 'v1', kind: 'PersistentVolumeClaim', name: claim, namespace: world.namespace };
  const object = {
    apiVersion: 'v1',
    kind: 'PersistentVolume',
    metadata: { name },
    spec: {
      accessModes: ['ReadWriteOnce'],
      storageClassName: storageClass,
      capacity: { storage: '1Gi' },
      persistentVolumeReclaimPolicy: 'Retain',
      local: { path: folder },
      nodeAffinity: { required: { nodeSelectorTerms: [{ matchExpressions: hosts }] } },
      ...(claim === undefined ? {} : { claimRef }),
    },
  };
  return { name, folder, object };
}
