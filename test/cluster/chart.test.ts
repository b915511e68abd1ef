// The chart as Helm renders it: it is accepted by the linter and by an API server, and refuses what could not work.

import { mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';

import { afterAll, beforeAll, describe, expect, it } from 'vitest';

import { runCommand } from '../demo/run-command.ts';
import { testCluster } from '../support/cluster.ts';
import { binary } from './binaries.ts';

const CHART = new URL('../../charts/nodewright', import.meta.url).pathname;
const folder = mkdtempSync(join(tmpdir(), 'nodewright-chart-'));
// The first run on a machine builds it.
beforeAll(async () => void (await binary('helm')), 1_200_000);
afterAll(() => rmSync(folder, { recursive: true, force: true }));

const REQUIRED = ['--set', 'executor=a', '--set', 'git.url=https://git.example.com/a', '--set', 'image.repository=r/n'];
const ALL = [
  'git.secretName=git', 'git.caKey=ca', 'signingKey.secretName=key', 'networkPolicy.create=true', 'rbac.namespaces={a,b}',
  'webhook.secretName=hook', 'webhook.ingress.create=true', 'webhook.ingress.host=n.example.com', 'proxy.https=http://p:1',
  'selfUpdate.enabled=true', 'selfUpdate.publicKey=key', 'selfUpdate.registry.ca=ca', 'imagePullSecrets[0].name=pull',
  'policy.namespaces={a}', 'verification.mode=tip', 'podAnnotations.x=y', 'image.digest=sha256:'.padEnd(84, 'a'),
].flatMap((value) => ['--set', value]); // prettier-ignore
const MONITORING = ['monitor=PodMonitor', 'alerts.create=true', 'dashboard.create=true'];

async function helm(...args: readonly string[]): Promise<string> {
  const env = { HOME: folder, XDG_CACHE_HOME: folder };
  return (await runCommand(await binary('helm'), args, { env })).stdout;
}

async function render(...values: readonly string[]): Promise<string> {
  return await helm('template', 'one', CHART, '--namespace', 'default', ...REQUIRED, ...values);
}

it('has nothing that the strict linter finds, with few and with all values', async () => {
  const monitoring = MONITORING.flatMap((value) => ['--set', `monitoring.${value}`]);
  for (const values of [[], [...ALL, ...monitoring]])
    expect(await helm('lint', '--strict', CHART, ...REQUIRED, ...values)).toContain('0 chart(s) failed');
});

it.each([
  ['few', []],
  ['all', ALL],
] as const)('is accepted by an API server, with %s values', async (_, values) => {
  const { kubeconfigPath } = await testCluster();
  const kubectl = await binary('kubectl');
  for (const name of ['a', 'b'])
    await runCommand(kubectl, ['--kubeconfig', kubeconfigPath, 'create', 'namespace', name], { accept: [0, 1] });
  const args = ['--kubeconfig', kubeconfigPath, 'apply', '--dry-run=server', '--validate=strict', '-f', '-'];
  const { stdout } = await runCommand(kubectl, args, { input: await render(...values) });
  expect(stdout).toContain('deployment.apps/one-nodewright created (server dry run)');
});

it('gives rights on its own Deployment alone, and rolls it, only with self-update', async () => {
  const without = await render();
  expect(without).toContain('type: Recreate');
  expect(without).not.toMatch(/self-update|SELF_UPDATE/);
  const text = await render('--set', 'selfUpdate.enabled=true', '--set', 'selfUpdate.confirmSeconds=30');
  expect(text).toContain('minReadySeconds: 30');
  expect(text).toContain('type: RollingUpdate');
  expect(text).toMatch(/resources: \[deployments\]\n +resourceNames: \[one-nodewright\]\n +verbs: \[get, patch\]/);
  expect(text).toMatch(/NODEWRIGHT_SELF_UPDATE\n +value: "default\/one-nodewright"/);
});

it('makes no cluster-wide right when it gets namespaces and applies no definitions', async () => {
  const rights = ['rbac.namespaces={a}', 'rbac.definitions=false', 'rbac.storageClasses=false'];
  const text = await render(...rights.flatMap((value) => ['--set', value]));
  expect(text).not.toContain('kind: ClusterRole');
  expect(text.match(/^kind: Role$/gm)).toHaveLength(2);
});

it('keeps the digits of a number in env, and makes valid names of a release with dots', async () => {
  const text = await helm('template', 'a.b', CHART, ...REQUIRED, '--set-json', 'env={"MAX":100000000}');
  expect(text).toContain('value: "100000000"');
  expect(text).toContain('name: a-b-nodewright');
});

it('reads a GitHub App in place of a token, and mounts the secret of the webhook, which no node may use', async () => {
  const app = ['git.appId=1', 'git.appInstallationId=2'].flatMap((value) => ['--set-string', value]);
  const rest = ['git.secretName=g', 'git.appKeyKey=k.pem', 'webhook.secretName=hook'].flatMap((value) => [
    '--set',
    value,
  ]);
  const text = await render(...app, ...rest);
  expect(text).toMatch(/NODEWRIGHT_GIT_APP_KEY_FILE\n\s+value: \/git\/k\.pem/);
  expect(text).not.toContain('NODEWRIGHT_GIT_TOKEN_FILE');
  expect(text).toMatch(/NODEWRIGHT_RESERVED_SECRETS\n\s+value: "g,hook"/);
  expect(text).toMatch(/NODEWRIGHT_WEBHOOK_SECRET_FILE\n\s+value: \/webhook\/secret/);
  await expect(render(...app.slice(0, 2), '--set', 'git.secretName=g')).rejects.toThrow('appInstallationId is missing');
});

it('has nothing that kube-score finds, but for what its README explains', async () => {
  const text = await render(...ALL);
  const args = ['score', '--output-format', 'ci', '--kubernetes-version', 'v1.27', '-'];
  const { stdout } = await runCommand(await binary('kube-score'), args, { input: text, accept: [0, 1] });
  const found = stdout.split('\n').filter((line) => /^\[(CRITICAL|WARNING)\]/.test(line));
  const readme = readFileSync(join(CHART, 'README.md'), 'utf8');
  const remarks = found.map((line) => line.replace(/^.*Deployment: (\(controller\) )?/, ''));
  expect(remarks.length).toBeGreaterThan(2);
  expect(remarks.filter((remark) => !readme.includes(`\`${remark}\``))).toEqual([]);
});

it('gives the objects the name that users of another operator know', async () => {
  const text = await render('--set', 'fullnameOverride=novacula-operator');
  expect(text).toMatch(/kind: Deployment\nmetadata:\n  name: novacula-operator\n/);
});

it('never sends requests to the API server through a proxy', async () => {
  const text = await render('--set', 'proxy.https=http://p:1', '--set-string', 'proxy.exceptions=.svc');
  expect(text).toMatch(/NO_PROXY\n\s+value: "\$\(KUBERNETES_SERVICE_HOST\),\.svc"/);
});

it('gives a controller with rights in some namespaces only its memory in its own, and no other ConfigMap there', async () => {
  const text = await render('--set', 'rbac.namespaces={a},namespace=a,executor=paris');
  const role = text.split('---').find((part) => part.includes('kind: Role\n') && part.includes('-memory')) ?? '';
  expect(role).toMatch(/namespace: default/);
  expect(role).toMatch(/resourceNames: \[nodewright-paris\]\n\s+verbs: \[get, patch\]/);
  expect(role.match(/configmaps/g)).toHaveLength(2);
});

describe('refuses', () => {
  it.each([
    'image.repository=',
    'image.repository=images.example.com/Nodewright',
    'image.repository=images.example.com/nodewright:1',
    'executor=',
    'proxy.https=http://me:secret@proxy.example.com',
    'webhook.ingress.create=true,webhook.secretName=hook',
    'git.url=https://me:secret@git.example.com/a',
    'listen=0.0.0.0:0',
    'listen=0.0.0.0:99999',
    'image.tag=sha256:abc',
    'image.digest=abc',
    'namespace=Not_A_Name',
    'rbac.namespaces={UPPER}',
    'podAnnotations.x=true',
    'tolerations[0].ky=a',
    'resources.request.cpu=1',
    'env.NODEWRIGHT_REPO=x',
    'env.lower=x',
    'monitoring.monitor=Prometheus',
    'replicas=2',
  ])('--set %s', async (value) => {
    await expect(render('--set', value)).rejects.toThrow(/values don't meet|missing|schema/);
  });

  it('an executor whose memory would have the name of a ConfigMap of the chart', async () => {
    await expect(render('--set', 'fullnameOverride=nodewright,executor=policy')).rejects.toThrow(/of its own/);
  });

  it('a ServiceMonitor without its Service', async () => {
    await expect(render('--set', 'monitoring.monitor=ServiceMonitor,service.create=false')).rejects.toThrow(
      /PodMonitor/,
    );
  });
});
