// `nodewright plan` against a cluster that has objects of one-shot requests: what is there runs no second time.

import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';

import { afterAll, beforeAll, expect, it } from 'vitest';

import { ANNOTATION, API_VERSION, FIELD_MANAGER, LABEL } from '../../src/api/group.ts';
import { defined } from '../../src/lib/defined.ts';
import { runCommand } from '../demo/run-command.ts';
import { testCluster } from '../support/cluster.ts';
import { type Fleet, startFleet } from './fleet.ts';
import { prepare } from './harness.ts';

const MAIN = new URL('../../src/cli/main.ts', import.meta.url).pathname;
let fleet: Fleet;
let folder: string;

beforeAll(async () => {
  const { kubeconfigPath: kubeconfig } = await testCluster();
  fleet = await startFleet({ kubeconfig, nodes: 0 });
  await prepare(fleet);
  folder = mkdtempSync(join(tmpdir(), 'nodewright-plan-'));
  const files = {
    'fleet.yaml': fleet.fleetFile(),
    'nodes/n0.yaml': fleet.nodeFile('n0', []),
    'nodes/n1.yaml': fleet.nodeFile('n1'),
    'nodes/key.yaml': fleet.nodeFile('key', ['identity: { secretName: none }']),
    'schedules/new.yaml': scheduleFile('new'),
    'jobs/empty.yaml': requestFile('empty', { node: 'n1' }),
    'jobs/fresh.yaml': requestFile('fresh'),
    'jobs/there.yaml': requestFile('there'),
    'jobs/done.yaml': requestFile('done'),
    'jobs/edited.yaml': requestFile('edited', { action: 'Direct' }),
  };
  for (const [path, text] of Object.entries(files)) {
    mkdirSync(dirname(join(folder, path)), { recursive: true });
    writeFileSync(join(folder, path), text);
  }
});
afterAll(async () => {
  await fleet?.close();
  rmSync(folder, { recursive: true, force: true });
});

function requestFile(name: string, more: object = {}): string {
  return JSON.stringify({ apiVersion: API_VERSION, kind: 'Backup', metadata: { name }, spec: { node: 'n0', ...more } });
}

function scheduleFile(name: string): string {
  const spec = { schedule: '0 3 * * *', template: { kind: 'Backup', spec: { node: 'n0' } } };
  return JSON.stringify({ apiVersion: API_VERSION, kind: 'JobSchedule', metadata: { name }, spec });
}

interface Given {
  readonly phase?: string;
  readonly withdrawn?: string;
}

/** As the controller makes one, and brings it to a phase. */
async function given(name: string, file: string, { phase, withdrawn }: Given = {}): Promise<void> {
  const { cluster, namespace, executor } = fleet;
  const head = { apiVersion: API_VERSION, kind: 'Backup' };
  const labels = { [LABEL.executor]: executor, [LABEL.managedBy]: 'nodewright' };
  const metadata = {
    name,
    namespace,
    labels,
    annotations: { [ANNOTATION.file]: file, ...defined({ [ANNOTATION.withdrawn]: withdrawn }) },
  };
  await cluster.create({ ...head, metadata, spec: { node: 'n0', executor, action: 'StopAndStart' } });
  if (phase !== undefined)
    await cluster.applyStatus(
      { ...head, metadata: { name, namespace }, status: { phase } },
      { fieldManager: FIELD_MANAGER, force: true },
    );
}

it('shows what would run, what was edited, what finds no volumes and what is withdrawn now, and leaves out what has an object, has ended or was withdrawn before', async () => {
  await given('there', 'jobs/there.yaml', { phase: 'Working' });
  await given('done', 'jobs/done.yaml', { phase: 'Complete' });
  await given('gone', 'jobs/gone.yaml', { phase: 'Locked' });
  await given('edited', 'jobs/edited.yaml', { phase: 'Complete' });
  await given('marked', 'jobs/marked.yaml', { phase: 'Working', withdrawn: 'its file was removed' });
  await given('gone-and-done', 'jobs/gone-and-done.yaml', { phase: 'Failed' });
  await given('nightly-1', 'schedules/nightly.yaml', { phase: 'Working' });
  const { kubeconfig, namespace, executor } = fleet;
  const options = ['--kubeconfig', kubeconfig, '--namespace', namespace, '--executor', executor, '--format', 'json'];
  const { stdout, code } = await runCommand(process.execPath, [MAIN, 'plan', folder, ...options], {
    accept: [0, 1, 2],
  });
  const [{ plan }] = JSON.parse(stdout).plans;
  expect(plan.jobs).toMatchObject([
    { do: 'refuse', job: `Backup ${namespace}/edited`, because: expect.stringContaining('put the file back') },
    {
      do: 'refuse',
      job: `Backup ${namespace}/empty`,
      because: expect.stringContaining('n1 is stopped and has no volumes'),
    },
    { do: 'run', job: `Backup ${namespace}/fresh`, because: expect.stringContaining('status branch already') },
    { do: 'withdraw', job: `Backup ${namespace}/gone`, file: 'jobs/gone.yaml' },
    { do: 'schedule', job: `JobSchedule ${namespace}/new` },
  ]);
  const key = plan.actions.find(({ ref }: { ref: { name: string } }) => ref.name === 'key');
  expect(key.consequences).toContainEqual(
    expect.stringMatching(/^the pod key-0 does not start .*: Secret none, which the node uses, does not exist/),
  );
  expect(code).toBe(1);
});
