// A job whose objects the API server refuses ends with its words, and its node is never stopped.

import { KubeConfig, KubernetesObjectApi } from '@kubernetes/client-node';
import { afterEach, beforeAll, beforeEach, expect, it } from 'vitest';

import { API_VERSION } from '../../src/api/group.ts';
import type { KubeObject } from '../../src/api/objects.ts';
import { KINDS } from '../../src/kube/kinds.ts';
import { textAt, valueAt } from '../../src/lib/json-value.ts';
import { createAsker } from '../../src/rpc/ask.ts';
import { testCluster } from '../support/cluster.ts';
import { tipOf } from '../support/git-repo.ts';
import { RESTRICTED, restrictedPod } from '../support/restricted-pod.ts';
import { waitFor } from '../support/wait-for.ts';
import { BRANCH, type Fleet, startFleet } from './fleet.ts';
import { prepare, published, runController, type Running } from './harness.ts';

let kubeconfig: string;
let fleet: Fleet;
let running: Running;
const cleanUp: (() => Promise<void>)[] = [];

beforeAll(async () => {
  kubeconfig = (await testCluster()).kubeconfigPath;
});
beforeEach(async () => {
  fleet = await startFleet({ kubeconfig, nodes: 1, spec: [] });
  await prepare(fleet);
  const asker = { ...createAsker(), ask: async () => await Promise.resolve(new Map()) };
  running = await runController(fleet, { ports: { asker } });
  await published(fleet, running, tipOf(fleet.repo, BRANCH) ?? '');
  await waitFor('the pod runs', async () => textAt(await livePod(), ['status', 'phase']) === 'Running', 120_000);
});
afterEach(async () => {
  for (const undo of cleanUp.splice(0)) await undo();
  await running?.stop();
  await fleet?.close();
});

async function livePod(): Promise<KubeObject | undefined> {
  return await fleet.cluster.get({ apiVersion: 'v1', kind: 'Pod', namespace: fleet.namespace, name: 'n0-0' });
}

/** Kinds that the controller does not know. */
async function given(object: KubeObject): Promise<void> {
  const config = new KubeConfig();
  config.loadFromFile(kubeconfig);
  const api = KubernetesObjectApi.makeApiClient(config);
  const { apiVersion, kind, metadata, ...rest } = object;
  const { name, namespace } = metadata;
  const made = { apiVersion, kind, metadata: { name, ...(namespace === undefined ? {} : { namespace }) }, ...rest };
  await api.create(made);
  cleanUp.push(async () => void (await api.delete(made)));
}

/** Denies what the rules match in the namespace of the fleet, and waits until the API server does so. */
async function givenPolicy(resource: string, group: string, operations: readonly string[]): Promise<void> {
  const name = `deny-${resource}-${fleet.namespace}`;
  const api = 'admissionregistration.k8s.io/v1';
  const namespaceSelector = { matchLabels: { 'kubernetes.io/metadata.name': fleet.namespace } };
  const rule = { apiGroups: [group], apiVersions: ['v1'], operations, resources: [resource] };
  await given({
    apiVersion: api,
    kind: 'ValidatingAdmissionPolicy',
    metadata: { name },
    spec: {
      failurePolicy: 'Fail',
      matchConstraints: { namespaceSelector, resourceRules: [rule] },
      validations: [{ expression: 'false', message: `no ${resource} on a Sunday` }],
    },
  });
  await given({
    apiVersion: api,
    kind: 'ValidatingAdmissionPolicyBinding',
    metadata: { name },
    spec: { policyName: name, validationActions: ['Deny'], matchResources: { namespaceSelector } },
  });
}

/** The status of a Backup that has ended, or has begun to stop the node. */
async function refusal(spec: object = {}): Promise<Readonly<Record<string, unknown>>> {
  const metadata = { name: 'nightly' };
  const request = { apiVersion: API_VERSION, kind: 'Backup', metadata, spec: { node: 'n0', ...spec } };
  fleet.commit({ 'jobs/nightly.yaml': JSON.stringify(request) });
  running.controller.requestSync();
  const ref = { apiVersion: API_VERSION, kind: 'Backup', namespace: fleet.namespace, name: 'nightly' };
  return await waitFor(
    'the Backup ends, or stops the node',
    async () => {
      const status = valueAt(await fleet.cluster.get(ref), ['status']);
      const phase = textAt(status, ['phase']) ?? 'Pending';
      return ['Pending', 'Claimed', 'Locked'].includes(phase) ? undefined : (status as Record<string, unknown>);
    },
    60_000,
  );
}

