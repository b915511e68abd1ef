// `npm run bench`: measures what design and README promise, against a real API server and a real Git server.

import { parseArgs } from 'node:util';

import { describeError } from '../../src/lib/errors.ts';
import { timeBareFleet } from './bare-fleet.ts';
import { type Figure, isKept } from './figure.ts';
import { compareWithRecorded } from './compare.ts';
import { measureChange } from './measure-change.ts';
import { COPY_SIZES, measureCopy } from './measure-copy.ts';
import { measureChangeOfAll, measureFleet, measureRestart } from './measure-fleet.ts';
import { measureDrift } from './measure-drift.ts';
import { measureFailover } from './measure-failover.ts';
import { measureFlux } from './measure-flux.ts';
import { measureHistory } from './measure-history.ts';
import { measureIdle } from './measure-idle.ts';
import { measureJobs } from './measure-jobs.ts';
import { measureLarge } from './measure-large.ts';
import { measureOffline } from './measure-offline.ts';
import { measurePush } from './measure-push.ts';
import { measureRunning } from './measure-running.ts';
import { measureReading } from './measure-reading.ts';
import { measurePhase } from './measure-phase.ts';
import { measureScale } from './measure-scale.ts';
import { measureFirstSync } from './measure-sync.ts';
import { settle } from './settle.ts';
import { setStage, type Stage } from './stage.ts';
import type { FleetShape } from './fleet.ts';
import { toJson, toTable } from './table.ts';
import { within } from './wait.ts';

const USAGE = `npm run bench -- [NAME…] [--json] [--idle SECONDS] [--complete NODES] [--full]
       npm run bench -- quick   compares the ratios of a small fleet with test/bench/recorded.json, in two minutes
NAME: offline reading history push copy sync change drift phase idle jobs ten fleet large (all of these unless given)
      flux running failover scale (only when given)
NODES of the thousand have all their objects (100 unless given); the others are custom resources alone
--full: copy the promised 5 GiB and 200,000 files instead of a tenth`;

/** Each on the stage of its kind; the first sync always comes before what needs a synced fleet. */
const NAMES = [
  'offline',
  'reading',
  'history',
  'push',
  'copy',
  'sync',
  'change',
  'drift',
  'phase',
  'idle',
  'jobs',
  'ten',
  'fleet',
  'large',
] as const;
/** Each takes minutes, or builds programs first. */
const ON_REQUEST = ['flux', 'running', 'failover', 'scale'] as const;
type Name = (typeof NAMES)[number] | (typeof ON_REQUEST)[number];

const WHOLE: FleetShape = { size: 1000, complete: 1000 };
const SUSPENDED: FleetShape = { size: 1000, complete: 0 };
const RUNNING: FleetShape = { ...WHOLE, wish: 'running' };
const TEN: FleetShape = { size: 10, complete: 10 };
const SMALL: FleetShape = { size: 150, complete: 150 };
const TEN_THOUSAND: FleetShape = { size: 10_000, complete: 0 };
/** For everything on one stage, beyond the idle time. */
const LIMIT_MS = 15 * 60_000;

// Not by itself: after a failure a measurement may still be waiting for something.
process.exit(await main());

async function main(): Promise<number> {
  const { values, positionals } = parseArgs({
    allowPositionals: true,
    options: {
      json: { type: 'boolean', default: false },
      idle: { type: 'string', default: '300' },
      complete: { type: 'string', default: '100' },
      full: { type: 'boolean', default: false },
    },
  });
  if (positionals.join(' ') === 'quick') return await quick();
  const idleSeconds = Number(values.idle);
  const complete = Number(values.complete);
  const known: readonly Name[] = [...NAMES, ...ON_REQUEST];
  const wanted = positionals.length === 0 ? NAMES : known.filter((name) => positionals.includes(name));
  if (
    positionals.some((name) => !known.some((one) => one === name)) ||
    !(idleSeconds > 0) ||
    !(complete >= 100 && complete <= 1000)
  ) {
    console.error(USAGE);
    return 2;
  }
  try {
    const figures = await measure(wanted, { idleSeconds, complete, full: values.full });
    console.log(values.json ? toJson(figures) : `${toTable(figures)}\n\n${summary(figures)}`);
    return 0;
  } catch (error) {
    console.error(describeError(error));
    return 1;
  }
}

