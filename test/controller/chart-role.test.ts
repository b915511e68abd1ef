// The chart's role is enough for the controller: it does its work as the chart's service account and is never refused.

import { randomBytes } from 'node:crypto';
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';

import { afterAll, beforeAll, expect, it } from 'vitest';
import { parse, stringify } from 'yaml';

import { crds } from '../../src/desired/crds.ts';
import { binary } from '../cluster/binaries.ts';
import { type ControllerProcess, startControllerProcess } from '../demo/controller-process.ts';
import { runCommand } from '../demo/run-command.ts';
import { testCluster, type TestCluster, testNamespace, type TestNamespace } from '../support/cluster.ts';
import { commitFiles, git } from '../support/git-repo.ts';
import { type GitServer, startGitServer } from '../support/git-server.ts';
import { waitFor } from '../demo/wait-for.ts';

const executor = `role-${randomBytes(4).toString('hex')}`;
const folder = mkdtempSync(join(tmpdir(), 'nodewright-role-'));
let cluster: TestCluster;
let namespace: TestNamespace;
let server: GitServer;
let controller: ControllerProcess;

beforeAll(async () => {
  cluster = await testCluster();
  namespace = await testNamespace(cluster, 'role');
  await kubectl(['apply', '-f', '-'], stringifyAll(serviceAccountWithRole()));
  server = await startGitServer();
});

afterAll(async () => {
  await controller?.stop();
  await server?.close();
  await kubectl(['delete', 'clusterrole,clusterrolebinding', executor, '--ignore-not-found']);
  await namespace?.remove();
  rmSync(folder, { recursive: true, force: true });
});

it('makes, repairs, reports and removes a node without being refused once', async () => {
  const bare = server.createRepo('fleet');
  commitFiles(bare, { 'fleet.yaml': FLEET, 'nodes/eth.yaml': NODE, 'nodes/comet.yaml': OTHER });
  controller = await startControllerProcess({
    args: ['run', '--repo', server.url('fleet'), '--executor', executor, '--interval', '500ms'],
    env: {
      KUBECONFIG: await kubeconfigOfServiceAccount(),
      NODEWRIGHT_NAMESPACE: namespace.name,
      NODEWRIGHT_DATA_DIR: join(folder, 'data'),
      NODEWRIGHT_LISTEN: '0',
    },
    logFile: join(folder, 'controller.log'),
  });
  for (const name of ['eth', 'comet']) await seen(`StatefulSet ${name}`, () => get(`statefulset/${name}`));
  await seen('the status of eth', async () => ((await get('bn/eth', '{.status.phase}')) === '' ? undefined : true));

  await kubectl(['delete', 'service', 'eth', '-n', namespace.name]);
  await seen('the deleted Service', () => get('service/eth'));
  await kubectl([
    'patch',
    'bn',
    'eth',
    '-n',
    namespace.name,
    '--type=merge',
    '-p',
    '{"spec":{"args":{"el":{"x":"1"}}}}',
  ]);
  await seen('the repaired node', async () => ((await get('bn/eth', '{.spec.args}')) === '' ? true : undefined));

  commitFiles(bare, { 'nodes/comet.yaml': null, 'nodes/eth.yaml': NODE.replace('1Gi', '2Gi') });
  await seen('comet gone', async () => ((await get('bn/comet').catch(() => '')) === '' ? true : undefined));
  await seen('the larger volume asked for', async () =>
    (await get('bn/eth', '{.spec.storage.data.size}')) === '2Gi' ? true : undefined,
  );
  await seen('comet gone from the status branch', async () => {
    const files = git(bare, ['ls-tree', '-r', '--name-only', 'nodewright-status']);
    return files.includes('/eth.yaml') && !files.includes('/comet.yaml') ? true : undefined;
  });

  const log = readFileSync(controller.logFile, 'utf8');
  expect(log.split('\n').filter((line) => /forbidden/i.test(line))).toEqual([]);
  const port: unknown = JSON.parse(log.slice(0, log.indexOf('\n'))).port;
  const metrics = await (await fetch(`http://127.0.0.1:${String(port)}/metrics`)).text();
  expect(metrics).toMatch(/code="20\d"/);
  expect(metrics.split('\n').filter((line) => line.includes('code="403"'))).toEqual([]);
});

