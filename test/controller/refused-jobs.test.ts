// The API server refuses the object of a job: it is said where refused requests are, and other requests are carried out.

import { afterAll, beforeAll, expect, it } from 'vitest';

import { KINDS, kindOf } from '../../src/kube/kinds.ts';
import { API_VERSION } from '../../src/api/group.ts';
import { testCluster } from '../support/cluster.ts';
import { tipOf } from '../support/git-repo.ts';
import { waitFor } from '../support/wait-for.ts';
import { deny, RULES } from './deny.ts';
import { BRANCH, type Fleet, startFleet } from './fleet.ts';
import { prepare, published, runController, type Running } from './harness.ts';

let fleet: Fleet;
let running: Running;
let allow: (() => Promise<void>) | undefined;
beforeAll(async () => {
  fleet = await startFleet({ kubeconfig: (await testCluster()).kubeconfigPath, nodes: 1 });
  await prepare(fleet);
  allow = await deny(fleet, {
    apiGroups: ['validatoros.com'],
    apiVersions: ['v1alpha1'],
    operations: ['CREATE'],
    resources: ['backups'],
    expression: "object.metadata.name != 'refused'",
  });
  running = await runController(fleet);
  await published(fleet, running, tipOf(fleet.repo, BRANCH) ?? '');
});
afterAll(async () => {
  await running?.stop();
  await allow?.();
  await fleet?.close();
});

function backup(name: string): string {
  return JSON.stringify({ apiVersion: API_VERSION, kind: 'Backup', metadata: { name }, spec: { node: 'n0' } });
}

it('is named with the words of the server, until it is accepted', async () => {
  const { namespace, cluster } = fleet;
  const names = async (): Promise<readonly string[]> =>
    (await cluster.list(kindOf({ apiVersion: API_VERSION, kind: 'Backup' }), { namespace })).map(
      ({ metadata }) => metadata.name,
    );
  fleet.commit({ 'jobs/refused.yaml': backup('refused'), 'jobs/taken.yaml': backup('taken') });
  running.controller.requestSync();
  await waitFor('sync.yaml says it', () => fleet.statusFile('sync.yaml')?.includes('code: ObjectRefused'));
  const sync = fleet.statusFile('sync.yaml') ?? '';
  expect(sync).toContain(`Backup/${namespace}/refused: the API server refuses its object, which is tried again: `);
  expect(sync).toContain(RULES);
  expect(sync).toContain('place: jobs/refused.yaml:1:1');
  await waitFor('an Event says it', async () =>
    (await cluster.list(KINDS.Event, { namespace })).some(
      ({ reason, message }) =>
        reason === 'RequestsRefused' && String(message).includes('jobs/refused.yaml ObjectRefused'),
    ),
  );
  await waitFor('the other one is there', async () => (await names()).includes('taken'));
  await allow?.();
  allow = undefined;
  await waitFor('it is accepted', async () => (await names()).includes('refused'), 60_000);
  await waitFor('no problem is left', () => fleet.statusFile('sync.yaml')?.includes('ObjectRefused') === false);
});
