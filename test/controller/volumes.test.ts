// Volumes are checked, not assumed: a key never signs on a new volume unnoticed, and no chain starts on the data of another.

import type { KubernetesObject } from '@kubernetes/client-node';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';

import type { BlockchainNode } from '../../src/api/blockchain-node.ts';
import { findCondition } from '../../src/api/conditions.ts';
import type { KubeObject } from '../../src/api/objects.ts';
import { KINDS } from '../../src/kube/kinds.ts';
import { valueAt } from '../../src/lib/json-value.ts';
import { testCluster } from '../support/cluster.ts';
import { tipOf } from '../support/git-repo.ts';
import { heldDigest } from '../support/held-digest.ts';
import { makeValidators, type Validators } from '../support/validators.ts';
import { waitFor } from '../support/wait-for.ts';
import { byHand, type ByHand } from './by-hand.ts';
import { BRANCH, type Fleet, startFleet } from './fleet.ts';
import { prepare, published, runController, type Running } from './harness.ts';

/** The garbage collector of a new cluster looks for kinds that were installed every 30 s. */
const COLLECTION_MS = 90_000;

let fleet: Fleet;
let running: Running;
let hand: ByHand;
let validators: Validators;
beforeAll(async () => {
  const { kubeconfigPath: kubeconfig } = await testCluster();
  fleet = await startFleet({ kubeconfig, nodes: 0 });
  hand = byHand(kubeconfig);
  await prepare(fleet);
  const names = ['solo', 'again', 'down'];
  validators = makeValidators({ chainId: 'volumes-1', namespace: fleet.namespace, names });
  for (const object of validators.objects) await hand.create(inNamespace(object));
  fleet.commit(Object.fromEntries(names.map((name) => [fileOf(name), validator(name)])));
  fleet.commit({ 'nodes/g4.yaml': fleet.nodeFile('g4', []), 'nodes/kept.yaml': fleet.nodeFile('kept', []) });
  running = await runController(fleet);
  await published(fleet, running, tipOf(fleet.repo, BRANCH) ?? '');
});
afterAll(async () => {
  await running?.stop();
  await fleet?.close();
});

function inNamespace(object: object): KubernetesObject {
  return { ...object, metadata: { ...Reflect.get(object, 'metadata'), namespace: fleet.namespace } };
}

const fileOf = (name: string): string => `nodes/${name}.yaml`;

function validator(name: string): string {
  return JSON.stringify({
    apiVersion: 'validatoros.com/v1alpha1',
    kind: 'BlockchainNode',
    metadata: { name },
    spec: { ...validators.validator(name), storage: { data: { size: '1Gi' } } },
  });
}

function target(kind: 'PersistentVolumeClaim' | 'Pod' | 'ConfigMap', name: string) {
  return { apiVersion: 'v1', kind, namespace: fleet.namespace, name };
}

async function live(
  kind: 'PersistentVolumeClaim' | 'Pod' | 'ConfigMap',
  name: string,
): Promise<KubeObject | undefined> {
  return await fleet.cluster.get(target(kind, name));
}

async function node(name: string): Promise<BlockchainNode | undefined> {
  return (await fleet.nodes()).get(name);
}

/** A pod of it runs, and its ConfigMap says for the next one that the volume must not be new. */
async function ranOnce(name: string): Promise<{ readonly pod: string; readonly pvc: string }> {
  return await waitFor(`${name} runs and its volume is known`, async () => {
    const [pod, pvc, files] = await Promise.all([
      live('Pod', `${name}-0`),
      live('PersistentVolumeClaim', `data-${name}-0`),
      live('ConfigMap', name),
    ]);
    const isUsed = JSON.stringify(files?.['data'] ?? {}).includes('"signer-volume":"used"');
    return isUsed && pod?.metadata.uid !== undefined && pvc?.metadata.uid !== undefined
      ? { pod: pod.metadata.uid, pvc: pvc.metadata.uid }
      : undefined;
  });
}

