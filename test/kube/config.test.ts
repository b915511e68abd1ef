// Ways to log in that a kubeconfig may name, and what happens when they fail or change.

import { copyFile, mkdir, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';

import { connectCluster, type ApiCluster } from '../../src/kube/api-cluster.ts';
import type { RequestRecord } from '../../src/kube/rest.ts';
import { describeError } from '../../src/lib/errors.ts';
import { makeCertificates } from '../support/certificates.ts';
import { privateApiServer, TOKENS, type PrivateApiServer } from '../support/api-server.ts';

let api: PrivateApiServer;
const open: ApiCluster[] = [];

beforeAll(async () => {
  api = await privateApiServer();
});
afterAll(async () => {
  await Promise.all(open.map((cluster) => cluster.close()));
  await api?.stop();
});

const namespace = { apiVersion: 'v1', kind: 'Namespace', name: 'default' };

/** A cluster whose user is given as in a kubeconfig, with what it asked. */
async function connectAs(user: object): Promise<{ cluster: ApiCluster; codes: string[] }> {
  const path = join(api.directory, `config-${open.length}`);
  const config = {
    'current-context': 'x',
    contexts: [{ name: 'x', context: { cluster: 'c', user: 'u' } }],
    clusters: [
      { name: 'c', cluster: { server: `${api.url}/`, 'certificate-authority-data': btoa(api.certificates.ca) } },
    ],
    users: [{ name: 'u', user }],
  };
  await writeFile(path, JSON.stringify(config));
  const codes: string[] = [];
  const onRequest = ({ code }: RequestRecord): void => void codes.push(code);
  const cluster = connectCluster({ kubeconfig: path, onRequest });
  open.push(cluster);
  return { cluster, codes };
}

/** An exec plugin that is a shell script. */
function plugin(script: string): object {
  return { exec: { apiVersion: 'client.authentication.k8s.io/v1', command: '/bin/sh', args: ['-c', script] } };
}

function credential(token: string): string {
  return JSON.stringify({
    apiVersion: 'client.authentication.k8s.io/v1',
    kind: 'ExecCredential',
    status: { token, expirationTimestamp: '2001-01-01T00:00:00Z' },
  });
}

describe('a credential plugin', () => {
  it('is asked once for many requests', async () => {
    const calls = join(api.directory, 'calls');
    const { cluster } = await connectAs(plugin(`echo x >> ${calls}; echo '${credential(TOKENS.admin)}'`));
    await Promise.all(Array.from({ length: 50 }, () => cluster.get(namespace)));
    await connectAs(plugin(`test "$(wc -l < ${calls})" = 1 && echo '${credential(TOKENS.admin)}'`)).then((once) =>
      expect(once.cluster.get(namespace)).resolves.toBeDefined(),
    );
  });

  it('is asked again when the server no longer takes its token', async () => {
    const file = join(api.directory, 'token');
    const next = join(api.directory, 'token-next');
    await writeFile(file, credential('expired-token'));
    await writeFile(next, credential(TOKENS.admin));
    const { cluster, codes } = await connectAs(plugin(`cat ${file}; cp ${next} ${file}`));
    expect(await cluster.get(namespace)).toBeDefined();
    expect(codes).toEqual(['401', '200']);
  });

  it('that fails is named, but nothing it said is repeated', async () => {
    const { cluster } = await connectAs(plugin('echo token=hunter2 >&2; exit 1'));
    const error: unknown = await cluster.get(namespace).catch((thrown: unknown) => thrown);
    expect(error).toMatchObject({ code: 'CONFIG' });
    expect(describeError(error)).toMatch(/credential plugin .* failed/);
    expect(describeError(error)).not.toContain('hunter2');
  });
});

it('a token file wins over a token, and is looked for beside the kubeconfig', async () => {
  await writeFile(join(api.directory, 'beside'), `${TOKENS.admin}\n`);
  const { cluster, codes } = await connectAs({ token: 'wrong', tokenFile: 'beside' });
  expect(await cluster.get(namespace)).toBeDefined();
  expect(codes).toEqual(['200']);
});

it('a token file that is not there is CONFIG', async () => {
  const { cluster, codes } = await connectAs({ tokenFile: 'nowhere' });
  await expect(cluster.get(namespace)).rejects.toMatchObject({ code: 'CONFIG' });
  expect(codes).toEqual(['CONFIG']);
});

it('a token that stays wrong is UNAUTHORIZED after a second try', async () => {
  const { cluster, codes } = await connectAs({ token: 'wrong' });
  await expect(cluster.get(namespace)).rejects.toMatchObject({ code: 'UNAUTHORIZED' });
  expect(codes).toEqual(['401', '401']);
});

it('a client certificate that was replaced on disk is used once the old one is refused', async () => {
  const [certificate, key] = [join(api.directory, 'rotating.crt'), join(api.directory, 'rotating.key')];
  const foreign = join(api.directory, 'foreign');
  await mkdir(foreign);
  const { adminFile } = await makeCertificates(foreign);
  await copyFile(adminFile.certificate, certificate);
  await copyFile(adminFile.key, key);
  const { cluster, codes } = await connectAs({ 'client-certificate': certificate, 'client-key': key });
  await expect(cluster.get(namespace)).rejects.toMatchObject({ code: 'UNAUTHORIZED' });
  await copyFile(api.certificates.adminFile.certificate, certificate);
  await copyFile(api.certificates.adminFile.key, key);
  expect(await cluster.get(namespace)).toBeDefined();
  expect(codes).toEqual(['401', '401', '200']);
});
