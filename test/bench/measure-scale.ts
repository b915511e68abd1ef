// What a controller needs by the size of its fleet, and what a second executor that has the half of it saves.

import { writeFileSync } from 'node:fs';
import { join } from 'node:path';

import { DEFAULT_NAMESPACE } from '../../src/api/group.ts';
import { member, textAt } from '../../src/lib/json-value.ts';
import type { ControllerProcess } from '../demo/controller-process.ts';
import { git, tipOf } from '../support/git-repo.ts';
import { type Figure, median, roundValue } from './figure.ts';
import { EXECUTOR, type FleetShape, nodeName, nodePath, nodeText, SECOND_EXECUTOR, WISHES } from './fleet.ts';
import { cpuSeconds, memoryOf } from './process-usage.ts';
import { scalePicture } from './scale-picture.ts';
import { settle } from './settle.ts';
import { LOOK_OFTEN, type Stage } from './stage.ts';
import { timeCommand } from './time-command.ts';
import { until } from './wait.ts';

const SIZES = [100, 1000, 5000, 10_000, 20_000];
const SPLIT_SIZE = 5000;
const CHANGES = 3;
const PATIENCE_MS = 840_000;
const PICTURE = new URL('scale.svg', import.meta.url);

type OnStage = <T>(fleet: FleetShape, work: (stage: Stage) => Promise<T>) => Promise<T>;

/** Suspended nodes, each fleet on a cluster of its own. Prints the table, and draws the picture beside this file. */
export async function measureScale(onStage: OnStage): Promise<readonly Figure[]> {
  const scales: Scale[] = [];
  for (const size of SIZES) {
    console.error(`  ${size} nodes …`);
    const scale = await onStage({ size, complete: 0 }, measureSize);
    console.error(`  ${rowOf(scale)}`);
    scales.push(scale);
  }
  console.error(`  ${SPLIT_SIZE} nodes of two executors …`);
  const shape: FleetShape = { size: SPLIT_SIZE, complete: 0, executors: 2 };
  const halves = await onStage(shape, measureHalves);
  console.error(`  half of ${SPLIT_SIZE} nodes on a cluster of its own …`);
  const half = await onStage(shape, measureHalf);
  console.log(`${tableOf(scales)}\n`);
  writeFileSync(PICTURE, scalePicture(scales));
  return [
    ...scales.flatMap(figuresOf),
    ...halves.flatMap((half, index) =>
      usageFigures(`${SPLIT_SIZE} nodes, executor ${index + 1} of 2, one cluster`, half),
    ),
    ...usageFigures(`${SPLIT_SIZE} nodes, one of 2 executors, a cluster each`, half),
  ];
}

/** What one controller used until it had come to rest. */
interface Usage {
  /** Nodes that are its own. */
  readonly nodes: number;
  /** Until it had written the last status. */
  readonly seconds: number;
  readonly cpu: number;
  readonly restMb: number;
  readonly peakMb: number;
}

interface Scale extends Usage {
  readonly pushBytes: number;
  readonly planMs: number;
}

async function measureSize(stage: Stage): Promise<Scale> {
  const controller = await stage.start(LOOK_OFTEN);
  const began = performance.now();
  await untilReported(stage);
  const seconds = (performance.now() - began) / 1000;
  await settle(stage, 10_000);
  const usage = await usageOf(controller, { nodes: stage.nodes.list().length, seconds });
  const pushBytes: number[] = [];
  for (let round = 0; round < CHANGES; round++) pushBytes.push(await bytesOfChange(stage, round));
  return { ...usage, pushBytes: median(pushBytes), planMs: await timePlan(stage) };
}

/** The other executor has another cluster: this one has only the nodes of the first. */
async function measureHalf(stage: Stage): Promise<Usage> {
  const controller = await stage.start(LOOK_OFTEN);
  const began = performance.now();
  const nodes = stage.fleet.size / 2;
  await untilReported(stage, nodes);
  const seconds = (performance.now() - began) / 1000;
  await settle(stage, 10_000);
  return await usageOf(controller, { nodes, seconds });
}

