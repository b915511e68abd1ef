// A fleet that is built from an empty cluster, node by node with all its objects, and the restart of its controller.

import { LABEL } from '../../src/api/group.ts';
import { KINDS } from '../../src/kube/kinds.ts';
import { auditedReads } from '../cluster/audit.ts';
import { countsBetween, requestCounts } from './api-requests.ts';
import type { BareFleet } from './bare-fleet.ts';
import type { Figure } from './figure.ts';
import { CHANGE_OF_ALL } from './fleet.ts';
import { firstReadAfter } from './git-requests.ts';
import { cpuSeconds, memoryOf } from './process-usage.ts';
import { untilReady } from './ready.ts';
import { settle } from './settle.ts';
import { watchKind } from './sightings.ts';
import { LOOK_OFTEN, type Stage } from './stage.ts';
import { until } from './wait.ts';

/** Starts the controller on an empty cluster. `bare` is what the bare client took on another one. */
export async function measureFleet(stage: Stage, bare: BareFleet): Promise<readonly Figure[]> {
  const { size } = stage.fleet;
  const workloads = await watchKind(stage.cluster, KINDS.StatefulSet, LABEL.node);
  const began = performance.now();
  const { pid } = await stage.start(LOOK_OFTEN);
  const looked = (await firstReadAfter(stage.server, began)).at;
  await workloads.until(`${size} workloads`, 600_000, () => workloads.list().length >= size);
  const complete = await stage.nodes.until(`${size} nodes to be complete`, 600_000, () =>
    stage.nodes.list().every(isComplete),
  );
  workloads.stop();
  const cpuMs = (await cpuSeconds(pid)) * 1000;
  const { peakMb } = await memoryOf(pid);
  await settle(stage, 10_000);
  const { residentMb } = await memoryOf(pid);
  const fleet = `${size} nodes with all their objects`;
  return [
    { name: `${fleet}, from an empty cluster`, value: (complete - looked) / 1000, unit: 's' },
    {
      name: 'the same objects and statuses by a bare client, 32 nodes at a time',
      value: bare.createMs / 1000,
      unit: 's',
    },
    {
      name: 'the whole fleet compared with the bare client',
      value: (complete - looked) / bare.createMs,
      unit: 'times',
      limit: 1.3,
    },
    { name: 'processor of the controller for it, by node', value: cpuMs / size, unit: 'ms' },
    { name: `peak memory, ${fleet}`, value: peakMb, unit: 'MB', limit: 250 },
    { name: `resident memory after it, ${fleet}`, value: residentMb, unit: 'MB', limit: 250 },
  ];
}

function isComplete(node: Readonly<Record<string, unknown>>): boolean {
  // The edge: the schema of the kind fixes the shape.
  const { status } = node as { readonly status?: { readonly appliedRevision?: string } };
  return status?.appliedRevision !== undefined;
}

/** One commit that moves every stopped node to another version. */
export async function measureChangeOfAll(stage: Stage, bare: BareFleet): Promise<readonly Figure[]> {
  const { size } = stage.fleet;
  const workloads = await watchKind(stage.cluster, KINDS.StatefulSet, LABEL.node);
  const began = performance.now();
  const commit = stage.push(CHANGE_OF_ALL);
  const looked = (await firstReadAfter(stage.server, began)).at;
  const isMoved = (object: object): boolean => JSON.stringify(object).includes(':v1.17.9"');
  await workloads.until('all workloads to be moved', 600_000, () => workloads.list().every(isMoved));
  const ended = await stage.nodes.until('all nodes to be at the commit', 600_000, () =>
    stage.nodes.list().every((node) => JSON.stringify(node['status']).includes(commit)),
  );
  workloads.stop();
  return [
    { name: `a change of all ${size} nodes in one commit`, value: (ended - looked) / 1000, unit: 's' },
    { name: 'the same writes by a bare client', value: bare.changeMs / 1000, unit: 's' },
    {
      name: 'a change of all compared with the bare client',
      value: (ended - looked) / bare.changeMs,
      unit: 'times',
      limit: 1.5,
    },
  ];
}

/** From the start of the process until it is ready, with everything in the cluster as desired. */
export async function measureRestart(stage: Stage, limitSeconds: number): Promise<readonly Figure[]> {
  const before = await countsAtRest(stage);
  const readBefore = readsOf(stage).length;
  const began = performance.now();
  const readyMs = (await untilReady(await stage.start())) - began;
  await settle(stage, 5000);
  const writes = countsBetween(before, await requestCounts(stage.transport)).filter(
    ({ request }) => !request.startsWith('LIST') && !request.startsWith('GET'),
  );
  for (const { request, count } of writes) console.error(`  at the restart: ${count} × ${request}`);
  const reads = readsOf(stage).slice(readBefore);
  console.error(`  at the restart: read ${reads.join(', ')}`);
  const name = `restart with ${stage.fleet.size} nodes`;
  return [
    { name: `${name}, to ready`, value: readyMs / 1000, unit: 's', limit: limitSeconds },
    { name: `${name}: writes`, value: sum(writes), unit: 'requests', limit: 0 },
    { name: `${name}: reads of single objects`, value: reads.length, unit: 'requests' },
  ];
}

/**
 * By the audit log: the garbage collector of Kubernetes also reads the owners of what it has not seen yet, at times of its own. Without
 * Leases, which are read as long as the process works.
 */
function readsOf(stage: Stage): readonly string[] {
  return auditedReads(stage, 'nodewright ').filter((read) => !read.startsWith('leases '));
}

/** The controller manager still writes statuses of workloads for a while. */
async function countsAtRest({ transport }: Stage): Promise<ReadonlyMap<string, number>> {
  let counts = await requestCounts(transport);
  let since = performance.now();
  return await until('the API server to come to rest', 120_000, async () => {
    const now = await requestCounts(transport);
    if (countsBetween(counts, now).length > 0) since = performance.now();
    counts = now;
    return performance.now() - since > 5000 && counts;
  });
}

function sum(counts: readonly { readonly count: number }[]): number {
  return counts.reduce((total, { count }) => total + count, 0);
}
