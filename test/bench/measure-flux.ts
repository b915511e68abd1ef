// Flux and this controller, one after the other: the same server, repository and custom resources, the same measurements.

import { setTimeout as sleep } from 'node:timers/promises';

import { DEFAULT_NAMESPACE } from '../../src/api/group.ts';
import { refOf } from '../../src/api/objects.ts';
import { eachAtOnce } from '../../src/controller/engine/each-at-once.ts';
import { objectPath } from '../../src/kube/paths.ts';
import { member } from '../../src/lib/json-value.ts';
import { countsBetween, requestCounts } from './api-requests.ts';
import { timeBareClient } from './bare-client.ts';
import { type Figure, median } from './figure.ts';
import { nodeName, nodePath, nodeText, WISHES } from './fleet.ts';
import { startFlux } from './flux.ts';
import { firstReadAfter } from './git-requests.ts';
import { cpuSeconds, memoryOf } from './process-usage.ts';
import { send } from './raw-request.ts';
import { settle } from './settle.ts';
import { LOOK_OFTEN, type Stage } from './stage.ts';
import { until } from './wait.ts';

const ROUNDS = 7;

/** Both count from the first request at the Git server, so that no interval counts. */
export async function measureFlux(stage: Stage): Promise<readonly Figure[]> {
  // Also warms the server up, for the one that comes first.
  const bareMs = await timeBareClient(stage);
  const flux = await measureTheirs(stage);
  await removeNodes(stage);
  const own = await measureOurs(stage);
  return [
    { name: 'first sync, bare client, 32 at a time', value: bareMs / 1000, unit: 's' },
    ...figuresOf('Nodewright', own),
    ...figuresOf('Flux', flux),
  ];
}

interface Measured {
  readonly syncMs: number;
  readonly changeMs: readonly number[];
  readonly idle: Idle;
  readonly peakMb: number;
}

interface Idle {
  readonly requests: number;
  readonly cpu: number;
}

function figuresOf(who: string, { syncMs, changeMs, idle, peakMb }: Measured): readonly Figure[] {
  return [
    { name: `${who}: first sync`, value: syncMs / 1000, unit: 's' },
    { name: `${who}: one changed file to its object, shortest`, value: Math.min(...changeMs) / 1000, unit: 's' },
    { name: `${who}: one changed file to its object, median`, value: median(changeMs) / 1000, unit: 's' },
    { name: `${who}: one changed file to its object, longest`, value: Math.max(...changeMs) / 1000, unit: 's' },
    { name: `${who}: requests of one idle reconciliation`, value: idle.requests, unit: 'requests' },
    { name: `${who}: processor of 30 s with one idle reconciliation`, value: idle.cpu, unit: 's' },
    { name: `${who}: peak resident memory`, value: peakMb, unit: 'MB' },
  ];
}

async function measureTheirs(stage: Stage): Promise<Measured> {
  const flux = await startFlux(stage);
  const syncMs = await timeSync(stage, flux.sync);
  await flux.reconcile();
  const changeMs: number[] = [];
  for (let round = 0; round < ROUNDS; round++) {
    changeMs.push(await timeChange(stage, round, flux.requestSource));
    // The object comes before the end of the reconciliation, which a request would have to wait for.
    await flux.reconcile();
  }
  const idle = await countIdle(stage, flux.pids, flux.reconcile);
  const peaks = await Promise.all(flux.pids.map(memoryOf));
  await flux.stop();
  return { syncMs, changeMs, idle, peakMb: peaks.reduce((sum, { peakMb }) => sum + peakMb, 0) };
}

async function measureOurs(stage: Stage): Promise<Measured> {
  const busy: number[] = [];
  const syncMs = await timeSync(stage, async () => void busy.push((await stage.start(LOOK_OFTEN)).pid));
  await settle(stage, 5000);
  const changeMs: number[] = [];
  for (let round = 0; round < ROUNDS; round++)
    changeMs.push(await timeChange(stage, ROUNDS + round, async () => await Promise.resolve()));
  const peaks = await Promise.all(busy.map(memoryOf));
  const { pid } = await stage.start();
  await settle(stage, 20_000);
  await firstReadAfter(stage.server, performance.now());
  const idle = await countIdle(stage, [pid], async () => void (await firstReadAfter(stage.server, performance.now())));
  return {
    syncMs,
    changeMs,
    idle,
    peakMb: Math.max(...peaks.map(({ peakMb }) => peakMb), (await memoryOf(pid)).peakMb),
  };
}

/** From the first request at the Git server until the last custom resource exists. */
async function timeSync({ fleet, nodes, server }: Stage, start: () => Promise<void>): Promise<number> {
  const began = performance.now();
  await start();
  const { at } = await firstReadAfter(server, began);
  const created = await nodes.until(`${fleet.size} nodes`, 180_000, () => nodes.list().length >= fleet.size);
  return created - at;
}

/** From the first request at the Git server after the push until the object is as the file says. */
async function timeChange(stage: Stage, round: number, look: () => Promise<void>): Promise<number> {
  const { nodes, server, push } = stage;
  const [index, grace] = [round * 7, 301 + round];
  const key = `${DEFAULT_NAMESPACE}/${nodeName(index)}`;
  push({ [nodePath(index)]: nodeText(index, WISHES.stopped, grace) });
  const pushed = performance.now();
  await look();
  const seen = await nodes.until(
    `${key} to change`,
    60_000,
    () => member(nodes.get(key)?.['spec'], 'terminationGracePeriodSeconds') === grace,
  );
  return seen - (await firstReadAfter(server, pushed)).at;
}

const IDLE_MS = 30_000;

/** With which this process asks Flux to reconcile; Flux applies none of them itself. */
const OWN_REQUESTS: readonly string[] = ['APPLY gitrepositories', 'APPLY kustomizations'];

/** Of thirty seconds in which nothing is new and `reconcile` happens once. */
async function countIdle(stage: Stage, pids: readonly number[], reconcile: () => Promise<void>): Promise<Idle> {
  const began = performance.now();
  const [counts, cpu] = [await requestCounts(stage.transport), await cpuOf(pids)];
  await reconcile();
  const left = began + IDLE_MS - performance.now();
  await sleep(Math.max(0, left));
  const asked = countsBetween(counts, await requestCounts(stage.transport)).filter(
    ({ request }) => !OWN_REQUESTS.includes(request),
  );
  for (const { request, count } of asked) console.error(`  in an idle reconciliation: ${count} × ${request}`);
  return { requests: asked.reduce((sum, { count }) => sum + count, 0), cpu: (await cpuOf(pids)) - cpu };
}

async function cpuOf(pids: readonly number[]): Promise<number> {
  return (await Promise.all(pids.map(cpuSeconds))).reduce((sum, seconds) => sum + seconds, 0);
}

async function removeNodes({ transport, nodes }: Stage): Promise<void> {
  await eachAtOnce(nodes.list(), 32, async (object) => {
    await send(transport, { method: 'DELETE', path: objectPath(refOf(object)) });
  });
  await until('the nodes to be gone', 60_000, () => nodes.list().length === 0);
}
