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
const BOOKKEEPING: ReadonlySet<string> = new Set([ANNOTATION.applied, ANNOTATION.revision]);

/** What we set and compare: the spec, our labels and annotations. */
export function ownView({ metadata, spec }: KubeObject): OwnView {
  const annotations = Object.entries(metadata.annotations ?? {}).filter(([name]) => !BOOKKEEPING.has(name));
  return { metadata: { labels: metadata.labels ?? {}, annotations: Object.fromEntries(annotations) }, spec };
}

/**
 * The node with the digest of its own view as an annotation. While the object in the cluster carries the digest of what
 * Git wants now, every difference was made by somebody else.
 */
export function withApplied(node: BlockchainNode): BlockchainNode {
  const annotations = { ...node.metadata.annotations, [ANNOTATION.applied]: digestOf(ownView(node)) };
  return { ...node, metadata: { ...node.metadata, annotations } };
}