/** Both controllers at the same time, on one cluster. */
async function measureHalves(stage: Stage): Promise<readonly Usage[]> {
  const began = performance.now();
  const controllers = await Promise.all(
    [EXECUTOR, SECOND_EXECUTOR].map(
      async (executor) => await stage.startBeside(executor, ['--executor', executor, ...LOOK_OFTEN]),
    ),
  );
  await untilReported(stage);
  const seconds = (performance.now() - began) / 1000;
  await settle(stage, 10_000);
  const half = { nodes: stage.nodes.list().length / 2, seconds };
  return await Promise.all(controllers.map(async (controller) => await usageOf(controller, half)));
}

async function untilReported({ nodes, fleet }: Stage, count = fleet.size): Promise<void> {
  await until(`${count} nodes with a status`, PATIENCE_MS, () => {
    const all = nodes.list();
    return all.length >= count && all.every((node) => textAt(node, ['status', 'phase']) !== undefined);
  });
}

async function usageOf({ pid }: ControllerProcess, of: Pick<Usage, 'nodes' | 'seconds'>): Promise<Usage> {
  const { residentMb, peakMb } = await memoryOf(pid);
  return { ...of, cpu: await cpuSeconds(pid), restMb: residentMb, peakMb };
}

/** Of the pack that the status branch gets for one changed file of a node, with its commands. */
async function bytesOfChange(stage: Stage, round: number): Promise<number> {
  const { nodes, push, server } = stage;
  const [index, grace] = [round * 7, 301 + round];
  const began = performance.now();
  const commit = push({ [nodePath(index)]: nodeText(index, WISHES.stopped, grace) });
  await nodes.until('the node to change', 60_000, () => {
    const node = nodes.get(`${DEFAULT_NAMESPACE}/${nodeName(index)}`);
    return member(node?.['spec'], 'terminationGracePeriodSeconds') === grace;
  });
  await until('the status of the commit to be pushed', 60_000, () =>
    git(stage.repo, ['show', `nodewright-status:${EXECUTOR}/sync.yaml`]).includes(commit),
  );
  await settle(stage, 5000);
  return server.requests
    .filter(({ service, method, at }) => service === 'git-receive-pack' && method === 'POST' && at >= began)
    .reduce((sum, { received }) => sum + received, 0);
}

async function timePlan({ repo, folder }: Stage): Promise<number> {
  const clone = join(folder, 'clone');
  git(folder, ['clone', '-q', repo, clone]);
  const tip = tipOf(repo, 'main') ?? '';
  return await timeCommand(['plan', clone, '--from', `${tip}^`, '--to', tip]);
}

function figuresOf(scale: Scale): readonly Figure[] {
  const name = `${scale.nodes} nodes`;
  return [
    ...usageFigures(name, scale),
    { name: `${name}: status push of one changed node`, value: scale.pushBytes, unit: 'bytes' },
    { name: `${name}: plan of one changed file`, value: scale.planMs, unit: 'ms' },
  ];
}

function usageFigures(name: string, { seconds, cpu, restMb, peakMb }: Usage): readonly Figure[] {
  return [
    { name: `${name}: from the start to the last status`, value: seconds, unit: 's' },
    { name: `${name}: processor from the start to rest`, value: cpu, unit: 's' },
    { name: `${name}: memory at rest`, value: restMb, unit: 'MB' },
    { name: `${name}: memory at the peak`, value: peakMb, unit: 'MB' },
  ];
}

function tableOf(scales: readonly Scale[]): string {
  const head = 'nodes | to the last status | processor | memory at rest | at the peak | status push | plan';
  return [head, head.replaceAll(/[^|]+/g, ' --- '), ...scales.map(rowOf)].map((row) => `| ${row.trim()} |`).join('\n');
}

function rowOf({ nodes, seconds, cpu, restMb, peakMb, pushBytes, planMs }: Scale): string {
  return [
    nodes.toLocaleString('en'),
    `${roundValue(seconds)} s`,
    `${roundValue(cpu)} s`,
    `${Math.round(restMb)} MB`,
    `${Math.round(peakMb)} MB`,
    `${(pushBytes / 1000).toFixed(1)} KB`,
    `${(planMs / 1000).toFixed(1)} s`,
  ].join(' | ');
}
