// A worker Job in the moment between its creation and the record of its UID: its name and its label are no secret, and who puts
// another in its place must not have the result of the job. A controller that ends in that moment runs the work once all the same.

import type { KubernetesObject } from '@kubernetes/client-node';
import { afterAll, beforeAll, expect, it, onTestFinished } from 'vitest';

import { API_VERSION } from '../../src/api/group.ts';
import { JOB_UID_LABEL, type JobObject } from '../../src/api/job-object.ts';
import type { KubeObject } from '../../src/api/objects.ts';
import { jobObjectName } from '../../src/jobs/model/names.ts';
import { KINDS } from '../../src/kube/kinds.ts';
import { textAt, valueAt } from '../../src/lib/json-value.ts';
import { testCluster } from '../support/cluster.ts';
import { restrictedPod } from '../support/restricted-pod.ts';
import { waitFor } from '../support/wait-for.ts';
import { byHand, type ByHand } from './by-hand.ts';
import { type Fleet, startFleet } from './fleet.ts';
import { prepare, runController, type Running } from './harness.ts';

const ADMISSION = 'admissionregistration.k8s.io/v1';
const PATIENCE_MS = 120_000;
/** Keeps the pod of a node, and with it the job in the phase Stopping. */
const FINALIZER = 'nodewright.test/keep';
const SETTINGS = { settings: { stopDeadlineMs: 3_600_000 } };

let fleet: Fleet;
let running: Running;
let hand: ByHand;
beforeAll(async () => {
  const { kubeconfigPath: kubeconfig } = await testCluster();
  fleet = await startFleet({ kubeconfig, nodes: 4, spec: ['desiredState: Running'] });
  hand = byHand(kubeconfig);
  await prepare(fleet);
  running = await runController(fleet, SETTINGS);
}, 300_000);
afterAll(async () => {
  await running?.stop();
  await fleet?.close();
});

const place = () => ({ namespace: fleet.namespace });
const jobRef = (name: string) => ({ apiVersion: API_VERSION, kind: 'Backup', name, ...place() });
const podRef = (name: string) => ({ apiVersion: 'v1', kind: 'Pod', name, ...place() });
const workerRef = (name: string) => ({ apiVersion: 'batch/v1', kind: 'Job', name, ...place() });

async function job(name: string): Promise<JobObject | undefined> {
  return (await fleet.cluster.get(jobRef(name))) as JobObject | undefined;
}

async function request(name: string, node: string): Promise<void> {
  await waitFor(`${node} runs`, async () => await fleet.cluster.get(podRef(`${node}-0`)), PATIENCE_MS);
  const file = { apiVersion: API_VERSION, kind: 'Backup', metadata: { name }, spec: { node } };
  fleet.commit({ [`jobs/${name}.yaml`]: JSON.stringify(file) });
  running.controller.requestSync();
}

async function workerOf(name: string): Promise<KubeObject> {
  const find = async (): Promise<KubeObject | undefined> => {
    const jobs = await fleet.cluster.list(KINDS.Job, place());
    return jobs.find(({ metadata }) => metadata.name.startsWith(`backup-${name}-`));
  };
  return await waitFor('its worker Job', find, PATIENCE_MS);
}

async function ended(name: string): Promise<JobObject> {
  const find = async (): Promise<JobObject | undefined> => {
    const live = await job(name);
    return ['Failed', 'Complete', 'Held'].includes(live?.status?.phase ?? '') ? live : undefined;
  };
  return await waitFor('the job has ended', find, PATIENCE_MS);
}

let serial = 0;

/** From now on no UID of a worker Job gets on record, until the function that it resolves to was called. */
async function keepFromRecord(): Promise<() => Promise<void>> {
  const metadata = { name: `no-uid-${fleet.namespace}-${++serial}` };
  const namespaceSelector = { matchLabels: { 'kubernetes.io/metadata.name': fleet.namespace } };
  const rule = {
    apiGroups: ['validatoros.com'],
    apiVersions: ['*'],
    operations: ['UPDATE'],
    resources: ['backups/status'],
  };
  const expression =
    '!has(object.status) || !has(object.status.works) || object.status.works.all(work, !has(work.uid) || has(work.outcome))';
  const spec = {
    failurePolicy: 'Fail',
    matchConstraints: { resourceRules: [rule] },
    validations: [{ expression, message: 'not yet' }],
  };
  const policy = { apiVersion: ADMISSION, kind: 'ValidatingAdmissionPolicy', metadata, spec } as KubernetesObject;
  const removePolicy = await hand.create(policy);
  const binding = { policyName: metadata.name, validationActions: ['Deny'], matchResources: { namespaceSelector } };
  const removeBinding = await hand.create({
    apiVersion: ADMISSION,
    kind: 'ValidatingAdmissionPolicyBinding',
    metadata,
    spec: binding,
  } as KubernetesObject);
  let isThere = true;
  const remove = async (): Promise<void> => {
    if (!isThere) return;
    isThere = false;
    await removeBinding();
    await removePolicy();
  };
  onTestFinished(remove);
  await probe(false);
  return async () => {
    await remove();
    await probe(true);
  };
}

