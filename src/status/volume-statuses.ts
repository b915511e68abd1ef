// The node's PVCs → status.volumes.

import type { BlockchainNode, NodeStatus } from '../api/blockchain-node.ts';
import { defined } from '../lib/defined.ts';
import { parseQuantity } from '../lib/quantity.ts';
import type { PvcView } from './pod-view.ts';

/** The PVC of each volume of spec.storage: the StatefulSet controller calls it `<volume>-<pod>`. */
export function pvcsOf({
  metadata,
  spec,
}: Pick<BlockchainNode, 'metadata' | 'spec'>): readonly { readonly volume: string; readonly pvc: string }[] {
  return Object.keys(spec.storage).map((volume) => ({ volume, pvc: `${volume}-${metadata.name}-0` }));
}

/** Those of `pvcs` that the pod of the node uses. */
export function ownPvcs(node: BlockchainNode, pvcs: readonly PvcView[]): readonly PvcView[] {
  const names = new Set(pvcsOf(node).map(({ pvc }) => pvc));
  return pvcs.filter(({ metadata }) => names.has(metadata.name));
}

/** As the definition says. */
const MAX_VOLUMES = 16;

/**
 * One entry for each PVC, by the volume's name. A deleted PVC is shown as Terminating, as kubectl does: its data goes with
 * the pod that still uses it. One that no pod of the node uses has a message, and the PVC's name.
 */
export function volumeStatuses(node: BlockchainNode, pvcs: readonly PvcView[]): NonNullable<NodeStatus['volumes']> {
  const own = ownPvcs(node, pvcs);
  const others = pvcs.filter((pvc) => !own.includes(pvc));
  const room = Math.max(0, MAX_VOLUMES - own.length);
  const more = others.length - room;
  const named = others.slice(0, room).map((pvc) => entryOf(pvc, pvc.metadata.name, leftOver(node, pvc.metadata.name)));
  const last = named.pop();
  return [
    ...own.map((pvc) => {
      const volume = pvc.metadata.name.slice(0, -`-${node.metadata.name}-0`.length);
      return entryOf(pvc, volume, tooLarge(volume, requestOf(pvc), node.spec.storage[volume]?.size));
    }),
    ...named,
    ...(last === undefined ? [] : [more > 0 ? { ...last, message: `${last.message} (and ${more} more PVCs)` } : last]),
  ];
}

type VolumeStatus = NonNullable<NodeStatus['volumes']>[number];

function entryOf(pvc: PvcView, name: string, message: string | undefined): VolumeStatus {
  const { metadata, status } = pvc;
  return {
    name,
    claim: metadata.name,
    phase: metadata.deletionTimestamp === undefined ? status.phase : 'Terminating',
    ...defined({
      uid: metadata.uid,
      capacity: status.capacity?.storage,
      requested: requestOf(pvc),
      message,
    }),
  };
}

function requestOf({ spec }: PvcView): string | undefined {
  return spec.resources?.requests.storage;
}

function tooLarge(name: string, live: string | undefined, desired: string | undefined): string | undefined {
  const [actual, asked] = [parseQuantity(live ?? ''), parseQuantity(desired ?? '')];
  if (actual === undefined || asked === undefined || actual <= asked) return undefined;
  return `The PVC requests ${live}, more than spec.storage.${name}.size (${desired}). Nothing is done, because Kubernetes cannot make a volume smaller. Set the size in the file to ${live}; for a smaller volume create a new node and restore a Backup into it.`;
}

/** Only deletion by a person is safe: whether its data is needed cannot be known. */
function leftOver({ metadata: { name, namespace } }: BlockchainNode, pvc: string): string {
  const ordinal = pvc.slice(pvc.lastIndexOf('-') + 1);
  const isOfPod = /^[1-9]\d*$/.test(ordinal) && pvc.endsWith(`-${name}-${ordinal}`);
  const why = isOfPod
    ? `is one of a pod ${name}-${ordinal}, from a StatefulSet that was scaled by hand: a node has one pod`
    : 'is no volume of spec.storage';
  return `The PVC ${pvc} carries the label of this node and ${why}. The node does not use it, and it stays. If its data is not needed, delete it: kubectl -n ${namespace ?? 'default'} delete pvc ${pvc}.`;
}
