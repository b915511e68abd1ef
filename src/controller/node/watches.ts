// What the cluster holds, kept up to date by watches: BlockchainNodes, and the objects that belong to each.

import type { BlockchainNode } from '../../api/blockchain-node.ts';
import { LABEL } from '../../api/group.ts';
import type { KubeObject } from '../../api/objects.ts';
import { ALLOW_LABEL } from '../../api/policy.ts';
import type { Cluster, Informer } from '../../kube/cluster.ts';
import { KINDS } from '../../kube/kinds.ts';
import { listedOrRefused } from '../engine/listed.ts';
import { type Notify, OWNED_KINDS, type OwnedKind } from '../engine/notices.ts';
import { createOwnerIndex } from './owner-index.ts';

export interface Watches {
  readonly nodes: Informer<BlockchainNode>;
  /** The watched objects that carry a node's label, by kind. */
  owned(nodeKey: string, kind: OwnedKind): readonly KubeObject[];
  /** Keys of all nodes that watched objects belong to; a node itself may be gone. */
  owners(): Iterable<string>;
  /**
   * Of a Secret, `namespace/name`, that nodes may use: another one after each change of its content. Undefined for one that
   * is absent or lacks the label.
   */
  secretVersion(secret: string): string | undefined;
  /** From now on changes are reported. Changes before that are in the lists. */
  subscribe(notify: Notify): void;
  /** Resolves when every list is complete, except those that RBAC denies. Rejects when the signal aborts. */
  synced(): Promise<void>;
  /** Kinds of owned objects whose list is not complete: without them no node is reconciled. */
  incomplete(): readonly OwnedKind[];
  readonly isSynced: boolean;
  /** Kinds that cannot be watched, and why. */
  troubles(): readonly { readonly kind: string; readonly error: Error }[];
}

/** Starts watching. Objects of a node are found by the label `novacula.com/node` in the node's namespace. */
export function startWatches(cluster: Pick<Cluster, 'inform'>, signal: AbortSignal): Watches {
  const index = createOwnerIndex();
  let notify: Notify = () => undefined;
  const nodes = cluster.inform<BlockchainNode>(KINDS.BlockchainNode, {
    signal,
    onChange: (change) => reportNode(change, notify),
  });
  const owned = OWNED_KINDS.map((kind) => ({
    kind,
    informer: cluster.inform(KINDS[kind], {
      signal,
      labelSelector: LABEL.node,
      onChange({ key, old, now }) {
        for (const nodeKey of index.move({ id: `${kind} ${key}`, old, now })) notify(`${kind}Changed`, { nodeKey });
      },
    }),
  }));
  const keySecrets = cluster.inform(KINDS.Secret, {
    signal,
    labelSelector: `${ALLOW_LABEL}=true`,
    metadataOnly: true,
    onChange: ({ key }) => notify('UsedSecretChanged', { secret: key }),
  });
  const informers = [{ kind: 'BlockchainNode', informer: nodes }, ...owned];
  return {
    nodes,
    owned: (nodeKey, kind) => index.owned(nodeKey).filter((object) => object.kind === kind),
    owners: () => index.owners(),
    secretVersion: (secret) => keySecrets.get(secret)?.metadata.resourceVersion,
    subscribe: (listener) => void (notify = listener),
    synced: async () =>
      void (await Promise.all([
        nodes.synced(),
        ...[...owned.map(({ informer }) => informer), keySecrets].map((informer) => listedOrRefused(informer, signal)),
      ])),
    incomplete: () => owned.flatMap(({ kind, informer }) => (informer.isSynced ? [] : [kind])),
    get isSynced() {
      return informers.every(({ informer }) => informer.isSynced);
    },
    troubles: () =>
      informers.flatMap(({ kind, informer }) =>
        informer.trouble === undefined ? [] : [{ kind, error: informer.trouble }],
      ),
  };
}

interface NodeChange {
  readonly key: string;
  readonly old: BlockchainNode | undefined;
  readonly now: BlockchainNode | undefined;
}

/** The controller's own writes of a status are not reported: the reconciler that wrote it reports that. */
function reportNode({ key, old, now }: NodeChange, notify: Notify): void {
  if (now === undefined) return old === undefined ? undefined : notify('NodeDeleted', { key, node: old });
  if (old === undefined) return notify('NodeCreated', { key, node: now });
  if (inputOf(old) !== inputOf(now)) notify('NodeChanged', { key, node: now });
}

function inputOf({ metadata }: BlockchainNode): string {
  const { uid, generation, deletionTimestamp, labels, annotations } = metadata;
  return JSON.stringify([uid, generation, deletionTimestamp, labels, annotations]);
}
