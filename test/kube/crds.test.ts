// Installing CustomResourceDefinitions on a real API server.

import { afterAll, beforeAll, describe, expect, it } from 'vitest';

import { ANNOTATION } from '../../src/api/group.ts';
import { refOf, type KubeObject } from '../../src/api/objects.ts';
import { connectCluster, type ApiCluster } from '../../src/kube/api-cluster.ts';
import { applyCrds } from '../../src/kube/crds.ts';
import { privateApiServer, type PrivateApiServer } from '../support/api-server.ts';
import { waitFor } from '../support/wait-for.ts';

let api: PrivateApiServer;
let admin: ApiCluster;
let limited: ApiCluster;

beforeAll(async () => {
  api = await privateApiServer();
  admin = connectCluster({ kubeconfig: await api.kubeconfig('admin') });
  limited = connectCluster({ kubeconfig: await api.kubeconfig('limited') });
});
afterAll(async () => {
  await admin?.close();
  await limited?.close();
  await api?.stop();
});

function crd(kind: string, plural: string, properties: object = { note: { type: 'string' } }): KubeObject {
  const schema = { openAPIV3Schema: { type: 'object', properties: { spec: { type: 'object', properties } } } };
  return {
    apiVersion: 'apiextensions.k8s.io/v1',
    kind: 'CustomResourceDefinition',
    metadata: { name: `${plural}.validatoros.com` },
    spec: {
      group: 'validatoros.com',
      scope: 'Namespaced',
      names: { kind, plural, singular: kind.toLowerCase(), listKind: `${kind}List` },
      versions: [{ name: 'v1alpha1', served: true, storage: true, schema }],
    },
  };
}

function backup(spec: object): KubeObject {
  return {
    apiVersion: 'validatoros.com/v1alpha1',
    kind: 'Backup',
    metadata: { name: 'a', namespace: 'default' },
    spec,
  };
}

it('writes nothing when the server has the definitions already, and restores what was changed', async () => {
  const wanted = crd('Sample', 'samples');
  const versionOf = async (): Promise<string | undefined> => (await admin.get(refOf(wanted)))?.metadata.resourceVersion;
  expect(await applyCrds(admin, [wanted])).toMatchObject([{ outcome: 'applied' }]);
  const before = await versionOf();
  expect(await applyCrds(admin, [wanted])).toMatchObject([{ outcome: 'current' }]);
  expect(await versionOf()).toBe(before);
  await admin.patch(refOf(wanted), [
    { op: 'remove', path: '/spec/versions/0/schema/openAPIV3Schema/properties/spec/properties/note' },
  ]);
  expect(await applyCrds(admin, [wanted])).toMatchObject([{ outcome: 'applied' }]);
});

it('names every CRD that is missing and may not be installed', async () => {
  const missing = [crd('Backup', 'backups'), crd('Restore', 'restores')];
  await expect(applyCrds(limited, missing)).rejects.toMatchObject({
    code: 'NOT_SERVED',
    message: expect.stringMatching(
      /backups\.validatoros\.com, restores\.validatoros\.com; have an administrator apply/,
    ),
  });
});

it('installs, waits until the kinds are served, and updates', async () => {
  const both = [crd('Backup', 'backups'), crd('Restore', 'restores')];
  expect(await applyCrds(admin, both)).toEqual([
    { name: 'backups.validatoros.com', outcome: 'applied' },
    { name: 'restores.validatoros.com', outcome: 'applied' },
  ]);
  // At once, with no waiting.
  expect(await admin.create(backup({ note: 'x' }))).toMatchObject({ spec: { note: 'x' } });
  await expect(admin.apply(backup({ other: 'x' }), { fieldManager: 'x', force: true })).rejects.toMatchObject({
    code: 'INVALID',
  });
  await applyCrds(admin, [crd('Backup', 'backups', { note: { type: 'string' }, other: { type: 'string' } })]);
  const until = performance.now() + 20_000;
  for (;;) {
    try {
      await admin.apply(backup({ other: 'x' }), { fieldManager: 'x', force: true });
      break;
    } catch (error) {
      // The schema of an existing kind changes a moment later.
      if (performance.now() > until) throw error;
    }
  }
});

describe('an installed CRD that may not be updated', () => {
  it('is used when it has every field', async () => {
    expect(await applyCrds(limited, [crd('Backup', 'backups')])).toMatchObject([{ outcome: 'current' }]);
  });

  it('is used with a warning that names the fields that it lacks', async () => {
    const more = { note: { type: 'string' }, added: { type: 'string' } };
    const warning = await waitFor('the schema of the installed one', async () => {
      const [result] = await applyCrds(limited, [crd('Backup', 'backups', more)]);
      return result?.outcome === 'kept' && result.warning;
    });
    expect(warning).toContain('backups.validatoros.com lacks spec.added,');
  });
});

it('says why one does not become Established', async () => {
  const clash = crd('Restore', 'snapshots');
  await expect(applyCrds(admin, [clash], { timeoutMs: 1000 })).rejects.toMatchObject({
    code: 'TIMEOUT',
    message: expect.stringMatching(/Restore|already in use/i),
  });
});

describe('a schema revision', () => {
  const revised = (revision: number, properties: object): KubeObject => {
    const made = crd('Snapshot', 'snapshots', properties);
    return { ...made, metadata: { ...made.metadata, annotations: { [ANNOTATION.schemaRevision]: String(revision) } } };
  };
  const [less, more] = [{ note: { type: 'string' } }, { note: { type: 'string' }, more: { type: 'string' } }];
  const schemaOf = async (): Promise<string> => JSON.stringify(await admin.get(refOf(revised(1, less))));

  it('that is newer is kept, with a warning, and an older one is replaced', async () => {
    expect(await applyCrds(admin, [revised(9, more)])).toMatchObject([{ outcome: 'applied' }]);
    expect(await applyCrds(admin, [revised(10, more)])).toMatchObject([{ outcome: 'applied' }]);
    expect(await applyCrds(admin, [revised(9, less)])).toMatchObject([
      { outcome: 'kept', warning: expect.stringContaining('schema revision 10, ours is 9') },
    ]);
    expect(await schemaOf()).toContain('"more"');
    expect(await applyCrds(admin, [revised(11, less)])).toMatchObject([{ outcome: 'applied' }]);
    expect(await schemaOf()).not.toContain('"more":{"type"');
  });
});
