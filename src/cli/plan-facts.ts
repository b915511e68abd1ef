// What a plan against a cluster needs beside nodes and files: the controller's memory of keys and volumes, and the PVCs.

import { LABEL } from '../api/group.ts';
import type { KnownVolumes } from '../api/node-volumes.ts';
import type { KubeObject } from '../api/objects.ts';
import { readSigningMemory, type SigningMemory } from '../controller/engine/memory.ts';
import type { DesiredSet } from '../desired/desired-set.ts';
import type { Cluster } from '../kube/cluster.ts';
import { KINDS } from '../kube/kinds.ts';
import { isKubeError } from '../kube/kube-error.ts';
import { liveVolumes } from '../render/live-volumes.ts';

/** The identities that Switchovers exchanged and the last signer of each key. Without permission to read them, the plan uses the files. */
export async function signingMemory(
  executors: readonly string[],
  { cluster, namespace }: { readonly cluster: Cluster; readonly namespace: string },
): Promise<SigningMemory> {
  const memories = executors.map(async (executor) => {
    try {
      return [await readSigningMemory(cluster, { executor, namespace })];
    } catch (error) {
      if (!isKubeError(error, 'FORBIDDEN')) throw error;
      process.stderr.write(
        `warning: the ConfigMap of executor ${executor} cannot be read; exchanged identities and moved keys are not shown\n`,
      );
      return [];
    }
  });
  const found = (await Promise.all(memories)).flat();
  return {
    identities: new Map(found.flatMap(({ identities }) => [...identities])),
    signers: new Map(found.flatMap(({ signers }) => [...signers])),
    volumes: new Map(found.flatMap(({ volumes }) => [...volumes])),
  };
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
