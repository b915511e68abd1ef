// Objects that the API server refuses: the node says so, nothing else is stopped, and no revision counts as applied.

import { afterEach, beforeAll, beforeEach, expect, it } from 'vitest';

import { findCondition } from '../../src/api/conditions.ts';
import type { BlockchainNode } from '../../src/api/blockchain-node.ts';
import { KINDS } from '../../src/kube/kinds.ts';
import { git } from '../support/git-repo.ts';
import { testCluster } from '../support/cluster.ts';
import { waitFor } from '../support/wait-for.ts';
import { deny } from './deny.ts';
import { type Fleet, startFleet, STATUS_BRANCH } from './fleet.ts';
import { prepare, published, runController, type Running } from './harness.ts';

let kubeconfig: string;
let fleet: Fleet;
let running: Running | undefined;

beforeAll(async () => {
  kubeconfig = (await testCluster()).kubeconfigPath;
});
beforeEach(async () => {
  fleet = await startFleet({ kubeconfig, nodes: 2 });
  await prepare(fleet);
});
afterEach(async () => {
  await running?.stop();
  running = undefined;
  await fleet.close();
});

async function node(name: string): Promise<BlockchainNode | undefined> {
  return (await fleet.nodes()).get(name);
}

async function names(kind: 'StatefulSet' | 'ConfigMap' | 'Service'): Promise<readonly string[]> {
  const found = await fleet.cluster.list(KINDS[kind], { namespace: fleet.namespace });
  return found.map(({ metadata }) => metadata.name);
}

/** Denies what `expression` does not allow. Resolves to how to remove it. */
async function denyStatefulSets(expression: string): Promise<() => Promise<void>> {
  return await deny(fleet, {
    apiGroups: ['apps'],
    apiVersions: ['v1'],
    operations: ['CREATE', 'UPDATE'],
    resources: ['statefulsets'],
    expression,
  });
}

it('a policy that denies one StatefulSet: its node reports it, the objects beside it and other nodes are applied', async () => {
  const allow = await denyStatefulSets("object.metadata.name != 'n0'");
  // The API server compiles the policy in the background.
  const probe = {
    apiVersion: 'apps/v1',
    kind: 'StatefulSet',
    metadata: { name: 'n0', namespace: fleet.namespace },
    spec: {
      serviceName: 'n0',
      replicas: 0,
      selector: { matchLabels: { a: 'b' } },
      template: { metadata: { labels: { a: 'b' } }, spec: { containers: [{ name: 'a', image: 'a' }] } },
    },
  };
  await waitFor('the policy denies', async () => {
    try {
      const { metadata, apiVersion, kind } = await fleet.cluster.create(probe);
      const ref = { apiVersion, kind, name: metadata.name, namespace: fleet.namespace };
      await fleet.cluster.remove(ref, { uid: metadata.uid ?? '', propagation: 'Background' });
      return false;
    } catch (error) {
      return String(error).includes('house rules');
    }
  });
  running = await runController(fleet);
  await waitFor('n0 reports the refusal', async () =>
    findCondition((await node('n0'))?.status?.conditions, 'Stalled')?.message.includes('the house rules forbid it'),
  );
  const refused = await node('n0');
  const ready = findCondition(refused?.status?.conditions, 'Ready');
  expect(ready).toMatchObject({ status: 'False', reason: 'ObjectRefused' });
  expect(ready?.message).toContain(`StatefulSet ${fleet.namespace}/n0`);
  expect(refused?.status?.appliedRevision).toBeUndefined();
  await waitFor('n1 is applied', async () => (await node('n1'))?.status?.appliedRevision !== undefined);
  expect(await names('StatefulSet')).toEqual(['n1']);
  expect(await names('Service')).toEqual(
    await names('Service').then((all) => [...all].filter((one) => /^n[01]/.test(one))),
  );
  expect((await names('Service')).some((one) => one.startsWith('n0'))).toBe(true);
  await waitFor('the status branch says so', () => fleet.statusFile('sync.yaml')?.includes('code: ObjectRefused'));
  const sync = fleet.statusFile('sync.yaml') ?? '';
  expect(sync).toContain('state: Degraded');
  expect(sync).toContain('nodes/n0.yaml:');
  expect(git(fleet.repo, ['show', `${STATUS_BRANCH}:README.md`])).toContain(`${fleet.namespace}/n0`);
  expect(await running?.metrics()).toMatch(/nodewright_problems\{level="error"\} 1\n/);
  await waitFor('an Event reports it', async () =>
    (await fleet.cluster.list(KINDS.Event, { namespace: fleet.namespace })).some(
      (event) => event['reason'] === 'ObjectRefused' && event['type'] === 'Warning',
    ),
  );

  // A changed file does not wait for the backoff of the refusals before it.
  await allow();
  await waitFor('the policy is gone', async () => {
    const commit = fleet.commit({
      'nodes/n0.yaml': fleet.nodeFile('n0', ['desiredState: Stopped', `restartGeneration: ${Date.now() % 100_000}`]),
    });
    await published(fleet, running, commit);
    return (await names('StatefulSet')).includes('n0');
  });
  await waitFor('the fleet is Synced', () => fleet.statusFile('sync.yaml')?.includes('state: Synced'));
  expect((await node('n0'))?.status?.appliedRevision).toBeDefined();
  expect(fleet.statusFile('sync.yaml')).not.toContain('ObjectRefused');
});

