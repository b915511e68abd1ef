// One bad file stops nothing else, and its problem reads the same everywhere.

import { afterEach, beforeAll, beforeEach, describe, expect, it, onTestFinished } from 'vitest';

import { type ConditionType, findCondition } from '../../src/api/conditions.ts';
import { API_VERSION } from '../../src/api/group.ts';
import { readBranchWarning } from '../../src/cli/branch-warning.ts';
import { readDesired } from '../../src/desired/read.ts';
import { KINDS } from '../../src/kube/kinds.ts';
import { testCluster } from '../support/cluster.ts';
import { git, tipOf } from '../support/git-repo.ts';
import { waitFor } from '../support/wait-for.ts';
import { type Fleet, startFleet, STATUS_BRANCH } from './fleet.ts';
import { idleFor, prepare, runController, type Running } from './harness.ts';

const BROKEN =
  'apiVersion: validatoros.com/v1alpha1\nkind: BlockchainNode\nmetadata: { name: n1 }\nspec: {chain: ethereum\n';

let kubeconfig: string;
let fleet: Fleet;
let running: Running;

beforeAll(async () => {
  kubeconfig = (await testCluster()).kubeconfigPath;
});

beforeEach(async () => {
  fleet = await startFleet({ kubeconfig, nodes: 3 });
  await prepare(fleet);
  running = await runController(fleet);
  await waitFor('three nodes', async () => (await fleet.nodes()).size === 3);
});
afterEach(async () => {
  await running.stop();
  await fleet.close();
});

async function generations(): Promise<Readonly<Record<string, unknown>>> {
  return Object.fromEntries([...(await fleet.nodes())].map(([name, node]) => [name, node.metadata.uid]));
}

async function applied(commit: string): Promise<void> {
  running.controller.requestSync();
  await waitFor(`sync.yaml names ${commit}`, () =>
    fleet.statusFile('sync.yaml')?.includes(`applied: main@sha1:${commit}`),
  );
}

