// Two clusters, one repository, one key: never do both run it, also with a damaged status branch or with Git down.

import { afterAll, afterEach, beforeAll, beforeEach, expect, it } from 'vitest';

import { findCondition } from '../../src/api/conditions.ts';
import type { KubeObject } from '../../src/api/objects.ts';
import { readBranchWarning } from '../../src/cli/branch-warning.ts';
import { connectCluster } from '../../src/kube/api-cluster.ts';
import { textAt, valueAt } from '../../src/lib/json-value.ts';
import { type PrivateCluster, privateCluster, testCluster } from '../support/cluster.ts';
import { commitFiles, deleteBranch, git } from '../support/git-repo.ts';
import { heldDigest } from '../support/held-digest.ts';
import { makeValidators, type Validators } from '../support/validators.ts';
import { waitFor } from '../support/wait-for.ts';
import { type Fleet, startFleet, STATUS_BRANCH } from './fleet.ts';
import { prepare, runController, type Running } from './harness.ts';

let kubeconfig: string;
let otherCluster: PrivateCluster;
beforeAll(async () => {
  kubeconfig = (await testCluster()).kubeconfigPath;
  otherCluster = await privateCluster('keys');
});
afterAll(async () => {
  await otherCluster?.down();
});

/** Each with a cluster of its own. */
let paris: Fleet;
let tokyo: Fleet;
let validators: Validators;
const runnings: Running[] = [];
beforeEach(async () => {
  paris = await startFleet({ kubeconfig, nodes: 0 });
  const executor = `${paris.executor}-b`;
  const cluster = connectCluster({ kubeconfig: otherCluster.kubeconfigPath });
  tokyo = { ...paris, kubeconfig: otherCluster.kubeconfigPath, cluster, executor };
  validators = makeValidators({ chainId: 'keys-1', namespace: paris.namespace, names: ['val'] });
  for (const fleet of [paris, tokyo]) {
    await prepare(fleet);
    for (const object of validators.objects as readonly KubeObject[]) {
      // A copy of the key has another name in each cluster: files with one Secret would be refused.
      const name = object.kind === 'Secret' ? secretOf(fleet) : object.metadata.name;
      await fleet.cluster.create({ ...object, metadata: { ...object.metadata, name, namespace: fleet.namespace } });
    }
  }
  paris.commit({ 'fleet.yaml': fleetFile() });
});
afterEach(async () => {
  paris.server.fault = undefined;
  for (const running of runnings.splice(0)) await running.stop();
  await tokyo.cluster.close();
  await paris.close();
});

function fleetFile(more: readonly string[] = []): string {
  const executors = `[{ name: ${paris.executor} }, { name: ${tokyo.executor} }]`;
  return paris.fleetFile(more).replace(`[{ name: ${paris.executor} }]`, executors);
}

/** The file of the fleet's own node with the key: `val-<executor>`. */
function signer(fleet: Fleet, spec: object = {}): Readonly<Record<string, string>> {
  const name = nameOf(fleet);
  const { executor } = fleet;
  const node = {
    apiVersion: 'validatoros.com/v1alpha1',
    kind: 'BlockchainNode',
    metadata: { name },
    spec: { executor, ...validators.validator('val'), identity: { secretName: secretOf(fleet) }, ...spec },
  };
  return { [`nodes/${name}.yaml`]: JSON.stringify(node) };
}

const secretOf = ({ executor }: Fleet): string => `key-${executor}`;
const nameOf = ({ executor }: Fleet): string => `val-${executor}`;

async function run(fleet: Fleet): Promise<Running> {
  const running = await runController(fleet, { settings: { statusLookMs: 1000 } });
  runnings.push(running);
  return running;
}

const VERSIONS = { BlockchainNode: 'validatoros.com/v1alpha1', StatefulSet: 'apps/v1', Pod: 'v1' } as const;

/** Of the fleet's own node. */
async function object(fleet: Fleet, kind: keyof typeof VERSIONS): Promise<KubeObject | undefined> {
  const name = kind === 'Pod' ? `${nameOf(fleet)}-0` : nameOf(fleet);
  return await fleet.cluster.get({ apiVersion: VERSIONS[kind], kind, namespace: fleet.namespace, name });
}

