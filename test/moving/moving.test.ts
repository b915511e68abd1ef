// A node goes to another executor, step by step as repo-template/docs/moving.md says, and in ways that the page does not
// advise: two running controllers, one repository, the plan of each pull request.

import { setImmediate } from 'node:timers/promises';

import { afterAll, afterEach, beforeAll, describe, expect, it } from 'vitest';

import { type PrivateCluster, privateCluster, testCluster } from '../support/cluster.ts';
import { deleteBranch, git } from '../support/git-repo.ts';
import { heldDigest } from '../support/held-digest.ts';
import { waitFor } from '../support/wait-for.ts';
import { STATUS_BRANCH } from '../controller/fleet.ts';
import { type TwoExecutors, twoExecutors, type TwoOptions } from '../controller/two-executors.ts';

let kubeconfig: string;
let other: PrivateCluster;
beforeAll(async () => {
  kubeconfig = (await testCluster()).kubeconfigPath;
  other = await privateCluster('moving');
});
afterAll(async () => {
  await other?.down();
});

let two: TwoExecutors;
afterEach(async () => {
  await two?.close();
});

/** Both controllers run, and `val` runs on the first. */
async function begin(options: Partial<TwoOptions> = {}, spec: object = {}): Promise<TwoExecutors> {
  two = await twoExecutors({ kubeconfig, otherKubeconfig: other.kubeconfigPath, ...options });
  await two.run(two.paris);
  await two.run(two.tokyo);
  await merged(two.at(two.paris, spec));
  if ('desiredState' in spec) await two.waits(two.paris, 'Stopped');
  else await two.runs(two.paris);
  return two;
}

async function merged(files: Readonly<Record<string, string>>): Promise<string> {
  const plan = await two.propose(files);
  two.merge();
  return plan;
}

const STOPPED = { desiredState: 'Stopped' };
/** To be approved, as `plan` and `sync.yaml` show it. */
const digestIn = (text: string): string => /sha256:[0-9a-f]{64}/.exec(text.replaceAll(/sha1:\w+/g, ''))?.[0] ?? 'none';
const heldIn = (sync: string): string => heldDigest(sync) ?? 'none';

