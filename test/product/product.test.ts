// The whole product in one story: the chart and the image in a cluster, two chains, an upgrade through Git and one that fails, the
// loss of the cluster and its rebuilding from Git and object storage, and an end that no node notices.

import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';

import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { stringify } from 'yaml';

import { crds } from '../../src/desired/crds.ts';
import type { JobRecord } from '../../src/jobs/requests/record.ts';
import { waitFor } from '../demo/wait-for.ts';
import { put, statusOf, valueAt } from '../pods/comet.ts';
import { gethOf, type Geth } from '../pods/geth.ts';
import { EXECUTOR, NODE_NAMESPACE, type PodSeen, RELEASE_NAMESPACE } from '../pods/installation.ts';
import { jobFile, type Request } from '../pods/job-files.ts';
import { gethDev, nodeFile } from '../pods/node-file.ts';
import type { PodFinder } from '../pods/pod-finder.ts';
import { openUpgradeSite, type UpgradeSite } from '../pods/upgrade/site.ts';
import { makeValidators } from '../support/validators.ts';
import { S3_KEYS, type S3Server, startS3 } from '../support/s3-server.ts';

const ALICE = `0x${'a11ce'.padStart(40, '0')}`;
const NODES = ['eth', 'comet'] as const;
/** A validator whose key is in a Secret, which a person keeps outside of the cluster. */
const network = makeValidators({ chainId: 'product-1', namespace: NODE_NAMESPACE, names: ['comet'] });
const VALUES = ['selfUpdate.deadline=75s'];

const folder = mkdtempSync(join(tmpdir(), 'nodewright-product-'));
let s3: S3Server;
let site: UpgradeSite;
/** The nodes' pods that no act of the controller's own may end. */
let kept: Readonly<Record<string, PodSeen>>;

beforeAll(async () => {
  site = await openUpgradeSite(async ({ address }) => {
    s3 = await startS3(folder, address);
    return [...VALUES, ...locationOf(s3)];
  });
});
afterAll(async () => {
  await site?.close();
  await s3?.stop();
  rmSync(folder, { recursive: true, force: true });
});

it('makes blocks of two chains, from an empty cluster', async () => {
  await giveKey();
  const files = { eth: gethDev, comet: network.validator('comet') };
  site.commit(Object.fromEntries(NODES.map((name) => [`nodes/${name}.yaml`, nodeFile(name, files[name])])));
  await bothRun();
  const before = await heights();
  await waitFor({ what: 'blocks of both', timeoutMs: 60_000 }, async () => {
    const now = await heights();
    return now.eth > before.eth && now.comet > before.comet ? true : undefined;
  });
  expect(await nodePods()).toMatchObject({ 'eth-0': { restarts: 0 }, 'comet-0': { restarts: 0 } });
});

it('keeps backups of both in object storage', async () => {
  await (await eth()).pay(ALICE, 1_000n);
  await put(await finder(), ['colour', 'green'], { through: 'comet', on: 'comet' });
  await allowBackups();
  for (const node of NODES) expect(await run(backupOf(node))).toMatchObject({ phase: 'Complete' });
  await bothRun();
  kept = await nodePods();
});

describe('while the nodes keep running', () => {
  it('upgrades itself when Git says so', async () => {
    site.ask('0.2.0');
    await site.reached('0.2.0', 'Complete');
    const image = await site.image();
    expect(image).toContain(':0.2.0@sha256:');
    await site.settled(image);
    expect(await nodePods()).toEqual(kept);
  });

  it('goes back by itself from a version that fails', async () => {
    const before = await site.image();
    site.ask('crashing');
    expect(await site.reached('crashing', 'Failed')).toMatchObject({ reason: 'UpgradeCrashed' });
    await site.settled(before);
    await site.published<{ readonly upgrade?: { readonly reason?: string } }>(
      'sync.yaml',
      'the failed upgrade',
      ({ upgrade }) => upgrade?.reason === 'UpgradeCrashed',
    );
    site.ask('0.2.0');
    expect(await nodePods()).toEqual(kept);
  });
});

