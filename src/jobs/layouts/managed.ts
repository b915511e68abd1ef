// Nodes of this controller: what a job must know of a BlockchainNode.

import type { BlockchainNode } from '../../api/blockchain-node.ts';
import { LABEL } from '../../api/group.ts';
import type { JobVolume } from '../../api/job-status.ts';
import type { KubeObject } from '../../api/objects.ts';
import { textAt } from '../../lib/json-value.ts';
import type { Found } from './layout.ts';

export interface ManagedInput {
  readonly node: BlockchainNode | undefined;
  readonly name: string;
  /** The node's PVCs. */
  readonly pvcs: readonly KubeObject[];
  /** From the chain's workload. */
  readonly uid: number;
  readonly gid: number;
  readonly images: readonly string[];
  readonly chainId?: string;
  /** The Secret the node signs with now: the active override, else spec.identity. */
  readonly identity?: string;
  readonly height?: number;
  readonly host?: string;
  /** Nothing asks for a pod of it now: its StatefulSet has no replicas, and no job pauses it. */
  readonly isIdle?: boolean;
}

/** The target, or why it can't be one. PVCs are `<volume>-<node>-0`, as the StatefulSet creates them. */
export function readManaged(facts: ManagedInput): Found {
  const { node, name } = facts;
  if (node === undefined)
    return { ok: false, reason: 'NodeMissing', message: `BlockchainNode ${name} does not exist in this namespace` };
  const volumes = volumesOf(facts, Object.keys(node.spec.storage));
  if (volumes.length === 0) return { ok: false, reason: 'ClaimMissing', message: withoutPvcs(node, facts) };
  const { host, identity, chainId, height } = facts;
  return {
    ok: true,
    target: {
      node: name,
      deployMethod: 'managed',
      workload: { apiVersion: node.apiVersion, kind: 'BlockchainNode', name },
      wasRunning: node.spec.desiredState === 'Running',
      podSelector: { [LABEL.node]: name },
      volumes: [...volumes],
      uid: facts.uid,
      gid: facts.gid,
      chain: node.spec.chain,
      network: node.spec.network,
      images: facts.images.slice(0, 16),
      clients: clientsOf(node),
      ...(host === undefined ? {} : { host }),
      ...(identity === undefined ? {} : { identity }),
      ...(chainId === undefined ? {} : { chainId }),
      ...(height === undefined ? {} : { height }),
    },
  };
}

/** A StatefulSet makes the PVCs with its first pod. */
function withoutPvcs({ spec, status }: BlockchainNode, { name, isIdle }: ManagedInput): string {
  const isStopped = spec.desiredState === 'Stopped' && isIdle === true;
  if (!isStopped) return `node ${name} has no PVCs yet; wait until it ran once, or restore a Backup into it`;
  const hadSome = (status?.volumes ?? []).length > 0 || (status?.lostVolumes ?? []).length > 0;
  return hadSome
    ? `node ${name} is stopped and has no PVCs any more: start it, or restore a Backup into it`
    : `node ${name} is stopped and never ran, so that it has no volumes: start it, or restore a Backup into it`;
}

/** `el=geth`: which client's database lies on the volumes. */
export function clientsOf({ spec }: Pick<BlockchainNode, 'spec'>): string[] {
  return Object.entries(spec.clients)
    .map(([role, { name }]) => `${role}=${name}`)
    .sort();
}

function volumesOf({ pvcs, name }: ManagedInput, storage: readonly string[]): readonly JobVolume[] {
  return [...new Set(['data', ...storage])].sort().flatMap((volume) => {
    const pvc = pvcs.find((candidate) => candidate.metadata.name === `${volume}-${name}-0`);
    if (pvc === undefined) return [];
    const storageClass = textAt(pvc, ['spec', 'storageClassName']);
    const size = textAt(pvc, ['spec', 'resources', 'requests', 'storage']);
    return [
      {
        name: volume,
        claim: pvc.metadata.name,
        ...(storageClass === undefined || storageClass === '' ? {} : { storageClass }),
        ...(size === undefined ? {} : { size }),
      },
    ];
  });
}
