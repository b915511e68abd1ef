// What is remembered of the volumes of nodes: those that a signing key needs, and those that a deleted node left behind.

import type { BlockchainNode } from '../../../api/blockchain-node.ts';
import type { KnownVolumes, LostVolume, VolumeRecord } from '../../../api/node-volumes.ts';
import { keyOf } from '../../../api/objects.ts';
import { findChain } from '../../../chains/index.ts';
import { defined } from '../../../lib/defined.ts';
import { liveVolumes } from '../../../render/live-volumes.ts';
import type { Memory } from '../../engine/memory.ts';
import type { Watches } from '../watches.ts';

export interface VolumeRecords {
  of(nodeKey: string): VolumeRecord | undefined;
  /** The record of the node's volumes and its PVCs. */
  known(node: BlockchainNode): KnownVolumes;
  /**
   * A pod of the node may start on its volumes: called before that, and again when its PVCs appear. No request when
   * everything is recorded.
   */
  starts(node: BlockchainNode): Promise<void>;
  /** A pod of the node runs, so its volumes are prepared for its key. True when that is news. */
  runs(nodeKey: string): Promise<boolean>;
  /** An approval lets the node start with other volumes in place of the lost ones. */
  accept(nodeKey: string, lost: readonly LostVolume[]): Promise<void>;
  /** The node is being deleted and leaves its volumes behind. */
  leaves(node: BlockchainNode): Promise<void>;
  /** The volumes are being deleted with the node. */
  forget(nodeKey: string): Promise<void>;
}

/** In the controller's memory only where a loss of the object and of the PVC would otherwise lose the knowledge. */
export function createVolumeRecords(memory: Memory, watches: Pick<Watches, 'owned'>): VolumeRecords {
  const of = (key: string): VolumeRecord | undefined => memory.current.volumes[key];
  const known = (node: BlockchainNode): KnownVolumes => ({
    record: of(keyOf(node)),
    live: liveVolumes(node, watches.owned(keyOf(node), 'PersistentVolumeClaim')),
  });
  const change = async (
    key: string,
    next: (old: VolumeRecord | undefined) => VolumeRecord | undefined,
  ): Promise<void> =>
    await memory.save(({ volumes }) => {
      const { [key]: old, ...others } = volumes;
      const record = next(old);
      return { volumes: record === undefined ? others : { ...others, [key]: record } };
    });
  return {
    of,
    known,
    async starts(node) {
      const key = keyOf(node);
      if (!keepsSignerState(node)) {
        // A key that signed with these volumes may return to the node.
        if (of(key)?.signer === undefined) await change(key, () => undefined);
        return;
      }
      await change(key, (old) => startedWith(node, known(node), old));
    },
    async runs(nodeKey) {
      const record = of(nodeKey);
      if (record?.signer === undefined || record.prepared === true) return false;
      await change(nodeKey, (old) => (old === undefined ? undefined : { ...old, prepared: true }));
      return true;
    },
    async accept(nodeKey, lost) {
      await change(nodeKey, (old) => (old === undefined ? undefined : without(lost, old)));
    },
    async leaves(node) {
      await change(keyOf(node), (old) => leftBy(node, known(node), old));
    },
    forget: async (nodeKey) => await change(nodeKey, () => undefined),
  };
}

function startedWith(node: BlockchainNode, known: KnownVolumes, old: VolumeRecord | undefined): VolumeRecord {
  return {
    ...contentOf(node),
    pvcs: { ...old?.pvcs, ...pvcsOf(known) },
    ...defined({ signer: node.spec.identity?.secretName, prepared: old?.prepared }),
  };
}

function without(lost: readonly LostVolume[], { prepared: _prepared, ...old }: VolumeRecord): VolumeRecord {
  const left = Object.entries(old.pvcs).filter(
    ([name, uid]) => !lost.some((one) => one.volume === name && one.uid === uid),
  );
  return { ...old, pvcs: Object.fromEntries(left) };
}

function leftBy(node: BlockchainNode, known: KnownVolumes, old: VolumeRecord | undefined): VolumeRecord {
  return {
    ...contentOf(node),
    ...old,
    pvcs: { ...pvcsOf(known), ...old?.pvcs },
    ...defined({ height: node.status?.height ?? old?.height }),
  };
}

/** Whether the chain records on the volumes what the key in the node's Secret has signed. */
function keepsSignerState(node: BlockchainNode): boolean {
  return node.spec.identity !== undefined && (findChain(node.spec.chain)?.jobs?.signerState(node).length ?? 0) > 0;
}

function contentOf({ spec }: BlockchainNode): Pick<VolumeRecord, 'chain' | 'network' | 'nodeType' | 'clients'> {
  const { chain, network, nodeType } = spec;
  const clients = Object.fromEntries(Object.entries(spec.clients).map(([role, { name }]) => [role, name]));
  return { chain, network, nodeType, clients };
}

function pvcsOf({ live = [] }: KnownVolumes): Readonly<Record<string, string>> {
  return Object.fromEntries(live.map(({ name, uid }) => [name, uid]));
}
