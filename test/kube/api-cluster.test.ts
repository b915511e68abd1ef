// Every operation against a real API server.

import { writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';

import type { KubeObject, Ref } from '../../src/api/objects.ts';
import { connectCluster, type ApiCluster } from '../../src/kube/api-cluster.ts';
import { KINDS } from '../../src/kube/kinds.ts';
import { privateApiServer, type PrivateApiServer } from '../support/api-server.ts';

let api: PrivateApiServer;
let cluster: ApiCluster;

beforeAll(async () => {
  api = await privateApiServer();
  cluster = connectCluster({ kubeconfig: await api.kubeconfig('admin') });
});
afterAll(async () => {
  await cluster?.close();
  await api?.stop();
});

const ours = { fieldManager: 'nodewright', force: false };

function configMap(
  name: string,
  data: Record<string, string> = {},
  more: Partial<KubeObject['metadata']> = {},
): KubeObject {
  return { apiVersion: 'v1', kind: 'ConfigMap', metadata: { name, namespace: 'default', ...more }, data };
}

function ref(name: string): Ref {
  return { apiVersion: 'v1', kind: 'ConfigMap', namespace: 'default', name };
}

function failsWith(fields: object): unknown {
  return expect.objectContaining(fields);
}

describe('reading', () => {
  it('returns undefined for what is not there', async () => {
    expect(await cluster.get(ref('absent'))).toBeUndefined();
  });

  it('distinguishes a kind that is not served from an object that is not there', async () => {
    const node: Ref = {
      apiVersion: 'validatoros.com/v1alpha1',
      kind: 'BlockchainNode',
      namespace: 'default',
      name: 'a',
    };
    await expect(cluster.get(node)).rejects.toThrow(failsWith({ code: 'NOT_SERVED' }));
    await expect(cluster.list(KINDS.BlockchainNode)).rejects.toThrow(failsWith({ code: 'NOT_SERVED' }));
    expect(await cluster.serves(KINDS.BlockchainNode)).toBe(false);
    expect(await cluster.serves(KINDS.StatefulSet)).toBe(true);
  });

  it('lists 1,200 objects over page borders, each once, with kind and without managedFields', async () => {
    await cluster.create({ apiVersion: 'v1', kind: 'Namespace', metadata: { name: 'many' } });
    const names = Array.from({ length: 1200 }, (_, index) => `item-${String(index).padStart(4, '0')}`);
    await Promise.all(
      names.map((name, index) =>
        cluster.create(configMap(name, {}, { namespace: 'many', labels: { third: String(index % 3) } })),
      ),
    );
    const listed = await cluster.list(KINDS.ConfigMap, { namespace: 'many' });
    expect(listed.map(({ metadata }) => metadata.name)).toEqual(names);
    expect(listed.every(({ apiVersion, kind }) => apiVersion === 'v1' && kind === 'ConfigMap')).toBe(true);
    expect(listed.some(({ metadata }) => 'managedFields' in metadata)).toBe(false);
    expect(await cluster.list(KINDS.ConfigMap, { namespace: 'many', labelSelector: 'third=1' })).toHaveLength(400);
  });

  it('knows the version of the server', async () => {
    expect(await cluster.version()).toMatch(/^v1\.\d+\.\d+$/);
  });
});

describe('apply', () => {
  it('creates, then changes nothing when nothing changed', async () => {
    const first = await cluster.apply(configMap('same', { a: '1' }), ours);
    const second = await cluster.apply(configMap('same', { a: '1' }), ours);
    expect(first).toMatchObject({ kind: 'ConfigMap', data: { a: '1' }, metadata: { namespace: 'default' } });
    expect(second.metadata.resourceVersion).toBe(first.metadata.resourceVersion);
  });

  it('removes a field that is no longer applied', async () => {
    await cluster.apply(configMap('fewer', { a: '1', b: '2' }), ours);
    expect((await cluster.apply(configMap('fewer', { a: '1' }), ours))['data']).toEqual({ a: '1' });
  });

  it('refuses an unknown field as INVALID, names it, and asks only once', async () => {
    const attempts: string[] = [];
    const watched = connectCluster({
      kubeconfig: await api.kubeconfig('admin'),
      onRequest: ({ code }) => attempts.push(code),
    });
    const typo = { ...configMap('typo'), dta: { a: '1' } };
    await expect(watched.apply(typo, ours)).rejects.toThrow(
      failsWith({ code: 'INVALID', message: expect.stringContaining('dta') }),
    );
    await expect(watched.create(typo)).rejects.toThrow(
      failsWith({ code: 'INVALID', message: expect.stringContaining('dta') }),
    );
    expect(attempts).toEqual(['500', '400']);
    await watched.close();
  });

  it('names the field and the manager of a conflict, and takes over by force', async () => {
    await cluster.apply(configMap('owned', { a: '1' }), { fieldManager: 'another', force: false });
    await expect(cluster.apply(configMap('owned', { a: '2' }), ours)).rejects.toThrow(
      failsWith({ code: 'CONFLICT', conflicts: [{ field: '.data.a', manager: 'another' }] }),
    );
    expect((await cluster.apply(configMap('owned', { a: '2' }), { ...ours, force: true }))['data']).toEqual({ a: '2' });
  });

  it('changes nothing in a dry run', async () => {
    const answer = await cluster.apply(configMap('dry', { a: '1' }), { ...ours, dryRun: true });
    expect(answer['data']).toEqual({ a: '1' });
    expect(await cluster.get(ref('dry'))).toBeUndefined();
  });

  const claim = {
    apiVersion: 'v1',
    kind: 'PersistentVolumeClaim',
    metadata: { name: 'c', namespace: 'default' },
    spec: { accessModes: ['ReadWriteOnce'], resources: { requests: { storage: '1Gi' } } },
  };

  it('writes a status without owning the spec, and never onto a successor', async () => {
    const made = await cluster.create(claim);
    const next = await cluster.applyStatus({ ...made, spec: {}, status: { phase: 'Lost' } }, { ...ours, force: true });
    expect(next).toMatchObject({ spec: claim.spec, status: { phase: 'Lost' } });
    const { resourceVersion: _version, ...place } = made.metadata;
    const successor = { ...made, metadata: { ...place, uid: '00000000-0000-4000-8000-000000000000' } };
    await expect(cluster.applyStatus({ ...successor, status: { phase: 'Bound' } }, ours)).rejects.toThrow(/uid/i);
  });

  it('replaces a status, also what others set in it, and only the version that was judged', async () => {
    const made = await cluster.create({ ...claim, metadata: { name: 'e', namespace: 'default' } });
    const others = { ...made, status: { phase: 'Pending', accessModes: ['ReadWriteOnce'] } };
    const seen = await cluster.applyStatus(others, { fieldManager: 'someone', force: true });
    await expect(cluster.replaceStatus({ ...made, status: { phase: 'Lost' } })).rejects.toThrow(
      failsWith({ code: 'CONFLICT' }),
    );
    const next = await cluster.replaceStatus({ ...seen, spec: {}, status: { phase: 'Lost' } });
    expect(next['status']).toEqual({ phase: 'Lost' });
    expect(next['spec']).toMatchObject(claim.spec);
    const { resourceVersion: _version, uid = '', ...place } = next.metadata;
    const again = { ...next, status: { phase: 'Bound' } };
    expect((await cluster.replaceStatus({ ...again, metadata: { ...place, uid } }))['status']).toEqual({
      phase: 'Bound',
    });
    for (const metadata of [place, { ...place, uid: '00000000-0000-4000-8000-000000000000' }])
      await expect(cluster.replaceStatus({ ...again, metadata })).rejects.toThrow(failsWith({ code: 'INVALID' }));
  });

  it('writes a status only over the version that was judged, when one is named', async () => {
    const made = await cluster.create({ ...claim, metadata: { name: 'd', namespace: 'default' } });
    await cluster.applyStatus({ ...made, status: { phase: 'Lost' } }, { ...ours, force: true });
    await expect(
      cluster.applyStatus({ ...made, status: { phase: 'Bound' } }, { ...ours, force: true }),
    ).rejects.toThrow(failsWith({ code: 'CONFLICT' }));
  });
});

describe('writing at most once, and only what was read', () => {
  it('creates once', async () => {
    await cluster.create(configMap('once'));
    await expect(cluster.create(configMap('once'))).rejects.toThrow(failsWith({ code: 'ALREADY_EXISTS' }));
  });

  it('replaces only the version that was read', async () => {
    const read = await cluster.create(configMap('read', { a: '1' }));
    await cluster.apply(configMap('read', { b: '2' }), ours);
    await expect(cluster.replace({ ...read, data: { a: '3' } })).rejects.toThrow(failsWith({ code: 'CONFLICT' }));
    await expect(cluster.replace(configMap('read'))).rejects.toThrow(failsWith({ code: 'INVALID' }));
    const fresh = await cluster.get(ref('read'));
    expect(await cluster.replace({ ...fresh!, data: { a: '3' } })).toMatchObject({ data: { a: '3' } });
  });

  it('patches all or nothing', async () => {
    await cluster.create(configMap('patched', { a: '1' }));
    const wrong = [
      { op: 'replace', path: '/data/a', value: '2' },
      { op: 'test', path: '/data/a', value: '1' },
    ] as const;
    await expect(cluster.patch(ref('patched'), wrong)).rejects.toThrow(failsWith({ code: 'INVALID' }));
    expect(await cluster.get(ref('patched'))).toMatchObject({ data: { a: '1' } });
    const right = [...wrong].reverse();
    expect(await cluster.patch(ref('patched'), right)).toMatchObject({ data: { a: '2' } });
  });

  it('removes the object with the UID and no other', async () => {
    const first = await cluster.create(configMap('successor'));
    const uid = first.metadata.uid ?? '';
    await cluster.remove(ref('successor'), { uid, propagation: 'Background' });
    expect(await cluster.get(ref('successor'))).toBeUndefined();
    await cluster.create(configMap('successor', { second: 'yes' }));
    await cluster.remove(ref('successor'), { uid, propagation: 'Background' });
    expect(await cluster.get(ref('successor'))).toMatchObject({ data: { second: 'yes' } });
    await cluster.remove(ref('absent'), { uid, propagation: 'Foreground', gracePeriodSeconds: 0 });
  });
});

describe('trouble', () => {
  it('never repeats what a Secret holds', async () => {
    const secret = (fields: object): KubeObject => ({
      apiVersion: 'v1',
      kind: 'Secret',
      metadata: { name: 's', namespace: 'default' },
      ...fields,
    });
    const tries = [
      { data: { k: 'hunter2!' } },
      { stringData: { 'bad key': 'hunter2' } },
      { type: 'hunter2 hunter2', data: 'hunter2' },
    ];
    for (const fields of tries) {
      const error: unknown = await cluster.create(secret(fields)).catch((thrown: unknown) => thrown);
      expect(error).toMatchObject({ code: 'INVALID' });
      expect(JSON.stringify(error, Object.getOwnPropertyNames(error)) + String(error)).not.toContain('hunter2');
    }
  });

  it('says what is forbidden, and to whom', async () => {
    const limited = connectCluster({ kubeconfig: await api.kubeconfig('limited') });
    await expect(limited.get(ref('a'))).rejects.toThrow(
      failsWith({ code: 'FORBIDDEN', message: expect.stringContaining('User "limited" cannot get') }),
    );
    await limited.close();
  });

  it('logs in with a client certificate, too', async () => {
    const other = connectCluster({ kubeconfig: await api.certificateKubeconfig() });
    expect(await other.get({ apiVersion: 'v1', kind: 'Namespace', name: 'default' })).toBeDefined();
    await other.close();
    await expect(other.version()).rejects.toThrow(failsWith({ code: 'ABORTED' }));
  });

  it('refuses a kubeconfig it cannot use, before anything is sent', async () => {
    const file = join(api.directory, 'broken');
    await writeFile(file, '{');
    expect(() => connectCluster({ kubeconfig: file })).toThrow(failsWith({ code: 'CONFIG' }));
    expect(() => connectCluster({ kubeconfig: join(api.directory, 'none') })).toThrow(failsWith({ code: 'CONFIG' }));
    const good = await api.kubeconfig('admin');
    expect(() => connectCluster({ kubeconfig: good, context: 'other' })).toThrow(/"other" names no known cluster/);
  });

  it('trusts no server with a certificate of another authority', async () => {
    const path = join(api.directory, 'distrust');
    const user = { name: 'u', user: { token: 'admin-token' } };
    const clusters = [{ name: 'c', cluster: { server: api.url } }];
    const contexts = [{ name: 'x', context: { cluster: 'c', user: 'u' } }];
    await writeFile(path, JSON.stringify({ clusters, contexts, users: [user], 'current-context': 'x' }));
    const other = connectCluster({ kubeconfig: path });
    await expect(other.version()).rejects.toThrow(failsWith({ code: 'NETWORK' }));
    await other.close();
  });

  it('asks for the log of a container', async () => {
    const pod: Ref = { apiVersion: 'v1', kind: 'Pod', namespace: 'default', name: 'none' };
    await expect(cluster.logs(pod, { container: 'c', tailLines: 5, limitBytes: 1000 })).rejects.toThrow(
      failsWith({ code: 'NOT_FOUND' }),
    );
  });
});
