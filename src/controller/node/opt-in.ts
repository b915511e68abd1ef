// Secrets and ConfigMaps that others created: a node may use them only when they say so themselves.

import type { BlockchainNode } from '../../api/blockchain-node.ts';
import { keyOf, type KubeObject } from '../../api/objects.ts';
import { ALLOW_LABEL } from '../../api/policy.ts';
import type { Cluster } from '../../kube/cluster.ts';
import { referencedNames, type ReferenceKind } from '../../policy/references.ts';
import type { NodeTrouble } from './trouble.ts';

export interface OptIns {
  /**
   * The first object that the node names and that does not carry the label. Costs one request for each name, and nothing
   * while the names stay the same: a label that is removed later does not stop a running pod.
   */
  check(node: BlockchainNode, rendered: Rendered): Promise<NodeTrouble | undefined>;
  forget(nodeKey: string): void;
}

interface Rendered {
  readonly objects: readonly KubeObject[];
  readonly madeSecrets: readonly string[];
}

interface Reference {
  readonly kind: ReferenceKind;
  readonly name: string;
}

/** Objects of others are not watched. */
const RETRY_MS = 10_000;

export function createOptIns(cluster: Pick<Cluster, 'get'>): OptIns {
  const checked = new Map<string, string>();
  return {
    async check(node, rendered) {
      const references = referencesOf(node, rendered);
      const id = JSON.stringify(references);
      if (checked.get(keyOf(node)) === id) return undefined;
      const { namespace = '' } = node.metadata;
      for (const reference of references) {
        const live = await cluster.get({ apiVersion: 'v1', kind: reference.kind, namespace, name: reference.name });
        if (live?.metadata.labels?.[ALLOW_LABEL] !== 'true') return refused(reference, namespace, live);
      }
      checked.set(keyOf(node), id);
      return undefined;
    },
    forget: (nodeKey) => void checked.delete(nodeKey),
  };
}

/** Also an identity that the pod does not mount: the key reservation and jobs read it. */
function referencesOf(node: BlockchainNode, rendered: Rendered): readonly Reference[] {
  const identity = node.spec.identity?.secretName;
  const own = new Set(rendered.madeSecrets);
  const named = [...referencedNames('Secret', rendered), ...(identity === undefined ? [] : [identity])];
  const secrets = [...new Set(named)].filter((name) => !own.has(name));
  const configMaps = referencedNames('ConfigMap', rendered).filter((name) => name !== node.metadata.name);
  return [
    ...secrets.map((name) => ({ kind: 'Secret' as const, name })),
    ...configMaps.map((name) => ({ kind: 'ConfigMap' as const, name })),
  ];
}

function refused({ kind, name }: Reference, namespace: string, live: KubeObject | undefined): NodeTrouble {
  const command = `kubectl -n ${namespace} label ${kind.toLowerCase()} ${name} ${ALLOW_LABEL}=true`;
  if (live === undefined) {
    const reason = kind === 'Secret' ? 'IdentityMissing' : 'ConfigMapMissing';
    const message = `${kind} ${name}, which the node uses, does not exist in namespace ${namespace}. Create it with the label ${ALLOW_LABEL}: "true", or create it and run: ${command}`;
    return { reason, message, stalled: true, retryMs: RETRY_MS };
  }
  const message = `${kind} ${name} does not say that nodes may use it. If this node may, run: ${command}`;
  return { reason: 'NotLabelled', message, stalled: true, retryMs: RETRY_MS };
}
