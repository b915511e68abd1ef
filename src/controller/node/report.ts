// What is true of a node becomes its status: derived here, at the end, always.

import type { BlockchainNode, NodeStatus } from '../../api/blockchain-node.ts';
import { ANNOTATION, FIELD_MANAGER } from '../../api/group.ts';
import { findCondition } from '../../api/conditions.ts';
import { keyOf } from '../../api/objects.ts';
import { findChain } from '../../chains/index.ts';
import type { Cluster } from '../../kube/cluster.ts';
import type { Events } from '../../kube/events.ts';
import { nodeStatus } from '../../status/node-status.ts';
import { statusChanged } from '../../status/status-changed.ts';
import type { LastWords } from './last-words.ts';
import { sampleOf } from './node-sample.ts';
import type { NodeNotes } from './observations.ts';
import type { Runtime } from '../engine/runtime.ts';
import type { World } from './watches.ts';

export interface Reported {
  readonly status: NodeStatus;
  readonly changed: boolean;
}

export interface ReportOptions {
  readonly cluster: Cluster;
  readonly world: World;
  readonly runtime: Runtime;
  readonly events: Events;
  readonly lastWords: LastWords;
  /** Heights move with every block; the object's status follows them no oftener than this. */
  readonly heightIntervalMs: number;
}

export interface ReportInput extends NodeNotes {
  readonly node: BlockchainNode;
}

/** Derives the status and writes it when something that matters changed. Costs nothing otherwise. */
export async function reportNode(input: ReportInput, options: ReportOptions): Promise<Reported> {
  const { node } = input;
  const { cluster, runtime } = options;
  const status = await deriveStatus(input, options);
  runtime.telemetry.node(sampleOf(node, status));
  const changed = statusChanged(node.status, status, runtime.now(), { heightIntervalMs: options.heightIntervalMs });
  if (!changed) return { status, changed };
  await writeStatus(node, status, cluster);
  announce(node, status, options);
  return { status, changed };
}

async function deriveStatus(
  { node, ...notes }: ReportInput,
  { world, runtime, lastWords }: ReportOptions,
): Promise<NodeStatus> {
  const key = keyOf(node);
  return nodeStatus({
    ...notes,
    node,
    statefulSet: world.parts(key, 'StatefulSet').find((object) => object.metadata.name === node.metadata.name),
    pods: await lastWords.complete(world.parts(key, 'Pod')),
    claims: world.parts(key, 'PersistentVolumeClaim'),
    expectations: findChain(node.spec.chain)?.expectations(node) ?? new Map(),
    now: runtime.now(),
    revision: node.metadata.annotations?.[ANNOTATION.revision],
  });
}

/** An Event on a change of phase or of the reason for it; figures make none. */
function announce(node: BlockchainNode, status: NodeStatus, { events, runtime }: ReportOptions): void {
  const before = findCondition(node.status?.conditions, 'Ready');
  const ready = findCondition(status.conditions, 'Ready');
  if (ready === undefined) return;
  if (node.status?.phase === status.phase && before?.status === ready.status && before.reason === ready.reason) return;
  const type =
    status.phase === 'Error' || findCondition(status.conditions, 'Stalled') !== undefined ? 'Warning' : 'Normal';
  runtime.log.info({ node: keyOf(node), phase: status.phase, reason: ready.reason }, 'Node changed phase');
  events.emit({ about: node, type, reason: ready.reason, message: ready.message });
}

async function writeStatus(node: BlockchainNode, status: NodeStatus, cluster: Cluster): Promise<void> {
  const { apiVersion, kind, metadata } = node;
  const { name, namespace } = metadata;
  const object = { apiVersion, kind, metadata: { name, ...(namespace === undefined ? {} : { namespace }) }, status };
  await cluster.applyStatus(object, { fieldManager: `${FIELD_MANAGER}-status`, force: true });
}
