// Memory at ten thousand objects: custom resources alone, because their own objects would take this server an hour.

import type { Figure } from './figure.ts';
import { memoryOf } from './process-usage.ts';
import type { Stage } from './stage.ts';
import { until } from './wait.ts';

/** Syncs the whole fleet and waits until every node has its status. */
export async function measureLarge(stage: Stage): Promise<readonly Figure[]> {
  const { fleet, nodes, server } = stage;
  const { pid } = await stage.start();
  await until(`${fleet.size} nodes to exist`, 300_000, () => nodes.list().length >= fleet.size);
  await until('every node to have a status', 300_000, () => nodes.list().every((node) => 'status' in node));
  await until('the status to be pushed', 120_000, () => {
    const push = server.requests.findLast(({ service }) => service === 'git-receive-pack');
    return push !== undefined && push.endedAt > 0 && performance.now() - push.endedAt > 5000;
  });
  const { residentMb, peakMb } = await memoryOf(pid);
  return [
    { name: `resident memory, ${fleet.size} nodes (custom resources)`, value: residentMb, unit: 'MB', limit: 600 },
    { name: `peak memory, ${fleet.size} nodes (custom resources)`, value: peakMb, unit: 'MB', limit: 600 },
  ];
}