/** Waits until the API server accepts a status with a UID, or refuses it; of an object of no controller. */
async function probe(isAccepted: boolean): Promise<void> {
  const { namespace, name, ...head } = jobRef('probe');
  const metadata = { name, namespace, labels: { 'validatoros.com/executor': 'none' } };
  const live = (await job('probe')) ?? (await fleet.cluster.create({ ...head, metadata, spec: { node: 'n9' } }));
  const write = async (): Promise<boolean> => {
    const work = { name: `w${++serial}`, node: 'n9', attempt: 1, intentAt: '2026-11-30T00:00:00Z', uid: 'u' };
    const object = { ...head, metadata: { name, namespace, uid: live.metadata.uid ?? '' }, status: { works: [work] } };
    const apply = fleet.cluster.applyStatus(object, { fieldManager: 'someone', force: true });
    return await apply.then(
      () => true,
      () => false,
    );
  };
  await waitFor(`a UID is ${isAccepted ? 'accepted' : 'refused'}`, async () => (await write()) === isAccepted);
}

/** A Job of that name and label which does something else. */
async function put(name: string, labels: Readonly<Record<string, string>>): Promise<string> {
  const metadata = { name, namespace: fleet.namespace, labels };
  const template = { metadata: { labels }, spec: { restartPolicy: 'Never', ...restrictedPod } };
  const { apiVersion, kind } = workerRef(name);
  const made = await fleet.cluster.create({
    apiVersion,
    kind,
    metadata,
    spec: { suspend: true, backoffLimit: 0, template },
  });
  return made.metadata.uid ?? '';
}

/** Deletes the Job, and puts another in its place. Resolves to the UID of that. */
async function replace({ metadata: { name, labels = {} } }: KubeObject): Promise<string> {
  await hand.remove(workerRef(name));
  await waitFor('it is gone', async () => (await fleet.cluster.get(workerRef(name))) === undefined);
  return await put(name, labels);
}

const isRefused = (name: string): boolean =>
  running.log.some((line) => JSON.stringify(line).includes(`Backup/${fleet.namespace}/${name}`) && JSON.stringify(line).includes('not yet')); // prettier-ignore

it('a Job that someone puts in the place of the one that was created is not run, and its name is said', async () => {
  const allow = await keepFromRecord();
  await request('swapped', 'n0');
  const own = await workerOf('swapped');
  await waitFor('its UID is kept from the record', () => isRefused('swapped'), PATIENCE_MS);
  const forged = await replace(own);
  await allow();
  await hand.patch(jobRef('swapped'), { metadata: { annotations: { look: 'now' } } });
  const { status } = await ended('swapped');
  expect(status).toMatchObject({ phase: 'Failed', works: [{ outcome: 'Failed', code: 'NameTaken' }] });
  expect(status?.message).toContain(own.metadata.name);
  const live = await fleet.cluster.get(workerRef(own.metadata.name));
  expect([live?.metadata.uid, valueAt(live, ['spec', 'suspend'])]).toEqual([forged, true]);
}, 400_000);

it.each([
  { name: 'attacked', node: 'n1', by: 'someone puts another in its place meanwhile', isReplaced: true },
  { name: 'left', node: 'n2', by: 'it is still there', isReplaced: false },
])(
  'a controller that ended before the UID was on record makes the Job again: $by',
  async ({ name, node, isReplaced }) => {
    const allow = await keepFromRecord();
    await request(name, node);
    const own = await workerOf(name);
    await waitFor('its UID is kept from the record', () => isRefused(name), PATIENCE_MS);
    await running.stop();
    const before = isReplaced ? await replace(own) : own.metadata.uid;
    await allow();
    running = await runController(fleet, SETTINGS);
    const { status, metadata } = await ended(name);
    // A simulated pod ends without a result.
    expect(status?.works).toMatchObject([{ name: expect.stringContaining(own.metadata.name), code: 'NoResult' }]);
    const jobs = await fleet.cluster.list(KINDS.Job, {
      ...place(),
      labelSelector: `${JOB_UID_LABEL}=${metadata.uid ?? ''}`,
    });
    expect(jobs.map((one) => one.metadata.uid)).not.toContain(before);
    const images = jobs.map((one) => textAt(one, ['spec', 'template', 'spec', 'containers', '0', 'image']));
    expect(images.every((image) => image !== 'a')).toBe(true);
  },
  400_000,
);

it('a Job without the label that has the name before the job creates its own ends the job at once', async () => {
  await waitFor('n3 runs', async () => await fleet.cluster.get(podRef('n3-0')), PATIENCE_MS);
  await fleet.cluster.patch(podRef('n3-0'), [{ op: 'add', path: '/metadata/finalizers', value: [FINALIZER] }]);
  await request('squat', 'n3');
  const { metadata } = await waitFor(
    'it stops its node',
    async () => {
      const live = await job('squat');
      return live?.status?.phase === 'Stopping' ? live : undefined;
    },
    PATIENCE_MS,
  );
  await put(jobObjectName({ kind: 'Backup', name: 'squat', ...place(), uid: metadata.uid ?? '' }), {});
  await fleet.cluster.patch(podRef('n3-0'), [{ op: 'remove', path: '/metadata/finalizers' }]);
  expect((await ended('squat')).status).toMatchObject({ phase: 'Failed', works: [{ code: 'NameTaken' }] });
}, 400_000);