describe('after the loss of everything in the cluster', () => {
  it('is held until a person says that the old cluster is gone', async () => {
    await loseCluster();
    await site.install();
    const digest = await digestOfOtherCluster();
    expect(Object.keys(await nodePods())).toEqual([]);
    await giveKey();
    const stopped = nodeFile('comet', { ...network.validator('comet'), desiredState: 'Stopped' });
    site.commit({ 'fleet.yaml': approving(digest), 'nodes/comet.yaml': stopped });
    await running('eth');
    expect(await (await eth()).balance(ALICE)).toBe(0n);
    expect(Object.keys(await nodePods())).toEqual(['eth-0']);
  });

  it('gets the data of both nodes back from object storage, and repeats no job', async () => {
    await allowBackups();
    for (const node of NODES) site.commit(jobFile(restoreOf(node)));
    for (const node of NODES) {
      const made = await ended(backupOf(node));
      expect(await ended(restoreOf(node))).toMatchObject({ phase: 'Complete', height: made.height });
    }
    expect(await (await eth()).balance(ALICE)).toBe(1_000n);
    expect(Object.keys(await nodePods())).toEqual(['eth-0']);
    expect((await site.kubectl('get', 'backups', '-n', NODE_NAMESPACE, '-o', 'name')).trim()).toBe('');
  });

  it('starts the validator when a person approves that, where it was', async () => {
    site.commit({ 'nodes/comet.yaml': nodeFile('comet', network.validator('comet')) });
    const { held } = await site.published<{ readonly held?: { readonly digest: string } }>(
      'sync.yaml',
      'held',
      (sync) => JSON.stringify(sync.held ?? '').includes('SignerVolumeLost'),
    );
    site.commit({ 'fleet.yaml': approving(held?.digest ?? '') });
    await bothRun();
    const made = await ended(backupOf('comet'));
    expect((await heights()).comet).toBeGreaterThan(made.height ?? Number.NaN);
    expect(await valueAt(await finder(), 'comet', 'colour')).toBe('green');
  });
});

it('is uninstalled, and both chains continue to make blocks', async () => {
  kept = await nodePods();
  await site.follow('Uninstalling');
  await waitFor({ what: 'the end of the controller', timeoutMs: 60_000 }, async () =>
    (await site.controllers()).length === 0 ? true : undefined,
  );
  const before = await heights();
  await waitFor({ what: 'more blocks', timeoutMs: 60_000 }, async () => {
    const now = await heights();
    return now.eth > before.eth && now.comet > before.comet ? true : undefined;
  });
  expect(await nodePods()).toEqual(kept);
  expect((await site.kubectl('get', 'crd', '-o', 'name')).trim().split('\n')).toHaveLength(crds().length);
});

function locationOf({ endpoint }: S3Server): readonly string[] {
  const location = { endpoint, bucket: 'backups', prefix: 'fleet', secret: 'backup-keys' };
  return Object.entries(location).map(([name, value]) => `policy.backupLocations.offsite.${name}=${value}`);
}

/** As the page on object storage says. */
async function allowBackups(): Promise<void> {
  const { access, secret } = S3_KEYS;
  const data = { AWS_ACCESS_KEY_ID: access, AWS_SECRET_ACCESS_KEY: secret, RESTIC_PASSWORD: 'the-password' };
  const literals = Object.entries(data).map(([name, value]) => `--from-literal=${name}=${value}`);
  await site.kubectl('create', 'secret', 'generic', 'backup-keys', '-n', NODE_NAMESPACE, ...literals);
  await site.kubectl('label', 'secret', 'backup-keys', '-n', NODE_NAMESPACE, 'validatoros.com/allow-backups=true');
}

/** The Secret and the genesis, once the controller has made the namespace. */
async function giveKey(): Promise<void> {
  const list = { apiVersion: 'v1', kind: 'List', items: network.objects };
  const file = written('network.json', list);
  await waitFor({ what: 'the namespace of the nodes', timeoutMs: 120_000 }, async () =>
    site.kubectl('apply', '-n', NODE_NAMESPACE, '-f', file),
  );
}

function written(name: string, object: object): string {
  const file = join(folder, name);
  writeFileSync(file, JSON.stringify(object));
  return file;
}

function restoreOf(node: string): Request {
  return { kind: 'Restore', name: `${node}-back`, spec: { node, source: { objectStorage: { name: 'offsite' } } } };
}

function backupOf(node: string): Request {
  return { kind: 'Backup', name: `${node}-first`, spec: { node, destination: { objectStorage: { name: 'offsite' } } } };
}

