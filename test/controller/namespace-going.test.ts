// A namespace is deleted while a job works in it: nothing can be created there any more, and the job must not keep it.

import { afterEach, beforeEach, expect, it } from 'vitest';

import { API_VERSION } from '../../src/api/group.ts';
import { KINDS } from '../../src/kube/kinds.ts';
import { textAt } from '../../src/lib/json-value.ts';
import { testCluster } from '../support/cluster.ts';
import { tipOf } from '../support/git-repo.ts';
import { waitFor } from '../support/wait-for.ts';
import { BRANCH, type Fleet, startFleet } from './fleet.ts';
import { prepare, published, runController, type Running } from './harness.ts';

const PATIENCE_MS = 120_000;

let fleet: Fleet;
let running: Running;
beforeEach(async () => {
  const { kubeconfigPath: kubeconfig } = await testCluster();
  fleet = await startFleet({ kubeconfig, nodes: 1, spec: [] });
  await prepare(fleet);
  // The memory of a controller lies elsewhere than the nodes.
  running = await runController(fleet, { settings: { ownNamespace: 'default' } });
  await published(fleet, running, tipOf(fleet.repo, BRANCH) ?? '');
  await waitFor('the node has a PVC', async () => (await fleet.cluster.list(KINDS.PersistentVolumeClaim, { namespace: fleet.namespace })).length > 0, PATIENCE_MS); // prettier-ignore
});
afterEach(async () => {
  await running?.stop();
  await fleet?.close();
});

it.each(['Stopping', 'Working'])('goes while a Backup is %s, and the record says how that ended', async (phase) => {
  const { namespace } = fleet;
  const spec = { node: 'n0' };
  fleet.commit({ 'jobs/one.yaml': JSON.stringify({ apiVersion: API_VERSION, kind: 'Backup', metadata: { name: 'one' }, spec }) });
  running.controller.requestSync();
  const ref = { apiVersion: API_VERSION, kind: 'Backup', namespace, name: 'one' };
  await waitFor(`the Backup is ${phase}`, async () => textAt(await fleet.cluster.get(ref), ['status', 'phase']) === phase, PATIENCE_MS);
  const place = { apiVersion: 'v1', kind: 'Namespace', name: namespace };
  const { uid = '' } = (await fleet.cluster.get(place))?.metadata ?? {};
  await fleet.cluster.remove(place, { uid, propagation: 'Background' });
  await waitFor('the namespace is gone', async () => (await fleet.cluster.get(place)) === undefined, PATIENCE_MS);
  expect(fleet.statusFile(`jobs/backup/${namespace}/one.yaml`)).toMatch(/phase: (Interrupted|Failed)/);
}, 400_000); // prettier-ignore
