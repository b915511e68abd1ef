// A request that has the name of a run to come: it could keep the run of a schedule from being filed.

import { expect, it, onTestFinished } from 'vitest';

import { API_VERSION } from '../../src/api/group.ts';
import { runName } from '../../src/jobs/requests/schedule.ts';
import { textAt } from '../../src/lib/json-value.ts';
import { testCluster } from '../support/cluster.ts';
import { waitFor } from '../support/wait-for.ts';
import { startFleet } from './fleet.ts';
import { prepare, publishedAsSeen, runController } from './harness.ts';

const MINUTE_MS = 60_000;

it('is refused with its place, and the runs are filed by their schedule', async () => {
  const { kubeconfigPath: kubeconfig } = await testCluster();
  const fleet = await startFleet({ kubeconfig, nodes: 2 });
  await prepare(fleet);
  const running = await runController(fleet);
  onTestFinished(async () => {
    await running.stop();
    await fleet.close();
  });
  const object = (name: string, kind: string, spec: object): string =>
    JSON.stringify({ apiVersion: API_VERSION, kind, metadata: { name }, spec });
  const template = { kind: 'Backup', spec: { node: 'n0' } };
  // Whichever minute this test begins in, the next run has one of these names.
  const taken = Array.from({ length: 8 }, (_, minute) => runName('often', Date.now() + (minute - 2) * MINUTE_MS));
  const requests = [...taken, 'good'].map((name) => [`jobs/${name}.yaml`, object(name, 'Backup', { node: 'n1' })]);
  const schedule = object('often', 'JobSchedule', { schedule: '* * * * *', template });
  const commit = fleet.commit({ 'schedules/often.yaml': schedule, ...Object.fromEntries(requests) });
  await publishedAsSeen(fleet, running, commit);

  const sync = await waitFor('the errors are published', () => {
    const text = fleet.statusFile('sync.yaml') ?? '';
    return text.includes('NameOfRun') ? text : undefined;
  });
  expect(sync.match(/code: NameOfRun/g)).toHaveLength(taken.length);
  for (const name of taken) expect(sync).toContain(`jobs/${name}.yaml`);
  expect(sync).not.toContain('jobs/good.yaml');

  const record = (name: string): string | undefined => fleet.statusFile(`jobs/backup/${fleet.namespace}/${name}.yaml`);
  await waitFor('the other request is claimed', () => record('good'));
  const run = await waitFor('a run is filed', () => taken.find((name) => record(name) !== undefined), 120_000);
  expect(record(run)).toContain(`schedule: ${fleet.namespace}/often`);
  const ref = { apiVersion: API_VERSION, kind: 'Backup', namespace: fleet.namespace, name: run };
  const live = await waitFor('its object', async () => await fleet.cluster.get(ref));
  // As the template says, and not as the file with its name does.
  expect(textAt(live, ['spec', 'node'])).toBe('n0');
}, 240_000);
