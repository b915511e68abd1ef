// Whether a pod of the node may start on the volumes that are there now.

import type { BlockchainNode } from '../../../api/blockchain-node.ts';
import type { LostVolume } from '../../../api/node-volumes.ts';
import { keyOf } from '../../../api/objects.ts';
import {
  describeLoss,
  lostVolumes,
  RELEASE_OF_LOSS,
  releaseOfForeign,
  whyForeign,
} from '../../../plan/judge-volumes.ts';
import { pvcName } from '../../../render/names.ts';
import type { NodeDeps } from '../deps.ts';
import { type NodeTrouble, stalled } from '../trouble.ts';

type CheckDeps = Pick<NodeDeps, 'cluster' | 'volumeRecords' | 'observations' | 'notify'>;

/** With a trouble the node is kept stopped. A new one queues a plan, which has the action to approve. */
export async function checkVolumes(node: BlockchainNode, deps: CheckDeps): Promise<NodeTrouble | undefined> {
  const trouble = await judge(node, deps);
  const before = deps.observations.of(keyOf(node)).trouble;
  if (trouble !== undefined && before?.message !== trouble.message)
    deps.notify('VolumesChanged', { nodeKeys: [keyOf(node)] });
  return trouble;
}

async function judge(node: BlockchainNode, { volumeRecords, cluster }: CheckDeps): Promise<NodeTrouble | undefined> {
  const known = volumeRecords.known(node);
  const foreign = whyForeign(node.spec, known);
  if (foreign !== undefined)
    return stalled('IdentityOfData', `${capital(foreign)}. ${releaseOfForeign(known, node.metadata.namespace ?? '')}`);
  const lost = await confirmed(node, lostVolumes(node, known), cluster);
  if (lost.length === 0 || known.record === undefined) return undefined;
  return stalled(
    'SignerVolumeLost',
    `The node is kept stopped: ${describeLoss(lost, known.record)}. ${RELEASE_OF_LOSS}`,
  );
}

/** A PVC without the label of its node is not watched, and is not lost. */
async function confirmed(
  node: BlockchainNode,
  lost: readonly LostVolume[],
  cluster: CheckDeps['cluster'],
): Promise<readonly LostVolume[]> {
  const { namespace = '' } = node.metadata;
  const found: LostVolume[] = [];
  for (const one of lost) {
    const name = pvcName(node, one.volume);
    const live = await cluster.get({ apiVersion: 'v1', kind: 'PersistentVolumeClaim', namespace, name });
    if (live?.metadata.uid !== one.uid) found.push(one);
  }
  return found;
}

function capital(text: string): string {
  return text.slice(0, 1).toUpperCase() + text.slice(1);
}
