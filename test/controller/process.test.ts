// The process: one at a time, truthful probes, a clean end, a crash at any moment, and no secret in any text.

import { createHash, randomBytes } from 'node:crypto';
import { readFileSync } from 'node:fs';

import { afterAll, afterEach, beforeAll, beforeEach, expect, it, onTestFinished } from 'vitest';

import type { KubeObject } from '../../src/api/objects.ts';
import { KINDS } from '../../src/kube/kinds.ts';
import { controllerLease } from '../../src/kube/lease/holder.ts';
import { isObject, listAt, textAt } from '../../src/lib/json-value.ts';
import { makeSshKey } from '../signatures/keys.ts';
import { privateCluster, type PrivateCluster } from '../support/cluster.ts';
import { git, tipOf } from '../support/git-repo.ts';
import { basic } from '../support/git-server.ts';
import { heldDigest } from '../support/held-digest.ts';
import { makeValidators } from '../support/validators.ts';
import { waitFor } from '../support/wait-for.ts';
import { byHand } from './by-hand.ts';
import { BRANCH, type Fleet, startFleet, STATUS_BRANCH } from './fleet.ts';
import { prepare, published, publishedAsSeen } from './harness.ts';
import { type Process, startProcess } from './process.ts';

const PASSWORD = 'Kx93-geheim-7Qz';

let cluster: PrivateCluster;
let fleet: Fleet;
const processes: Process[] = [];

beforeAll(async () => {
  cluster = await privateCluster('loops');
});
afterAll(async () => {
  await cluster?.down();
});
beforeEach(async () => {
  fleet = await startFleet({
    kubeconfig: cluster.kubeconfigPath,
    nodes: 3,
    spec: ['nodeType: full'],
    git: { accept: [basic('git', PASSWORD)] },
  });
  await prepare(fleet);
});
afterEach(async ({ task }) => {
  if (task.result?.state === 'fail') for (const process of processes) console.error(await process.lastLog(25));
  for (const process of processes.splice(0)) await process.cleanUp();
  await fleet.close();
});

async function start(args: readonly string[] = []): Promise<Process> {
  const process = await startProcess(fleet, { password: PASSWORD, args });
  processes.push(process);
  return process;
}

function tip(): string {
  return tipOf(fleet.repo, BRANCH) ?? '';
}

it('is live from the start and ready after the first sync only; SIGTERM ends it with 0 and the last status', async () => {
  fleet.server.fault = () => ({ do: 'status', status: 503 });
  const process = await start();
  await waitFor('it tried Git', async () => (await process.log()).includes('Reconciliation failed'));
  expect((await process.probe('/healthz')).status).toBe(200);
  const unready = await process.probe('/readyz');
  expect([unready.status, unready.text]).toEqual([503, 'waiting for the first sync\n']);
  fleet.server.fault = undefined;
  await published(fleet, undefined, tip());
  await waitFor('it is ready', async () => (await process.probe('/readyz')).status === 200);
  const metrics = (await process.probe('/metrics')).text;
  for (const name of [
    'nodewright_seconds_since_last_success',
    'nodewright_build_info',
    'process_resident_memory_bytes',
  ])
    expect(metrics).toContain(name);
  const last = fleet.commit({ 'nodes/n3.yaml': fleet.nodeFile('n3') });
  // What ends then is the push alone.
  await waitFor('the commit is carried out', async () => {
    const { namespace, executor } = fleet;
    const ref = { apiVersion: 'v1', kind: 'ConfigMap', namespace, name: `nodewright-${executor}` };
    return JSON.stringify(await fleet.cluster.get(ref)).includes(last);
  });
  expect(await process.stop()).toBe(0);
  expect(fleet.statusFile('sync.yaml')).toContain(`applied: ${BRANCH}@sha1:${last}`);
  expect(fleet.statusFile(`nodes/${fleet.namespace}/n3.yaml`)).toBeDefined();
  expect(await process.log()).toContain('"msg":"Ended"');
});

