// Backups that the clock files: once for a time, also when the controller was down at that time, and kept as the schedule says.

import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { parse, stringify } from 'yaml';

import { lockOfNode } from '../../src/jobs/model/locks.ts';
import { runName } from '../../src/jobs/requests/schedule.ts';
import { timestamp } from '../../src/lib/timestamp.ts';
import { waitFor } from '../demo/wait-for.ts';
import { importWorkerImage } from '../cluster/worker-image.ts';
import { dailyAt, minutesAgo, rememberedTime, rememberTime } from './clock.ts';
import { isWell } from './observer.ts';
import { ask, ended, recorded, run, says } from './job-files.ts';
import { gethDev } from './node-file.ts';
import { podsCluster, type PodsWorld, startWorld } from './world.ts';

const MINUTE = 60_000;
const NAME = 'often';
const MEMORY = 'nodewright-pods-clock';

let world: PodsWorld;
beforeAll(async () => {
  const { state } = await podsCluster();
  world = await startWorld('clock', ['--image', await importWorkerImage(state)]);
  world.change('A node', { timed: gethDev });
  await world.await('timed', 'to be well', isWell);
});
afterAll(async () => {
  await world?.close();
});

describe('a schedule', () => {
  const first = minutesAgo(10);
  const second = minutesAgo(2);

  it('makes up for the last missed run, once', async () => {
    schedule(first);
    const seen = await remembered();
    expect(seen).toBeGreaterThan(first);
    await world.controller.stop();
    // As if it had last checked two days ago: it missed two runs since, of which it makes up for one.
    await rememberTime({ world, memory: MEMORY, schedule: NAME }, Date.now() - 2 * 24 * 60 * MINUTE);
    await world.restart();
    const record = await ended(world, { kind: 'Backup', name: runName(NAME, first) });
    expect(record).toMatchObject({ phase: 'Complete', schedule: `${world.namespace}/${NAME}`, nodes: ['timed'] });
    expect(await remembered()).toBe(first);
    expect(runs()).toEqual([runName(NAME, first)]);
  });

  it('keeps the newest backup and removes the data of its older one, of no other schedule', async () => {
    const byHand = await run(world, { kind: 'Backup', name: 'by-hand', spec: { node: 'timed' } });
    schedule(second);
    const newer = await ended(world, { kind: 'Backup', name: runName(NAME, second) });
    expect(newer).toMatchObject({ phase: 'Complete' });
    const old = { kind: 'Backup', name: runName(NAME, first) };
    const pruned = await recorded(world, old, {
      what: 'to say that its data is gone',
      fact: ({ claimName }) => claimName === undefined,
    });
    expect(pruned.phase).toBe('Complete');
    expect(pruned.notes?.at(-1)).toBe(
      `its data was removed: retention of ${world.namespace}/${NAME}: last 1, daily 0, weekly 0`,
    );
    await waitFor({ what: 'the objects that stay', timeoutMs: 60_000 }, async () => {
      const found = (await world.kubectl(['get', 'backups', '-o', 'name'])).split('\n').filter(Boolean).sort();
      const want = ['by-hand', runName(NAME, second)].map((name) => `backup.validatoros.com/${name}`).sort();
      if (found.join() !== want.join()) throw new Error(found.join());
      return true;
    });
    const left = [byHand, newer].map(({ claimName }) => `persistentvolumeclaim/${claimName}`).sort();
    await waitFor({ what: 'the two volumes that stay', timeoutMs: 60_000 }, async () => {
      const pvcs = await world.kubectl(['get', 'pvc', '-l', 'validatoros.com/backup-of=timed', '-o', 'name']);
      const found = pvcs.split('\n').filter(Boolean).sort();
      if (found.join() !== left.join()) throw new Error(found.join());
      return true;
    });
  });

  it('files nothing again after a restart', async () => {
    await world.controller.stop();
    await world.restart();
    const other = await run(world, { kind: 'Backup', name: 'after-all', spec: { node: 'timed' } });
    expect(other).toMatchObject({ phase: 'Complete' });
    expect(runs()).toEqual([first, second].map((at) => runName(NAME, at)));
    const old = await recorded(
      world,
      { kind: 'Backup', name: runName(NAME, first) },
      { what: 'to be there', fact: () => true },
    );
    expect(old).toMatchObject({ phase: 'Complete', dataRemoved: expect.stringContaining('last 1') });
    expect(old.claimName).toBeUndefined();
  });

  it('shows on the status branch: the next run, the last one, and one that was skipped', async () => {
    const third = second + MINUTE;
    schedule(third, { startingDeadlineSeconds: 10 });
    const sync = await world.publishedSync('the skipped run', (text) => text.includes('skipped:'));
    const [seen] = (parse(sync) as { schedules: readonly unknown[] }).schedules;
    expect(seen).toEqual({
      schedule: `${world.namespace}/${NAME}`,
      file: `schedules/${NAME}.yaml`,
      kind: 'Backup',
      suspended: false,
      next: timestamp(third + 24 * 60 * MINUTE),
      last: runName(NAME, second),
      skipped: `${timestamp(third)}: it is later than startingDeadlineSeconds`,
    });
    expect(runs()).toEqual([first, second].map((at) => runName(NAME, at)));
    await world.controller.stop();
    await world.restart();
    // Another job's record makes the controller write again; the skipped run is still reported.
    await run(world, { kind: 'Backup', name: 'still-told', spec: { node: 'timed' } });
    const { schedules } = parse(world.statusFile('sync.yaml')) as { schedules: readonly unknown[] };
    expect(schedules).toEqual([seen]);
  });

  it('with Replace cancels a run that waits when the next one is due, and files what its template says now', async () => {
    // Both after the last one that was dealt with; the second may still be to come.
    const [older, newer] = [second + 2 * MINUTE, second + 3 * MINUTE];
    await lockedBy('another');
    schedule(older, { concurrencyPolicy: 'Replace' });
    const waiting = { kind: 'Backup', name: runName(NAME, older) };
    await says(world, waiting, /^Claimed waits for another/);
    const spec = { node: 'timed', ttlSecondsAfterFinished: 60 };
    schedule(newer, { concurrencyPolicy: 'Replace', template: { kind: 'Backup', spec } });
    expect(await ended(world, waiting)).toMatchObject({
      phase: 'Cancelled',
      message: 'a newer run of its schedule took its place before work began',
    });
    await lockedBy(null);
    const next = { kind: 'Backup', name: runName(NAME, newer) };
    expect(await ended(world, next)).toMatchObject({ phase: 'Complete' });
    const seconds = '{.spec.ttlSecondsAfterFinished}';
    expect(await world.kubectl(['get', 'backup', next.name, '-o', `jsonpath=${seconds}`])).toBe('60');
  });

  it('files nothing while the Fleet is suspended, and what was asked for waits', async () => {
    world.changeFleet({ suspend: true });
    const request = { kind: 'Backup', name: 'not-now', spec: { node: 'timed' } };
    ask(world, request);
    await says(world, request, /^Claimed waits while the Fleet is suspended/);
    schedule(second + 4 * MINUTE);
    // Its minute may still be to come.
    await waitFor({ what: 'the run that is not filed', timeoutMs: 120_000 }, async () =>
      world.statusFile('sync.yaml').includes('the Fleet is suspended') ? true : undefined,
    );
    world.changeFleet({});
    expect(await ended(world, request)).toMatchObject({ phase: 'Complete' });
    expect(runs()).not.toContain(runName(NAME, second + 4 * MINUTE));
  });
});

