// What a plan against a cluster needs beside nodes and files: the controller's memory of keys and volumes, and the PVCs.

import type { BlockchainNode } from '../../api/blockchain-node.ts';
import { LABEL } from '../../api/group.ts';
import type { KnownVolumes } from '../../api/node-volumes.ts';
import { keyOf, type KubeObject } from '../../api/objects.ts';
import { readMemory, type Remembered } from '../../controller/engine/memory.ts';
import type { DesiredSet } from '../../desired/desired-set.ts';
import type { Cluster } from '../../kube/cluster.ts';
import { KINDS } from '../../kube/kinds.ts';
import { isKubeError } from '../../kube/kube-error.ts';
import { liveVolumes } from '../../render/live-volumes.ts';

interface MemoryPlace {
  readonly cluster: Cluster;
  /** The controller's own. */
  readonly namespace: string;
  /** The nodes in the cluster. */
  readonly known: readonly BlockchainNode[];
}

/** By executor: what its controller remembers, `nothing` for one that has never run here; absent where it cannot be read. */
export type Memories = ReadonlyMap<string, Remembered | 'nothing'>;

/** Without permission to read them, the plan uses the files. */
export async function readMemories(executors: readonly string[], place: MemoryPlace): Promise<Memories> {
  const memories = new Map<string, Remembered | 'nothing'>();
  for (const executor of executors) {
    const found = await memoryOf(executor, place);
    if (typeof found === 'object') memories.set(executor, found);
    else if (found === undefined) memories.set(executor, 'nothing');
    else
      process.stderr.write(
        `warning: the ConfigMap of executor ${executor} ${found}; exchanged identities, moved keys, and holds of a branch that was moved back are not shown\n`,
      );
  }
  warnOfOtherClusters(memories);
  return memories;
}

/** Why there is none as text; undefined when the executor has no nodes yet. */
async function memoryOf(
  executor: string,
  { cluster, namespace, known }: MemoryPlace,
): Promise<Remembered | string | undefined> {
  try {
    const memory = await readMemory(cluster, { executor, namespace });
    const isKnown = known.some(({ spec }) => spec.executor === executor);
    if (memory !== undefined || !isKnown) return memory;
    return `is not in namespace ${namespace}: it was deleted and not yet written again, or the controller's own namespace is another one, to be given with --own-namespace`;
  } catch (error) {
    if (!isKubeError(error, 'FORBIDDEN')) throw error;
    return `in namespace ${namespace} cannot be read`;
  }
}

/** Each executor is compared with the cluster that was named, which may be the one of another executor. */
function warnOfOtherClusters(memories: Memories): void {
  const absent = [...memories].filter(([, memory]) => memory === 'nothing').map(([executor]) => executor);
  if (absent.length === memories.size) return;
  for (const executor of absent)
    process.stderr.write(
      `warning: executor ${executor} has never worked in this cluster: its plan shows what it would do as a new one. Compare it with its own cluster: --executor ${executor}, with --context or --kubeconfig\n`,
    );
}

/** The volumes that each declared node has or finds; without their PVCs when these may not be listed. */
export function volumesOf(
  nodes: readonly BlockchainNode[],
  memories: Memories,
  pvcs: readonly KubeObject[] | undefined,
): ReadonlyMap<string, KnownVolumes> {
  return new Map(
    nodes.map((node) => {
      const record = rememberedIn(memories, node.spec.executor)?.volumes[keyOf(node)];
      return [keyOf(node), { record, live: liveOf(node, pvcs) }];
    }),
  );
}

/** Keys of the nodes that stay stopped and have no PVC, and why a job finds nothing there; none when PVCs may not be listed. */
export function nodesWithoutVolumes(
  { nodes }: DesiredSet,
  current: readonly BlockchainNode[],
  pvcs: readonly KubeObject[] | undefined,
): ReadonlyMap<string, string> {
  const running = new Set(current.filter(({ spec }) => spec.desiredState === 'Running').map(keyOf));
  const empty = [...nodes].filter(
    ([key, { node }]) => node.spec.desiredState === 'Stopped' && !running.has(key) && liveOf(node, pvcs)?.length === 0,
  );
  return new Map(empty.map(([key, { node }]) => [key, `${node.metadata.name} is stopped and has no volumes`]));
}

function liveOf(node: BlockchainNode, pvcs: readonly KubeObject[] | undefined): KnownVolumes['live'] {
  const here = pvcs?.filter(({ metadata }) => metadata.namespace === node.metadata.namespace);
  return here === undefined ? undefined : liveVolumes(node, here);
}

export function rememberedIn(memories: Memories, executor: string | undefined): Remembered | undefined {
  const memory = executor === undefined ? undefined : memories.get(executor);
  return memory === 'nothing' ? undefined : memory;
}

/** PVCs that a node left behind, and those of live nodes; undefined without the permission to list them. */
export async function listPvcs(cluster: Cluster): Promise<readonly KubeObject[] | undefined> {
  try {
    return await cluster.list(KINDS.PersistentVolumeClaim, { labelSelector: LABEL.node });
  } catch (error) {
    if (isKubeError(error, 'FORBIDDEN')) return undefined;
    throw error;
  }
}