describe('a file that is broken', () => {
  it('keeps its object, holds back no other file, and says so in the words of `validate`', async () => {
    const before = await generations();
    const commit = fleet.commit({
      'nodes/n1.yaml': BROKEN,
      'nodes/n2.yaml': fleet.nodeFile('n2', ['desiredState: Stopped', 'restartGeneration: 7']),
      'nodes/n3.yaml': fleet.nodeFile('n3'),
    });
    await applied(commit);
    const nodes = await fleet.nodes();
    expect(nodes.get('n2')?.spec.restartGeneration).toBe(7);
    expect([...nodes.keys()].sort()).toEqual(['n0', 'n1', 'n2', 'n3']);
    expect(nodes.get('n1')?.metadata.uid).toBe(before['n1']);
    const warning = async () => await readBranchWarning(fleet.cluster, fleet);
    expect(await waitFor('an Event about the Lease names the place', warning)).toMatch(
      /applies a part of the desired branch only: 1 error in files at main@sha1:\w+\..* nodes\/n1\.yaml:\d+:\d+ error/,
    );
    const [problem] = readDesired([{ path: 'nodes/n1.yaml', oid: 'x', text: BROKEN }], {
      defaultNamespace: fleet.namespace,
    }).problems.filter(({ file }) => file === 'nodes/n1.yaml');
    if (problem === undefined) throw new Error('`validate` finds nothing');
    const text = fleet.statusFile('sync.yaml') ?? '';
    expect(text.replaceAll(/\s+/g, ' ')).toContain(problem.message.replaceAll(/\s+/g, ' '));

    const fixed = fleet.commit({
      'nodes/n1.yaml': fleet.nodeFile('n1', ['desiredState: Stopped', 'restartGeneration: 9']),
    });
    await applied(fixed);
    expect((await fleet.nodes()).get('n1')?.spec.restartGeneration).toBe(9);
    expect(fleet.statusFile('sync.yaml')).not.toContain(problem.message);
    await waitFor('the Event is over', async () => (await warning()) === undefined);
  });

  it('shows in the node itself until it is corrected, also after a restart', async () => {
    await waitFor('n1 is judged', async () => (await fleet.nodes()).get('n1')?.status?.phase === 'Stopped');
    const condition = async (type: ConditionType) =>
      findCondition((await fleet.nodes()).get('n1')?.status?.conditions, type);
    const warnings = async () =>
      (await fleet.cluster.list(KINDS.Event, { namespace: fleet.namespace })).filter(
        ({ reason }) => reason === 'FileBroken',
      );
    await applied(fleet.commit({ 'nodes/n1.yaml': BROKEN }));
    const unapplied = await waitFor('n1 says so', async () => await condition('Unapplied'));
    expect(unapplied).toMatchObject({
      status: 'True',
      reason: 'FileBroken',
      message: expect.stringMatching(/^nodes\/n1\.yaml:4: .*the node keeps its last good state\.$/),
    });
    expect(await condition('Ready')).toMatchObject({ status: 'True', reason: 'Stopped' });
    expect(await condition('Stalled')).toMatchObject({ reason: 'FileBroken', message: unapplied.message });
    await waitFor('an Event says so', async () => (await warnings()).length > 0);
    await waitFor('its file says so', () =>
      fleet.statusFile(`nodes/${fleet.namespace}/n1.yaml`)?.includes('reason: FileBroken'),
    );
    expect((await fleet.nodes()).get('n2')?.status?.conditions).toMatchObject([{ type: 'Ready' }]);

    await running.stop();
    running = await runController(fleet);
    await waitFor('a plan', () => running.log.some(({ msg }) => msg === 'Read revision'));
    await idleFor(running, 2000);
    expect(await condition('Unapplied')).toEqual(unapplied);
    expect(await warnings()).toMatchObject([
      { type: 'Warning', count: 1, message: unapplied.message, involvedObject: { kind: 'BlockchainNode', name: 'n1' } },
    ]);

    await applied(fleet.commit({ 'nodes/n1.yaml': fleet.nodeFile('n1') }));
    await waitFor('it is over', async () => (await condition('Unapplied')) === undefined);
    expect((await fleet.nodes()).get('n1')?.status?.conditions).toMatchObject([{ type: 'Ready', status: 'True' }]);
  });

  it('is too large: the file has a problem with its path and what to do, and every other file is applied', async () => {
    const before = await generations();
    const commit = fleet.commit({
      'nodes/n1.yaml': `${fleet.nodeFile('n1')}# ${'x'.repeat(2 ** 20)}\n`,
      'nodes/n2.yaml': fleet.nodeFile('n2', ['desiredState: Stopped', 'restartGeneration: 7']),
    });
    await applied(commit);
    const nodes = await fleet.nodes();
    expect(nodes.get('n2')?.spec.restartGeneration).toBe(7);
    expect(nodes.get('n1')?.metadata.uid).toBe(before['n1']);
    const text = fleet.statusFile('sync.yaml') ?? '';
    expect(text).toContain('code: FileTooLarge');
    expect(text).toContain('nodes/n1.yaml:1:1');
    expect(text).toContain('make it smaller');
  });

  it('holds everything when it is fleet.yaml, and releases it when it is repaired', async () => {
    const before = await generations();
    const broken = fleet.commit({
      'fleet.yaml': 'kind: Fleet\nspec: [',
      'nodes/n0.yaml': null,
      'nodes/n4.yaml': fleet.nodeFile('n4'),
    });
    running.controller.requestSync();
    await waitFor('the broken commit is seen', () =>
      fleet.statusFile('sync.yaml')?.includes(`seen: main@sha1:${broken}`),
    );
    expect(await generations()).toEqual(before);
    expect(fleet.statusFile('sync.yaml')).toContain('fleet.yaml has an error: nothing is applied');
    const repaired = fleet.commit({ 'fleet.yaml': fleet.fleetFile() });
    await applied(repaired);
    await waitFor('n0 gone, n4 there', async () => [...(await fleet.nodes()).keys()].sort().join() === 'n1,n2,n4');
  });

  it('does not let a branch that was moved back pass as the last revision while fleet.yaml is broken', async () => {
    const first = fleet.commit({ 'nodes/n3.yaml': fleet.nodeFile('n3') });
    await applied(first);
    // Back to before n3, with a broken Fleet on top: nothing can be planned, so nothing was approved either.
    const broken = fleet.commit({ 'fleet.yaml': 'kind: Fleet\nspec: [' }, { parent: `${first}~1` });
    running.controller.requestSync();
    await waitFor('the broken commit is seen', () =>
      fleet.statusFile('sync.yaml')?.includes(`seen: main@sha1:${broken}`),
    );
    fleet.commit({ 'fleet.yaml': fleet.fleetFile() });
    running.controller.requestSync();
    await waitFor('the deletion is held', () => fleet.statusFile('sync.yaml')?.includes('Rewritten'));
    expect([...(await fleet.nodes()).keys()].sort()).toEqual(['n0', 'n1', 'n2', 'n3']);
  });
});

