// The first sync: from the first look at the branch until the custom resources exist, and until every node is complete.

import { LABEL } from '../../src/api/group.ts';
import { KINDS } from '../../src/kube/kinds.ts';
import { timeBareClient } from './bare-client.ts';
import type { Figure } from './figure.ts';
import { firstReadAfter } from './git-requests.ts';
import { memoryOf } from './process-usage.ts';
import { LOOK_OFTEN, type Stage } from './stage.ts';
import { until } from './wait.ts';

/** Starts the controller on an empty cluster and waits until it has done everything. */
export async function measureFirstSync(stage: Stage): Promise<readonly Figure[]> {
  const { size } = stage.fleet;
  const bareMs = await timeBareClient(stage);
  const began = performance.now();
  const controller = await stage.start(LOOK_OFTEN);
  const looked = (await firstReadAfter(stage.server, began)).at;
  const created = await stage.nodes.until(`${size} nodes to exist`, 180_000, () => stage.nodes.list().length >= size);
  const complete = await waitComplete(stage);
  const { peakMb } = await memoryOf(controller.pid);
  const nodes = `${size} nodes`;
  return [
    { name: `first sync of ${nodes}, custom resources`, value: (created - looked) / 1000, unit: 's' },
    { name: `the same writes by a bare client, 32 at a time`, value: bareMs / 1000, unit: 's' },
    { name: 'first sync compared with the bare client', value: (created - looked) / bareMs, unit: 'times', limit: 1.5 },
    {
      name: `first sync of ${nodes} and ${stage.fleet.complete} × 6 objects of theirs`,
      value: (complete - looked) / 1000,
      unit: 's',
    },
    { name: `peak memory of the first sync`, value: peakMb, unit: 'MB', limit: 250 },
  ];
}

/** performance.now() when every node has a status and every complete one its workload. */
async function waitComplete({ cluster, nodes, fleet }: Stage): Promise<number> {
  await until('every node to have a status', 180_000, () => nodes.list().every((node) => 'status' in node));
  await until('every workload to exist', 180_000, async () => {
    const workloads = await cluster.list(KINDS.StatefulSet, { labelSelector: LABEL.node });
    return workloads.length >= fleet.complete;
  });
  return performance.now();
}