/** Waits for the hold to be on the status branch; gives the digest that stands there. */
async function digestOfHold(...words: readonly string[]): Promise<string> {
  return await waitFor(`${words.join(' ')} is held on the status branch`, () => {
    const text = fleet.statusFile('sync.yaml') ?? '';
    return words.every((word) => text.includes(word)) ? heldDigest(text) : undefined;
  });
}

/** A Warning on the node itself, in the words of its condition. */
async function isWarned(name: string): Promise<void> {
  await waitFor(`${name} has a Warning`, async () => {
    const stalled = findCondition((await node(name))?.status?.conditions, 'Stalled');
    const events = await fleet.cluster.list(KINDS.Event, { namespace: fleet.namespace });
    return events.some(
      (event) =>
        valueAt(event, ['involvedObject', 'kind']) === 'BlockchainNode' &&
        valueAt(event, ['involvedObject', 'name']) === name &&
        event['type'] === 'Warning' &&
        event['reason'] === 'SignerVolumeLost' &&
        event['message'] === stalled?.message,
    );
  });
}

async function isStopped(name: string): Promise<void> {
  await waitFor(`${name} is stopped`, async () => {
    const set = await fleet.cluster.get({ ...target('Pod', name), apiVersion: 'apps/v1', kind: 'StatefulSet' });
    return (
      JSON.stringify(set?.['spec'] ?? {}).includes('"replicas":0') && (await live('Pod', `${name}-0`)) === undefined
    );
  });
}

describe('a validator whose PVC was deleted by hand', () => {
  it('is stopped before it may sign on the new one, and starts after an approval', async () => {
    const before = await ranOnce('solo');
    expect((await live('Pod', 'solo-0'))?.metadata.uid).toBe(before.pod);
    await hand.remove(target('PersistentVolumeClaim', 'data-solo-0'));
    await hand.remove(target('Pod', 'solo-0'));
    const digest = await digestOfHold('SignerVolumeLost', `start BlockchainNode ${fleet.namespace}/solo`);
    await isStopped('solo');
    await waitFor('the node says why', async () => (await node('solo'))?.status?.hold?.reason === 'SignerVolumeLost');
    await isWarned('solo');

    fleet.commit({ 'fleet.yaml': fleet.fleetFile(['approvals:', `  - digest: ${digest}`]) });
    running.controller.requestSync();
    const after = await ranOnce('solo');
    expect(after.pvc).not.toBe(before.pvc);
    expect((await node('solo'))?.status?.hold).toBeUndefined();
    const risk = findCondition((await node('solo'))?.status?.conditions, 'DataAtRisk');
    expect(risk).toMatchObject({ reason: 'VolumeReplaced', message: expect.stringContaining(`and had ${before.pvc}`) });
  });

  it('is held when its file comes back after the PVC was deleted', async () => {
    await ranOnce('again');
    fleet.commit({ [fileOf('again')]: null });
    running.controller.requestSync();
    await waitFor(
      'it is gone',
      async () => (await live('Pod', 'again-0')) === undefined && (await node('again')) === undefined,
      COLLECTION_MS,
    );
    await hand.remove(target('PersistentVolumeClaim', 'data-again-0'));
    await waitFor('its PVC is gone', async () => (await live('PersistentVolumeClaim', 'data-again-0')) === undefined);
    fleet.commit({ [fileOf('again')]: validator('again') });
    running.controller.requestSync();
    await digestOfHold('SignerVolumeLost', `start BlockchainNode ${fleet.namespace}/again`);
    await waitFor('the node says why', async () => {
      const stalled = findCondition((await node('again'))?.status?.conditions, 'Stalled');
      return stalled?.reason === 'SignerVolumeLost';
    });
    await isWarned('again');
    expect(await live('Pod', 'again-0')).toBeUndefined();
    expect(await live('PersistentVolumeClaim', 'data-again-0')).toBeUndefined();
  });

  it('is held when the PVC was replaced while no controller ran', async () => {
    const before = await ranOnce('down');
    await running.stop();
    await hand.remove(target('PersistentVolumeClaim', 'data-down-0'));
    await hand.remove(target('Pod', 'down-0'));
    await waitFor('Kubernetes has made another one', async () => {
      const uid = (await live('PersistentVolumeClaim', 'data-down-0'))?.metadata.uid;
      return uid !== undefined && uid !== before.pvc;
    });
    running = await runController(fleet);
    await digestOfHold('SignerVolumeLost', `start BlockchainNode ${fleet.namespace}/down`);
    await isStopped('down');
    await isWarned('down');
    expect(await live('Pod', 'down-0')).toBeUndefined();
  });
});

