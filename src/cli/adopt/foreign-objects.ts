// What `nodewright adopt` reads from the cluster: the workload, its PVCs with their volumes, and its Secrets.

import { FOREIGN_KINDS, type ForeignWorkload, readForeign } from '../../adopt/foreign-workload.ts';
import type { ForeignPvc } from '../../adopt/propose.ts';
import type { BoundVolume } from '../../adopt/steps.ts';
import { FIELD_MANAGER, LABEL } from '../../api/group.ts';
import type { KubeObject } from '../../api/objects.ts';
import type { Cluster } from '../../kube/cluster.ts';
import { KINDS } from '../../kube/kinds.ts';
import { isKubeError } from '../../kube/kube-error.ts';
import { textAt, valueAt } from '../../lib/json-value.ts';

export interface ForeignObject {
  readonly object: KubeObject;
  /** Of the pod of a StatefulSet. */
  readonly ordinal: number;
}

/** `NAME`, `KIND/NAME`, or `pvc/NAME`: then the workload that mounts it. */
export async function readObject(cluster: Cluster, text: string, namespace: string): Promise<ForeignObject> {
  const [first = '', second] = text.split('/');
  const word = second === undefined ? 'statefulset' : first.toLowerCase().replace(/s$/, '');
  const name = second ?? first;
  if (['pvc', 'persistentvolumeclaim'].includes(word)) return await userOf(cluster, name, namespace);
  const kind = FOREIGN_KINDS.find((one) => one.toLowerCase() === word || (one === 'StatefulSet' && word === 'st'));
  if (kind === undefined)
    throw new Error(`${text} cannot be adopted; give statefulset/NAME, deployment/NAME, pod/NAME or pvc/NAME`);
  const object = await cluster.get({ apiVersion: KINDS[kind].apiVersion, kind, namespace, name });
  if (object === undefined) throw new Error(`there is no ${kind} ${namespace}/${name}; --from names its namespace`);
  return { object, ordinal: 0 };
}

/** `namespace/name` of the node whose object it is. A node that is gone may have left a PVC, which is adopted like any other. */
export async function ownNodeOf(cluster: Cluster, text: string, namespace: string): Promise<string | undefined> {
  const { metadata } = (await readObject(cluster, text, namespace)).object;
  const name = metadata.labels?.[LABEL.node];
  if (name === undefined || metadata.labels?.[LABEL.managedBy] !== FIELD_MANAGER) return undefined;
  const node = await cluster.get({ ...KINDS.BlockchainNode, namespace, name }).catch((error: unknown) => {
    if (!isKubeError(error, 'NOT_SERVED')) throw error;
    return undefined;
  });
  return node === undefined ? undefined : `${namespace}/${name}`;
}

async function userOf(cluster: Cluster, pvc: string, namespace: string): Promise<ForeignObject> {
  for (const kind of FOREIGN_KINDS) {
    for (const object of await cluster.list(KINDS[kind], { namespace })) {
      const ordinal = Number(/-(\d+)$/.exec(pvc)?.[1] ?? 0);
      // Lists leave the kind of their items out.
      const whole = { ...object, apiVersion: KINDS[kind].apiVersion, kind };
      if ([...readForeign(whole, ordinal).pvcs.values()].includes(pvc)) return { object: whole, ordinal };
    }
  }
  throw new Error(
    `no StatefulSet, Deployment or Pod in namespace ${namespace} mounts PVC ${pvc}, so its client is not known. ` +
      'Write the node file by hand, and follow the procedure of docs/adopt.md for the volume.',
  );
}

export interface ForeignPvcs {
  readonly pvcs: ReadonlyMap<string, ForeignPvc>;
  readonly bound: ReadonlyMap<string, BoundVolume>;
}

export async function foreignPvcs(cluster: Cluster, { pvcs, namespace }: ForeignWorkload): Promise<ForeignPvcs> {
  const found = new Map<string, ForeignPvc>();
  const bound = new Map<string, BoundVolume>();
  for (const name of new Set(pvcs.values())) {
    const object = await cluster.get({ apiVersion: 'v1', kind: 'PersistentVolumeClaim', namespace, name });
    if (object === undefined) continue;
    found.set(name, readPvc(object));
    const volumeName = textAt(object, ['spec', 'volumeName']);
    const pv =
      volumeName === undefined
        ? undefined
        : await cluster.get({ apiVersion: 'v1', kind: 'PersistentVolume', name: volumeName });
    if (pv !== undefined) bound.set(name, readVolume(pv));
  }
  return { pvcs: found, bound };
}

function readPvc(pvc: KubeObject): ForeignPvc {
  const modes = valueAt(pvc, ['spec', 'accessModes']);
  return {
    name: pvc.metadata.name,
    size: textAt(pvc, ['spec', 'resources', 'requests', 'storage']) ?? '1Gi',
    storageClass: textAt(pvc, ['spec', 'storageClassName']),
    accessMode: Array.isArray(modes) && typeof modes[0] === 'string' ? modes[0] : undefined,
  };
}

function readVolume(pv: KubeObject): BoundVolume {
  return {
    name: pv.metadata.name,
    reclaimPolicy: textAt(pv, ['spec', 'persistentVolumeReclaimPolicy']) ?? 'Retain',
    isCsi: valueAt(pv, ['spec', 'csi']) !== undefined,
  };
}

export interface ForeignSecrets {
  readonly readable: readonly KubeObject[];
  readonly unreadable: readonly string[];
}

export async function foreignSecrets(
  cluster: Cluster,
  { secrets, namespace }: ForeignWorkload,
): Promise<ForeignSecrets> {
  const readable: KubeObject[] = [];
  const unreadable: string[] = [];
  for (const name of new Set(secrets)) {
    try {
      const secret = await cluster.get({ apiVersion: 'v1', kind: 'Secret', namespace, name });
      if (secret !== undefined) readable.push(secret);
    } catch (error) {
      if (!isKubeError(error, 'FORBIDDEN')) throw error;
      unreadable.push(name);
    }
  }
  return { readable, unreadable };
}
