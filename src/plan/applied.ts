// What of a BlockchainNode is ours, and the digest of it that tells drift from a commit.

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

/** Annotations that say something about applying, not about what is wanted. */
const BOOKKEEPING: ReadonlySet<string> = new Set([ANNOTATION.applied, ANNOTATION.appliedSpec, ANNOTATION.revision]);

/** What we set and compare: the spec, our labels and annotations. */
export function ownView({ metadata, spec }: KubeObject): OwnView {
  const annotations = Object.entries(metadata.annotations ?? {}).filter(([name]) => !BOOKKEEPING.has(name));
  return { metadata: { labels: metadata.labels ?? {}, annotations: Object.fromEntries(annotations) }, spec };
}

/** A read set shares the nodes of unchanged files with the one before, so their digests need not be computed again. */
const known = new WeakMap<BlockchainNode, BlockchainNode>();

/**
 * The node with the digest of its own view as an annotation. While the object in the cluster carries the digest of what
 * Git wants now, every difference was made by somebody else.
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
 * Whether the spec of a node from Git is not what was applied: somebody edited it in the cluster. Such a spec is put
 * back, never acted on. A node that was made by hand has no digest and is what it is.
 */
export function isEditedByHand({ metadata, spec }: BlockchainNode): boolean {
  const digest = metadata.annotations?.[ANNOTATION.appliedSpec];
  return digest !== undefined && digest !== digestOf(spec);
}
