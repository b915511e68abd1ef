// The pod's volumes: PVCs for data, ConfigMap and Secrets for settings, empty folders for the rest.

import type { BlockchainNode } from '../api/blockchain-node.ts';
import { ANNOTATION } from '../api/group.ts';
import { clientsText } from '../api/node-volumes.ts';
import type { Mount, Workload } from '../chains/workload.ts';
import { secretName } from '../chains/secret-name.ts';
import { assertNever } from '../lib/assert-never.ts';
import { sha256 } from '../lib/hash.ts';
import { nodeLabels } from './labels.ts';
import { namesOf } from './names.ts';

type Json = Readonly<Record<string, unknown>>;

/** Readable for the pod's group only. */
export const SECRET_MODE = 0o440;

/** One template per entry of spec.storage. Immutable once created: see volumes.ts. */
export function pvcTemplates(node: BlockchainNode): readonly Json[] {
  return Object.entries(node.spec.storage).map(([name, { size, storageClass, accessMode }]) => ({
    apiVersion: 'v1',
    kind: 'PersistentVolumeClaim',
    metadata: { name, labels: nodeLabels(node), annotations: pvcAnnotations(node) },
    spec: {
      accessModes: [accessMode ?? 'ReadWriteOnce'],
      resources: { requests: { storage: size } },
      ...(storageClass === undefined ? {} : { storageClassName: storageClass }),
      volumeMode: 'Filesystem',
    },
  }));
}

/** Whose data a PVC holds, for a later node of the same name. The labels say the chain and the network. */
export function pvcAnnotations({ spec }: BlockchainNode): Readonly<Record<string, string>> {
  const clients = Object.entries(spec.clients).map(([role, { name }]) => [role, name]);
  return { [ANNOTATION.clients]: clientsText(Object.fromEntries(clients)) };
}

/** Every volume that a mount refers to and that is no PVC, once each. */
export function podVolumes(node: BlockchainNode, workload: Workload): readonly Json[] {
  const mounts = [...workload.initContainers, ...workload.containers].flatMap((container) => container.mounts);
  const volumes = new Map<string, Json>();
  for (const mount of mounts) {
    const source = volumeSource(node, mount);
    if (source !== undefined) volumes.set(volumeName(mount), { name: volumeName(mount), ...source });
  }
  return [...volumes.values()];
}

/** The key of the node's ConfigMap behind a mount of the kind `signerVolume`. */
export const SIGNER_VOLUME_KEY = 'signer-volume';

const MADE_BY_US = 'nodewright-made-';

/** The pod-wide name of the volume behind a mount. Ours are prefixed: spec.storage may use any name. */
export function volumeName(mount: Mount): string {
  switch (mount.kind) {
    case 'storage':
      return mount.name;
    case 'file':
    case 'signerVolume':
      return 'nodewright-config';
    case 'generated':
      return `${MADE_BY_US}${mount.name}`;
    // Names of Secrets and ConfigMaps may be longer than a volume's.
    case 'secret':
      return `nodewright-secret-${sha256(mount.name).slice(0, 8)}`;
    case 'configMap':
      return `nodewright-map-${sha256(mount.name).slice(0, 8)}`;
    case 'scratch':
      return `nodewright-${mount.name}`;
    default:
      return assertNever(mount);
  }
}

function volumeSource(node: BlockchainNode, mount: Mount): Json | undefined {
  switch (mount.kind) {
    case 'storage':
      return undefined;
    case 'file':
    case 'signerVolume':
      return { configMap: { name: namesOf(node).configMap } };
    case 'generated':
      return { secret: { secretName: secretName(node, mount.name), defaultMode: SECRET_MODE } };
    case 'secret':
      return { secret: { secretName: mount.name, defaultMode: SECRET_MODE } };
    case 'configMap':
      return { configMap: { name: mount.name } };
    case 'scratch':
      return { emptyDir: {} };
    default:
      return assertNever(mount);
  }
}
