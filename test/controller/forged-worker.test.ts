// A pod that someone makes with a worker Job as its owner: the Job counts it, and its words would be the result of the job.

import { afterAll, beforeAll, expect, it, onTestFinished } from 'vitest';

import { API_VERSION } from '../../src/api/group.ts';
import { JOB_UID_LABEL, type JobObject } from '../../src/api/job-object.ts';
import type { KubeObject } from '../../src/api/objects.ts';
import { podLike, whyInDoubt } from '../../src/jobs/task/worker-pods.ts';
import { KINDS } from '../../src/kube/kinds.ts';
import { listAt, textAt, valueAt } from '../../src/lib/json-value.ts';
import { testCluster } from '../support/cluster.ts';
import { RESTRICTED, restrictedPod } from '../support/restricted-pod.ts';
import { waitFor } from '../support/wait-for.ts';
import { byHand } from './by-hand.ts';
import { type Fleet, startFleet } from './fleet.ts';
import { prepare, runController, type Running } from './harness.ts';

const ADMISSION = 'admissionregistration.k8s.io/v1';
const PATIENCE_MS = 120_000;
const RESULT = JSON.stringify({ ok: true, message: 'copied', bytes: 1, files: 1, manifestSha256: 'a'.repeat(64) });

let kubeconfig: string;
let fleet: Fleet;
let running: Running;
beforeAll(async () => {
  kubeconfig = (await testCluster()).kubeconfigPath;
  fleet = await startFleet({ kubeconfig, nodes: 1, spec: [] });
  await prepare(fleet);
  running = await runController(fleet);
  await waitFor('n0 runs', async () => await fleet.cluster.get(podOf('n0-0')), PATIENCE_MS);
});
afterAll(async () => {
  await running?.stop();
  await fleet?.close();
});

const podOf = (name: string) => ({ apiVersion: 'v1', kind: 'Pod', namespace: fleet.namespace, name });

/** Merges a Backup, and waits for its worker Job. */
async function merged(name: string): Promise<KubeObject> {
  const file = { apiVersion: API_VERSION, kind: 'Backup', metadata: { name }, spec: { node: 'n0' } };
  fleet.commit({ [`jobs/${name}.yaml`]: JSON.stringify(file) });
  running.controller.requestSync();
  return await waitFor(
    'the worker Job',
    async () => {
      const jobs = await fleet.cluster.list(KINDS.Job, { namespace: fleet.namespace });
      return jobs.find(({ metadata }) => metadata.name.startsWith(`backup-${name}-`));
    },
    PATIENCE_MS,
  );
}

async function ended(name: string): Promise<JobObject> {
  return await waitFor(
    'the job has ended',
    async () => {
      const ref = { apiVersion: API_VERSION, kind: 'Backup', namespace: fleet.namespace, name };
      const live = (await fleet.cluster.get(ref)) as JobObject | undefined;
      return ['Failed', 'Complete', 'Held'].includes(live?.status?.phase ?? '') ? live : undefined;
    },
    PATIENCE_MS,
  );
}

const FOREIGN = { containers: [{ name: 'work', image: 'evil.invalid/x:1', securityContext: RESTRICTED }] };

/** Running on no node, so that nothing but its author reports its end. */
async function forge(job: KubeObject, spec: object = FOREIGN, forged = 'forged'): Promise<void> {
  const { name, uid = '', labels } = job.metadata;
  const owner = { apiVersion: 'batch/v1', kind: 'Job', name, uid, controller: true, blockOwnerDeletion: true };
  const { apiVersion, kind } = podOf('');
  const made = await fleet.cluster.create({
    apiVersion,
    kind,
    metadata: {
      name: forged,
      namespace: fleet.namespace,
      labels: {
        [JOB_UID_LABEL]: labels?.[JOB_UID_LABEL] ?? '',
        'batch.kubernetes.io/controller-uid': uid,
        'batch.kubernetes.io/job-name': name,
      },
      finalizers: ['batch.kubernetes.io/job-tracking'],
      ownerReferences: [owner],
    },
    spec: { restartPolicy: 'Never', automountServiceAccountToken: false, ...spec, nodeName: 'no-such-node' },
  });
  const state = { terminated: { exitCode: 0, message: RESULT, finishedAt: new Date().toISOString() } };
  const status = { phase: 'Succeeded', containerStatuses: [{ name: 'work', image: 'x', imageID: 'x', ready: false, restartCount: 0, state }] }; // prettier-ignore
  const { namespace = '' } = made.metadata;
  await fleet.cluster.applyStatus(
    { apiVersion, kind, metadata: { name: forged, namespace, uid: made.metadata.uid ?? '' }, status },
    { fieldManager: 'someone', force: true },
  );
}

it('is no pod that the Job made: such a one is as the Job has it, after all that the cluster fills in', async () => {
  const job = await merged('genuine');
  const pods = await waitFor(
    'its pod',
    async () => {
      const found = await fleet.cluster.list(KINDS.Pod, { namespace: fleet.namespace });
      const own = found.filter(({ metadata }) => metadata.ownerReferences?.[0]?.uid === job.metadata.uid);
      return own.length > 0 ? own : undefined;
    },
    PATIENCE_MS,
  );
  expect(whyInDoubt(job, pods)).toBeUndefined();
  // A simulated pod ends without a result.
  expect((await ended('genuine')).status).toMatchObject({ works: [{ code: 'NoResult' }] });
}, 300_000);