/** Changes by hand who holds the lock of the node. */
async function lockedBy(holderIdentity: string | null): Promise<void> {
  const patch = JSON.stringify({ spec: { holderIdentity } });
  await world.kubectl(['patch', 'lease', lockOfNode('timed'), '--type=merge', '-p', patch]);
}

/** Commits a schedule for the minute and hour of that time, every day. */
function schedule(at: number, more: object = {}): void {
  const spec = {
    schedule: dailyAt(at),
    keep: { last: 1 },
    template: { kind: 'Backup', spec: { node: 'timed' } },
    ...more,
  };
  const document = { apiVersion: 'validatoros.com/v1alpha1', kind: 'JobSchedule', metadata: { name: NAME }, spec };
  world.commit(`Run at ${spec.schedule}`, { [`schedules/${NAME}.yaml`]: stringify(document) });
}

/** Up to when the controller has dealt with the schedule. */
async function remembered(): Promise<number> {
  return await rememberedTime({ world, memory: MEMORY, schedule: NAME });
}

/** Names of the runs that are on record. */
function runs(): readonly string[] {
  const listed = world.statusFile(`jobs/backup/${world.namespace}`).split('\n');
  return listed.flatMap((line) => new RegExp(`^(${NAME}-\\d+)\\.yaml$`).exec(line)?.[1] ?? []).sort();
}
