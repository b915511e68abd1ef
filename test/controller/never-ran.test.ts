// A Backup of a node that never ran waits without its lock, so that a Restore filed after it can fill the node.

import { expect, it, onTestFinished } from 'vitest';

import { API_VERSION } from '../../src/api/group.ts';
import { ALLOW_BACKUPS_LABEL } from '../../src/api/policy.ts';
import type { JobStatus } from '../../src/api/job-status.ts';
import { CREDENTIALS } from '../../src/jobs/task/render-job.ts';
import { lockOfNode } from '../../src/jobs/model/locks.ts';
import { valueAt } from '../../src/lib/json-value.ts';
import { testCluster } from '../support/cluster.ts';
import { waitFor } from '../support/wait-for.ts';
import { startFleet } from './fleet.ts';
import { prepare, runController } from './harness.ts';

const LOCK = lockOfNode('n0');
const NEVER = 'node n0 is stopped and never ran, so that it has no volumes: start it, or restore a Backup into it';

it('leaves the lock to a Restore, and waits for that one then', async () => {
  const { kubeconfigPath: kubeconfig } = await testCluster();
  const fleet = await startFleet({ kubeconfig, nodes: 1 });
  const { cluster, namespace } = fleet;
  await prepare(fleet);
  const location = { endpoint: 'https://s3.invalid', bucket: 'backups', secret: 'backup-keys' };
  const running = await runController(fleet, { policy: { backupLocations: { offsite: location } } });
  onTestFinished(async () => {
    await running.stop();
    await fleet.close();
  });
  await waitFor('the node', async () => (await fleet.nodes()).size === 1);
  await cluster.create({
    apiVersion: 'v1',
    kind: 'Secret',
    metadata: { name: 'backup-keys', namespace, labels: { [ALLOW_BACKUPS_LABEL]: 'true' } },
    stringData: Object.fromEntries(CREDENTIALS.map((name) => [name, 'x'])),
  });
  const request = (kind: string, name: string, spec: object): void => {
    const document = { apiVersion: API_VERSION, kind, metadata: { name }, spec: { node: 'n0', ...spec } };
    fleet.commit({ [`jobs/${name}.yaml`]: JSON.stringify(document) });
    running.controller.requestSync();
  };
  const statusOf = async (kind: string, name: string): Promise<JobStatus> =>
    Object((await cluster.get({ apiVersion: API_VERSION, kind, namespace, name }))?.['status']);
  const lease = async () =>
    await cluster.get({ apiVersion: 'coordination.k8s.io/v1', kind: 'Lease', namespace, name: LOCK });

  request('Backup', 'early', {});
  const early = await waitFor('the Backup waits for the node', async () => {
    const status = await statusOf('Backup', 'early');
    return status.message === NEVER && status;
  });
  expect(early).toMatchObject({ phase: 'Claimed', reason: 'ClaimMissing' });
  expect(await lease()).toBeUndefined();

  // No machine has so much: its pod waits, and the job holds the lock meanwhile.
  const resources = { requests: { cpu: '1000000' }, limits: { cpu: '1000000' } };
  request('Restore', 'fills', { source: { objectStorage: { name: 'offsite' } }, resources });
  await waitFor('the Restore works', async () => (await statusOf('Restore', 'fills')).phase === 'Working');
  const uid = (await cluster.get({ apiVersion: API_VERSION, kind: 'Restore', namespace, name: 'fills' }))?.metadata.uid;
  expect(valueAt(await lease(), ['spec', 'holderIdentity'])).toBe(uid);
  const waits = `waits for Restore ${namespace}/fills, which has ${LOCK}`;
  await waitFor('the Backup waits for it', async () => (await statusOf('Backup', 'early')).message === waits);
  expect(await statusOf('Backup', 'early')).toMatchObject({ phase: 'Claimed', reason: 'Claimed' });
  const record = `jobs/backup/${namespace}/early.yaml`;
  await waitFor('the record of the Backup', () => fleet.statusFile(record)?.includes('phase: Claimed'));
});
