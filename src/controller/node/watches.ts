// What the cluster holds, kept up to date by watches: BlockchainNodes, and the objects that belong to each.

import type { BlockchainNode } from '../../api/blockchain-node.ts';
import { LABEL } from '../../api/group.ts';
import type { KubeObject } from '../../api/objects.ts';
import { ALLOW_LABEL } from '../../api/policy.ts';
import type { Cluster, Informer } from '../../kube/cluster.ts';
import { KINDS } from '../../kube/kinds.ts';
import { sameJson } from '../../lib/stable-json.ts';
import { listedOrRefused } from '../engine/listed.ts';
import { type Notify, OWNED_KINDS, type OwnedKind } from '../engine/notices.ts';
import { createOwnerIndex } from './owner-index.ts';
import { createOwnWrites, type OwnWrites } from './apply/own-writes.ts';

export interface Watches {
  readonly nodes: Informer<BlockchainNode>;
  /** The watched objects that carry a node's label, by kind. */
  owned(nodeKey: string, kind: OwnedKind): readonly KubeObject[];
  /** Whether the watch shows an object of that kind and key (`namespace/name`): it carries the label of some node. */
  isLabelled(kind: OwnedKind, key: string): boolean;
  /** Keys of all nodes that watched objects belong to; a node itself may be gone. */
  owners(): Iterable<string>;
  /**
   * Of a Secret, `namespace/name`, that nodes may use: another one after each change of its content. Undefined for one that
   * is absent or lacks the label.
   */
  secretVersion(secret: string): string | undefined;
  /** What is written within is not reported as `ObjectsTouched` when the watch shows it. */
  readonly ownWrites: Pick<OwnWrites, 'during'>;
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

/** A pod is made by its StatefulSet, and a generated Secret is never changed. */
const APPLIED: readonly OwnedKind[] = [
  'StatefulSet',
  'Service',
  'ConfigMap',
  'PersistentVolumeClaim',
  'PodDisruptionBudget',
];
/** Their status changes by itself, and nothing that is applied follows from it. */
const WITH_STATUS: readonly OwnedKind[] = ['StatefulSet', 'PodDisruptionBudget'];

/** A change of the spec is one of the generation. */
function isTouched(kind: OwnedKind, old: KubeObject | undefined, now: KubeObject | undefined): boolean {
  if (!APPLIED.includes(kind)) return false;
  if (old === undefined || now === undefined || !WITH_STATUS.includes(kind)) return true;
  return !sameJson(withoutVersion(old), withoutVersion(now));
}

function withoutVersion({ metadata }: KubeObject): object {
  return { ...metadata, resourceVersion: undefined };
}

/** Starts watching. Objects of a node are found by the label `novacula.com/node` in the node's namespace. */
export function startWatches(cluster: Pick<Cluster, 'inform'>, signal: AbortSignal): Watches {
  const ownWrites = createOwnWrites();
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
        const id = `${kind} ${key}`;
        const nodeKeys = [...index.move({ id, old, now })];
        for (const nodeKey of nodeKeys) notify(`${kind}Changed`, { nodeKey });
        const tell = (): void => notify('ObjectsTouched', { nodeKeys });
        if (isTouched(kind, old, now)) ownWrites.unlessOwn(id, now?.metadata.resourceVersion, tell);
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
    ownWrites,
    owned: (nodeKey, kind) => index.owned(nodeKey).filter((object) => object.kind === kind),
    isLabelled: (kind, key) => owned.some((one) => one.kind === kind && one.informer.get(key) !== undefined),
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
    troubles: () => informers.flatMap(troubleOf),
  };
}

function troubleOf(watched: {
  readonly kind: string;
  readonly informer: Pick<Informer, 'trouble'>;
}): readonly { readonly kind: string; readonly error: Error }[] {
  const { kind, informer } = watched;
  return informer.trouble === undefined ? [] : [{ kind, error: informer.trouble }];
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
