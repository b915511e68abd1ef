// Someone who may only write the status branch fills it with files of executors that do not exist: nothing stops, and nothing stays.

import { afterAll, beforeAll, expect, it } from 'vitest';

import { API_VERSION } from '../../src/api/group.ts';
import { textAt } from '../../src/lib/json-value.ts';
import { testCluster } from '../support/cluster.ts';
import { commitFiles, git, tipOf } from '../support/git-repo.ts';
import { watchTurns } from '../support/longest-turn.ts';
import { waitFor } from '../support/wait-for.ts';
import { BRANCH, type Fleet, startFleet, STATUS_BRANCH } from './fleet.ts';
import { prepare, published, runController, type Running } from './harness.ts';

const PATIENCE_MS = 240_000;
const TIME = '2026-01-01T00:00:00Z';

let fleet: Fleet;
let running: Running;
beforeAll(async () => {
  const { kubeconfigPath: kubeconfig } = await testCluster();
  fleet = await startFleet({ kubeconfig, nodes: 1 });
  await prepare(fleet);
  running = await start();
  await published(fleet, running, tipOf(fleet.repo, BRANCH) ?? '');
}, 300_000);
afterAll(async () => {
  await running?.stop();
  await fleet?.close();
});

const start = async (): Promise<Running> => await runController(fleet, { settings: { statusLookMs: 500 } });

type Files = Readonly<Record<string, string>>;

/** Pushes to the status branch; gives what undoes it. */
function harm(files: Files): Readonly<Record<string, null>> {
  commitFiles(fleet.repo, files, { branch: STATUS_BRANCH });
  return Object.fromEntries(Object.keys(files).map((path) => [path, null]));
}

function filesOf(count: number, name: (index: number) => string, text: string): Files {
  return Object.fromEntries(Array.from({ length: count }, (_, index) => [name(index), text]));
}

function entry(index: number): string {
  const key = `sha256:${index.toString(16).padStart(64, '0')}`;
  return `- {"key": "${key}", node: a/b, since: "${TIME}", state: Reserved, seal: ${'ab'.repeat(32)}}`;
}

const keysOf = (count: number, first = 0): string =>
  ['keys:', ...Array.from({ length: count }, (_, index) => entry(first + index)), ''].join('\n');

/** Merges a node, which is created and reported. */
async function merges(name: string): Promise<void> {
  const commit = fleet.commit({ [`nodes/${name}.yaml`]: fleet.nodeFile(name) });
  running.controller.requestSync();
  await waitFor(`${name} is created`, async () => (await fleet.nodes()).has(name), PATIENCE_MS);
  const line = `applied: ${BRANCH}@sha1:${commit}`;
  await waitFor(`${name} is reported`, () => fleet.statusFile('sync.yaml')?.includes(line), PATIENCE_MS);
}

async function remembered(): Promise<string> {
  const { namespace, executor } = fleet;
  const ref = { apiVersion: 'v1', kind: 'ConfigMap', namespace, name: `nodewright-${executor}` };
  return textAt(await fleet.cluster.get(ref), ['data', 'keys']) ?? '';
}

const readme = (): string => git(fleet.repo, ['show', `${STATUS_BRANCH}:README.md`]);

/** The controller has read the branch as it is now: it writes the front page again. */
async function reads(): Promise<void> {
  commitFiles(fleet.repo, { 'README.md': 'read me again\n' }, { branch: STATUS_BRANCH });
  await waitFor('the branch is read', () => readme() !== 'read me again', PATIENCE_MS);
}

it('large files of keys and nodes cost no long turn of the event loop, and are named', async () => {
  const line = `- {"key": "sha256:${'ab'.repeat(32)}", node: a/b, since: a, state: Released, seal: ${'ab'.repeat(32)}}\n`;
  const keys = `keys:\n${line.repeat(Math.floor(1_000_000 / line.length))}`;
  const condition = '    - {type: a, status: b, reason: c, message: "ddddddddddd"}\n';
  const node = `spec: {chain: a, network: b}\nstatus:\n  phase: Error\n  conditions:\n${condition.repeat(1700)}`;
  const undo = harm({
    ...filesOf(80, (index) => `y${index}/keys.yaml`, keys),
    ...filesOf(300, (index) => `zz/nodes/n${index}/x.yaml`, node),
  });
  const turns = watchTurns();
  await merges('meanwhile');
  await waitFor('what is left out is named', () => readme().includes('Not all is shown of zz:'), PATIENCE_MS);
  await waitFor(
    'so are files of keys',
    () => running.log.some(({ msg }) => msg.startsWith('Holding new signing keys')),
    PATIENCE_MS,
  );
  expect(turns.stop()).toBeLessThan(200);
  commitFiles(fleet.repo, undo, { branch: STATUS_BRANCH });
  await waitFor('nothing is left out', () => !readme().includes('Not all is shown'), PATIENCE_MS);
}, 600_000);

it('reservations of executors that fleet.yaml does not list are not remembered, and take no room from jobs', async () => {
  const undo = harm({ 'evil/keys.yaml': keysOf(1900) });
  await reads();
  expect(await remembered()).not.toContain('evil');
  const file = { apiVersion: API_VERSION, kind: 'Backup', metadata: { name: 'b0' }, spec: { node: 'n0' } };
  fleet.commit({ 'jobs/b0.yaml': JSON.stringify(file) });
  running.controller.requestSync();
  const ref = { apiVersion: API_VERSION, kind: 'Backup', namespace: fleet.namespace, name: 'b0' };
  await waitFor('the job has its object', async () => await fleet.cluster.get(ref), PATIENCE_MS);
  const more = harm(filesOf(20, (index) => `evil${index}/keys.yaml`, keysOf(2000, 10_000)));
  await merges('beside');
  commitFiles(fleet.repo, { ...undo, ...more }, { branch: STATUS_BRANCH });
  await reads();
  expect(await remembered()).not.toContain('evil');
  await running.stop();
  running = await start();
  await merges('after');
}, 600_000);

it('a file of this executor with entries that it did not write costs no long turn', async () => {
  const path = `${fleet.executor}/keys.yaml`;
  const turns = watchTurns();
  harm({ [path]: keysOf(500, 100_000) });
  await reads();
  await waitFor(
    'they are released',
    () => fleet.statusFile('keys.yaml')?.includes('state: Reserved') === false,
    PATIENCE_MS,
  );
  await merges('still');
  expect(turns.stop()).toBeLessThan(200);
}, 600_000);

it('a reservation of a listed executor stays held when its entry vanishes, also when the executor is removed from fleet.yaml', async () => {
  const two = fleet.fleetFile().replace('executors: [', 'executors: [{ name: tokyo }, ');
  const commit = fleet.commit({ 'fleet.yaml': two });
  await published(fleet, running, commit);
  harm({ 'tokyo/keys.yaml': keysOf(1, 7) });
  const id = `tokyo sha256:${'7'.padStart(64, '0')}`;
  await waitFor('it is remembered', async () => (await remembered()).includes(id), PATIENCE_MS);
  await published(fleet, running, fleet.commit({ 'fleet.yaml': fleet.fleetFile() }));
  commitFiles(fleet.repo, { 'tokyo/keys.yaml': null }, { branch: STATUS_BRANCH });
  await reads();
  await merges('later');
  expect(await remembered()).toContain(id);
}, 400_000);