it('ends the job without its result, with a message that names it, and its node starts again', async () => {
  await forge(await merged('b'));
  const job = await ended('b');
  expect(job.status).toMatchObject({ phase: 'Failed', works: [{ outcome: 'Unclear', code: 'PodNotOfJob' }] });
  expect(job.status?.message).toContain('pod forged names the Job backup-b-');
  expect(job.status?.manifestSha256).toBeUndefined();
  const node = await waitFor('n0 runs again', async () => await fleet.cluster.get(podOf('n0-0')), PATIENCE_MS);
  expect(textAt(node, ['metadata', 'name'])).toBe('n0-0');
}, 300_000);

/** The pod of the Job, with what else its container `work` and its volumes have. */
function copyOf(job: KubeObject, more: { env?: object[]; volumeMounts?: object[]; volumes?: object[] }): object {
  const template = valueAt(job, ['spec', 'template', 'spec']);
  const [work, ...others] = listAt(template, ['containers']) as Record<string, object[]>[];
  const { env = [], volumeMounts = [], volumes = [] } = more;
  const changed = {
    ...work,
    env: [...(work?.['env'] ?? []), ...env],
    volumeMounts: [...(work?.['volumeMounts'] ?? []), ...volumeMounts],
  };
  return {
    ...(template as object),
    containers: [changed, ...others],
    volumes: [...listAt(template, ['volumes']), ...volumes],
  };
}

it.each([
  {
    name: 'climb',
    more: { volumes: [{ name: 'evil', emptyDir: {} }], volumeMounts: [{ name: 'evil', mountPath: '/run/../app' }] },
    why: 'mounts /run/../app as well',
  },
  { name: 'path', more: { env: [{ name: 'PATH', value: '/data' }] }, why: 'has the variable PATH' },
  { name: 'proxy', more: { env: [{ name: 'HTTPS_PROXY', value: 'http://x' }] }, why: 'has the variable HTTPS_PROXY' },
])('a copy of its pod that could run or reach something else ends the job without its result: $why', async (row) => {
  const job = await merged(row.name);
  await forge(job, copyOf(job, row.more), `forged-${row.name}`);
  const { status } = await ended(row.name);
  expect(status).toMatchObject({ phase: 'Failed', works: [{ outcome: 'Unclear', code: 'PodNotOfJob' }] });
  expect(status?.message).toContain(`pod forged-${row.name} names the Job backup-${row.name}-`);
  expect(status?.message).toContain(row.why);
  await waitFor('n0 runs again', async () => await fleet.cluster.get(podOf('n0-0')), PATIENCE_MS);
}, 300_000); // prettier-ignore

it.each(['label', 'name'])(
  "a pod that has only the %s of the job's worker pods holds it, and is named in its message until it is gone",
  async (what) => {
    const job = await merged(`by-${what}`);
    const uid = job.metadata.labels?.[JOB_UID_LABEL] ?? '';
    const pod = podOf(what === 'name' ? `${job.metadata.name}-abcde` : 'tool');
    const { apiVersion, kind, namespace, name } = pod;
    const metadata = { name, namespace, labels: what === 'label' ? { [JOB_UID_LABEL]: uid } : {} };
    await fleet.cluster.create({ apiVersion, kind, metadata, spec: restrictedPod });
    const ref = { apiVersion: API_VERSION, kind: 'Backup', namespace, name: `by-${what}` };
    const says = async (): Promise<boolean> => {
      const live = (await fleet.cluster.get(ref)) as JobObject | undefined;
      return live?.status?.message?.includes(`end it (kubectl -n ${namespace} delete pod ${name})`) === true;
    };
    await waitFor('it names the pod', says, PATIENCE_MS);
    await byHand(kubeconfig).remove(pod);
    expect((await ended(`by-${what}`)).status).toMatchObject({ works: [{ code: 'NoResult' }] });
  },
  300_000,
);

it('a pod whose image admission takes from a mirror is that of the Job all the same', async () => {
  const metadata = { name: `mirror-${fleet.namespace}` };
  const namespaceSelector = { matchLabels: { 'kubernetes.io/metadata.name': fleet.namespace } };
  const rule = { apiGroups: [''], apiVersions: ['v1'], operations: ['CREATE'], resources: ['pods'] };
  const image = 'object.spec.containers[0].image';
  const expression = `${image}.startsWith("mirror.invalid/") ? [] : [JSONPatch{op: "replace", path: "/spec/containers/0/image", value: "mirror.invalid/" + ${image}}]`;
  const spec = {
    failurePolicy: 'Fail',
    reinvocationPolicy: 'Never',
    matchConstraints: { resourceRules: [rule] },
    mutations: [{ patchType: 'JSONPatch', jsonPatch: { expression } }],
  };
  const hand = byHand(kubeconfig);
  onTestFinished(
    await hand.create({ apiVersion: ADMISSION, kind: 'MutatingAdmissionPolicy', metadata, spec } as never),
  );
  const binding = { policyName: metadata.name, matchResources: { namespaceSelector } };
  onTestFinished(
    await hand.create({
      apiVersion: ADMISSION,
      kind: 'MutatingAdmissionPolicyBinding',
      metadata,
      spec: binding,
    } as never),
  );
  const probe = { ...podLike(await merged('probe')), metadata: { name: 'probe', namespace: fleet.namespace } };
  await waitFor('the policy counts', async () =>
    JSON.stringify(await fleet.cluster.create(probe, { dryRun: true })).includes('mirror.invalid/'),
  );
  await ended('probe');
  await merged('mirrored');
  expect((await ended('mirrored')).status).toMatchObject({ works: [{ code: 'NoResult' }] });
}, 300_000);
