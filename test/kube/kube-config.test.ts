// The library's KubeConfig as we load it: without the generated models, and yet with every way to log in.

import { execFileSync } from 'node:child_process';
import { mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { delimiter, dirname, join } from 'node:path';
import { afterAll, afterEach, describe, expect, it, vi } from 'vitest';

import { loadConfig, readCredentials, type Credentials } from '../../src/kube/config.ts';
import { KubeConfig } from '../../src/kube/kube-config.ts';

const dir = mkdtempSync(join(tmpdir(), 'nodewright-kube-config-'));
afterAll(() => rmSync(dir, { recursive: true }));

/** What a fresh process prints that runs this module. */
function inProcess(code: string): string {
  const root = new URL('../..', import.meta.url).pathname;
  return execFileSync(process.execPath, ['--input-type=module', '-e', code], { cwd: root, encoding: 'utf8' }).trim();
}

function file(name: string, text: string): string {
  const path = join(dir, name);
  mkdirSync(dirname(path), { recursive: true });
  writeFileSync(path, text);
  return path;
}

const COUNT_GENERATED = `
  import { registerHooks } from 'node:module';
  let generated = 0;
  registerHooks({ load: (url, context, next) => {
    if (/client-node\\/dist\\/gen\\/(apis|models|types)\\//.test(url)) generated += 1;
    return next(url, context);
  } });`;

it.each(['./src/main.ts', './src/cli/program.ts'])('%s loads no generated API class and no model', (path) => {
  expect(inProcess(`${COUNT_GENERATED} await import('${path}'); console.log(generated);`)).toBe('0');
});

it('the whole library can be used beside it, in either order, with the same KubeConfig', () => {
  const [ours, whole] = ['./src/kube/kube-config.ts', '@kubernetes/client-node'];
  for (const [first, second] of [
    [ours, whole],
    [whole, ours],
  ]) {
    const made = inProcess(`
      const [a, b] = [await import('${first}'), await import('${second}')];
      const config = new a.KubeConfig();
      config.loadFromClusterAndUser({ name: 'c', server: 'https://127.0.0.1:1' }, { name: 'u' });
      const api = config.makeApiClient(a.CoreV1Api ?? b.CoreV1Api);
      console.log(a.KubeConfig === b.KubeConfig, typeof api.listNode);`);
    expect(made).toBe('true function');
  }
});

/** The credentials of a kubeconfig with this user and this cluster. */
async function credentialsOf(user: object, cluster: object = {}): Promise<Credentials> {
  const config = {
    'current-context': 'x',
    contexts: [{ name: 'x', context: { cluster: 'c', user: 'u' } }],
    clusters: [{ name: 'c', cluster: { server: 'https://10.0.0.1:6443', ...cluster } }],
    users: [{ name: 'u', user }],
  };
  return await readCredentials(loadConfig({ kubeconfig: file('config', JSON.stringify(config)) }));
}

/** Certificate and key, whether they came as text or as bytes. */
function textsOf({ cert, key }: Credentials['tls']): readonly unknown[] {
  return [cert, key].map((part) => (Buffer.isBuffer(part) ? part.toString() : part));
}

const bearer = (token: string): object => ({ headers: { authorization: `Bearer ${token}` } });

it('a token, a user with a password, impersonation', async () => {
  expect(await credentialsOf({ token: 'abc' })).toMatchObject(bearer('abc'));
  const basic = { headers: { authorization: `Basic ${btoa('me:pass')}` } };
  expect(await credentialsOf({ username: 'me', password: 'pass' })).toMatchObject(basic);
  const asBob = { headers: { authorization: 'Bearer abc', 'impersonate-user': 'bob' } };
  expect(await credentialsOf({ token: 'abc', as: 'bob' })).toMatchObject(asBob);
});

it('client certificates in the kubeconfig and in files', async () => {
  const data = { 'client-certificate-data': btoa('CERT'), 'client-key-data': btoa('KEY') };
  const files = { 'client-certificate': file('crt', 'CERT'), 'client-key': file('key', 'KEY') };
  for (const user of [data, files]) {
    const { tls } = await credentialsOf(user);
    expect(textsOf(tls)).toEqual(['CERT', 'KEY']);
  }
});

it('a file of authorities beside the kubeconfig, and everything else a cluster may say', async () => {
  file('ca.crt', 'CA');
  expect(String((await credentialsOf({}, { 'certificate-authority': 'ca.crt' })).tls.ca)).toBe('CA');
  expect(await credentialsOf({}, { 'insecure-skip-tls-verify': true })).toMatchObject({
    tls: { rejectUnauthorized: false },
  });
  expect(await credentialsOf({}, { 'tls-server-name': 'api.example' })).toMatchObject({
    tls: { servername: 'api.example' },
  });
  for (const proxyUrl of ['http://proxy.example:3128', 'socks5://proxy.example:1080']) {
    expect(await credentialsOf({}, { 'proxy-url': proxyUrl })).toMatchObject({ proxyUrl });
  }
});

it('credential plugins: a token, a client certificate', async () => {
  const plugin = (status: object): object => {
    const credential = { apiVersion: 'client.authentication.k8s.io/v1', kind: 'ExecCredential', status };
    return { exec: { apiVersion: credential.apiVersion, command: 'echo', args: [JSON.stringify(credential)] } };
  };
  expect(await credentialsOf(plugin({ token: 'from-plugin' }))).toMatchObject(bearer('from-plugin'));
  const { tls } = await credentialsOf(plugin({ clientCertificateData: 'CERT', clientKeyData: 'KEY' }));
  expect(textsOf(tls)).toEqual(['CERT', 'KEY']);
});

it('OpenID Connect: a token that is still good is used as it is', async () => {
  const payload = Buffer.from(JSON.stringify({ exp: Math.floor(Date.now() / 1000) + 3600 })).toString('base64url');
  const token = `e30.${payload}.c2ln`;
  const user = { 'auth-provider': { name: 'oidc', config: { 'id-token': token, 'client-id': 'us' } } };
  expect(await credentialsOf(user)).toMatchObject(bearer(token));
});

it("the pod's own service account", async () => {
  file('var/run/secrets/kubernetes.io/serviceaccount/token', 'of-the-pod');
  file('var/run/secrets/kubernetes.io/serviceaccount/ca.crt', 'CA');
  vi.stubEnv('KUBERNETES_SERVICE_HOST', '10.96.0.1');
  vi.stubEnv('KUBERNETES_SERVICE_PORT', '443');
  try {
    const config = new KubeConfig();
    config.loadFromCluster(dir);
    const credentials = await readCredentials(config);
    expect(credentials).toMatchObject({ server: 'https://10.96.0.1:443', ...bearer('of-the-pod') });
    expect(String(credentials.tls.ca)).toBe('CA');
  } finally {
    vi.unstubAllEnvs();
  }
});

describe('KUBECONFIG with several files', () => {
  afterEach(() => vi.unstubAllEnvs());

  /** A kubeconfig with one context, cluster and user of this name. */
  function part(name: string, server: string, more: object = {}): string {
    return file(
      `list/${server.replaceAll(/\W/g, '')}`,
      JSON.stringify({
        contexts: [{ name, context: { cluster: name, user: name } }],
        clusters: [{ name, cluster: { server } }],
        users: [{ name, user: { token: `of ${server}` } }],
        ...more,
      }),
    );
  }

  async function loaded(...files: readonly string[]): Promise<Credentials> {
    vi.stubEnv('KUBECONFIG', files.join(delimiter));
    return await readCredentials(loadConfig({}));
  }

  it('ignores files that are missing', async () => {
    const only = part('x', 'https://1', { 'current-context': 'x' });
    expect(await loaded(join(dir, 'absent'), only, join(dir, 'gone'))).toMatchObject({ server: 'https://1' });
  });

  it('takes the current context and each name from the first file that has it', async () => {
    const files = [
      part('x', 'https://1'),
      part('x', 'https://2', { 'current-context': 'x' }),
      part('y', 'https://3', { 'current-context': 'y' }),
    ];
    expect(await loaded(...files)).toMatchObject({ server: 'https://1', ...bearer('of https://1') });
  });

  it('merges a context of one file with the cluster of another', async () => {
    const context = part('x', 'https://4', { clusters: [], 'current-context': 'x' });
    expect(await loaded(context, part('x', 'https://5'))).toMatchObject({
      server: 'https://5',
      ...bearer('of https://4'),
    });
  });

  it('is not needed where the home folder has a kubeconfig', () => {
    const home = part('x', 'https://6', { 'current-context': 'x' });
    file('home/.kube/config', readFileSync(home, 'utf8'));
    vi.stubEnv('KUBECONFIG', '');
    vi.stubEnv('HOME', join(dir, 'home'));
    expect(loadConfig({}).getCurrentCluster()?.server).toBe('https://6');
  });

  it('names the files when none exists', async () => {
    await expect(loaded(join(dir, 'absent'))).rejects.toMatchObject({
      code: 'CONFIG',
      cause: { message: expect.stringContaining('absent') },
    });
  });
});
