// One node → the content of <executor>/nodes/<namespace>/<name>.yaml.

import { z } from 'zod';

import type { BlockchainNode, NodeStatus } from '../api/blockchain-node.ts';
import { sameJson } from '../lib/stable-json.ts';
import { timestamp } from '../lib/timestamp.ts';
import { readYaml } from '../lib/yaml/read.ts';

export interface NodeDocumentOptions {
  /** The snapshot in the document now on the branch. */
  readonly previous: Snapshot | undefined;
  readonly now: number;
  readonly snapshotIntervalMs: number;
}

export interface NodeDocument {
  readonly document: unknown;
  readonly snapshot: Snapshot;
  /** Until when (milliseconds since the epoch) the same node gives the same document: its figures wait until then. */
  readonly goodUntil: number;
}

/**
 * Slow facts as they are; figures (heights, peers) as a snapshot that is taken again when the phase changes or when it
 * is older than the interval. A figure that only moves makes no commit before that.
 */
export function nodeDocument(
  { node, file }: { readonly node: BlockchainNode; readonly file?: string | undefined },
  options: NodeDocumentOptions,
): NodeDocument {
  const { metadata, status = {} } = node;
  const { snapshot, goodUntil } = snapshotOf(status, options);
  const document = {
    node: metadata.name,
    namespace: metadata.namespace,
    file,
    spec: specOf(node),
    status: factsOf(status),
    snapshot,
  };
  return { document, snapshot, goodUntil };
}

/** What a reader needs to know which node this is; the file in Git has the rest. */
function specOf({ spec }: BlockchainNode): unknown {
  return {
    chain: spec.chain,
    network: spec.network,
    nodeType: spec.nodeType,
    desiredState: spec.desiredState,
    clients: Object.fromEntries(
      Object.entries(spec.clients).map(([role, { name, version, image }]) => [role, { name, version, image }]),
    ),
    storage: Object.fromEntries(
      Object.entries(spec.storage).map(([name, { size, storageClass }]) => [name, { size, storageClass }]),
    ),
  };
}

function factsOf(status: NodeStatus): unknown {
  const { phase, conditions = [], appliedRevision, synced, roles = [] } = status;
  const { volumes, lostVolumes, hold, pause } = status;
  return {
    phase: phase ?? 'Pending',
    appliedRevision,
    synced,
    hold,
    pause,
    volumes,
    lostVolumes,
    conditions: conditions.map(({ type, status: value, reason, message, lastTransitionTime }) => ({
      type, status: value, reason, message, since: lastTransitionTime,
    })), // prettier-ignore
    roles: roles.map(({ name, client, state, version, image, restarts, reason, message }) => ({
      name, client, state, version, image, restarts, reason, message,
    })), // prettier-ignore
  };
}

const Snapshot = z.looseObject({ takenAt: z.string(), phase: z.string() });
const Previous = z.looseObject({ snapshot: Snapshot });
export type Snapshot = z.infer<typeof Snapshot>;

function snapshotOf(
  status: NodeStatus,
  { previous: old, now, snapshotIntervalMs }: NodeDocumentOptions,
): Pick<NodeDocument, 'snapshot' | 'goodUntil'> {
  const fresh = {
    takenAt: timestamp(now),
    phase: status.phase ?? 'Pending',
    height: status.height,
    provenHeight: status.provenHeight,
    peers: status.peers,
    roles: (status.roles ?? []).map(({ name, height, target, peers, progress }) => ({
      name, height, target, peers, progress,
    })), // prettier-ignore
  };
  if (old === undefined) return { snapshot: fresh, goodUntil: Infinity };
  if (sameJson({ ...old, takenAt: '' }, { ...fresh, takenAt: '' })) return { snapshot: old, goodUntil: Infinity };
  const goodUntil = Date.parse(old.takenAt) + snapshotIntervalMs;
  // A time ahead of the clock would never get old.
  const waits = old.phase === fresh.phase && goodUntil > now && Date.parse(old.takenAt) <= Date.parse(fresh.takenAt);
  return waits ? { snapshot: old, goodUntil } : { snapshot: fresh, goodUntil: Infinity };
}

/** A document of a node has at most some 20 kB. */
const LIMITS = { length: 128 * 1024 };

/** The snapshot in a document. Others may have written to the branch: what cannot be read is absent. */
export function readSnapshot(text: string | undefined): Snapshot | undefined {
  return text === undefined ? undefined : Previous.safeParse(readYaml(text, LIMITS)).data?.snapshot;
}
