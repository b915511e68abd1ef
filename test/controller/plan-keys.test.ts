// `nodewright plan` says who holds the key that a node would sign with: by files, by the status branch, and by the cluster.

import { afterAll, afterEach, beforeAll, beforeEach, expect, it } from 'vitest';

import { type PrivateCluster, privateCluster, testCluster } from '../support/cluster.ts';
import { heldDigest } from '../support/held-digest.ts';
import { type TwoExecutors, twoExecutors } from './two-executors.ts';

let kubeconfig: string;
let other: PrivateCluster;
beforeAll(async () => {
  kubeconfig = (await testCluster()).kubeconfigPath;
  other = await privateCluster('plan-keys');
});
afterAll(async () => {
  await other?.down();
});

let two: TwoExecutors;
/** `val` runs on the first of two executors, each with a cluster of its own. */
beforeEach(async () => {
  two = await twoExecutors({ kubeconfig, otherKubeconfig: other.kubeconfigPath });
  await two.run(two.paris);
  await two.run(two.tokyo);
  await two.propose(two.at(two.paris));
  two.merge();
  await two.runs(two.paris);
  await two.hasSeen(two.tokyo, two.paris);
});
afterEach(async () => {
  await two?.close();
});

/** A copy of the Secret of `val`, under another name. */
async function copyKey({ cluster, namespace }: TwoExecutors['paris']): Promise<void> {
  const head = { apiVersion: 'v1', kind: 'Secret' };
  const secret = await cluster.get({ ...head, namespace, name: 'val-keys' });
  const metadata = { name: 'a-copy', namespace, labels: secret?.metadata.labels ?? {} };
  await cluster.create({ ...head, metadata, data: secret?.['data'] });
}

const digestIn = (text: string): string => heldDigest(text) ?? 'none';

const held = (): RegExp =>
  new RegExp(
    `it would sign with the key sha256:[0-9a-f]{12}, which executor ${two.paris.executor} has reserved for its node ${two.paris.namespace}/val since 20\\d\\d-[-:.TZ0-9]+; its pod starts only when`,
  );

it('in another cluster, with a copy of the key under another name', async () => {
  const { paris, tokyo } = two;
  await copyKey(tokyo);
  const files = two.copy(tokyo, 'a-copy');
  // Its Secret is not on record anywhere, and without a cluster it is not read: that is said.
  expect(await two.propose(files)).toContain(`the key in the Secret ${tokyo.namespace}/a-copy is not compared`);
  const plan = await two.planInCluster(tokyo, files);
  expect(plan).toMatch(held());
  expect(plan).toContain(`${paris.executor} has released the key: stop or delete ${paris.namespace}/val there`);
  expect(plan).toContain('HELD by KeyReserved');
  expect(await two.planInCluster(tokyo, files, ['--executor', tokyo.executor, '--format', 'markdown'])).toMatch(held());
  // As the controller says, once it is merged.
  two.merge();
  expect(await two.holds(tokyo, 'KeyReserved')).toContain(`executor ${paris.executor} has reserved the signing key`);
});

it('in the cluster of the holder, and for its own node nothing', async () => {
  const { paris } = two;
  expect(await two.planInCluster(paris, two.at(paris))).not.toContain('would sign');
  await copyKey(paris);
  const files = two.copy(paris, 'a-copy');
  const plan = await two.planInCluster(paris, files);
  expect(plan).toMatch(held());
  expect(plan).toContain(`${paris.namespace}/val has stopped and its pod is gone`);
  expect(plan).toContain(`the key in a-copy has signed on ${paris.namespace}/val`);
});

it('of a node that moves, by the status branch and by the cluster that it moves to; then what it has to be approved for', async () => {
  const { paris, tokyo } = two;
  const files = two.at(tokyo);
  const published = await two.propose(files);
  expect(published).toMatch(held());
  const inCluster = await two.planInCluster(tokyo, files);
  expect(inCluster).toMatch(held());
  expect(inCluster).toContain('HELD by KeyReserved');
  // The other half of the move is of a cluster that was not asked.
  const both = await two.planInCluster(tokyo, { ...files, ...two.neighbour(paris) }, []);
  expect(both).toContain(`warning: executor ${paris.executor} has never worked in this cluster`);
  two.merge();
  await two.isGone(paris);
  await two.released(paris);
  const sync = await two.holds(tokyo, 'SignerState');
  const released = await two.planInCluster(tokyo, files);
  expect(released).not.toContain('would sign with');
  expect(released).toContain(
    `HELD by SignerState: the key in val-keys has signed on ${paris.namespace}/val of executor ${paris.executor}`,
  );
  const digest = /Held actions: (sha256:\w+)/.exec(released)?.[1] ?? 'none';
  expect(sync).toContain(digest);
});

it('of a stopped node whose key has signed elsewhere since: the start and its digest, as the controller has them', async () => {
  const { paris, tokyo } = two;
  const merged = async (files: Readonly<Record<string, string>>): Promise<void> => {
    await two.propose(files);
    two.merge();
  };
  await merged(two.at(paris, { desiredState: 'Stopped' }));
  await two.released(paris);
  await copyKey(tokyo);
  await merged(two.copy(tokyo, 'a-copy'));
  await merged(two.approving(digestIn(await two.holds(tokyo, 'SignerState'))));
  await two.runs(tokyo, 'copy');
  await two.hasSeen(paris, tokyo);
  const waits = await two.planInCluster(paris, two.at(paris));
  expect(waits).toContain(`which executor ${tokyo.executor} has reserved for its node ${tokyo.namespace}/copy since`);
  await merged(two.copy(tokyo, 'a-copy', { desiredState: 'Stopped' }));
  await two.released(tokyo);
  await merged(two.at(paris));
  await two.waits(paris, 'SignerState');
  const sync = await two.holds(paris, 'SignerState');
  const plan = await two.planInCluster(paris, two.at(paris));
  expect(plan).toContain(`! start BlockchainNode ${paris.namespace}/val`);
  expect(plan).toContain(
    `HELD by SignerState: its key has signed on ${tokyo.namespace}/copy of executor ${tokyo.executor}`,
  );
  expect(digestIn(sync)).toBe(/Held actions: (sha256:\w+)/.exec(plan)?.[1]);
});
