// Backups in object storage beyond one node: a second controller that has nothing of the first but the location, and a schedule
// whose old backups are removed there.

import { readdirSync } from 'node:fs';
import { join } from 'node:path';

import { afterAll, beforeAll, expect, it } from 'vitest';
import { stringify } from 'yaml';

import { runName } from '../../src/jobs/requests/schedule.ts';
import { waitFor } from '../demo/wait-for.ts';
import { dailyAt, minutesAgo, rememberedTime, rememberTime } from '../pods/clock.ts';
import { wellGeth } from '../pods/geth.ts';
import { ended, recorded, run } from '../pods/job-files.ts';
import { gethDev } from '../pods/node-file.ts';
import { openOffsite, type Offsite } from '../pods/offsite.ts';
import type { PodsWorld } from '../pods/world.ts';

const ALICE = `0x${'a11ce'.padStart(40, '0')}`;
const NAME = 'often';
const destination = { objectStorage: { name: 'offsite' } };

let offsite: Offsite;
let first: PodsWorld;
let second: PodsWorld;

beforeAll(async () => {
  offsite = await openOffsite();
  [first, second] = await Promise.all([offsite.world('offsite'), offsite.world('rebuilt')]);
  first.change('A node', { saved: gethDev });
  second.change('A node', { revived: gethDev });
});
afterAll(async () => {
  await first?.close();
  await second?.close();
  await offsite?.close();
});

it('keeps a backup that another controller restores to its own node', async () => {
  const geth = await wellGeth(first, 'saved');
  await geth.pay(ALICE, 1_000n);
  const made = await run(first, { kind: 'Backup', name: 'by-hand', spec: { node: 'saved', destination } });
  expect(made.phase).toBe('Complete');
  const revived = await wellGeth(second, 'revived');
  expect(await revived.balance(ALICE)).toBe(0n);
  const objectStorage = { name: 'offsite', executor: 'pods-offsite', namespace: first.namespace, node: 'saved' };
  const restored = await run(second, {
    kind: 'Restore',
    name: 'disaster',
    spec: { node: 'revived', source: { objectStorage } },
  });
  expect(restored).toMatchObject({ phase: 'Complete', height: made.height });
  expect(await revived.balance(ALICE)).toBe(1_000n);
});

it('removes the older backup of a schedule, says so in its record, and refuses to restore it', async () => {
  const [older, newer, newest] = [minutesAgo(10), minutesAgo(5), minutesAgo(2)];
  const clock = { world: first, memory: 'nodewright-pods-offsite', schedule: NAME };
  schedule(older);
  await rememberedTime(clock);
  await first.controller.stop();
  await rememberTime(clock, Date.now() - 2 * 24 * 3_600_000);
  await first.restart();
  const old = await ended(first, { kind: 'Backup', name: runName(NAME, older) });
  expect(old).toMatchObject({ phase: 'Complete', schedule: `${first.namespace}/${NAME}` });

  schedule(newer);
  const kept = await ended(first, { kind: 'Backup', name: runName(NAME, newer) });
  const keep = { kind: 'Retention', name: `${runName(NAME, newer)}-keep` };
  const removal = await ended(first, keep);
  expect(removal).toMatchObject({ phase: 'Complete', schedule: `${first.namespace}/${NAME}`, nodes: ['saved'] });
  const because = `removed by Retention ${first.namespace}/${keep.name}`;
  const pruned = await recorded(
    first,
    { kind: 'Backup', name: old.name },
    {
      what: 'to say that its data is gone',
      fact: ({ dataRemoved }) => dataRemoved !== undefined,
    },
  );
  expect(pruned).toMatchObject({ phase: 'Complete', dataRemoved: because });
  expect(pruned.objectStorage).toBeUndefined();
  const left = snapshots();
  expect(left).toContain(kept.objectStorage?.snapshot);
  expect(left).not.toContain(old.objectStorage?.snapshot);
  expect(left).toHaveLength(2);

  const uid = first.podUid('saved');
  const refused = await run(first, { kind: 'Restore', name: 'late', spec: { node: 'saved', backup: old.name } });
  expect(refused).toMatchObject({ phase: 'Refused', reason: 'SourceMissing' });
  expect(refused.message).toContain(because);
  expect(first.podUid('saved')).toBe(uid);

  schedule(newest);
  const last = `${runName(NAME, newest)}-keep`;
  expect(await ended(first, { kind: 'Retention', name: last })).toMatchObject({ phase: 'Complete' });
  await waitFor({ what: 'the objects that stay', timeoutMs: 60_000 }, async () => {
    const found = (await first.kubectl(['get', 'backups,retentions', '-o', 'name'])).split('\n').filter(Boolean).sort();
    const want = ['backup.validatoros.com/by-hand', `backup.validatoros.com/${runName(NAME, newest)}`, `retention.validatoros.com/${last}`]; // prettier-ignore
    if (found.join() !== want.join()) throw new Error(found.join());
    return true;
  });
});

/** Commits a schedule for the minute and hour of that time, every day. */
function schedule(at: number): void {
  const spec = {
    schedule: dailyAt(at),
    keep: { last: 1 },
    template: { kind: 'Backup', spec: { node: 'saved', destination } },
  };
  const document = { apiVersion: 'validatoros.com/v1alpha1', kind: 'JobSchedule', metadata: { name: NAME }, spec };
  first.commit(`Run at ${spec.schedule}`, { [`schedules/${NAME}.yaml`]: stringify(document) });
}

/** Ids of the snapshots that are in the repository of the node. */
function snapshots(): readonly string[] {
  return readdirSync(
    join(offsite.s3.folder, 'backups', 'fleet', 'pods-offsite', first.namespace, 'saved', 'snapshots'),
  );
}
