// Backups of a real geth in object storage: a real S3 server, the engine in the worker pods, and a second controller that
// has nothing of the first but the location.

import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';

import { afterAll, beforeAll, expect, it } from 'vitest';
import { parse, stringify } from 'yaml';

import { importWorkerImage } from '../cluster/worker-image.ts';
import { S3_KEYS, startS3, type S3Server } from '../support/s3-server.ts';
import { gethOf } from './geth.ts';
import { run, type Request } from './job-files.ts';
import { gethDev } from './node-file.ts';
import { isWell } from './observer.ts';
import { podsCluster, type PodsWorld, startWorld } from './world.ts';

const ALICE = `0x${'a11ce'.padStart(40, '0')}`;
const BOB = `0x${'b0b'.padStart(40, '0')}`;
const PASSWORD = 'the-password-of-the-repositories';

let folder: string;
let s3: S3Server;
let first: PodsWorld;
let second: PodsWorld;

beforeAll(async () => {
  const { state } = await podsCluster();
  const image = await importWorkerImage(state);
  folder = mkdtempSync(join(tmpdir(), 'nodewright-s3-'));
  s3 = await startS3(join(folder, 's3'), state.address);
  const policy = join(folder, 'policy.yaml');
  writeFileSync(policy, policyFor(s3.endpoint));
  const options = ['--image', image, '--policy', policy];
  [first, second] = await Promise.all([startWorld('stored', options), startWorld('rebuilt', options)]);
  for (const world of [first, second])
    await world.kubectl(['apply', '-f', '-'], [keys('backup-keys', { 'validatoros.com/allow-backups': 'true' })]);
  await first.kubectl(['apply', '-f', '-'], [keys('unlabelled', {})]);
  first.change('A node', { saved: gethDev });
  second.change('A node', { revived: gethDev });
});

afterAll(async () => {
  await first?.close();
  await second?.close();
  await s3?.stop();
  rmSync(folder, { recursive: true, force: true });
});

function policyFor(endpoint: string): string {
  const location = { endpoint, bucket: 'backups', prefix: 'fleet', secret: 'backup-keys' };
  const spec = {
    namespaces: ['**'],
    images: { jobs: ['**'] },
    backupLocations: { offsite: location, unlabelled: { ...location, secret: 'unlabelled' } },
  };
  return stringify({ apiVersion: 'validatoros.com/v1alpha1', kind: 'Policy', metadata: { name: 'tests' }, spec });
}

function keys(name: string, labels: Readonly<Record<string, string>>): object {
  const { access, secret } = S3_KEYS;
  const stringData = { AWS_ACCESS_KEY_ID: access, AWS_SECRET_ACCESS_KEY: secret, RESTIC_PASSWORD: PASSWORD };
  return { apiVersion: 'v1', kind: 'Secret', metadata: { name, labels }, stringData };
}

async function wellGeth(world: PodsWorld, name: string): Promise<ReturnType<typeof gethOf>> {
  await world.await(name, 'to be well with a block', (node) => isWell(node) && (node.status?.height ?? 0) >= 1);
  return gethOf(world, name);
}

function backup(name: string, location: string): Request {
  return { kind: 'Backup', name, spec: { node: 'saved', destination: { objectStorage: { name: location } } } };
}

it('refuses a location whose Secret does not allow backups, and one that the policy lacks, before the node is stopped', async () => {
  await wellGeth(first, 'saved');
  const uid = first.podUid('saved');
  const unlabelled = await run(first, backup('unlabelled', 'unlabelled'));
  expect(unlabelled).toMatchObject({ phase: 'Refused', reason: 'LocationUnusable' });
  expect(unlabelled.message).toContain('label secret unlabelled validatoros.com/allow-backups=true');
  expect(first.podUid('saved')).toBe(uid);
  const files = { 'jobs/one.yaml': jobText(backup('one', 'elsewhere')) };
  const checked = await first.validate({ saved: gethDev }, files);
  expect(checked.stdout).toContain('LocationNotAllowed');
});

it('keeps a backup that another controller restores to its own node, with the state of then', async () => {
  const geth = await wellGeth(first, 'saved');
  await geth.pay(ALICE, 1_000n);
  const made = await run(first, backup('offsite', 'offsite'));
  expect(made).toMatchObject({
    phase: 'Complete',
    objectStorage: {
      location: 'offsite',
      repository: `pods-stored/${first.namespace}/saved`,
      snapshot: expect.stringMatching(/^[0-9a-f]{64}$/),
    },
  });
  expect(made.claimName).toBeUndefined();
  expect(made.bytes).toBeGreaterThan(made.objectStorage?.bytesAdded ?? Number.NaN);
  const text = first.statusFile(`jobs/backup/${first.namespace}/offsite.yaml`);
  expect(text).not.toContain(S3_KEYS.secret);
  expect(text).not.toContain(PASSWORD);
  expect(parse(text)).toMatchObject({ manifestSha256: expect.stringMatching(/^[0-9a-f]{64}$/) });

  await first.await('saved', 'to be well', isWell);
  await geth.pay(BOB, 7n);
  const back = await run(first, { kind: 'Restore', name: 'back', spec: { node: 'saved', backup: 'offsite' } });
  expect(back).toMatchObject({ phase: 'Complete', height: made.height });
  expect(await geth.balance(ALICE)).toBe(1_000n);
  expect(await geth.balance(BOB)).toBe(0n);

  const revived = await wellGeth(second, 'revived');
  expect(await revived.balance(ALICE)).toBe(0n);
  const objectStorage = { name: 'offsite', executor: 'pods-stored', namespace: first.namespace, node: 'saved' };
  const restored = await run(second, {
    kind: 'Restore',
    name: 'disaster',
    spec: { node: 'revived', source: { objectStorage } },
  });
  expect(restored).toMatchObject({ phase: 'Complete', height: made.height });
  expect(await revived.balance(ALICE)).toBe(1_000n);
});

function jobText({ kind, name, spec }: Request): string {
  return stringify({ apiVersion: 'validatoros.com/v1alpha1', kind, metadata: { name }, spec });
}