it('a node whose namespace does not exist: it is a problem of its file, and the others are applied', async () => {
  const file = fleet.nodeFile('lost').replace('metadata: {', `metadata: { namespace: missing-${fleet.executor},`);
  const text = file.includes(`missing-${fleet.executor}`)
    ? file
    : file.replace('metadata:', `metadata:\n  namespace: missing-${fleet.executor}`);
  fleet.commit({ 'nodes/lost.yaml': text });
  const namespaces = [fleet.namespace, `missing-${fleet.executor}`];
  running = await runController(fleet, { policy: { namespaces } });
  await waitFor('the problem is published', () => fleet.statusFile('sync.yaml')?.includes('nodes/lost.yaml:'));
  const sync = fleet.statusFile('sync.yaml') ?? '';
  expect(sync).toContain('code: ObjectRefused');
  expect(sync).toContain(`missing-${fleet.executor}`);
  expect(sync).not.toContain('state: Synced');
  expect(git(fleet.repo, ['show', `${STATUS_BRANCH}:README.md`])).toContain(`missing-${fleet.executor}`);
  expect(await running?.metrics()).toMatch(/nodewright_problems\{level="error"\} 1\n/);
  await waitFor('the others are applied', async () => (await names('StatefulSet')).length === 2);
});

it('a patch that makes an object that Kubernetes does not accept: the node reports the words of the server', async () => {
  const path = '/spec/template/spec/restartPolicy';
  const patch = `patches: [{ target: { kind: StatefulSet }, patch: [{ op: add, path: ${path}, value: Never }] }]`;
  fleet.commit({ 'nodes/n0.yaml': fleet.nodeFile('n0', ['desiredState: Stopped', patch]) });
  running = await runController(fleet, { policy: { patches: { StatefulSet: [path] } } });
  await waitFor('n0 reports it', async () =>
    findCondition((await node('n0'))?.status?.conditions, 'Ready')?.message.includes('restartPolicy'),
  );
  expect(findCondition((await node('n0'))?.status?.conditions, 'Ready')).toMatchObject({
    status: 'False',
    reason: 'ObjectRefused',
  });
  await waitFor('n1 is applied', async () => (await names('StatefulSet')).includes('n1'));
  await waitFor('the fleet is not Synced', () => fleet.statusFile('sync.yaml')?.includes('state: Degraded'));
});