describe('between two clusters', () => {
  it('step by step, with a volume that was handed over; the other nodes of both are not touched', async () => {
    const { paris, tokyo, at, propose, show } = await begin();
    await merged({ ...two.neighbour(paris), ...two.neighbour(tokyo) });
    const neighbours = [paris, tokyo].map(async (fleet) => await two.runs(fleet, `by-${fleet.executor}`));
    const before = (await Promise.all(neighbours)).map(({ metadata }) => metadata.uid);
    const tips = git(paris.repo, ['rev-list', '--count', STATUS_BRANCH]);

    // 1. Stop the node.
    expect(await merged(at(paris, STOPPED))).toContain('the pod val-0 stops');
    await two.waits(paris, 'Stopped');
    await two.released(paris);

    // In place of steps 2 and 4: a volume of the old name and with the label of the node, in the new cluster.
    const old = await two.object(paris, 'PersistentVolumeClaim');
    const { accessModes, resources, storageClassName } = (old?.['spec'] ?? {}) as Readonly<Record<string, unknown>>;
    const handedOver = await tokyo.cluster.create({
      apiVersion: 'v1',
      kind: 'PersistentVolumeClaim',
      metadata: { name: 'data-val-0', namespace: tokyo.namespace, labels: { 'novacula.com/node': 'val' } },
      spec: { accessModes, resources, storageClassName },
    });

    // 3. Change the executor, and leave it stopped.
    const move = await merged(at(tokyo, STOPPED));
    expect(move).toContain(`- move BlockchainNode ${paris.namespace}/val to executor ${tokyo.executor}`);
    expect(move).toContain('its volumes are kept');
    expect(move).toContain(`+ move BlockchainNode ${paris.namespace}/val from executor ${paris.executor}`);
    expect(move).toContain('no pod starts: the node is stopped');
    expect(move).not.toContain('HELD');
    await two.isGone(paris);
    await two.waits(tokyo, 'Stopped');
    expect((await two.object(paris, 'PersistentVolumeClaim'))?.metadata).toMatchObject({ uid: old?.metadata.uid });

    // 5. Start the node: the plan of the pull request has the hold and the digest of the controller.
    const start = await merged(at(tokyo));
    expect(start).toContain('HELD by SignerState: its key has signed on');
    const held = await two.holds(tokyo, 'SignerState');
    expect(heldIn(held)).toBe(digestIn(start));
    expect(await two.mayRun(tokyo)).toBe(false);
    await merged(two.approving(digestIn(start)));
    const pod = await two.runs(tokyo);
    expect(pod['spec']).toMatchObject({
      volumes: expect.arrayContaining([
        expect.objectContaining({ persistentVolumeClaim: { claimName: handedOver.metadata.name } }),
      ]),
    });
    expect((await two.object(tokyo, 'PersistentVolumeClaim'))?.metadata.uid).toBe(handedOver.metadata.uid);
    expect(await two.mayRun(paris)).toBe(false);
    await waitFor('the reservation is on the branch', () => show(`${tokyo.executor}/keys.yaml`).includes('state: Reserved')); // prettier-ignore
    expect(show(`${paris.executor}/keys.yaml`)).toContain('state: Released');

    // Side by side on one branch that only grew, with one README over all.
    const now = [paris, tokyo].map(async (fleet) => await two.runs(fleet, `by-${fleet.executor}`));
    expect((await Promise.all(now)).map(({ metadata: { uid } }) => uid)).toEqual(before);
    await waitFor('the README has every node once', () => rowsOf('val') === 1 && rowsOf(`by-${paris.executor}`) === 1 && rowsOf(`by-${tokyo.executor}`) === 1); // prettier-ignore
    expect(git(paris.repo, ['rev-list', '--count', '--no-merges', STATUS_BRANCH])).not.toBe(tips);
    for (const { executor } of [paris, tokyo]) expect(foreignWrites(executor)).toEqual([]);
    expect(await propose(at(tokyo))).not.toMatch(/^[-+~!] /m);
  }, 600_000);

  it('in one commit while it runs: first the old pod is gone, then the plan asks for the approval that the pull request showed', async () => {
    const { paris, tokyo, at } = await begin();
    const plan = await two.propose(at(tokyo));
    expect(plan).toContain('HELD by KeyReserved');
    two.merge();
    const neverBoth = watchSigners(two);
    const held = await two.holds(tokyo, 'SignerState');
    expect(await two.object(tokyo, 'BlockchainNode')).toBeUndefined();
    await two.isGone(paris);
    await two.released(paris);
    await merged(two.approving(heldIn(held)));
    await two.runs(tokyo);
    expect(await neverBoth()).toEqual([]);
  }, 600_000);

  it('keeps the volumes of a node with deletionPolicy: Delete, and counts as a deletion', async () => {
    const { paris, tokyo, at } = await begin(
      { guards: { maxDeletions: 0, maxDeletionPercent: 50 } },
      { deletionPolicy: 'Delete' },
    );
    // Until then a node that stays stopped may be created: what starts it is held.
    await two.hasSeen(tokyo, paris);
    const before = await two.object(paris, 'PersistentVolumeClaim');
    const plan = await merged(at(tokyo, { ...STOPPED, deletionPolicy: 'Delete' }));
    expect(plan).toContain('its volumes are kept');
    expect(plan).toContain('HELD by DeletionBudget');
    await two.holds(paris, 'DeletionBudget');
    await two.holds(tokyo, 'KeyReserved');
    expect(await two.mayRun(paris)).toBe(true);
    await merged(two.approving(digestIn(plan)));
    await two.isGone(paris);
    await two.waits(tokyo, 'Stopped');
    const after = await two.object(paris, 'PersistentVolumeClaim');
    expect(after?.metadata).toMatchObject({ uid: before?.metadata.uid });
    expect(after?.metadata.deletionTimestamp).toBeUndefined();
    expect(after?.metadata.ownerReferences).toBeUndefined();
  }, 600_000);

  it('waits for an executor that is down, also when the status branch is deleted meanwhile', async () => {
    const { paris, tokyo, at, show } = await begin();
    await two.hasSeen(tokyo, paris);
    await two.stop(paris);
    await merged(at(tokyo));
    await two.holds(tokyo, 'KeyReserved');
    deleteBranch(paris.repo, STATUS_BRANCH);
    await waitFor('tokyo publishes again', () => show(`${tokyo.executor}/sync.yaml`) !== '', 100_000);
    const held = await two.holds(tokyo, 'KeyReserved');
    expect(held).toContain(`executor ${paris.executor} has reserved the signing key`);
    expect(await two.object(tokyo, 'BlockchainNode')).toBeUndefined();
    expect(await two.mayRun(paris)).toBe(true);

    const neverBoth = watchSigners(two);
    await two.run(paris);
    await two.isGone(paris);
    await two.released(paris);
    await merged(two.approving(heldIn(await two.holds(tokyo, 'SignerState'))));
    await two.runs(tokyo);
    expect(await neverBoth()).toEqual([]);
  }, 600_000);
});

