// What running nodes cost that nothing happens to: they are asked every ten seconds, and their heights are written.

import { setTimeout as sleep } from 'node:timers/promises';

import { textAt } from '../../src/lib/json-value.ts';
import { SIMULATED_NODE } from '../cluster/simulated.ts';
import { countsBetween, requestCounts } from './api-requests.ts';
import { CLIENT_RANGE, startClients } from './clients.ts';
import type { Figure } from './figure.ts';
import { cpuSeconds, memoryOf } from './process-usage.ts';
import { send } from './raw-request.ts';
import { statusCommits } from './settle.ts';
import type { Stage } from './stage.ts';
import { until } from './wait.ts';

const MINUTE_MS = 60_000;

/** Beyond one a node: a pod that is replaced gets the next address. */
const SPARE_ADDRESSES = 64;

/** Brings the fleet up on a simulated node whose pods have the addresses of clients that answer; counts for a minute. */
export async function measureRunning(stage: Stage): Promise<readonly Figure[]> {
  const { fleet, nodes, transport } = stage;
  const clients = await startClients(fleet.size + SPARE_ADDRESSES);
  await send(transport, {
    method: 'PATCH',
    path: `/api/v1/nodes/${SIMULATED_NODE}`,
    contentType: 'application/merge-patch+json',
    body: { spec: { podCIDR: CLIENT_RANGE, podCIDRs: [CLIENT_RANGE] } },
  });
  const { pid } = await stage.start();
  await until(`${fleet.size} nodes to run`, 720_000, () => {
    const all = nodes.list();
    return all.length >= fleet.size && all.every((node) => textAt(node, ['status', 'phase']) === 'Running');
  });
  // Until then the beginnings of the last nodes are still written.
  await sleep(30_000);
  const figures = await countMinute(stage, pid, clients.observations);
  await stage.stop();
  await clients.close();
  return figures;
}

async function countMinute(stage: Stage, pid: number, observations: () => number): Promise<readonly Figure[]> {
  const [cpu, observed, counts, commits, began] = [
    await cpuSeconds(pid),
    observations(),
    await requestCounts(stage.transport),
    statusCommits(stage.repo),
    performance.now(),
  ];
  await sleep(MINUTE_MS);
  const used = (await cpuSeconds(pid)) - cpu;
  const seconds = (performance.now() - began) / 1000;
  const asked = observations() - observed;
  // Kubernetes gives a Service no endpoints on loopback, and says so in Events; the controller does not read them.
  const requests = countsBetween(counts, await requestCounts(stage.transport)).filter(
    ({ request }) => !request.endsWith(' events'),
  );
  for (const { request, count } of requests) console.error(`  in a minute: ${count} × ${request}`);
  const name = `${stage.fleet.size} running nodes`;
  return [
    { name: `${name}: processor`, value: (used / seconds) * 100, unit: '% of a core', limit: 25 },
    { name: `${name}: processor of one observation, all else included`, value: (used * 1000) / asked, unit: 'ms' },
    { name: `${name}: observations in a minute`, value: asked, unit: 'requests' },
    {
      name: `${name}: requests to the API server in a minute`,
      value: requests.reduce((sum, { count }) => sum + count, 0),
      unit: 'requests',
    },
    { name: `${name}: status commits in a minute`, value: statusCommits(stage.repo) - commits, unit: 'commits' },
    { name: `${name}: resident memory`, value: (await memoryOf(pid)).residentMb, unit: 'MB' },
  ];
}
