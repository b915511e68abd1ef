// A backup of a real geth goes to object storage and comes back: a real S3 server, and the engine in the worker pods. What takes
// longer is in test/object-storage.

import { afterAll, beforeAll, expect, it } from 'vitest';
import { parse, stringify } from 'yaml';

import { S3_KEYS } from '../support/s3-server.ts';
import { wellGeth } from './geth.ts';
import { run, type Request } from './job-files.ts';
import { gethDev } from './node-file.ts';
import { isWell } from './observer.ts';
import { openOffsite, PASSWORD, type Offsite } from './offsite.ts';
import type { PodsWorld } from './world.ts';

const ALICE = `0x${'a11ce'.padStart(40, '0')}`;
const BOB = `0x${'b0b'.padStart(40, '0')}`;

let offsite: Offsite;
let world: PodsWorld;

beforeAll(async () => {
  offsite = await openOffsite();
  world = await offsite.world('stored');
  world.change('A node', { saved: gethDev });
});
afterAll(async () => {
  await world?.close();
  await offsite?.close();
});

function backup(name: string, location: string): Request {
  return { kind: 'Backup', name, spec: { node: 'saved', destination: { objectStorage: { name: location } } } };
}

it('refuses a location whose Secret does not allow backups, and one that the policy lacks, before the node is stopped', async () => {
  await wellGeth(world, 'saved');
  const uid = world.podUid('saved');
  const unlabelled = await run(world, backup('unlabelled', 'unlabelled'));
  expect(unlabelled).toMatchObject({ phase: 'Refused', reason: 'LocationUnusable' });
  expect(unlabelled.message).toContain('label secret unlabelled validatoros.com/allow-backups=true');
  expect(world.podUid('saved')).toBe(uid);
  const files = { 'jobs/one.yaml': jobText(backup('one', 'elsewhere')) };
  const checked = await world.validate({ saved: gethDev }, files);
  expect(checked.stdout).toContain('LocationNotAllowed');
});

it('keeps a backup, and gives the node the state of then back, without a secret on the status branch', async () => {
  const geth = await wellGeth(world, 'saved');
  await geth.pay(ALICE, 1_000n);
  const made = await run(world, backup('offsite', 'offsite'));
  expect(made).toMatchObject({
    phase: 'Complete',
    objectStorage: {
      location: 'offsite',
      repository: `pods-stored/${world.namespace}/saved`,
      snapshot: expect.stringMatching(/^[0-9a-f]{64}$/),
    },
  });
  expect(made.claimName).toBeUndefined();
  expect(made.bytes).toBeGreaterThan(made.objectStorage?.bytesAdded ?? Number.NaN);
  const text = world.statusFile(`jobs/backup/${world.namespace}/offsite.yaml`);
  expect(text).not.toContain(S3_KEYS.secret);
  expect(text).not.toContain(PASSWORD);
  expect(parse(text)).toMatchObject({ manifestSha256: expect.stringMatching(/^[0-9a-f]{64}$/) });

  await world.await('saved', 'to be well', isWell);
  await geth.pay(BOB, 7n);
  const back = await run(world, { kind: 'Restore', name: 'back', spec: { node: 'saved', backup: 'offsite' } });
  expect(back).toMatchObject({ phase: 'Complete', height: made.height });
  expect(await geth.balance(ALICE)).toBe(1_000n);
  expect(await geth.balance(BOB)).toBe(0n);
});

function jobText({ kind, name, spec }: Request): string {
  return stringify({ apiVersion: 'validatoros.com/v1alpha1', kind, metadata: { name }, spec });
}
