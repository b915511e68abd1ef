// Turns a BlockchainNode into the Kubernetes objects that run it. Pure: the same node gives the same text.

import type { BlockchainNode } from '../api/blockchain-node.ts';
import type { KubeObject } from '../api/objects.ts';
import type { SpecProblem } from '../api/spec-problem.ts';
import type { Chain } from '../chains/chain.ts';
import type { Workload } from '../chains/workload.ts';
import type { PatchBudget } from '../lib/patch-budget.ts';
import { metadataOf, selectorLabels } from './labels.ts';
import { namesOf } from './names.ts';
import { applyPatches } from './patches.ts';
import { SIGNER_VOLUME_KEY } from './pod-volumes.ts';
import { services } from './services.ts';
import { statefulSet } from './stateful-set.ts';

export interface RenderOptions {
  /** false: no pod, because the node is stopped or held for a job. The only source of `replicas`. */
  readonly running: boolean;
  /** A pod with the key of the node ran on its volumes: its preparation refuses volumes without a record of what was signed. */
  readonly volumeIsUsed?: boolean;
  /** Of the commit that the node is read with; one node alone needs none. */
  readonly patchBudget?: PatchBudget;
  /** What the chain makes of the node, if the caller has it already. */
  readonly workload?: Workload;
}

export interface Rendered {
  /** In the order to apply them. */
  readonly objects: readonly KubeObject[];
  /** Patches of the spec that could not be applied; the objects are complete without them. */
  readonly problems: readonly SpecProblem[];
}

/** Only for nodes that `chain.check` accepts. The node's Secrets are not among the objects: see generated-secrets.ts. */
export function renderNode(node: BlockchainNode, chain: Chain, options: RenderOptions): Rendered {
  const { workload = chain.workload(node) } = options;
  const objects: readonly KubeObject[] = [
    configMap(node, { ...workload.files, ...signerVolumeFile(workload, options) }),
    ...services(node, workload),
    disruptionBudget(node),
    statefulSet(node, workload, options),
  ];
  return applyPatches(objects, node.spec.patches ?? [], options.patchBudget);
}

/** Not among `workload.files`, whose digest restarts the pod. */
function signerVolumeFile(
  { initContainers }: Workload,
  { volumeIsUsed }: RenderOptions,
): Readonly<Record<string, string>> {
  const isRead = initContainers.some(({ mounts }) => mounts.some(({ kind }) => kind === 'signerVolume'));
  return isRead ? { [SIGNER_VOLUME_KEY]: volumeIsUsed === true ? 'used' : 'new' } : {};
}

function configMap(node: BlockchainNode, data: Readonly<Record<string, string>>): KubeObject {
  return { apiVersion: 'v1', kind: 'ConfigMap', metadata: metadataOf(node, namesOf(node).configMap), data };
}

/**
 * With one pod a budget either blocks every drain or none. A full node may be moved at any time; when a validator goes
 * down is for a person to decide (`desiredState: Stopped`), except when it is down already.
 */
function disruptionBudget(node: BlockchainNode): KubeObject {
  return {
    apiVersion: 'policy/v1',
    kind: 'PodDisruptionBudget',
    metadata: metadataOf(node, namesOf(node).podDisruptionBudget),
    spec: {
      maxUnavailable: node.spec.nodeType === 'validator' ? 0 : 1,
      selector: { matchLabels: selectorLabels(node) },
      unhealthyPodEvictionPolicy: 'AlwaysAllow',
    },
  };
}
