// Admission that changes what is created, as a service mesh does: no false drift, and no endless fight over an object.

import { afterAll, afterEach, beforeAll, expect, it } from 'vitest';

import { findCondition } from '../../src/api/conditions.ts';
import type { KubeObject } from '../../src/api/objects.ts';
import { KINDS } from '../../src/kube/kinds.ts';
import { createAsker } from '../../src/rpc/ask.ts';
import { gethDev, replies, rpc } from '../chains/replies.ts';
import { testCluster } from '../support/cluster.ts';
import { tipOf } from '../support/git-repo.ts';
import { restrictedPod } from '../support/restricted-pod.ts';
import { waitFor } from '../support/wait-for.ts';
import { byHand } from './by-hand.ts';
import { BRANCH, type Fleet, startFleet } from './fleet.ts';
import { idleFor, prepare, published, runController, type Running, work } from './harness.ts';

const ADMISSION = 'admissionregistration.k8s.io/v1';

let kubeconfig: string;
let fleet: Fleet;
let running: Running | undefined;
const undos: (() => Promise<void>)[] = [];

beforeAll(async () => {
  kubeconfig = (await testCluster()).kubeconfigPath;
});
afterEach(async () => {
  await running?.stop();
  for (const undo of undos.splice(0).toReversed()) await undo();
  await fleet?.close();
});
afterAll(async () => {
  for (const undo of undos) await undo();
});

async function startFleetWith(nodes: number): Promise<void> {
  fleet = await startFleet({ kubeconfig, nodes, spec: [] });
  await prepare(fleet);
}

interface Injection {
  readonly group: string;
  readonly resource: string;
  /** CEL of the change: https://kubernetes.io/docs/reference/access-authn-authz/mutating-admission-policy/ */
  readonly change: string;
  /** An object that shows, by a dry run, that the policy counts already. */
  readonly probe: KubeObject;
}

async function inject({ group, resource, change, probe }: Injection): Promise<void> {
  const metadata = { name: `inject-${resource}-${fleet.namespace}` };
  const namespaceSelector = { matchLabels: { 'kubernetes.io/metadata.name': fleet.namespace } };
  const operations = ['CREATE', 'UPDATE'];
  const policy = {
    apiVersion: ADMISSION,
    kind: 'MutatingAdmissionPolicy',
    metadata,
    spec: {
      failurePolicy: 'Fail',
      reinvocationPolicy: 'Never',
      matchConstraints: {
        resourceRules: [{ apiGroups: [group], apiVersions: ['v1'], operations, resources: [resource] }],
      },
      mutations: [{ patchType: 'JSONPatch', jsonPatch: { expression: change } }],
    },
  };
  const spec = { policyName: metadata.name, matchResources: { namespaceSelector } };
  const hand = byHand(kubeconfig);
  undos.push(await hand.create(policy));
  undos.push(
    await hand.create({ apiVersion: ADMISSION, kind: 'MutatingAdmissionPolicyBinding', metadata, spec } as never),
  );
  await waitFor('the policy counts', async () =>
    JSON.stringify(await fleet.cluster.create(probe, { dryRun: true })).includes('mesh-proxy'),
  );
}

/** Adds a container once, as an admission webhook of a mesh does. */
function addProxy(pod: string): string {
  const type = ['Object', ...pod.split('/').slice(1), 'containers'].join('.');
  const context = `${type}.securityContext`;
  const object = ['object', ...pod.split('/').slice(1)].join('.');
  return `${object}.containers.exists(one, one.name == "mesh-proxy") ? [] : [JSONPatch{op: "add", path: "${pod}/containers/-",
    value: ${type}{name: "mesh-proxy", image: "mesh.invalid/proxy:1", securityContext: ${context}{
      allowPrivilegeEscalation: false, runAsNonRoot: true, seccompProfile: ${context}.seccompProfile{type: "RuntimeDefault"},
      capabilities: ${context}.capabilities{drop: ["ALL"]}}}}]`;
}

function writes(kind: string): number {
  return work(running?.requests ?? []).filter((one) => one.kind === kind && one.verb !== 'get').length;
}

it('a container that is added to every pod is no drift, and the node becomes Running', async () => {
  await startFleetWith(1);
  await inject({
    group: '',
    resource: 'pods',
    change: addProxy('/spec'),
    probe: {
      apiVersion: 'v1',
      kind: 'Pod',
      metadata: { name: 'probe', namespace: fleet.namespace },
      spec: restrictedPod,
    },
  });
  const ask = async (): Promise<ReturnType<typeof replies>> => {
    const timestamp = `0x${Math.floor(Date.now() / 1000).toString(16)}`;
    return await Promise.resolve(replies({ ...gethDev, 'el.block': rpc({ number: '0x4', timestamp }) }));
  };
  running = await runController(fleet, { ports: { asker: { ...createAsker(), ask } } });
  await published(fleet, running, tipOf(fleet.repo, BRANCH) ?? '');
  const node = await waitFor(
    'the node runs',
    async () => [...(await fleet.nodes()).values()].find(({ status }) => status?.phase === 'Running'),
    90_000,
  );
  const [pod] = await fleet.cluster.list(KINDS.Pod, { namespace: fleet.namespace });
  expect(JSON.stringify(pod?.['spec'])).toContain('mesh-proxy');
  expect(findCondition(node.status?.conditions, 'Ready')).toMatchObject({ status: 'True', reason: 'Running' });
  const before = writes('StatefulSet');
  await idleFor(running, 2000);
  expect(writes('StatefulSet')).toBe(before);
  expect(running.log.filter(({ msg }) => msg === 'Repaired object')).toEqual([]);
  expect(await running.metrics()).not.toMatch(/^nodewright_repairs_total\{.*\} [1-9]/m);
});

it('a container that comes back into the StatefulSet after each repair is named, counted, and fought ever less', async () => {
  await startFleetWith(1);
  const labels = { a: 'b' };
  await inject({
    group: 'apps',
    resource: 'statefulsets',
    change: addProxy('/spec/template/spec'),
    probe: {
      apiVersion: 'apps/v1',
      kind: 'StatefulSet',
      metadata: { name: 'probe', namespace: fleet.namespace },
      spec: {
        selector: { matchLabels: labels },
        serviceName: 'a',
        template: { metadata: { labels }, spec: restrictedPod },
      },
    },
  });
  const ask = async (): Promise<ReturnType<typeof replies>> => await Promise.resolve(new Map());
  running = await runController(fleet, { ports: { asker: { ...createAsker(), ask } } });
  const contested = await waitFor(
    'the node reports the contest',
    async () => findCondition((await fleet.nodes()).get('n0')?.status?.conditions, 'Contested'),
    60_000,
  );
  expect(contested.message).toContain(`StatefulSet ${fleet.namespace}/n0`);
  expect(contested.message).toContain('mesh-proxy');
  expect(contested.message).toContain('last set by an admission policy or webhook');
  const metric = /^nodewright_repairs_total\{kind="StatefulSet"\} (\d+)$/m;
  const repairs = Number(metric.exec(await running.metrics())?.[1]);
  expect(repairs).toBeGreaterThanOrEqual(1);
  // The next repair is due in 10 s, then in 20 s.
  await idleFor(running, 3000);
  expect(Number(metric.exec(await running.metrics())?.[1])).toBeLessThanOrEqual(repairs + 1);
  await waitFor('the status branch shows it', () =>
    fleet.statusFile(`nodes/${fleet.namespace}/n0.yaml`)?.includes('type: Contested'),
  );
});