/** Commits the request and waits for its end. */
async function run(request: Request): Promise<JobRecord> {
  site.commit(jobFile(request));
  return await ended(request);
}

async function ended(request: Pick<Request, 'kind' | 'name'>): Promise<JobRecord> {
  const path = `jobs/${request.kind.toLowerCase()}/${NODE_NAMESPACE}/${request.name}.yaml`;
  return await site.published<JobRecord>(path, 'its end', ({ phase }) =>
    ['Complete', 'Failed', 'Held', 'Interrupted', 'Refused', 'Cancelled'].includes(phase),
  );
}

async function running(name: string): Promise<void> {
  await waitFor({ what: `${name} to be ready`, timeoutMs: 240_000 }, async () =>
    site.kubectl('wait', '--for=condition=Ready', '--timeout=1s', '-n', NODE_NAMESPACE, `bn/${name}`),
  );
}

async function bothRun(): Promise<void> {
  await waitFor({ what: 'both nodes to be ready', timeoutMs: 240_000 }, async () => {
    const names = NODES.map((name) => `bn/${name}`);
    await site.kubectl('wait', '--for=condition=Ready', '--timeout=1s', '-n', NODE_NAMESPACE, ...names);
    const pods = Object.values(await nodePods());
    return pods.length === NODES.length && pods.every(({ phase }) => phase === 'Running') ? true : undefined;
  });
}

/** Not those of workers. */
async function nodePods(): Promise<Readonly<Record<string, PodSeen>>> {
  const all = await site.pods(NODE_NAMESPACE);
  return Object.fromEntries(Object.entries(all).filter(([name]) => NODES.some((node) => name === `${node}-0`)));
}

async function finder(): Promise<PodFinder> {
  const text = await site.kubectl('get', 'pods', '-n', NODE_NAMESPACE, '-o', 'json');
  const { items } = JSON.parse(text) as {
    readonly items: readonly {
      readonly metadata: { readonly name: string };
      readonly status: { readonly podIP?: string };
    }[];
  };
  return { pod: (name) => items.find(({ metadata }) => metadata.name === `${name}-0`) };
}

async function eth(): Promise<Geth> {
  return gethOf(await finder(), 'eth');
}

async function heights(): Promise<Readonly<Record<'eth' | 'comet', number>>> {
  return { eth: await (await eth()).height(), comet: (await statusOf(await finder(), 'comet')).height };
}

/** Objects, definitions and volumes. Nothing is left that could remember. */
async function loseCluster(): Promise<void> {
  await site.follow('Uninstalling');
  await site.kubectl('delete', 'bn', '--all', '-n', NODE_NAMESPACE, '--wait=false');
  for (const { metadata } of crds()) {
    const names = (await site.kubectl('get', metadata.name, '-n', NODE_NAMESPACE, '-o', 'name')).split('\n');
    for (const name of names.filter(Boolean))
      await site.kubectl('patch', name, '-n', NODE_NAMESPACE, '--type=merge', '-p', '{"metadata":{"finalizers":null}}');
  }
  await site.kubectl('delete', 'crd', ...crds().map(({ metadata }) => metadata.name));
  await site.kubectl('delete', 'namespace', NODE_NAMESPACE, RELEASE_NAMESPACE);
  await waitFor({ what: 'the volumes to be gone', timeoutMs: 120_000 }, async () =>
    (await site.kubectl('get', 'pv', '-o', 'name')).trim() === '' ? true : undefined,
  );
}

async function digestOfOtherCluster(): Promise<string> {
  return await waitFor({ what: 'the digest that gives the executor to this cluster', timeoutMs: 180_000 }, async () => {
    const events = await site.kubectl('get', 'events', '-n', NODE_NAMESPACE, '-o', 'jsonpath={.items[*].message}');
    return /sha256:[0-9a-f]{64}/.exec(events)?.[0];
  });
}

function approving(digest: string): string {
  return stringify({
    apiVersion: 'validatoros.com/v1alpha1',
    kind: 'Fleet',
    metadata: { name: 'fleet' },
    spec: {
      executors: [{ name: EXECUTOR }],
      defaultExecutor: EXECUTOR,
      controller: { version: '0.2.0' },
      approvals: [{ digest }],
    },
  });
}
