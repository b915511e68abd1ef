// Writes the status of a node when something that matters changed since it was last written.

import type { BlockchainNode, NodeStatus } from '../../api/blockchain-node.ts';
import { FIELD_MANAGER } from '../../api/group.ts';
import type { KubeObject } from '../../api/objects.ts';
import type { Cluster } from '../../kube/cluster.ts';
import { defined } from '../../lib/defined.ts';
import type { Redactor } from '../../lib/redact.ts';
import { redactTexts } from '../../lib/secrets/texts.ts';
import { onlyWordsChanged, statusChanged, type WriteLimits } from '../../status/status-changed.ts';

export interface StatusWriter {
  /** The node with the status that was written last, also while the watch still shows an older one. */
  withLatest(node: BlockchainNode): BlockchainNode;
  /** Resolves to whether `status` differs from that of `node` and was written; `now` in milliseconds since the epoch. */
  write(node: BlockchainNode, status: NodeStatus, now: number): Promise<boolean>;
}

interface WriterOptions extends WriteLimits {
  /** For every text of a status. */
  readonly redactor: Redactor;
}

export function createStatusWriter(
  cluster: Pick<Cluster, 'applyStatus'>,
  { redactor, ...limits }: WriterOptions,
): StatusWriter {
  // By the metadata as it was watched: the entry goes when the watch shows the next version of the object.
  const unseen = new WeakMap<BlockchainNode['metadata'], NodeStatus>();
  /** UID → when a status was written last for the words of a client alone. */
  const wordsAt = new Map<string, number>();
  const isRecent = (at: number, now: number): boolean => now - at < limits.heightIntervalMs && at <= now;
  return {
    withLatest(node) {
      const status = unseen.get(node.metadata);
      return status === undefined ? node : { ...node, status };
    },
    async write(node, derived, now) {
      const status = redactTexts(derived, redactor);
      if (!statusChanged(node.status, status, { now, ...limits })) return false;
      const { uid = '' } = node.metadata;
      for (const [other, at] of wordsAt) if (!isRecent(at, now)) wordsAt.delete(other);
      const isWords = onlyWordsChanged(node.status, status);
      if (isWords && wordsAt.has(uid)) return false;
      await cluster.applyStatus(withStatus(node, status), { fieldManager: `${FIELD_MANAGER}-status`, force: true });
      unseen.set(node.metadata, status);
      if (isWords) wordsAt.set(uid, now);
      return true;
    },
  };
}

function withStatus({ apiVersion, kind, metadata }: BlockchainNode, status: NodeStatus): KubeObject {
  const { name, namespace } = metadata;
  return { apiVersion, kind, metadata: { name, ...defined({ namespace }) }, status };
}
