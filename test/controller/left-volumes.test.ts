// What people and the cluster do to volumes is said, and stays said: a PVC that was replaced, one that is left over, one that is larger.

import type { KubernetesObject } from '@kubernetes/client-node';
import { afterAll, beforeAll, expect, it } from 'vitest';

import type { BlockchainNode } from '../../src/api/blockchain-node.ts';
import { findCondition } from '../../src/api/conditions.ts';
import { LABEL } from '../../src/api/group.ts';
import type { KubeObject } from '../../src/api/objects.ts';
import { KINDS } from '../../src/kube/kinds.ts';
import { createAsker } from '../../src/rpc/ask.ts';
import { gethDev, replies, rpc } from '../chains/replies.ts';
import { runCommand } from '../demo/run-command.ts';
import { testCluster } from '../support/cluster.ts';
import { git, tipOf } from '../support/git-repo.ts';
import { waitFor } from '../support/wait-for.ts';
import { byHand, type ByHand } from './by-hand.ts';
import { BRANCH, type Fleet, startFleet, STATUS_BRANCH } from './fleet.ts';
import { prepare, published, runController, type Running } from './harness.ts';

const MAIN = new URL('../../src/cli/main.ts', import.meta.url).pathname;
const HIGH = 1024;

let fleet: Fleet;
let hand: ByHand;
let running: Running;
/** What every client answers. */
let height = HIGH;

beforeAll(async () => {
  const { kubeconfigPath: kubeconfig } = await testCluster();
  fleet = await startFleet({ kubeconfig, nodes: 2, spec: [] });
  hand = byHand(kubeconfig);
  await prepare(fleet);
  running = await run();
  await published(fleet, running, tipOf(fleet.repo, BRANCH) ?? '');
});
afterAll(async () => {
  await running?.stop();
  await fleet?.close();
});

async function run(): Promise<Running> {
  const ask = async (): Promise<ReturnType<typeof replies>> => {
    const timestamp = `0x${Math.floor(Date.now() / 1000).toString(16)}`;
    return await Promise.resolve(
      replies({ ...gethDev, 'el.block': rpc({ number: `0x${height.toString(16)}`, timestamp }) }),
    );
  };
  return await runController(fleet, {
    ports: { asker: { ...createAsker(), ask } },
    settings: { heightIntervalMs: 500 },
  });
}

function target(kind: 'PersistentVolumeClaim' | 'Pod' | 'StatefulSet', name: string) {
  return { apiVersion: kind === 'StatefulSet' ? 'apps/v1' : 'v1', kind, namespace: fleet.namespace, name };
}

async function pvc(name: string): Promise<KubeObject | undefined> {
  return await fleet.cluster.get(target('PersistentVolumeClaim', name));
}

async function node(name: string): Promise<BlockchainNode | undefined> {
  return (await fleet.nodes()).get(name);
}

async function risk(name: string) {
  return findCondition((await node(name))?.status?.conditions, 'DataAtRisk');
}

async function remark(name: string, claim: string): Promise<string | undefined> {
  return (await node(name))?.status?.volumes?.find((volume) => volume.claim === claim)?.message;
}

async function statusCommand(...options: readonly string[]): Promise<string> {
  const { stdout } = await runCommand(process.execPath, [MAIN, 'status', ...options], { accept: [0, 1] });
  return stdout;
}

const ofCluster = (): readonly string[] => ['--kubeconfig', fleet.kubeconfig, '--executor', fleet.executor];

it('a volume that was replaced is named until the node has its height again, also after a restart of the controller', async () => {
  const before = await waitFor('its volume and height are known', async () => {
    const status = (await node('n0'))?.status;
    return status?.provenHeight === HIGH ? status.volumes?.find(({ name }) => name === 'data')?.uid : undefined;
  });
  height = 3;
  await hand.remove(target('PersistentVolumeClaim', 'data-n0-0'));
  await hand.remove(target('Pod', 'n0-0'));
  const found = await waitFor('the node says so', async () => {
    const now = await risk('n0');
    return now?.reason === 'VolumeReplaced' ? now : undefined;
  });
  const after = (await pvc('data-n0-0'))?.metadata.uid;
  expect(found.message).toContain(`its PVC data-n0-0 has the UID ${after}, and had ${before}`);
  expect(found.message).toContain(`The node had block ${HIGH}.`);
  expect(found.message).toContain('Restore a Backup into the node, or let it sync again');
  await waitFor('there is an Event', async () => {
    const events = await fleet.cluster.list(KINDS.Event, { namespace: fleet.namespace });
    return events.some(({ reason, message }) => reason === 'VolumeReplaced' && message === found.message);
  });
  await waitFor('the status branch has it', () => fleet.statusFile(`nodes/${fleet.namespace}/n0.yaml`)?.includes('reason: VolumeReplaced')); // prettier-ignore
  await waitFor('its front page too', () => git(fleet.repo, ['show', `${STATUS_BRANCH}:README.md`]).includes('VolumeReplaced')); // prettier-ignore

  await running.stop();
  const seen = (await node('n0'))?.status?.observedAt ?? '';
  running = await run();
  await waitFor('it is asked again', async () => {
    const now = (await node('n0'))?.status;
    return now?.height === 3 && (now.observedAt ?? '') > seen;
  });
  expect(await risk('n0')).toMatchObject({ reason: 'VolumeReplaced', message: found.message });
  expect(await statusCommand(...ofCluster())).toContain(`and had ${before}`);
  expect(await statusCommand('--from-repo', fleet.url)).toContain(`and had ${before}`);

  height = HIGH;
  await waitFor('it has the height again', async () => (await risk('n0')) === undefined);
  expect((await node('n0'))?.status?.lostVolumes).toBeUndefined();
});

