// Two controllers of one executor: how long it takes until the other is ready when the one with the lease is killed or ends.

import { readFile } from 'node:fs/promises';

import { textAt } from '../../src/lib/json-value.ts';
import { KINDS } from '../../src/kube/kinds.ts';
import { LEASE_TIMES } from '../../src/kube/lease/lease.ts';
import type { ControllerProcess } from '../demo/controller-process.ts';
import { type Figure, median } from './figure.ts';
import { EXECUTOR } from './fleet.ts';
import { untilReady } from './ready.ts';
import { settle } from './settle.ts';
import { type Sightings, watchKind } from './sightings.ts';
import type { Stage } from './stage.ts';
import { until } from './wait.ts';

const ROUNDS = 3;

/** Lets the first build the fleet; then the one with the lease ends, and the other takes over, several times. */
export async function measureFailover(stage: Stage): Promise<readonly Figure[]> {
  const { nodes, fleet } = stage;
  const leases = await watchKind(stage.cluster, KINDS.Lease);
  let leader = await stage.startBeside('first');
  await nodes.until(`${fleet.size} nodes with a status`, 720_000, () => {
    const all = nodes.list();
    return all.length >= fleet.size && all.every((node) => textAt(node, ['status', 'phase']) !== undefined);
  });
  await settle(stage, 10_000);
  const failovers: { readonly killed: Failover[]; readonly ended: Failover[] } = { killed: [], ended: [] };
  for (const how of ['killed', 'ended'] as const) {
    for (let round = 0; round < ROUNDS; round++) {
      const standby = await startStandby(stage, `${how}-${round}`);
      failovers[how].push(await failOver({ leader, standby, how, leases }));
      leader = standby;
      await settle(stage, 5000);
    }
  }
  leases.stop();
  return [
    ...figuresOf(`${fleet.size} nodes, the leader killed`, failovers.killed, LEASE_TIMES.durationMs),
    ...figuresOf(`${fleet.size} nodes, the leader ended by SIGTERM`, failovers.ended, 0),
  ];
}

async function startStandby(stage: Stage, name: string): Promise<ControllerProcess> {
  const standby = await stage.startBeside(name);
  await until('the second controller to wait for the lease', 60_000, async () =>
    (await readFile(standby.logFile, 'utf8')).includes('Waiting for the lease'),
  );
  return standby;
}

interface Failover {
  /** From the signal until the second controller has the lease. */
  readonly leaseMs: number;
  /** From the signal until it is ready. */
  readonly readyMs: number;
}

interface Scene {
  readonly leader: ControllerProcess;
  readonly standby: ControllerProcess;
  readonly how: 'killed' | 'ended';
  readonly leases: Sightings;
}

async function failOver({ leader, standby, how, leases }: Scene): Promise<Failover> {
  const holder = (): string =>
    leases
      .list()
      .filter(({ metadata }) => metadata.name === `nodewright-${EXECUTOR}`)
      .map((lease) => textAt(lease, ['spec', 'holderIdentity']) ?? '')
      .join();
  const before = holder();
  const began = performance.now();
  const ending = how === 'killed' ? leader.kill() : leader.stop();
  const [taken, ready] = await Promise.all([
    leases.until('the lease to be taken', 60_000, () => holder() !== '' && holder() !== before),
    untilReady(standby, 120_000),
  ]);
  await ending;
  return { leaseMs: taken - began, readyMs: ready - began };
}

function figuresOf(name: string, failovers: readonly Failover[], leaseMs: number): readonly Figure[] {
  const ready = failovers.map(({ readyMs }) => readyMs);
  const figures: readonly (readonly [what: string, ms: number])[] = [
    ['to the lease of the other, median', median(failovers.map(({ leaseMs }) => leaseMs))],
    ['from its lease to ready, median', median(failovers.map((one) => one.readyMs - one.leaseMs))],
    ['to ready, median', median(ready)],
    ['to ready, longest', Math.max(...ready)],
    ...(leaseMs === 0
      ? []
      : [
          ['duration of the lease', leaseMs] as const,
          ['to ready, longest, without that duration', Math.max(...ready) - leaseMs] as const,
        ]),
  ];
  return figures.map(([what, ms]) => ({ name: `${name}: ${what}`, value: ms / 1000, unit: 's' }));
}
