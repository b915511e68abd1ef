// What a plan against a cluster needs beside nodes and files: the controller's memory of keys and volumes, and the PVCs.

import type { BlockchainNode } from '../api/blockchain-node.ts';
import { LABEL } from '../api/group.ts';
import type { KnownVolumes } from '../api/node-volumes.ts';
import type { KubeObject } from '../api/objects.ts';
import { readSigningMemory, type SigningMemory } from '../controller/engine/memory.ts';
import type { DesiredSet } from '../desired/desired-set.ts';
import type { Cluster } from '../kube/cluster.ts';
import { KINDS } from '../kube/kinds.ts';
import { isKubeError } from '../kube/kube-error.ts';
import { liveVolumes } from '../render/live-volumes.ts';

interface MemoryPlace {
  readonly cluster: Cluster;
  /** The controller's own. */
  readonly namespace: string;
  /** The nodes in the cluster. */
  readonly known: readonly BlockchainNode[];
}

/** The identities that Switchovers exchanged and the last signer of each key. Without permission to read them, the plan uses the files. */
export async function signingMemory(executors: readonly string[], place: MemoryPlace): Promise<SigningMemory> {
  const memories = executors.map(async (executor) => {
    const found = await readMemory(executor, place);
    if (typeof found !== 'string') return found === undefined ? [] : [found];
    process.stderr.write(
      `warning: the ConfigMap of executor ${executor} ${found}; exchanged identities and moved keys are not shown\n`,
    );
    return [];
  });
  const found = (await Promise.all(memories)).flat();
  return {
    identities: new Map(found.flatMap(({ identities }) => [...identities])),
    signers: new Map(found.flatMap(({ signers }) => [...signers])),
    volumes: new Map(found.flatMap(({ volumes }) => [...volumes])),
  };
}

/** Why there is none as text; undefined when the executor has no nodes yet. */
async function readMemory(
  executor: string,
  { cluster, namespace, known }: MemoryPlace,
): Promise<SigningMemory | string | undefined> {
  try {
    const memory = await readSigningMemory(cluster, { executor, namespace });
    const isKnown = known.some(({ spec }) => spec.executor === executor);
    if (memory !== undefined || !isKnown) return memory;
    return `is not in namespace ${namespace}: give the controller's with --own-namespace`;
  } catch (error) {
    if (!isKubeError(error, 'FORBIDDEN')) throw error;
    return `in namespace ${namespace} cannot be read`;
  }
}

/** The volumes that each declared node has or finds; without their PVCs when these may not be listed. */
export async function volumesOf(
  desired: DesiredSet,
  records: SigningMemory['volumes'],
  cluster: Cluster,
): Promise<ReadonlyMap<string, KnownVolumes>> {
  const pvcs = await listPvcs(cluster);
  return new Map(
    [...desired.nodes].map(([key, { node }]) => {
      const here = pvcs?.filter(({ metadata }) => metadata.namespace === node.metadata.namespace);
      return [key, { record: records.get(key), live: here === undefined ? undefined : liveVolumes(node, here) }];
    }),
  );
}

/** PVCs that a node left behind, and those of live nodes; undefined without the permission to list them. */
async function listPvcs(cluster: Cluster): Promise<readonly KubeObject[] | undefined> {
  try {
    return await cluster.list(KINDS.PersistentVolumeClaim, { labelSelector: LABEL.node });
  } catch (error) {
    if (isKubeError(error, 'FORBIDDEN')) return undefined;
    throw error;
  }
}
