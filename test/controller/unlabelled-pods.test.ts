// Pods that run without the labels and owners by which the controller finds them: who may patch pods takes these off. Such a pod still
// signs with its key and writes to its volume.

import { afterAll, beforeAll, expect, it } from 'vitest';

import { API_VERSION, LABEL } from '../../src/api/group.ts';
import { findCondition } from '../../src/api/conditions.ts';
import type { JobStatus } from '../../src/api/job-status.ts';
import type { KubeObject } from '../../src/api/objects.ts';
import { KINDS } from '../../src/kube/kinds.ts';
import { textAt, valueAt } from '../../src/lib/json-value.ts';
import { testCluster } from '../support/cluster.ts';
import { heldDigest } from '../support/held-digest.ts';
import { RESTRICTED } from '../support/restricted-pod.ts';
import { makeValidators, type Validators } from '../support/validators.ts';
import { waitFor } from '../support/wait-for.ts';
import { byHand, type ByHand } from './by-hand.ts';
import { type Fleet, startFleet } from './fleet.ts';
import { prepare, runController, type Running } from './harness.ts';
import { planInCluster } from './two-executors.ts';

const NAMES = ['va', 'vb', 'vc', 'vd', 've'];
const PATIENCE_MS = 120_000;
/** No job gives up while the tests take their time. */
const SETTINGS = { settings: { stopDeadlineMs: 3_600_000 } };

let fleet: Fleet;
let running: Running;
let hand: ByHand;
let validators: Validators;
beforeAll(async () => {
  const { kubeconfigPath: kubeconfig } = await testCluster();
  const guards = { maxDeletions: 5, maxDeletionPercent: 100 };
  fleet = await startFleet({ kubeconfig, nodes: 0, guards });
  hand = byHand(kubeconfig);
  await prepare(fleet);
  const { namespace } = fleet;
  validators = makeValidators({ chainId: 'labels-1', namespace, names: NAMES });
  for (const object of validators.objects as readonly KubeObject[])
    await fleet.cluster.create({ ...object, metadata: { ...object.metadata, namespace } });
  running = await runController(fleet, SETTINGS);
  merge(Object.assign({}, ...NAMES.map((name) => validatorFile(name))));
  for (const name of NAMES) await get('Pod', `${name}-0`, isThere);
});
afterAll(async () => {
  await running?.stop();
  await fleet?.close();
});

const VERSIONS = { BlockchainNode: API_VERSION, Backup: API_VERSION, Switchover: API_VERSION, Pod: 'v1' } as const;
type Kind = keyof typeof VERSIONS;

const ref = (kind: Kind, name: string) => ({ apiVersion: VERSIONS[kind], kind, namespace: fleet.namespace, name });
const isThere = (live: KubeObject | undefined): boolean => live !== undefined;
const pod = (name: string) => ref('Pod', `${name}-0`);

async function get(kind: Kind, name: string, fits: (live: KubeObject | undefined) => boolean): Promise<KubeObject> {
  const found = await waitFor(
    `${kind} ${name}`,
    async () => {
      const live = await fleet.cluster.get(ref(kind, name));
      return fits(live) ? { live } : undefined;
    },
    PATIENCE_MS,
  );
  // Where its absence is waited for nothing is read of it.
  return found.live as KubeObject;
}

function merge(files: Parameters<Fleet['commit']>[0]): void {
  fleet.commit(files);
  running?.controller.requestSync();
}

function validatorFile(name: string, signer = name, more: object = {}): Readonly<Record<string, string>> {
  const spec = { ...validators.validator(signer), executor: fleet.executor, ...more };
  const file = { apiVersion: API_VERSION, kind: 'BlockchainNode', metadata: { name }, spec };
  return { [`nodes/${name}.yaml`]: JSON.stringify(file) };
}

function request(kind: Kind, name: string, spec: object): void {
  merge({ [`jobs/${name}.yaml`]: JSON.stringify({ apiVersion: API_VERSION, kind, metadata: { name }, spec }) });
}

async function jobSays(kind: Kind, name: string, fact: (status: JobStatus) => boolean): Promise<JobStatus> {
  const live = await get(kind, name, (job) => fact(job?.['status'] ?? {}));
  return live['status'] as JobStatus;
}

/** Takes off what is found by; the StatefulSet lets the pod go, and it runs on. */
async function hide(name: string, all: boolean): Promise<void> {
  const live = await fleet.cluster.get(pod(name));
  const labels = Object.keys(live?.metadata.labels ?? {}).map((label) => [label, null] as const);
  const metadata = all
    ? { labels: Object.fromEntries(labels), ownerReferences: null }
    : { labels: { [LABEL.node]: null } };
  await hand.patch(pod(name), { metadata });
  await get('Pod', `${name}-0`, (now) => (now?.metadata.ownerReferences ?? []).length === 0);
}

async function workerJobs(job: string): Promise<readonly string[]> {
  const jobs = await fleet.cluster.list(KINDS.Job, { namespace: fleet.namespace });
  return jobs.map(({ metadata }) => metadata.name).filter((name) => name.includes(job));
}

const readyOf = (live: KubeObject | undefined) =>
  findCondition(valueAt(live, ['status', 'conditions']) as never, 'Ready');