describe('within one cluster', () => {
  const oneCluster = (): Partial<TwoOptions> => ({ otherKubeconfig: kubeconfig });

  it('is deleted by the old executor and then created by the new one, on the same volume', async () => {
    const { paris, tokyo, at } = await begin(oneCluster());
    const pvc = await two.object(paris, 'PersistentVolumeClaim');
    const node = await two.object(paris, 'BlockchainNode');
    await merged(at(tokyo));
    const held = await two.holds(tokyo, 'SignerState');
    expect(await two.object(tokyo, 'BlockchainNode')).toBeUndefined();
    await two.isGone(paris);
    await merged(two.approving(heldIn(held)));
    await two.runs(tokyo);
    const now = await two.object(tokyo, 'BlockchainNode');
    expect(now?.metadata.uid).not.toBe(node?.metadata.uid);
    expect(now?.metadata.labels).toMatchObject({ 'validatoros.com/executor': tokyo.executor });
    expect((await two.object(tokyo, 'PersistentVolumeClaim'))?.metadata.uid).toBe(pvc?.metadata.uid);
  }, 600_000);

  it('is left alone by the new executor while the old one has not deleted it, and by the old one once it was taken over', async () => {
    const { paris, tokyo, at } = await begin(oneCluster(), { ...STOPPED });
    const node = await two.object(paris, 'BlockchainNode');
    const uid = node?.metadata.uid ?? '';
    await two.stop(paris);
    await merged(at(tokyo, STOPPED));
    const held = await two.holds(tokyo, 'NotOurs');
    expect(held).toContain(`the executor ${paris.executor} has not deleted the node yet`);
    expect((await two.object(tokyo, 'BlockchainNode'))?.metadata.labels).toMatchObject({
      'validatoros.com/executor': paris.executor,
    });

    await merged(two.approving(heldIn(held)));
    await waitFor('tokyo has taken it over', async () => (await owner(tokyo)) === tokyo.executor, 100_000);
    expect((await two.object(tokyo, 'BlockchainNode'))?.metadata.uid).toBe(uid);
    // The old executor planned the deletion before it saw that.
    const deleted = await two.deletesLate(paris, uid);
    expect(deleted).toEqual([]);
    expect((await two.object(tokyo, 'BlockchainNode'))?.metadata.deletionTimestamp).toBeUndefined();
    expect((await two.object(tokyo, 'BlockchainNode'))?.metadata.uid).toBe(uid);
  }, 600_000);
});

async function owner(fleet: TwoExecutors['paris']): Promise<string | undefined> {
  return (await two.object(fleet, 'BlockchainNode'))?.metadata.labels?.['validatoros.com/executor'];
}

/** Looks all the time; gives the moments at which both executors might have run the key. */
function watchSigners({ paris, tokyo, mayRun }: TwoExecutors): () => Promise<readonly number[]> {
  const both: number[] = [];
  const end = new AbortController();
  const looking = (async () => {
    while (!end.signal.aborted) {
      const [first, second] = await Promise.all([paris, tokyo].map(mayRun));
      if (first === true && second === true) both.push(Date.now());
      await setImmediate();
    }
  })();
  return async () => {
    end.abort();
    await looking;
    return both;
  };
}

/** Rows of the README about a node. */
function rowsOf(node: string): number {
  return two
    .show('README.md')
    .split('\n')
    .filter((line) => line.startsWith('|') && line.includes(`/${node}](`)).length;
}

/** Files below the folder of an executor that commits of the other one changed. */
function foreignWrites(executor: string): readonly string[] {
  const all = git(two.paris.repo, [
    'log',
    '--format=%(trailers:key=Executor,valueonly)',
    STATUS_BRANCH,
    '--',
    executor,
  ]);
  return all.split('\n').filter((line) => line !== '' && line !== executor);
}