async function measure(
  wanted: readonly Name[],
  { idleSeconds, complete, full }: { readonly idleSeconds: number; readonly complete: number; readonly full: boolean },
): Promise<readonly Figure[]> {
  const figures: Figure[] = [];
  const add = async (name: Name, work: () => readonly Figure[] | Promise<readonly Figure[]>): Promise<void> => {
    if (!wanted.includes(name)) return;
    console.error(`measuring ${name} …`);
    figures.push(...(await work()));
  };
  await add('offline', measureOffline);
  await add('reading', measureReading);
  await add('history', measureHistory);
  await add('push', measurePush);
  await add('copy', () => measureCopy(COPY_SIZES[full ? 'full' : 'short']));
  const onThousand = NAMES.slice(NAMES.indexOf('sync'), NAMES.indexOf('ten')).some((name) => wanted.includes(name));
  if (onThousand) {
    await onStage({ size: 1000, complete }, async (stage) => {
      const sync = await measureFirstSync(stage);
      await add('sync', () => sync);
      await settle(stage, 5000);
      await add('change', () => measureChange(stage));
      await add('drift', () => measureDrift(stage));
      await add('phase', () => measurePhase(stage));
      await add('idle', () => measureIdle(stage, idleSeconds));
      // Last: its requests stay.
      await add('jobs', () => measureJobs(stage));
    });
  }
  await add('ten', () => onStage(TEN, (stage) => measureAtRest(stage, idleSeconds)));
  await add('fleet', () => measureWholeFleet(WHOLE));
  await add('large', () =>
    onStage(TEN_THOUSAND, async (stage) => [...(await measureLarge(stage)), ...(await measureRestart(stage, 10))]),
  );
  await add('flux', () => onStage(SUSPENDED, measureFlux));
  await add('running', () => onStage(RUNNING, measureRunning));
  await add('failover', () => onStage(WHOLE, measureFailover));
  await add('scale', () => measureScale(onStage));
  return figures;
}

async function measureAtRest(stage: Stage, idleSeconds: number): Promise<readonly Figure[]> {
  await measureFirstSync(stage);
  // The garbage collector of Kubernetes looks for new kinds every 30 seconds, and then reads each owner once.
  await settle(stage, 45_000);
  return await measureIdle(stage, idleSeconds);
}

async function quick(): Promise<number> {
  try {
    const comparison = compareWithRecorded(await measureWholeFleet(SMALL));
    console.log(comparison.text);
    return comparison.isKept ? 0 : 1;
  } catch (error) {
    console.error(describeError(error));
    return 1;
  }
}

/** The yardstick on a cluster of its own, so that the controller finds none of its objects. */
async function measureWholeFleet(shape: FleetShape): Promise<readonly Figure[]> {
  const bare = await onStage(shape, timeBareFleet);
  return await onStage(shape, async (stage) => [
    ...(await measureFleet(stage, bare)),
    ...(await measureChangeOfAll(stage, bare)),
    ...(await measureRestart(stage, 1.5)),
  ]);
}

/** Takes the stage down also after a failure and a signal, and shows the controller's last words after a failure. */
async function onStage<T>(fleet: FleetShape, work: (stage: Stage) => Promise<T>): Promise<T> {
  const interrupted = Promise.withResolvers<never>();
  const interrupt = (signal: NodeJS.Signals): void => interrupted.reject(new Error(`ended by ${signal}`));
  process.once('SIGINT', interrupt).once('SIGTERM', interrupt);
  const stage = await setStage(fleet);
  try {
    return await within('measuring', LIMIT_MS, Promise.race([work(stage), stage.failed, interrupted.promise]));
  } catch (error) {
    console.error(await stage.lastLog());
    throw error;
  } finally {
    process.off('SIGINT', interrupt).off('SIGTERM', interrupt);
    await stage.close();
  }
}

function summary(figures: readonly Figure[]): string {
  const missed = figures.filter((figure) => !isKept(figure));
  if (missed.length === 0) return 'Every limit is kept.';
  return `${missed.length} missed: ${missed.map(({ name }) => name).join('; ')}`;
}
