// What a running controller says it can run, and what it does with a node that it cannot.

import { KubeConfig, StorageV1Api } from '@kubernetes/client-node';
import { afterAll, beforeAll, expect, it } from 'vitest';
import { parse } from 'yaml';

import { Capabilities } from '../../src/api/capabilities.ts';
import { findCondition } from '../../src/api/conditions.ts';
import { testCluster } from '../support/cluster.ts';
import { waitFor } from '../support/wait-for.ts';
import { type Fleet, startFleet } from './fleet.ts';
import { prepare, runController, type Running } from './harness.ts';

let storage: StorageV1Api;
let fleet: Fleet;
let running: Running;
let suffix = '';
const classes: string[] = [];

beforeAll(async () => {
  const { kubeconfigPath } = await testCluster();
  const config = new KubeConfig();
  config.loadFromFile(kubeconfigPath);
  storage = config.makeApiClient(StorageV1Api);
  fleet = await startFleet({ kubeconfig: kubeconfigPath, nodes: 1 });
  suffix = fleet.executor;
  await createClass(`at-once-${suffix}`, 'Immediate');
  await prepare(fleet);
  running = await runController(fleet);
});
afterAll(async () => {
  await running?.stop();
  await fleet?.close();
  for (const name of classes) await storage.deleteStorageClass({ name });
});

async function createClass(name: string, volumeBindingMode: string): Promise<void> {
  const body = { metadata: { name }, provisioner: 'example.com/none', volumeBindingMode, allowVolumeExpansion: true };
  await storage.createStorageClass({ body });
  classes.push(name);
}

async function published(): Promise<Capabilities> {
  return await waitFor('capabilities.yaml', () => {
    const text = fleet.statusFile('capabilities.yaml');
    return text === undefined ? undefined : Capabilities.parse(parse(text));
  });
}

it('publishes chains with networks, node types, default sizes, roles and clients with versions', async () => {
  const { chains, kubernetes, features } = await published();
  expect(chains.map(({ name }) => name)).toEqual(['bitcoin', 'cosmos', 'ethereum']);
  expect(chains[2]).toMatchObject({
    networks: expect.arrayContaining(['hoodi', 'mainnet']),
    nodeTypes: ['full', 'archive'],
    defaultSizes: { mainnet: { cpu: '4', memory: '16Gi', storage: '2548Gi' } },
    roles: [
      {
        name: 'el',
        clients: expect.arrayContaining([
          expect.objectContaining({ name: 'geth', defaultVersion: expect.stringMatching(/^1\./) }),
        ]),
      },
      { name: 'cl' },
    ],
  });
  expect(chains[1]).toMatchObject({ customNetworks: true });
  expect(chains[0]).toMatchObject({ configFiles: [{ name: 'bitcoin.conf' }] });
  expect(kubernetes).toMatch(/^v1\./);
  expect(features).toContain('guards');
});

it('publishes which flags are checked or managed, and which jobs a client can do', async () => {
  const { chains } = await published();
  const clients = chains.flatMap(({ roles }) => roles.flatMap((role) => role.clients));
  const clientOf = (name: string): unknown => clients.find((client) => client.name === name);
  expect(clientOf('geth')).toMatchObject({
    jobs: ['Backup', 'Restore', 'Snapshot', 'BlockHeightFallback', 'ChangeOwner'],
    refusedJobs: { Switchover: expect.stringContaining('signs nothing') },
    knownFlags: { cache: 'integer', syncmode: 'snap|full' },
    managedFlags: expect.arrayContaining(['datadir', 'http.addr']),
  });
  expect(clientOf('besu')).toMatchObject({ refusedJobs: { BlockHeightFallback: expect.any(String) } });
  expect(clientOf('cometbft')).toMatchObject({ jobs: expect.arrayContaining(['Switchover', 'BlockHeightFallback']) });
});

it('publishes storage classes with binding mode and expansion, and reports one that binds at once', async () => {
  const { storageClasses } = await published();
  const found = storageClasses?.find(({ name }) => name === `at-once-${suffix}`);
  expect(found).toMatchObject({
    provisioner: 'example.com/none',
    isDefault: false,
    bindingMode: 'Immediate',
    expandable: true,
    warning: expect.stringContaining('WaitForFirstConsumer'),
  });
  expect(running.log).toContainEqual(
    expect.objectContaining({ msg: 'Found unsuitable StorageClass', storageClass: `at-once-${suffix}` }),
  );
});

it('refuses a new node whose class the cluster lacks, and creates it once the class is there', async () => {
  const name = `late-${suffix}`;
  const file = fleet.nodeFile('late').replace('size: 1Gi', `size: 1Gi, storageClass: ${name}`);
  fleet.commit({ 'nodes/late.yaml': file });
  running.controller.requestSync();
  const ready = await waitFor('the reason in the status', async () => {
    const node = (await fleet.nodes()).get('late');
    const condition = findCondition(node?.status?.conditions, 'Ready');
    return condition?.reason === 'StorageClassMissing' ? condition : undefined;
  });
  expect(ready.message).toContain(`has no StorageClass ${name} for the volume data. It has: `);
  const statefulSet = { apiVersion: 'apps/v1', kind: 'StatefulSet', namespace: fleet.namespace, name: 'late' };
  expect(await fleet.cluster.get(statefulSet)).toBeUndefined();
  await createClass(name, 'WaitForFirstConsumer');
  await waitFor('the StatefulSet', async () => await fleet.cluster.get(statefulSet), 60_000);
  await waitFor('the class in capabilities.yaml', async () =>
    (await published()).storageClasses?.some((one) => one.name === name),
  );
});
