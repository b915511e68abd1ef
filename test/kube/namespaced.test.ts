// A controller with rights in two namespaces sees what is there as one list and one watch, and nothing else.

import { afterAll, beforeAll, expect, it } from 'vitest';

import type { KubeObject } from '../../src/api/objects.ts';
import { connectCluster, type ApiCluster } from '../../src/kube/api-cluster.ts';
import { KINDS } from '../../src/kube/kinds.ts';
import { inNamespaces } from '../../src/kube/namespaced.ts';
import { binary } from '../cluster/binaries.ts';
import { runCommand } from '../demo/run-command.ts';
import { privateApiServer, type PrivateApiServer } from '../support/api-server.ts';
import { waitFor } from '../support/wait-for.ts';

let api: PrivateApiServer;
let admin: ApiCluster;
let limited: ApiCluster;

beforeAll(async () => {
  api = await privateApiServer();
  admin = connectCluster({ kubeconfig: await api.kubeconfig('admin') });
  limited = connectCluster({ kubeconfig: await api.kubeconfig('limited') });
  for (const name of ['left', 'right', 'other']) {
    await admin.create({ apiVersion: 'v1', kind: 'Namespace', metadata: { name } });
    await admin.create(configMap(name, 'first'));
  }
  for (const namespace of ['left', 'right']) await grant(namespace);
});

afterAll(async () => {
  await limited?.close();
  await admin?.close();
  await api?.stop();
});

it('lists the namespaces one by one, where a list of all is refused', async () => {
  await expect(limited.list(KINDS.ConfigMap)).rejects.toMatchObject({ code: 'FORBIDDEN' });
  const found = await inNamespaces(limited, ['left', 'right']).list(KINDS.ConfigMap, { labelSelector: 'made=here' });
  expect(found.map(placeOf).sort()).toEqual(['left/first', 'right/first']);
});

it('reports changes in each of them, and nothing of other namespaces', async () => {
  const ending = new AbortController();
  const seen: string[] = [];
  const informer = inNamespaces(limited, ['left', 'right']).inform(KINDS.ConfigMap, {
    labelSelector: 'made=here',
    signal: ending.signal,
    onChange: ({ key }) => void seen.push(key),
  });
  await informer.synced();
  await admin.create(configMap('other', 'second'));
  await admin.create(configMap('right', 'second'));
  await waitFor('the new object', () => informer.get('right/second') !== undefined);
  expect(informer.list().map(placeOf).sort()).toEqual(['left/first', 'right/first', 'right/second']);
  expect(seen.toSorted()).toEqual(['left/first', 'right/first', 'right/second']);
  expect(informer.get('other/first')).toBeUndefined();
  expect(informer).toMatchObject({ isSynced: true, trouble: undefined });
  expect(informer.lastContact).toBeGreaterThan(0);
  ending.abort();
});

it('is not complete while one of them cannot be listed', async () => {
  const ending = new AbortController();
  const informer = inNamespaces(limited, ['left', 'other']).inform(KINDS.ConfigMap, {
    signal: ending.signal,
    onChange: () => undefined,
  });
  const trouble = await waitFor('the refusal', () => informer.trouble);
  expect(trouble).toMatchObject({ code: 'FORBIDDEN' });
  expect(informer.isSynced).toBe(false);
  ending.abort();
});

it('passes on what names its namespace, and kinds that have none', async () => {
  const cluster = inNamespaces(admin, ['left']);
  expect((await cluster.list(KINDS.ConfigMap, { namespace: 'other', labelSelector: 'made=here' })).length).toBe(2);
  expect(await cluster.list(KINDS.StorageClass)).toEqual([]);
});

function placeOf({ metadata }: KubeObject): string {
  return `${metadata.namespace}/${metadata.name}`;
}

function configMap(namespace: string, name: string): KubeObject {
  return { apiVersion: 'v1', kind: 'ConfigMap', metadata: { namespace, name, labels: { made: 'here' } } };
}

async function grant(namespace: string): Promise<void> {
  const options = ['--kubeconfig', await api.kubeconfig('admin'), '-n', namespace];
  const kubectl = await binary('kubectl');
  await runCommand(kubectl, [...options, 'create', 'role', 'reader', '--verb=list,watch', '--resource=configmaps']);
  await runCommand(kubectl, [...options, 'create', 'rolebinding', 'reader', '--role=reader', '--user=limited']);
}
