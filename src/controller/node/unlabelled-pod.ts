// A pod of a node that lost its label: the watches do not show it, and its StatefulSet has let it go, while it runs on.

import type { BlockchainNode } from '../../api/blockchain-node.ts';
import { findCondition } from '../../api/conditions.ts';
import type { KubeObject } from '../../api/objects.ts';
import { KINDS } from '../../kube/kinds.ts';
import type { UnlabelledPod } from '../../status/observation.ts';
import type { NodeDeps } from './deps.ts';
import { describeUnlabelled, hasEnded, isLabelledFor, isNamedAfter } from './living-pods.ts';

/**
 * No request while the watch shows the pod, nor for a node whose last status had none: only where a pod was there, or is waited
 * for, its absence may be that of the label alone.
 */
export async function findUnlabelledPod(
  node: BlockchainNode,
  pods: readonly KubeObject[],
  { cluster }: Pick<NodeDeps, 'cluster'>,
): Promise<UnlabelledPod | undefined> {
  const { name: nodeName, namespace = '' } = node.metadata;
  if (pods.some((pod) => isNamedAfter(pod, nodeName)) || !mayHavePod(node)) return undefined;
  // A list of one, because the role of the controller may list pods and not read single ones.
  const [pod] = await cluster.list(KINDS.Pod, { namespace, fieldSelector: `metadata.name=${nodeName}-0` });
  // The watch may be behind.
  if (pod === undefined || isLabelledFor(pod, nodeName)) return undefined;
  // One that has ended uses nothing; it is only in the way of the next.
  if (hasEnded(pod) && node.spec.desiredState === 'Stopped') return undefined;
  return { pod, message: `The pod ${describeUnlabelled(pod, nodeName)}.` };
}

const WAITING: ReadonlySet<string | undefined> = new Set(['PodUnlabelled', 'WaitingForPod']);

function mayHavePod({ status }: BlockchainNode): boolean {
  const hadPod = status?.roles?.some(({ image, state }) => image !== undefined || state !== 'Stopped') === true;
  return hadPod || WAITING.has(findCondition(status?.conditions, 'Ready')?.reason);
}