it('names every definition that the controller installs', () => {
  const named = rules().flatMap(({ resourceNames = [] }) => resourceNames);
  expect(named.toSorted()).toEqual(
    crds()
      .map(({ metadata }) => metadata.name)
      .toSorted(),
  );
});

interface Rule {
  readonly resourceNames?: readonly string[];
}

function rules(): readonly Rule[] {
  return ['namespaced', 'namespace', 'cluster', 'definition'].flatMap((name) => rulesIn(`${name}-rules.yaml`));
}

function rulesIn(file: string): readonly Rule[] {
  return parse(readFileSync(new URL(`../../charts/nodewright/files/${file}`, import.meta.url), 'utf8'));
}

function serviceAccountWithRole(): readonly object[] {
  const rbac = 'rbac.authorization.k8s.io/v1';
  const here = { name: executor, namespace: namespace.name };
  const subjects = [{ kind: 'ServiceAccount', ...here }];
  const apiGroup = 'rbac.authorization.k8s.io';
  return [
    { apiVersion: 'v1', kind: 'ServiceAccount', metadata: here },
    { apiVersion: rbac, kind: 'ClusterRole', metadata: { name: executor }, rules: rules() },
    {
      apiVersion: rbac,
      kind: 'ClusterRoleBinding',
      metadata: { name: executor },
      roleRef: { apiGroup, kind: 'ClusterRole', name: executor },
      subjects,
    },
  ];
}

/** The administrator's file with the service account's token in place of the administrator. */
async function kubeconfigOfServiceAccount(): Promise<string> {
  const token = (await kubectl(['create', 'token', executor, '-n', namespace.name])).trim();
  const config = parse(await kubectl(['config', 'view', '--raw', '--minify', '--flatten']));
  config.users[0].user = { token };
  const file = join(folder, 'kubeconfig');
  writeFileSync(file, stringify(config), { mode: 0o600 });
  return file;
}

async function kubectl(args: readonly string[], input = ''): Promise<string> {
  const all = ['--kubeconfig', cluster.kubeconfigPath, ...args];
  return (await runCommand(await binary('kubectl'), all, { input })).stdout;
}

async function get(what: string, path = '{.metadata.name}'): Promise<string> {
  return await kubectl(['get', what, '-n', namespace.name, '-o', `jsonpath=${path}`]);
}

async function seen<T>(what: string, read: () => Promise<T | undefined>): Promise<void> {
  try {
    await waitFor({ what, timeoutMs: 60_000 }, read);
  } catch (error) {
    throw new Error(await controller.lastLog(15), { cause: error });
  }
}

function stringifyAll(objects: readonly object[]): string {
  return objects.map((object) => `---\n${stringify(object)}`).join('');
}

const FLEET = `apiVersion: validatoros.com/v1alpha1
kind: Fleet
metadata: { name: fleet }
spec:
  executors: [{ name: ${executor} }]
  defaultExecutor: ${executor}
`;

const NODE = `apiVersion: validatoros.com/v1alpha1
kind: BlockchainNode
metadata: { name: eth }
spec:
  chain: ethereum
  network: dev
  clients: { el: { name: geth, version: 1.16.7 } }
  storage: { data: { size: 1Gi } }
`;

const OTHER = `apiVersion: validatoros.com/v1alpha1
kind: BlockchainNode
metadata: { name: comet }
spec:
  chain: cosmos
  network: dev
  nodeType: validator
  clients: { node: { name: cometbft, version: 1.0.1 } }
  storage: { data: { size: 1Gi } }
`;