/** Whether the API server refuses the object with these words: a policy counts a moment after it was made. */
async function denied(object: KubeObject, words: RegExp): Promise<boolean> {
  return await fleet.cluster.create(object, { dryRun: true }).then(
    () => false,
    (error: unknown) => words.test(String(error)),
  );
}

const template = { spec: { ...restrictedPod, restartPolicy: 'Never' } };

it.each([
  {
    what: 'a quota of pods',
    prepare: async () => {
      const spec = { hard: { pods: '0' } };
      await given({
        apiVersion: 'v1',
        kind: 'ResourceQuota',
        metadata: { name: 'full', namespace: fleet.namespace },
        spec,
      });
      await waitFor('the quota counts', async () => {
        const metadata = { name: 'probe', namespace: fleet.namespace };
        return await denied({ apiVersion: 'v1', kind: 'Pod', metadata, ...template }, /exceeded quota/);
      });
    },
    says: /exceeded quota: full/,
  },
  {
    what: 'a LimitRange whose minimum is above what a worker asks for',
    prepare: async () => {
      const metadata = { name: 'large', namespace: fleet.namespace };
      const spec = { limits: [{ type: 'Container', min: { memory: '64Gi' } }] };
      await given({ apiVersion: 'v1', kind: 'LimitRange', metadata, spec });
      await waitFor('the LimitRange counts', async () => {
        const resources = { requests: { memory: '1Gi' }, limits: { memory: '1Gi' } };
        const containers = [{ name: 'a', image: 'a', securityContext: RESTRICTED, resources }];
        const probe = { name: 'probe', namespace: fleet.namespace };
        return await denied({ apiVersion: 'v1', kind: 'Pod', metadata: probe, spec: { containers } }, /minimum memory/);
      });
    },
    says: /minimum memory usage per Container is 64Gi/,
  },
  {
    what: 'a policy against Jobs',
    prepare: async () => {
      await givenPolicy('jobs', 'batch', ['CREATE']);
      await waitFor('the policy counts', async () => {
        const metadata = { name: 'probe', namespace: fleet.namespace };
        return await denied({ apiVersion: 'batch/v1', kind: 'Job', metadata, spec: { template } }, /Sunday/);
      });
    },
    says: /no jobs on a Sunday/,
  },
  {
    what: 'a policy against pods',
    prepare: async () => {
      await givenPolicy('pods', '', ['CREATE']);
      await waitFor('the policy counts', async () => {
        const metadata = { name: 'probe', namespace: fleet.namespace };
        return await denied({ apiVersion: 'v1', kind: 'Pod', metadata, ...template }, /Sunday/);
      });
    },
    says: /no pods on a Sunday/,
  },
  {
    what: 'a policy against changes of StatefulSets',
    prepare: async () => {
      await givenPolicy('statefulsets', 'apps', ['CREATE', 'UPDATE']);
      await waitFor('the policy counts', async () => {
        const metadata = { name: 'probe', namespace: fleet.namespace };
        const labelled = { spec: restrictedPod, metadata: { labels: { a: 'b' } } };
        const spec = { selector: { matchLabels: { a: 'b' } }, serviceName: 'a', template: labelled };
        return await denied({ apiVersion: 'apps/v1', kind: 'StatefulSet', metadata, spec }, /Sunday/);
      });
    },
    says: /no statefulsets on a Sunday/,
  },
])('$what refuses the job before its node is stopped', async ({ prepare: given, says }) => {
  const before = await livePod();
  await given();
  const status = await refusal();
  expect(status).toMatchObject({ phase: 'Refused', reason: 'ObjectsRefused' });
  expect(status['message']).toMatch(says);
  expect(status['message']).toMatch(/n0 was not stopped$/);
  expect(status['history']).not.toContainEqual(expect.objectContaining({ phase: 'Stopping' }));
  const after = await livePod();
  expect([after?.metadata.uid, after?.metadata.deletionTimestamp]).toEqual([before?.metadata.uid, undefined]);
  expect(await fleet.cluster.list(KINDS.Pod, { namespace: fleet.namespace })).toHaveLength(1);
});

it('a storage class that does not exist refuses the job before its node is stopped', async () => {
  const before = await livePod();
  const status = await refusal({ storageClass: 'nowhere' });
  expect(status).toMatchObject({ phase: 'Refused', reason: 'ObjectsRefused' });
  expect(status['message']).toMatch(/the StorageClass nowhere does not exist/);
  expect((await livePod())?.metadata.uid).toBe(before?.metadata.uid);
});

it('without a refusal the node is stopped', async () => {
  expect(await refusal()).toMatchObject({ phase: expect.stringMatching(/Stopping|Working/) });
});
