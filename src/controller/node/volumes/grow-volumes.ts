// Makes the volumes of a node larger where its spec asks for more.

import type { BlockchainNode } from '../../../api/blockchain-node.ts';
import { describeRef } from '../../../api/objects.ts';
import { defined } from '../../../lib/defined.ts';
import { describeError, hasCode } from '../../../lib/errors.ts';
import type { VolumePlan } from '../../../render/volumes.ts';
import type { NodeDeps } from '../deps.ts';
import { type NodeTrouble, stalled } from '../trouble.ts';

export async function growVolumes(
  { metadata: { namespace } }: BlockchainNode,
  { growths, holds }: VolumePlan,
  { cluster, runtime }: Pick<NodeDeps, 'cluster' | 'runtime'>,
): Promise<NodeTrouble | undefined> {
  for (const { volume, pvc, from, to } of growths) {
    const ref = { apiVersion: 'v1', kind: 'PersistentVolumeClaim', name: pvc, ...defined({ namespace }) };
    runtime.log.info({ object: describeRef(ref), from, to }, 'Growing volume');
    try {
      await cluster.patch(ref, [{ op: 'replace', path: '/spec/resources/requests/storage', value: to }]);
    } catch (error) {
      if (!hasCode(error, 'FORBIDDEN', 'INVALID')) throw error;
      const message = `Volume ${volume} cannot grow from ${from} to ${to}: ${describeError(error)}`;
      return stalled('VolumeCannotGrow', message);
    }
  }
  const [hold] = holds;
  return hold === undefined ? undefined : stalled(hold.reason, hold.message);
}