/** Whether its pod may sign now, or soon. */
async function mayRun(fleet: Fleet): Promise<boolean> {
  const statefulSet = await object(fleet, 'StatefulSet');
  const pod = await object(fleet, 'Pod');
  return pod !== undefined || valueAt(statefulSet, ['spec', 'replicas']) === 1;
}

async function whoRuns(): Promise<readonly Fleet[]> {
  const isRunning = await Promise.all([paris, tokyo].map(mayRun));
  return [paris, tokyo].filter((_, index) => isRunning[index]);
}

async function runs(fleet: Fleet): Promise<void> {
  await waitFor(`${fleet.executor} runs`, async () => (await object(fleet, 'Pod')) !== undefined, 100_000);
}

async function waits(fleet: Fleet, reason: string): Promise<string> {
  return await waitFor(
    `${fleet.executor} waits: ${reason}`,
    async () => {
      const node = (await object(fleet, 'BlockchainNode')) as never;
      const ready = findCondition(valueAt(node, ['status', 'conditions']) as never, 'Ready');
      return ready?.reason === reason ? ready.message : undefined;
    },
    100_000,
  );
}

const keysOf = (fleet: Fleet): string => {
  try {
    return git(paris.repo, ['show', `${STATUS_BRANCH}:${fleet.executor}/keys.yaml`]);
  } catch {
    return '';
  }
};

async function reserved(fleet: Fleet): Promise<void> {
  await waitFor('the branch has the reservation', () => keysOf(fleet).includes('state: Reserved'), 100_000);
}

it('of two that want it at the same moment one runs; a branch that is deleted or edited by hand changes nothing', async () => {
  const stopped = { desiredState: 'Stopped' };
  paris.commit({ ...signer(paris, stopped), ...signer(tokyo, stopped) });
  const both = await Promise.all([run(paris), run(tokyo)]);
  await Promise.all([paris, tokyo].map(async (fleet) => await waits(fleet, 'Stopped')));
  paris.commit({ ...signer(paris), ...signer(tokyo) });
  for (const { controller } of both) controller.requestSync();
  const winner = await waitFor('one of them runs', async () => (await whoRuns())[0], 100_000);
  const loser = winner === paris ? tokyo : paris;
  const message = await waits(loser, 'KeyReserved');
  expect(message).toContain(`Executor ${winner.executor} has reserved the signing key sha256:`);
  expect(message).toContain(`its node ${winner.namespace}/${nameOf(winner)} since 20`);
  await reserved(winner);
  expect(keysOf(loser)).not.toContain('Reserved');
  expect(git(paris.repo, ['log', '-p', STATUS_BRANCH])).not.toContain(privateKey());

  const before = keysOf(winner);
  deleteBranch(paris.repo, STATUS_BRANCH);
  await waitFor('the reservation is put back', () => keysOf(winner) === before, 100_000);
  const edited = { [`${winner.executor}/keys.yaml`]: before.replaceAll('Reserved', 'Released') };
  commitFiles(paris.repo, edited, { branch: STATUS_BRANCH });
  await waitFor('the reservation is put back', () => keysOf(winner) === before, 100_000);
  expect(await mayRun(loser)).toBe(false);
  expect((await waits(loser, 'KeyReserved')).length).toBeGreaterThan(0);

  // The loser was to run all the time, but the record of what the key signed is in the other cluster.
  paris.commit(signer(winner, { desiredState: 'Stopped' }));
  const approved = await startsOnlyApproved(loser, []);
  expect(await mayRun(winner)).toBe(false);
  expect(keysOf(winner)).toContain('state: Released');
  paris.commit(signer(winner));
  await waits(winner, 'KeyReserved');
  expect(await mayRun(winner)).toBe(false);
  // Back again: what it has signed itself is not the last that was signed.
  paris.commit(signer(loser, { desiredState: 'Stopped' }));
  await startsOnlyApproved(winner, approved);
  expect(await mayRun(loser)).toBe(false);
}, 400_000);

/** Gives the approvals so far. */
async function startsOnlyApproved(fleet: Fleet, before: readonly string[]): Promise<readonly string[]> {
  expect(await waits(fleet, 'SignerState')).toContain('its key has signed on');
  const digest = heldDigest(await held(fleet, 'SignerState')) ?? '';
  expect(await mayRun(fleet)).toBe(false);
  const all = [...before, digest];
  paris.commit({ 'fleet.yaml': fleetFile([approvals(...all)]) });
  await runs(fleet);
  return all;
}

