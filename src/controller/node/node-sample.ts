// A node's status as figures for metrics.

import type { BlockchainNode, NodeStatus } from '../../api/blockchain-node.ts';
import { findCondition } from '../../api/conditions.ts';
import type { NodeSample } from '../../lib/telemetry.ts';

/** What the metrics show of a node. */
export function sampleOf({ metadata, spec }: BlockchainNode, status: NodeStatus): NodeSample {
  return {
    namespace: metadata.namespace ?? '',
    name: metadata.name,
    chain: spec.chain,
    network: spec.network,
    phase: status.phase ?? 'Pending',
    ready: findCondition(status.conditions, 'Ready')?.status === 'True',
    synced: status.synced === true,
    dataAtRisk: findCondition(status.conditions, 'DataAtRisk')?.status === 'True',
    roles: (status.roles ?? []).map(({ name, height, target, peers, headTime, restarts }) => ({
      role: name,
      ...(height === undefined ? {} : { height }),
      ...(target === undefined ? {} : { target }),
      ...(peers === undefined ? {} : { peers }),
      ...(headTime === undefined ? {} : { headTime: Date.parse(headTime) / 1000 }),
      ...(restarts === undefined ? {} : { restarts }),
    })),
  };
}