describe('the log of the controller', () => {
  const linesOf = (...sentences: readonly string[]) => running.log.filter(({ msg }) => sentences.includes(msg));

  it('names each problem once, without secrets, and says when all are solved', async () => {
    const secret = 'ghp_abcdefghijklmnopqrstuvwxyz0123456789';
    const broken = fleet.nodeFile('n1', ['desiredState: Stopped', `${secret}: 1`]);
    await applied(fleet.commit({ 'nodes/n1.yaml': broken }));
    const found = {
      msg: 'Found problem in file',
      level: 40,
      severity: 'error',
      code: 'UnknownField',
      reason: expect.stringMatching(/redacted.*unknown field/i),
      place: expect.stringMatching(/^nodes\/n1\.yaml:\d+:\d+$/),
    };
    expect(linesOf('Found problem in file')).toMatchObject([found]);
    expect(JSON.stringify(running.log)).not.toContain(secret);
    await applied(fleet.commit({ 'nodes/n1.yaml': `# moved\n${broken}`, 'nodes/n3.yaml': BROKEN.replace('n1', 'n3') }));
    expect(linesOf('Found problem in file').slice(1)).toMatchObject([
      { place: expect.stringMatching(/^nodes\/n3\.yaml:/) },
    ]);
    expect(linesOf('Solved all problems in files')).toEqual([]);
    const commit = fleet.commit({ 'nodes/n1.yaml': fleet.nodeFile('n1'), 'nodes/n3.yaml': fleet.nodeFile('n3') });
    await applied(commit);
    expect(linesOf('Solved all problems in files')).toMatchObject([{ level: 30, revision: `main@sha1:${commit}` }]);
  });

  it('names a job request that is refused, as an Event does until it no longer is', async () => {
    const head = { apiVersion: API_VERSION, kind: 'Backup' };
    const file = (node: string) => JSON.stringify({ ...head, metadata: { name: 'b' }, spec: { node } });
    await applied(fleet.commit({ 'jobs/b.yaml': file('n0') }));
    const ref = { ...head, namespace: fleet.namespace, name: 'b' };
    await waitFor('it is claimed', async () => (await fleet.cluster.get(ref)) !== undefined);
    fleet.commit({ 'jobs/b.yaml': file('n2') });
    running.controller.requestSync();
    const [line] = await waitFor('a line', () => {
      const lines = linesOf('Found problem in file');
      return lines.length > 0 && lines;
    });
    expect(line).toMatchObject({ level: 40, code: 'Edited', place: 'jobs/b.yaml:1:1' });
    const { cluster, executor, namespace } = fleet;
    const warning = async () => await readBranchWarning(cluster, { executor, namespace });
    expect(await waitFor('an Event says it', warning)).toMatch(
      /refuses .*: 1 job request is not carried out: jobs\/b\.yaml Edited .*put the file back/,
    );
    fleet.commit({ 'jobs/b.yaml': file('n0') });
    running.controller.requestSync();
    await waitFor('the Event is over', async () => (await warning()) === undefined);
  });
});

describe('an executor that fleet.yaml does not list', () => {
  it('says so in the log and in the cluster, and leaves nothing on the status branch, until it is listed', async () => {
    const executor = `${fleet.executor}x`;
    const lost = await runController(fleet, { settings: { executor } });
    onTestFinished(async () => await lost.stop());
    const { cluster, namespace } = fleet;
    const warning = async () => await readBranchWarning(cluster, { executor, namespace });
    const message = `"${executor}" is not an executor of the Fleet; it lists ${fleet.executor}.`;
    expect(await waitFor('an Event says it', warning)).toContain(message);
    const published = (): readonly string[] =>
      tipOf(fleet.repo, STATUS_BRANCH) === undefined
        ? []
        : git(fleet.repo, ['ls-tree', '-r', '--name-only', STATUS_BRANCH]).split('\n');
    expect(published().filter((path) => path.startsWith(`${executor}/`))).toEqual([]);
    expect(lost.log).toContainEqual(expect.objectContaining({ level: 40, reason: expect.stringContaining(message) }));
    expect(running.log.filter(({ msg }) => msg === 'Found problem in file')).toEqual([]);
    const more = fleet.fleetFile().replace('executors: [', `executors: [{ name: ${executor} }, `);
    const commit = fleet.commit({ 'fleet.yaml': more });
    lost.controller.requestSync();
    await waitFor('the Event is over', async () => (await warning()) === undefined);
    const path = `${executor}/sync.yaml`;
    await waitFor('it is published', () => {
      const text = published().includes(path) ? git(fleet.repo, ['show', `${STATUS_BRANCH}:${path}`]) : '';
      return text.includes(`applied: main@sha1:${commit}`) && text.includes('state: Synced');
    });
  });
});
