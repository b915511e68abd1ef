// fleet.yaml names a version of the controller: it is installed from a registry, and taken back when it fails.
// Other faults, and kills in the middle of each: `npm test -- upgrade`.

import { afterAll, beforeAll, expect, it } from 'vitest';

import { openUpgradeSite, type UpgradeSite } from './upgrade/site.ts';
import { FIRST } from './upgrade/versions.ts';

interface SyncFile {
  readonly state: string;
  readonly upgrade?: { readonly version: string; readonly state: string; readonly reason?: string };
}

let site: UpgradeSite;
beforeAll(async () => {
  site = await openUpgradeSite();
});
afterAll(async () => await site?.close());

it('upgrades, and names the image by its digest', async () => {
  await site.published<SyncFile>('sync.yaml', 'Synced', ({ state }) => state === 'Synced');
  const [before] = await site.controllers();
  site.ask('0.2.0');
  const { to } = await site.reached('0.2.0', 'Complete');
  expect(to).toMatch(new RegExp(`^${site.registry.host}/nodewright:0.2.0@sha256:[0-9a-f]{64}$`));
  await site.settled(to);
  expect((await site.controllers()).map(({ name }) => name)).not.toContain(before?.name);
  await site.published<SyncFile>('sync.yaml', 'no upgrade', ({ upgrade, state }) => upgrade === undefined && state === 'Synced'); // prettier-ignore
});

it('takes a version that crashes back, says why, and does not try it again', async () => {
  const before = await site.image();
  site.ask('crashing');
  const { reason } = await site.reached('crashing', 'Failed');
  expect(reason).toBe('UpgradeCrashed');
  await site.settled(before);
  const { upgrade } = await site.published<SyncFile>(
    'sync.yaml',
    'failed',
    ({ upgrade: now }) => now?.state === 'Failed',
  );
  expect(upgrade).toMatchObject({ version: 'crashing', reason: 'UpgradeCrashed' });
  const events = await site.kubectl('get', 'events', '-n', 'nodewright-system', '-o', 'jsonpath={.items[*].reason}');
  expect(events).toContain('UpgradeCrashed');
  site.commit({ 'nodes/.gitkeep': '' });
  expect(await site.image()).toBe(before);
  expect(before).not.toContain(FIRST);
});
