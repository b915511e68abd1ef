// What the controller remembers lies in its own namespace: who may edit objects where the nodes are changes nothing of it.

import { execFile } from 'node:child_process';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { promisify } from 'node:util';

import { afterAll, afterEach, beforeEach, expect, it } from 'vitest';
import { pino } from 'pino';

import type { Ref } from '../../src/api/objects.ts';
import { prepareCluster } from '../../src/controller/prepare-cluster.ts';
import { KINDS } from '../../src/kube/kinds.ts';
import { binary } from '../cluster/binaries.ts';
import { testCluster, testNamespace, type TestNamespace } from '../support/cluster.ts';
import { moveBranch, tipOf } from '../support/git-repo.ts';
import { waitFor } from '../support/wait-for.ts';
import { BRANCH, type Fleet, startFleet } from './fleet.ts';
import { prepare, published, runController, type Running } from './harness.ts';

const folder = mkdtempSync(join(tmpdir(), 'nodewright-own-'));
let kubeconfig: string;
let fleet: Fleet;
let own: TestNamespace;
let running: Running | undefined;
beforeEach(async () => {
  const cluster = await testCluster();
  kubeconfig = cluster.kubeconfigPath;
  fleet = await startFleet({ kubeconfig, nodes: 2, guards: { maxDeletions: 10, maxDeletionPercent: 100 } });
  own = await testNamespace(cluster, 'own');
  await prepare(fleet);
});
afterAll(() => rmSync(folder, { recursive: true, force: true }));
afterEach(async () => {
  await running?.stop();
  await fleet.close();
  await own.remove();
});

async function start(ownNamespace: string): Promise<Running> {
  running = await runController(fleet, { settings: { ownNamespace } });
  return running;
}

/** Ended after the newest commit was applied. */
async function ranOnce(ownNamespace: string): Promise<void> {
  const controller = await start(ownNamespace);
  await published(fleet, controller, tipOf(fleet.repo, BRANCH) ?? '');
  await controller.stop();
}

const memoryIn = (namespace: string): Ref & { readonly namespace: string } => ({
  apiVersion: 'v1',
  kind: 'ConfigMap',
  namespace,
  name: `nodewright-${fleet.executor}`,
});

async function dataIn(namespace: string): Promise<Readonly<Record<string, string>> | undefined> {
  const data: unknown = (await fleet.cluster.get(memoryIn(namespace)))?.['data'];
  return data as Readonly<Record<string, string>> | undefined;
}

it('is not where the nodes are, and a forged one there has no effect', async () => {
  const first = tipOf(fleet.repo, BRANCH) ?? '';
  const second = fleet.commit({ 'nodes/more.yaml': fleet.nodeFile('more') });
  await ranOnce(own.name);
  expect(await dataIn(fleet.namespace)).toBeUndefined();
  expect(await dataIn(own.name)).toMatchObject({ appliedCommit: second });

  // As if the commit before were the last one, so that going back to it deletes a node without being held.
  await fleet.cluster.create({
    apiVersion: 'v1',
    kind: 'ConfigMap',
    metadata: { namespace: fleet.namespace, name: memoryIn(fleet.namespace).name },
    data: { ...(await dataIn(own.name)), appliedCommit: first },
  });
  moveBranch(fleet.repo, BRANCH, first);
  await start(own.name);
  await waitFor('the branch that was moved back is held', () =>
    fleet.statusFile('sync.yaml')?.includes(`no longer contains main@sha1:${second}`),
  );
  expect([...(await fleet.nodes()).keys()]).toContain('more');
});

it('is moved there by the commands in the refusal, and nothing is lost by it', async () => {
  await ranOnce(fleet.namespace);
  const before = await dataIn(fleet.namespace);
  const refusal = await start(own.name).then(
    () => 'it started',
    (error: unknown) => String(error),
  );
  expect(refusal).toContain(`this one remembers in namespace ${own.name}`);
  expect(await dataIn(own.name)).toBeUndefined();
  const events = await fleet.cluster.list(KINDS.Event, { namespace: fleet.namespace });
  expect(events.map((event) => event['reason'])).toContain('MemoryElsewhere');

  const commands = /move it: (.*)$/.exec(refusal)?.[1] ?? '';
  const path = `${dirname(await binary('kubectl'))}:${process.env['PATH'] ?? ''}`;
  await promisify(execFile)('sh', ['-c', commands], {
    cwd: folder,
    env: { KUBECONFIG: kubeconfig, PATH: path, HOME: folder },
  });
  expect(await dataIn(fleet.namespace)).toBeUndefined();
  expect(await dataIn(own.name)).toEqual(before);
  const controller = await start(own.name);
  await published(fleet, controller, fleet.commit({ 'nodes/more.yaml': fleet.nodeFile('more') }));
  expect(controller.log.map(({ msg }) => msg)).not.toContain('Restored lost memory');
});

it('is refused before anything is created while its own namespace does not exist', async () => {
  const [namespace, mistyped] = [`${fleet.namespace}-new`, `${own.name}-sytem`];
  const preparation = {
    cluster: fleet.cluster,
    namespace,
    log: pino({ level: 'silent' }),
    signal: AbortSignal.timeout(60_000),
  };
  await expect(prepareCluster({ ...preparation, ownNamespace: mistyped })).rejects.toThrow(
    `cannot keep its memory: namespace ${mistyped} does not exist: kubectl create namespace ${mistyped}, or correct --own-namespace`,
  );
  expect(await fleet.cluster.get({ apiVersion: 'v1', kind: 'Namespace', name: namespace })).toBeUndefined();
  await prepareCluster({ ...preparation, namespace: fleet.namespace, ownNamespace: own.name });
});
