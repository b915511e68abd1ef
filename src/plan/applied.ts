// The fields of a BlockchainNode that the controller sets, and their digest, which distinguishes drift from a commit.

import type { BlockchainNode } from '../api/blockchain-node.ts';
import { ANNOTATION } from '../api/group.ts';
import type { KubeObject } from '../api/objects.ts';
import { digestOf } from '../lib/hash.ts';

export interface OwnView {
  readonly metadata: {
    readonly labels: Readonly<Record<string, string>>;
    readonly annotations: Readonly<Record<string, string>>;
  };
  readonly spec: unknown;
}

/** Annotations that record how the node was applied. They are not part of the desired state. */
const BOOKKEEPING: ReadonlySet<string> = new Set([ANNOTATION.applied, ANNOTATION.appliedSpec, ANNOTATION.revision]);

/** What the controller sets and compares: the spec, its labels and its annotations. */
export function ownView({ metadata, spec }: KubeObject): OwnView {
  const annotations = Object.entries(metadata.annotations ?? {}).filter(([name]) => !BOOKKEEPING.has(name));
  return { metadata: { labels: metadata.labels ?? {}, annotations: Object.fromEntries(annotations) }, spec };
}

/** Two reads share the nodes of unchanged files, so their digests need not be computed again. */
const known = new WeakMap<BlockchainNode, BlockchainNode>();

/**
 * The node with the digest of its own view as an annotation. When the live object has the digest of the desired state,
 * every difference is drift.
 */
export function withApplied(node: BlockchainNode): BlockchainNode {
  const before = known.get(node);
  if (before !== undefined) return before;
  const digests = { [ANNOTATION.applied]: digestOf(ownView(node)), [ANNOTATION.appliedSpec]: digestOf(node.spec) };
  const annotations = { ...node.metadata.annotations, ...digests };
  const marked = { ...node, metadata: { ...node.metadata, annotations } };
  known.set(node, marked);
  return marked;
}

/**
 * Whether the spec of a node from Git is not what was applied, because it was edited in the cluster. Such a spec is
 * corrected and never acted on. A node that was created by hand has no digest; its spec is valid as it is.
 */
export function isEditedByHand({ metadata, spec }: BlockchainNode): boolean {
  const digest = metadata.annotations?.[ANNOTATION.appliedSpec];
  return digest !== undefined && digest !== digestOf(spec);
}