const runs = async (name: string): Promise<boolean> => (await fleet.cluster.get(pod(name))) !== undefined;

it('a Switchover exchanges no key while a pod runs with one of them; it names the pod', async () => {
  await hide('vc', false);
  request('Switchover', 'swap', { sourceNode: 'vc', destNode: 'vd' });
  const { message } = await jobSays('Switchover', 'swap', ({ message = '' }) => message.includes('vc-0'));
  expect(message).toContain(`kubectl -n ${fleet.namespace} delete pod vc-0), or put its labels back (${LABEL.node}=vc`);
  await get('Pod', 'vd-0', (live) => live === undefined);
  expect((await jobSays('Switchover', 'swap', () => true)).phase).toBe('Stopping');
  expect([await workerJobs('swap'), await runs('vc')]).toEqual([[], true]);
  await hand.remove(pod('vc'));
  await jobSays('Switchover', 'swap', ({ phase }) => phase === 'Working');
}, 300_000);

it('a Backup copies no volume that a pod without its labels and owner uses', async () => {
  await hide('vb', true);
  request('Backup', 'copy', { node: 'vb' });
  await jobSays('Backup', 'copy', ({ phase, message = '' }) => phase === 'Stopping' && message.includes('vb-0'));
  expect([await workerJobs('copy'), await runs('vb')]).toEqual([[], true]);
  await hand.remove(pod('vb'));
  await waitFor('it works', async () => (await workerJobs('copy')).length > 0, PATIENCE_MS);
}, 300_000);

it('a key stays reserved while a pod without its labels and owner has it, and no approval starts another', async () => {
  const keys = (): string => fleet.statusFile('keys.yaml') ?? '';
  await waitFor('the branch has the reservation', () => keys().includes(`${fleet.namespace}/va`), PATIENCE_MS);
  await hide('va', true);
  merge({ 'nodes/va.yaml': null });
  await get('BlockchainNode', 'va', (live) => live === undefined);
  const line = await waitFor(
    'it says what keeps the key',
    () => running.log.find(({ msg }) => msg.startsWith('Keeping key reservation')),
    PATIENCE_MS,
  );
  expect(line['reason']).toContain(`Pod ${fleet.namespace}/va-0 can still sign with the key`);
  expect(reservationOf('va')).toBe('Reserved');

  const advice = `kubectl -n ${fleet.namespace} delete pod va-0`;
  const planned = await planInCluster(fleet, validatorFile('vz', 'va'), ['--executor', fleet.executor]);
  expect([planned.includes('SignerState'), planned.replaceAll(/\s+/g, ' ').includes(advice)]).toEqual([true, true]);
  merge(validatorFile('vz', 'va'));
  const sync = (): string => (fleet.statusFile('sync.yaml') ?? '').replaceAll(/\s+/g, ' ');
  await waitFor('the held action names the pod', () => sync().includes(advice), PATIENCE_MS);
  await approve(['vz']);
  const refused = await get('BlockchainNode', 'vz', (live) => readyOf(live)?.reason === 'IdentityInUse');
  expect(readyOf(refused)?.message).toContain(`kubectl -n ${fleet.namespace} delete pod va-0`);
  expect([await runs('va'), await runs('vz')]).toEqual([true, false]);
  await hand.remove(pod('va'));
  await get('Pod', 'vz-0', isThere);

  function reservationOf(node: string): string | undefined {
    const entry = keys()
      .split('- key:')
      .find((one) => one.includes(`${fleet.namespace}/${node}\n`));
    return /state: (\w+)/.exec(entry ?? '')?.[1];
  }
}, 300_000);

/** What `sync.yaml` holds of the nodes. */
async function approve(nodes: readonly string[]): Promise<void> {
  const digest = await waitFor(
    `${nodes.join()} is held`,
    () => {
      const sync = fleet.statusFile('sync.yaml') ?? '';
      return sync.includes('SignerState') && nodes.every((node) => sync.includes(`/${node}`))
        ? heldDigest(sync)
        : undefined;
    },
    PATIENCE_MS,
  );
  merge({ 'fleet.yaml': fleet.fleetFile([`approvals: [{ digest: "${digest}" }]`]) });
}

it('a pod of anyone that reaches the Secret of a key keeps the nodes with that key from starting', async () => {
  const [secret = '', name] = [textAt(validators.validator('ve'), ['identity', 'secretName']), 'by-hand'];
  const container = { name: 'a', image: 'a', envFrom: [{ secretRef: { name: secret } }], securityContext: RESTRICTED };
  const metadata = { name, namespace: fleet.namespace };
  await fleet.cluster.create({ apiVersion: 'v1', kind: 'Pod', metadata, spec: { containers: [container] } });
  const stopped = { desiredState: 'Stopped' };
  merge(validatorFile('ve', 've', stopped));
  await get('Pod', 've-0', (live) => live === undefined);
  merge(validatorFile('ve'));
  await get('BlockchainNode', 've', (live) => readyOf(live)?.message.includes(`/${name} can still sign`) === true);
  expect(await runs('ve')).toBe(false);
  await hand.remove({ apiVersion: 'v1', kind: 'Pod', namespace: fleet.namespace, name });
  await get('Pod', 've-0', isThere);
}, 300_000);