it('only one of two with the same name acts; the other takes over when the first is killed', async () => {
  const first = await start();
  await published(fleet, undefined, tip());
  const second = await start();
  await waitFor('the second waits', async () => (await second.log()).includes('Waiting for the lease'));
  const commit = fleet.commit({ 'nodes/n3.yaml': fleet.nodeFile('n3') });
  await published(fleet, undefined, commit);
  expect(await second.log()).not.toContain('Creating object');
  expect((await second.probe('/readyz')).status).toBe(503);
  expect((await second.probe('/healthz')).status).toBe(200);
  await first.kill();
  const later = fleet.commit({ 'nodes/n4.yaml': fleet.nodeFile('n4') });
  await waitFor('the second carries on', async () => (await fleet.nodes()).has('n4'), 60_000);
  await published(fleet, undefined, later);
  const made = (await second.log()).split('\n').filter((line) => line.includes('Creating object'));
  expect(made.map((line) => /BlockchainNode [^"]*/.exec(line)?.[0])).toEqual([`BlockchainNode ${fleet.namespace}/n4`]);
  expect(await second.stop()).toBe(0);
});

it('only one of two with the same name acts also when their nodes are in different namespaces', async () => {
  const first = await start();
  await published(fleet, undefined, tip());
  const second = await start([`--namespace ${fleet.namespace}-x`]);
  await waitFor('the second waits', async () =>
    (await second.log()).includes('of the same executor in another namespace'),
  );
  await published(fleet, undefined, fleet.commit({ 'nodes/n3.yaml': fleet.nodeFile('n3') }));
  expect(await second.log()).not.toContain('Creating object');
  expect((await second.probe('/readyz')).status).toBe(503);
  expect(await second.stop()).toBe(0);
  expect(await first.stop()).toBe(0);
});

it('ends when someone else writes its Lease, and leads again although the Lease promises decades', async () => {
  const first = await start();
  await published(fleet, undefined, tip());
  const ref = controllerLease(fleet.executor, fleet.namespace);
  const evil = {
    holderIdentity: 'evil',
    leaseDurationSeconds: 2_000_000_000,
    renewTime: '2199-01-01T00:00:00.000000Z',
  };
  await waitFor('the Lease is written', async () => {
    const lease = await fleet.cluster.get(ref);
    if (lease === undefined) return false;
    const write = fleet.cluster.replace({ ...lease, spec: evil });
    return await write.then(
      () => true,
      () => false,
    );
  });
  expect(await first.ended).toBe(1);
  expect(await first.log()).toContain('evil holds it now');
  const second = await start();
  const later = fleet.commit({ 'nodes/n3.yaml': fleet.nodeFile('n3') });
  await waitFor('it carries on', async () => (await fleet.nodes()).has('n3'), 120_000);
  await published(fleet, undefined, later);
  expect(await second.stop()).toBe(0);
}, 240_000);

it('ends on SIGTERM also when it comes before it waits for the lease of another', async () => {
  const first = await start();
  await published(fleet, undefined, tip());
  const second = await start();
  await waitFor('the second has started', async () => (await second.log()).includes('"msg":"Started"'));
  expect(await second.stop()).toBe(0);
  expect(await first.stop()).toBe(0);
});

it('ends on SIGTERM also while the API server is away', async () => {
  const process = await start();
  await published(fleet, undefined, tip());
  await cluster.apiServer.kill();
  const code = await process.stop();
  await cluster.apiServer.start();
  expect(code).toBeGreaterThanOrEqual(0);
});

it('killed at random moments of a busy time, it ends where an undisturbed one would', async () => {
  const names = Array.from({ length: 12 }, (_, index) => `b${index}`);
  for (let round = 0; round < 6; round++) {
    const process = await start();
    await waitFor('it works', async () => (await process.log()).includes('Read revision'), 60_000);
    const changes = names.map((name, index) => [
      `nodes/${name}.yaml`,
      (index + round) % 4 === 3 ? null : fleet.nodeFile(name, ['desiredState: Stopped', `restartGeneration: ${round}`]),
    ]);
    fleet.commit({
      ...Object.fromEntries(changes),
      'fleet.yaml': fleet
        .fleetFile(['# budget'])
        .replace('maxDeletions: 1', 'maxDeletions: 100')
        .replace('maxDeletionPercent: 50', 'maxDeletionPercent: 100'),
    });
    const before = (await process.log()).length;
    // A moment after the commit was seen, a different one each time.
    await waitFor('it is in the middle of it', async () => (await process.log()).length > before + round * 700, 60_000);
    await process.kill();
    // As the container's restart would: the lease of the dead holder is free at once.
    await freeLease();
  }
  const process = await start();
  await published(fleet, undefined, tip());
  const wanted = git(fleet.repo, ['ls-tree', '--name-only', BRANCH, 'nodes/'])
    .split('\n')
    .map((file) => file.slice('nodes/'.length, -'.yaml'.length));
  await waitFor(
    'the cluster is as Git says',
    async () => [...(await fleet.nodes()).keys()].sort().join() === wanted.sort().join(),
    60_000,
  );
  const nodes = await fleet.nodes();
  for (const name of wanted.filter((one) => one.startsWith('b')))
    expect(nodes.get(name)?.spec.restartGeneration).toBe(5);
  await waitFor('each node is on the status branch', () =>
    wanted.every((name) => fleet.statusFile(`nodes/${fleet.namespace}/${name}.yaml`) !== undefined),
  );
  const listed = git(fleet.repo, ['ls-tree', '-r', '--name-only', STATUS_BRANCH, `${fleet.executor}/nodes/`]).split(
    '\n',
  );
  expect(listed.length).toBe(wanted.length);
  git(fleet.repo, ['fsck', '--strict']);
  expect(await process.stop()).toBe(0);
});

it('killed in the middle of an approved deletion, it carries out exactly the rest of it', async () => {
  const many = Array.from({ length: 60 }, (_, index) => `d${index}`);
  const stopped = (name: string): string => fleet.nodeFile(name, ['desiredState: Stopped']);
  fleet.commit(Object.fromEntries(many.map((name) => [`nodes/${name}.yaml`, stopped(name)])));
  const first = await start();
  await published(fleet, undefined, tip());
  fleet.commit(Object.fromEntries(many.map((name) => [`nodes/${name}.yaml`, null])));
  const digest = await waitFor('the deletions are held', () => {
    const text = fleet.statusFile('sync.yaml') ?? '';
    return text.includes('60 deletions') ? heldDigest(text) : undefined;
  });
  fleet.commit({ 'fleet.yaml': fleet.fleetFile(['approvals:', `  - digest: ${digest}`]) });
  await waitFor('some of them are gone', async () => (await fleet.nodes()).size < 63);
  await first.kill();
  const left = (await fleet.nodes()).size;
  await freeLease();
  const second = await start();
  await waitFor(
    'exactly the approved are gone',
    async () => [...(await fleet.nodes()).keys()].sort().join() === 'n0,n1,n2',
    60_000,
  );
  await published(fleet, undefined, tip());
  expect(left).toBeLessThan(63);
  expect(await second.log()).not.toContain('Holding action');
});

it('no secret is in the log, an Event, an object, a figure or any commit of the status branch', async () => {
  const signing = makeSshKey('ed25519');
  const process = await start(['--signing-key-file', signing.file]);
  await published(fleet, undefined, tip());
  const validators = makeValidators({ chainId: 'redact-1', namespace: fleet.namespace, names: ['val', 'torn'] });
  for (const object of validators.objects as readonly KubeObject[])
    await fleet.cluster.create(torn(object, validators.secretOf('torn')));
  const withSecret = fleet
    .nodeFile('n0')
    .replace('network: dev', 'network: hoodi')
    .replace('el: {', 'cl: { name: lighthouse }, el: {');
  fleet.commit({
    'nodes/j0.yaml': withSecret.replace('name: n0', 'name: j0'),
    // Its RPC has a user and a password, which the controller makes and sends.
    'nodes/b0.yaml': nodeOf('b0', {
      chain: 'bitcoin',
      network: 'regtest',
      clients: { node: { name: 'btcd' } },
      ...SMALL,
    }),
    'nodes/val.yaml': nodeOf('val', validators.validator('val')),
    'nodes/torn.yaml': nodeOf('torn', validators.validator('torn')),
  });
  const secrets = await waitFor('the Secrets of the nodes are there', async () => {
    const found = await fleet.cluster.list(KINDS.Secret, { namespace: fleet.namespace });
    return found.length >= 4 ? found : undefined;
  });
  await waitFor('the torn key is reported', () => fleet.statusFile(`nodes/${fleet.namespace}/torn.yaml`));
  fleet.server.fault = () => ({ do: 'status', status: 403, body: `no entry with ${PASSWORD}` });
  fleet.commit({ 'nodes/n1.yaml': 'kind: [' });
  await waitFor('it failed', async () => (await process.log()).includes('Reconciliation failed'));
  const figures = (await process.probe('/metrics')).text;
  fleet.server.fault = undefined;
  await publishedAsSeen(fleet, undefined, tip());
  await process.stop();
  const values = secrets.flatMap((secret) => Object.values((secret['data'] ?? {}) as Record<string, string>));
  // The user of an RPC is no secret: it is our own name.
  const texts = values.map((value) => Buffer.from(value, 'base64').toString()).filter((text) => text !== 'nodewright');
  const forbidden = [
    PASSWORD,
    basic('git', PASSWORD).split(' ')[1] ?? '',
    ...values,
    ...texts,
    // The begin of a private key, without the JSON or the armour around it; public keys are shorter.
    ...texts.flatMap((text) => /"value":\s*"([A-Za-z0-9+/]{60})/.exec(text)?.[1] ?? []),
    ...readFileSync(signing.file, 'utf8')
      .split('\n')
      .filter((line) => line !== '' && !line.startsWith('-----')),
  ];
  const places = [
    await process.log(),
    figures,
    JSON.stringify(await fleet.cluster.list(KINDS.Event, { namespace: fleet.namespace })),
    JSON.stringify([...(await fleet.nodes()).values()]),
    JSON.stringify(await fleet.cluster.list(KINDS.ConfigMap, { namespace: fleet.namespace })),
    JSON.stringify(await fleet.cluster.list(KINDS.StatefulSet, { namespace: fleet.namespace })),
    git(fleet.repo, ['log', '-p', STATUS_BRANCH]),
  ];
  expect(values.length).toBeGreaterThan(4);
  const leaks = forbidden.filter((value) => value !== '' && places.some((place) => place.includes(value)));
  expect(leaks).toEqual([]);
});

it('no key that a client or a worker says with its last words is in any of these places, and what is no secret stays', async () => {
  const key = randomBytes(64).toString('base64');
  const bytes = randomBytes(32).toString('hex');
  const file = JSON.stringify({ priv_key: { type: 'tendermint/PrivKeyEd25519', value: key } }, null, 2);
  const secrets = [key.slice(0, 40), key.slice(-40), bytes, 'hunter2hunter2', 'ghp_'.padEnd(30, 'aB3'), 'winner thank'];
  const hash = createHash('sha256').update(bytes).digest('hex');
  const words = 'legal winner thank year wave sausage worth useful legal winner thank yellow';
  const process = await start(['--image', 'nodewright.invalid/worker:test']);
  const hand = byHand(cluster.kubeconfigPath);
  await endContainer(await runningPod('n0-0'), `cannot load ${file}`);
  const isShown = (): boolean =>
    fleet.statusFile(`nodes/${fleet.namespace}/n0.yaml`)?.includes('CrashLoopBackOff') === true;
  await waitFor('the crash is reported', isShown);
  const machine = textAt(await runningPod('n1-0'), ['spec', 'nodeName']) ?? '';
  // The pod of the worker waits for a place, so that its end can be written by hand.
  const place = { apiVersion: 'v1', kind: 'Node', name: machine, namespace: '' };
  await hand.patch(place, { spec: { unschedulable: true } });
  onTestFinished(async () => await hand.patch(place, { spec: { unschedulable: null } }));
  fleet.commit({ 'jobs/b.yaml': nodeOf('b', { node: 'n1' }).replace('BlockchainNode', 'Backup') });
  const message = `password=hunter2hunter2 and token ${secrets[4]}, jwt secret 0x${bytes}; ${words}; ${file}; image a@sha256:${hash}, block 0x${hash}`;
  await endWorker('backup-b-', JSON.stringify({ ok: false, code: 'WorkFailed', message }));
  await hand.patch(place, { spec: { unschedulable: null } });
  const ref = { apiVersion: 'validatoros.com/v1alpha1', kind: 'Backup', namespace: fleet.namespace, name: 'b' };
  const backup = await waitFor('the job has failed', async () => {
    const live = await fleet.cluster.get(ref);
    return JSON.stringify(live?.['status'] ?? {}).includes('"phase":"Failed"') ? live : undefined;
  }, 120_000); // prettier-ignore
  await waitFor('its record is published', () =>
    fleet.statusFile(`jobs/backup/${fleet.namespace}/b.yaml`)?.includes('phase: Failed'),
  );
  const figures = (await process.probe('/metrics')).text;
  await process.stop();
  const places = { ...(await placesOf(process, figures)), backup: JSON.stringify(backup) };
  for (const secret of secrets)
    expect(Object.entries(places).filter(([, text]) => text.includes(secret)).map(([place]) => place)).toEqual([]); // prettier-ignore
  for (const place of [places.backup, places.events, places.branch]) {
    expect(place).toContain(`image a@sha256:${hash}, block 0x${hash}`);
    expect(place).toContain('password=[redacted]');
  }
}, 300_000);

async function placesOf(process: Process, figures: string) {
  const { cluster: kube, namespace, repo } = fleet;
  const textOf = async (kind: Parameters<typeof kube.list>[0]): Promise<string> =>
    JSON.stringify(await kube.list(kind, { namespace }));
  return {
    log: await process.log(),
    figures,
    events: await textOf(KINDS.Event),
    nodes: JSON.stringify([...(await fleet.nodes()).values()]),
    configMaps: await textOf(KINDS.ConfigMap),
    leases: await textOf(KINDS.Lease),
    statefulSets: await textOf(KINDS.StatefulSet),
    branch: git(repo, ['log', '-p', STATUS_BRANCH]),
  };
}

async function runningPod(name: string): Promise<KubeObject> {
  return await waitFor(`${name} runs`, async () => {
    const pod = await fleet.cluster.get({ apiVersion: 'v1', kind: 'Pod', namespace: fleet.namespace, name });
    return textAt(pod, ['status', 'phase']) === 'Running' ? pod : undefined;
  });
}

/** Its containers end again and again with these words. */
async function endContainer(pod: KubeObject, message: string): Promise<void> {
  const [state, lastState] = [
    { waiting: { reason: 'CrashLoopBackOff' } },
    { terminated: { exitCode: 1, reason: 'Error', message } },
  ];
  const containerStatuses = listAt(pod, ['status', 'containerStatuses']).map((one) => ({
    ...(one as object),
    ready: false,
    restartCount: 3,
    state: { running: null, ...state },
    lastState,
  }));
  await byHand(cluster.kubeconfigPath).patchPodStatus(
    { namespace: fleet.namespace, name: pod.metadata.name },
    { containerStatuses },
  );
}

/** The worker pod whose name begins so ends with these words. */
async function endWorker(prefix: string, message: string): Promise<void> {
  const pod = await waitFor('the worker pod waits', async () => {
    const pods = await fleet.cluster.list(KINDS.Pod, { namespace: fleet.namespace });
    return pods.find(({ metadata }) => metadata.name.startsWith(prefix));
  }, 120_000); // prettier-ignore
  const state = { terminated: { exitCode: 1, message, finishedAt: new Date().toISOString() } };
  const status = { name: 'work', image: 'x', imageID: 'x', ready: false, restartCount: 0, state };
  await byHand(cluster.kubeconfigPath).patchPodStatus(
    { namespace: fleet.namespace, name: pod.metadata.name },
    { phase: 'Failed', containerStatuses: [status] },
  );
}

const SMALL = { storage: { data: { size: '1Gi' } } };

function nodeOf(name: string, spec: object): string {
  return JSON.stringify({ apiVersion: 'validatoros.com/v1alpha1', kind: 'BlockchainNode', metadata: { name }, spec });
}

/** The Secret of that name gets key files that break off in the middle of the key: a parser would quote them. */
function torn(object: KubeObject, name: string): KubeObject {
  const texts = object['stringData'];
  const metadata = { ...object.metadata, namespace: fleet.namespace };
  if (object.metadata.name !== name || !isObject(texts)) return { ...object, metadata };
  const halves = Object.entries(texts).map(([file, text]) => [file, String(text).slice(0, -12)]);
  return { ...object, metadata, stringData: Object.fromEntries(halves) };
}

async function freeLease(): Promise<void> {
  const ref = {
    apiVersion: 'coordination.k8s.io/v1',
    kind: 'Lease',
    namespace: fleet.namespace,
    name: `nodewright-${fleet.executor}`,
  };
  const uid = (await fleet.cluster.get(ref))?.metadata.uid;
  if (uid !== undefined) await fleet.cluster.remove(ref, { uid, propagation: 'Background' });
}