it('what an executor held that is down is held, also when its file is removed; an approval overrules it', async () => {
  paris.commit(signer(paris));
  const first = await run(paris);
  await runs(paris);
  const second = await run(tokyo);
  await waitFor(
    'the other one has seen it',
    async () => (await memoryOf(tokyo)).includes(`${paris.executor} sha256:`),
    100_000,
  );
  await first.stop();
  commitFiles(paris.repo, { [`${paris.executor}/keys.yaml`]: null }, { branch: STATUS_BRANCH });
  paris.commit(signer(tokyo));
  second.controller.requestSync();
  const [, overrule = ''] = /approval (sha256:[0-9a-f]{64})/.exec(await held(tokyo, 'KeyReserved')) ?? [];
  expect(await mayRun(tokyo)).toBe(false);
  paris.commit({ 'fleet.yaml': fleetFile([approvals(overrule)]) });
  second.controller.requestSync();
  // The key has signed in the other cluster: that needs an approval too.
  const signed = heldDigest(await held(tokyo, 'SignerState')) ?? '';
  expect(await mayRun(tokyo)).toBe(false);
  paris.commit({ 'fleet.yaml': fleetFile([approvals(overrule, signed)]) });
  second.controller.requestSync();
  await runs(tokyo);
  await reserved(tokyo);
}, 400_000);

function approvals(...digests: readonly string[]): string {
  return `approvals: [${digests.map((digest) => `{ digest: "${digest}" }`).join(', ')}]`;
}

/** `sync.yaml` when an action is held for that reason. */
async function held(fleet: Fleet, guard: string): Promise<string> {
  return await waitFor(
    `${fleet.executor} holds an action: ${guard}`,
    () => {
      const text = git(paris.repo, ['show', `${STATUS_BRANCH}:${fleet.executor}/sync.yaml`]);
      return text.includes(`guard: ${guard}`) && text;
    },
    100_000,
  );
}

it('with Git down a signer keeps running, also over a restart, and no new one starts', async () => {
  paris.commit(signer(paris));
  const first = await run(paris);
  await runs(paris);
  paris.server.fault = () => ({ do: 'status', status: 503 });
  await first.stop();
  await run(paris);
  await run(tokyo);
  // By hand, because Git cannot be read.
  const [file = ''] = Object.values(signer(tokyo));
  const node = JSON.parse(file) as KubeObject;
  await tokyo.cluster.create({ ...node, metadata: { ...node.metadata, namespace: tokyo.namespace } });
  expect(await waits(tokyo, 'KeyPending')).toContain('is not on the status branch yet');
  expect(await mayRun(tokyo)).toBe(false);
  expect(await mayRun(paris)).toBe(true);
  paris.server.fault = undefined;
  await waits(tokyo, 'KeyReserved');
  expect(await mayRun(tokyo)).toBe(false);
}, 400_000);

async function memoryOf(fleet: Fleet): Promise<string> {
  const { namespace, executor } = fleet;
  const found = await fleet.cluster.get({
    apiVersion: 'v1',
    kind: 'ConfigMap',
    namespace,
    name: `nodewright-${executor}`,
  });
  return textAt(found, ['data', 'keys']) ?? '';
}

function privateKey(): string {
  const secret = validators.objects.find((one) => 'stringData' in one) as { stringData: Record<string, string> };
  const file: unknown = JSON.parse(secret.stringData['priv_validator_key.json'] ?? '{}');
  return textAt(file, ['priv_key', 'value']) ?? 'no key';
}

it('a key file that clients read in different ways starts no node, until it has one key', async () => {
  const good = JSON.stringify({ priv_key: { type: 'tendermint/PrivKeyEd25519', value: privateKey() } });
  const other = Buffer.alloc(64, 'o').toString('base64');
  await setKeyFile(good.replace('"value"', `"value":"${other}","VALUE"`));
  paris.commit(signer(paris));
  await run(paris);
  const message = await waits(paris, 'IdentityUnclear');
  expect(message).toContain(`Secret ${secretOf(paris)}`);
  expect(message).toContain('(priv_validator_key.json)');
  expect(message).not.toContain(privateKey());
  expect(await mayRun(paris)).toBe(false);
  await setKeyFile(good);
  await runs(paris);
});

