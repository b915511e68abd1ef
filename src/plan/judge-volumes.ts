// Whether a node may use the volumes of its name: what is on record of them is compared with the PVCs in the cluster.

import type { BlockchainNode, NodeSpec } from '../api/blockchain-node.ts';
import type { KnownVolumes, LiveVolume, LostVolume, VolumeRecord } from '../api/node-volumes.ts';
import { defined } from '../lib/defined.ts';

/** The volumes that the record of a signing key was on and that are not there any more. None for a node without a key. */
export function lostVolumes(node: Pick<BlockchainNode, 'spec'>, { record, live }: KnownVolumes): readonly LostVolume[] {
  if (record?.signer === undefined || live === undefined || node.spec.identity === undefined) return [];
  return Object.entries(record.pvcs)
    .filter(([volume, uid]) => !live.some((one) => one.name === volume && one.uid === uid))
    .map(([volume, uid]) => ({ volume, uid }));
}

export const RELEASE_OF_LOSS = 'Then add the digest of the held actions to spec.approvals in fleet.yaml.';

export function describeLoss(
  lost: readonly LostVolume[],
  { signer = 'its Secret' }: Pick<VolumeRecord, 'signer'>,
): string {
  const which = lost.map(({ volume, uid }) => `${volume} (PVC with the UID ${uid})`).join(', ');
  return `the key in ${signer} has signed with the volume ${which}, which is gone or was replaced: the record of what it signed is lost. Before approving make sure that the key signs no height again: bring the volume back from a snapshot, or restore a Backup made after its last signature`;
}

/** Why the volumes can never fit: they hold data of another chain or network. */
export function whyForeign(spec: Pick<NodeSpec, 'chain' | 'network'>, known: KnownVolumes): string | undefined {
  for (const volume of known.live ?? []) {
    const held = contentOf(volume, known.record);
    const isSame = (held.chain ?? spec.chain) === spec.chain && (held.network ?? spec.network) === spec.network;
    if (!isSame)
      return `the volume ${volume.name} (PVC ${volume.pvc}) holds data of ${held.chain ?? '?'}/${held.network ?? '?'}, not of ${spec.chain}/${spec.network}`;
  }
  return undefined;
}

export function releaseOfForeign({ live = [] }: KnownVolumes, namespace: string): string {
  const pvcs = live.map(({ pvc }) => pvc).join(' ');
  return `Choose another name for the node. If the data is not needed, delete it: kubectl -n ${namespace} delete pvc ${pvcs}.`;
}

/** The role and client whose data an existing volume holds, where the spec now has another client or is an archive. */
export function whyResyncs(
  { clients, nodeType }: Pick<NodeSpec, 'clients' | 'nodeType'>,
  known: KnownVolumes,
): string | undefined {
  for (const volume of known.live ?? []) {
    const held = contentOf(volume, known.record);
    const where = `the volume ${volume.name} (PVC ${volume.pvc}) holds the data of`;
    if (nodeType === 'archive' && (held.nodeType ?? 'archive') !== 'archive') return `${where} a ${held.nodeType} node`;
    const [role, client] =
      Object.entries(held.clients ?? {}).find(([one, name]) => (clients[one]?.name ?? name) !== name) ?? [];
    if (role !== undefined) return `${where} ${client}, and the client of ${role} is ${clients[role]?.name}`;
  }
  return undefined;
}

/** `of 2026-11-02, ethereum/hoodi, height 1200`; undefined when nothing is known of it. */
export function describeVolume(pvc: string, { record, live }: KnownVolumes): string | undefined {
  const volume = live?.find((one) => one.pvc === pvc);
  if (volume === undefined) return undefined;
  const held = contentOf(volume, record);
  const words = [
    volume.createdAt === undefined ? undefined : `of ${volume.createdAt.slice(0, 10)}`,
    held.chain === undefined ? undefined : `${held.chain}/${held.network ?? '?'}`,
    held.height === undefined ? undefined : `height ${held.height}`,
  ].filter((word) => word !== undefined);
  return words.length === 0 ? undefined : words.join(', ');
}

type Content = Partial<Pick<VolumeRecord, 'chain' | 'network' | 'clients' | 'nodeType' | 'height'>>;

/** The record wins over the PVC's labels, which others can edit, as long as it is of this PVC. */
function contentOf({ name, uid, chain, network, clients }: LiveVolume, record: VolumeRecord | undefined): Content {
  if (record?.pvcs[name] === uid) return record;
  return defined({ chain, network, clients });
}
