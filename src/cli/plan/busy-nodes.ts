// Jobs that are under way on nodes of the cluster, or left them paused: what a plan says of their pods depends on it.

import type { BlockchainNode } from '../../api/blockchain-node.ts';
import { type JobObject, nodeKeyIn } from '../../api/job-object.ts';
import { isFinal } from '../../api/job-phase.ts';
import { keyOf } from '../../api/objects.ts';
import { readRequest } from '../../jobs/kinds/index.ts';
import type { BusyNode } from '../../plan/busy-node.ts';

/** By `namespace/name` of the node. A job without a phase was not claimed yet. */
export function busyNodes(
  objects: readonly JobObject[],
  current: readonly BlockchainNode[],
): ReadonlyMap<string, BusyNode> {
  const left = current.flatMap((node): [string, BusyNode][] => {
    const { pause } = node.status ?? {};
    return pause === undefined ? [] : [[keyOf(node), { message: pause.message, isPaused: true }]];
  });
  return new Map([...left, ...objects.flatMap(busyBy).sort(([, a], [, b]) => Number(a.isPaused) - Number(b.isPaused))]);
}

function busyBy(object: JobObject): readonly [string, BusyNode][] {
  const { kind, metadata, spec, status } = object;
  const phase = status?.phase;
  if (phase === undefined || isFinal(phase)) return [];
  const open = readRequest({ kind, spec });
  if (open?.common.deployMethod !== 'managed') return [];
  const job = `${kind} ${metadata.namespace}/${metadata.name}`;
  return open.nodes.map((name) => [
    nodeKeyIn(object, name),
    { job, phase, isPaused: status?.paused?.includes(name) === true },
  ]);
}