async function setKeyFile(content: string): Promise<void> {
  const ref = { apiVersion: 'v1', kind: 'Secret', namespace: paris.namespace, name: secretOf(paris) };
  const value = Buffer.from(content).toString('base64');
  await paris.cluster.patch(ref, [{ op: 'replace', path: '/data/priv_validator_key.json', value }]);
}

it('a second cluster under one executor name applies nothing, and takes its place after an approval', async () => {
  const second: Fleet = { ...tokyo, executor: paris.executor };
  paris.commit(signer(paris));
  const first = await run(paris);
  await runs(paris);
  await reserved(paris);
  // The Secret has the name that the file of the node says.
  const [, secret] = validators.objects as readonly KubeObject[];
  if (secret !== undefined)
    await second.cluster.create({ ...secret, metadata: { ...secret.metadata, name: secretOf(paris), namespace: paris.namespace } }); // prettier-ignore
  const keys = keysOf(paris);
  const clusterNow = (): string | undefined => /^cluster: (\S+)/m.exec(show(`${paris.executor}/memory.yaml`))?.[1];
  const before = clusterNow();
  expect(before).toBeDefined();
  await run(second);
  const name = await waitFor('it reports under a name of its own', () => ownFolder(), 100_000);
  const sync = show(`${name}/sync.yaml`);
  expect(sync).toContain('state: Held');
  expect(sync).toMatch(/summary: another cluster \(\S+\) works under the name of executor/);
  expect(show('README.md')).toContain(name.replace('@', '&#64;'));
  expect(sync).toContain('nothing is applied, no job begins');
  expect(sync).toContain('guard: OtherCluster');
  expect(await object(second, 'BlockchainNode')).toBeUndefined();
  expect(await mayRun(second)).toBe(false);
  expect(await warningOf(second)).toContain('another cluster');
  expect(keysOf(paris)).toBe(keys);
  expect(await mayRun(paris)).toBe(true);

  await first.stop();
  const [, takeOver = ''] = /add the approval (sha256:[0-9a-f]{64})/.exec(sync) ?? [];
  paris.commit({ 'fleet.yaml': fleetFile([approvals(takeOver)]) });
  const reasons = await approvedAll(second, [takeOver], async () => await mayRun(second));
  // What the key has signed is on a volume of the other cluster.
  expect(reasons).toContain('MemoryLost');
  expect(reasons).toContain('SignerVolumeLost');
  await waitFor('the report is withdrawn', () => ownFolder() === undefined, 100_000);
  expect(clusterNow()).not.toBe(before);

  // The first one comes back: it sees who took its place, and changes nothing there.
  await run(paris);
  const own = await waitFor('the first one reports under a name of its own', () => ownFolder(), 100_000);
  expect(show(`${own}/sync.yaml`)).toContain(
    'apart from that nodes are created, changed, repaired and deleted as always',
  );
  expect(keysOf(second)).toContain('state: Reserved');
}, 400_000);

const show = (path: string): string => git(paris.repo, ['show', `${STATUS_BRANCH}:${path}`]);

/** Of the cluster that does not own the executor name. */
function ownFolder(): string | undefined {
  return git(paris.repo, ['ls-tree', '--name-only', STATUS_BRANCH])
    .split('\n')
    .find((folder) => folder.startsWith(`${paris.executor}@`));
}

async function warningOf(fleet: Fleet): Promise<string | undefined> {
  return await waitFor('an Event about the Lease', async () => await readBranchWarning(fleet.cluster, fleet), 100_000);
}

/** Approves everything that is held, until the fact holds. Gives what was held. */
async function approvedAll(
  fleet: Fleet,
  before: readonly string[],
  fact: () => Promise<boolean>,
): Promise<ReadonlySet<string>> {
  const digests = [...before];
  const guards = new Set<string>();
  await waitFor(
    'all approved',
    async () => {
      const sync = show(`${fleet.executor}/sync.yaml`);
      for (const [, guard = ''] of sync.matchAll(/guard: (\w+)/g)) guards.add(guard);
      const digest = heldDigest(sync);
      if (digest !== undefined && !digests.includes(digest)) {
        digests.push(digest);
        paris.commit({ 'fleet.yaml': fleetFile([approvals(...digests)]) });
      }
      return await fact();
    },
    150_000,
  );
  return guards;
}