it('a volume gets the label of its node back, which someone took off', async () => {
  const claim = target('PersistentVolumeClaim', 'data-n1-0');
  const uid = await waitFor('its volume is known', async () => (await node('n1'))?.status?.volumes?.[0]?.uid);
  await hand.patch(claim, { metadata: { labels: { [LABEL.node]: null } } });
  await waitFor('it has the label', async () => (await pvc('data-n1-0'))?.metadata.labels?.[LABEL.node] === 'n1');
  expect((await pvc('data-n1-0'))?.metadata.uid).toBe(uid);
  await waitFor('there is an Event', async () => {
    const events = await fleet.cluster.list(KINDS.Event, { namespace: fleet.namespace });
    return events.some(
      ({ reason, message }) => reason === 'DriftRepaired' && String(message).includes('data-n1-0 had lost the label'),
    );
  });
  expect(await risk('n1')).toBeUndefined();
});

it('a volume that was replaced while no controller ran is named as well', async () => {
  const before = await waitFor('its volume is known', async () => (await node('n1'))?.status?.volumes?.[0]?.uid);
  await running.stop();
  height = 3;
  await hand.remove(target('PersistentVolumeClaim', 'data-n1-0'));
  await hand.remove(target('Pod', 'n1-0'));
  await waitFor('Kubernetes has made another one', async () => {
    const uid = (await pvc('data-n1-0'))?.metadata.uid;
    return uid !== undefined && uid !== before;
  });
  running = await run();
  await waitFor('the node says so', async () => (await risk('n1'))?.message.includes(`and had ${before}`));
  fleet.commit({ 'nodes/n1.yaml': fleet.nodeFile('n1', ['restartGeneration: 1']) });
  running.controller.requestSync();
  await waitFor('it is acknowledged', async () => (await node('n1'))?.status?.lostVolumes === undefined);
  expect((await risk('n1'))?.reason).not.toBe('VolumeReplaced');
});

it('a PVC that a StatefulSet left which was scaled by hand is named, and stays', async () => {
  await running.stop();
  await hand.patch(target('StatefulSet', 'n1'), { spec: { replicas: 2 } });
  await waitFor('there is another PVC', async () => await pvc('data-n1-1'));
  running = await run();
  const said = await waitFor('the node names it', async () => await remark('n1', 'data-n1-1'));
  expect(said).toContain(`kubectl -n ${fleet.namespace} delete pvc data-n1-1`);
  await waitFor('its pod is gone', async () => (await fleet.cluster.get(target('Pod', 'n1-1'))) === undefined);
  expect(await statusCommand(...ofCluster())).toContain('data-n1-1');
  await waitFor('the front page names it', () => git(fleet.repo, ['show', `${STATUS_BRANCH}:README.md`]).includes('The PVC data-n1-1')); // prettier-ignore
  expect((await pvc('data-n1-1'))?.metadata.deletionTimestamp).toBeUndefined();
});

it('a PVC that is larger than the spec asks for is named, with what to do', async () => {
  await hand.create({
    ...target('PersistentVolumeClaim', 'data-n2-0'),
    metadata: { name: 'data-n2-0', namespace: fleet.namespace, labels: { [LABEL.node]: 'n2' } },
    spec: { accessModes: ['ReadWriteOnce'], resources: { requests: { storage: '2Gi' } } },
  } as KubernetesObject);
  fleet.commit({ 'nodes/n2.yaml': fleet.nodeFile('n2') });
  running.controller.requestSync();
  const said = await waitFor('the node names it', async () => await remark('n2', 'data-n2-0'));
  expect(said).toMatch(/requests 2Gi, more than spec\.storage\.data\.size \(1Gi\)\. Nothing is done, because Kubernetes cannot make a volume smaller\. Set the size in the file to 2Gi/); // prettier-ignore
  expect(await statusCommand(...ofCluster())).toContain(said);
  fleet.commit({ 'nodes/n2.yaml': fleet.nodeFile('n2').replace('1Gi', '512Mi') });
  running.controller.requestSync();
  const hold = await waitFor('a smaller size is held', async () => (await node('n2'))?.status?.hold);
  expect(hold.message).toContain(
    '1Gi cannot shrink to 512Mi: Kubernetes cannot make a volume smaller, so nothing is done',
  );
});

it('a patch that matches no node is a warning on the status branch', async () => {
  const spec = 'spec: { match: { network: hoodi }, patch: [{ op: add, path: /podAnnotations, value: { a/b: c } }] }';
  fleet.commit({
    'patches/p.yaml': `apiVersion: validatoros.com/v1alpha1\nkind: FleetPatch\nmetadata: { name: p }\n${spec}\n`,
  });
  running.controller.requestSync();
  const sync = await waitFor('it is named', () => {
    const text = fleet.statusFile('sync.yaml') ?? '';
    return text.includes('code: UnmatchedPatch') ? text : undefined;
  });
  expect(sync).toContain('level: warning');
});