describe('a node under the name of one that left its volume behind', () => {
  it('is held when the volume has the data of another chain, and uses it again for the same chain', async () => {
    const pvc = await waitFor('its PVC', async () => await live('PersistentVolumeClaim', 'data-g4-0'));
    fleet.commit({ 'nodes/g4.yaml': null });
    running.controller.requestSync();
    await waitFor(
      'it is gone',
      async () => (await live('Pod', 'g4-0')) === undefined && (await node('g4')) === undefined,
      COLLECTION_MS,
    );
    const other = fleet
      .nodeFile('g4', [])
      .replace('chain: ethereum', 'chain: bitcoin')
      .replace('network: dev', 'network: regtest')
      .replace('el: { name: geth, version: 1.16.7 }', 'node: { name: bitcoind }');
    fleet.commit({ 'nodes/g4.yaml': other });
    running.controller.requestSync();
    const sync = await waitFor('it is held', () => {
      const text = fleet.statusFile('sync.yaml') ?? '';
      return text.includes('guard: IdentityOfData') ? text : undefined;
    });
    expect(sync).toContain('holds data of ethereum/dev, not of bitcoin/regtest');
    expect(await node('g4')).toBeUndefined();
    await published(fleet, running, fleet.commit({ 'nodes/g4.yaml': fleet.nodeFile('g4', []) }));
    await waitFor('it runs again', async () => (await live('Pod', 'g4-0')) !== undefined);
    expect((await live('PersistentVolumeClaim', 'data-g4-0'))?.metadata.uid).toBe(pvc.metadata.uid);
    expect(await fleet.cluster.list(KINDS.PersistentVolumeClaim, { namespace: fleet.namespace })).not.toEqual([]);
  });
});

it('a PVC that was deleted under a running node is reported before the pod ends', async () => {
  await waitFor('its pod', async () => await live('Pod', 'kept-0'));
  await hand.remove(target('PersistentVolumeClaim', 'data-kept-0'));
  const risk = await waitFor('the node says so', async () =>
    findCondition((await node('kept'))?.status?.conditions, 'DataAtRisk'),
  );
  expect(risk).toMatchObject({ reason: 'VolumeTerminating', status: 'True' });
  expect(risk.message).toContain('The PVC data-kept-0 was deleted: its data is lost when the pod ends');
  await waitFor('there is an Event', async () => {
    const events = await fleet.cluster.list(KINDS.Event, { namespace: fleet.namespace });
    return JSON.stringify(events).includes('VolumeTerminating');
  });
  expect(await live('Pod', 'kept-0')).toBeDefined();

  const file = (more: readonly string[]): string => fleet.nodeFile('kept', more);
  fleet.commit({
    'nodes/kept.yaml': file(['restartGeneration: 1']),
    'jobs/save.yaml':
      'apiVersion: validatoros.com/v1alpha1\nkind: Backup\nmetadata: { name: save }\nspec: { node: kept }\n',
  });
  running.controller.requestSync();
  const record = await waitFor('the Backup is refused', () => {
    const text = fleet.statusFile(`jobs/backup/${fleet.namespace}/save.yaml`) ?? '';
    return text.includes('phase: Refused') ? text : undefined;
  });
  expect(record).toContain('VolumeTerminating');
  await waitFor('the restart is held', () => fleet.statusFile('sync.yaml')?.includes('guard: VolumeTerminating'));
  expect((await live('Pod', 'kept-0'))?.metadata.deletionTimestamp).toBeUndefined();
});
