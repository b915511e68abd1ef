// A fleet that is built at once: objects with the names of ours are found without a read of each, and not taken over.

import { afterAll, beforeAll, expect, it } from 'vitest';

import { findCondition } from '../../src/api/conditions.ts';
import { LABEL } from '../../src/api/group.ts';
import type { KubeObject } from '../../src/api/objects.ts';
import { testCluster } from '../support/cluster.ts';
import { waitFor } from '../support/wait-for.ts';
import { type Fleet, startFleet } from './fleet.ts';
import { prepare, runController, type Running, work } from './harness.ts';

const NODES = 60;

/** Made by someone else before the controller starts. */
const FOREIGN: readonly KubeObject[] = [
  { apiVersion: 'v1', kind: 'ConfigMap', metadata: { name: 'n40' }, data: { theirs: 'yes' } },
  {
    apiVersion: 'v1',
    kind: 'Service',
    metadata: { name: 'n41', labels: { [LABEL.node]: 'n2' } },
    spec: { selector: { app: 'theirs' }, ports: [{ port: 80 }] },
  },
  {
    apiVersion: 'v1',
    kind: 'PersistentVolumeClaim',
    metadata: { name: 'data-n42-0' },
    spec: { accessModes: ['ReadWriteOnce'], resources: { requests: { storage: '1Gi' } } },
  },
];

let fleet: Fleet;
let running: Running;
let made: readonly KubeObject[];

beforeAll(async () => {
  const { kubeconfigPath: kubeconfig } = await testCluster();
  fleet = await startFleet({ kubeconfig, nodes: NODES });
  await prepare(fleet);
  const { namespace } = fleet;
  made = await Promise.all(
    FOREIGN.map(
      async (object) => await fleet.cluster.create({ ...object, metadata: { ...object.metadata, namespace } }),
    ),
  );
  running = await runController(fleet);
});
afterAll(async () => {
  await running?.stop();
  await fleet?.close();
});

it('keeps what others made, says so of these nodes, and builds all others with a few reads', async () => {
  const { namespace } = fleet;
  await waitFor(
    'all other nodes are complete',
    async () => {
      const nodes = [...(await fleet.nodes()).values()];
      return nodes.filter(({ status }) => status?.appliedRevision !== undefined).length === NODES - FOREIGN.length;
    },
    120_000,
  );
  const reads = work(running.requests).filter(({ verb, kind }) => verb === 'get' && kind !== 'Lease').length;
  // A read of each object would be 300 and more.
  expect(reads).toBeLessThan(NODES);

  for (const [index, { apiVersion, kind, metadata }] of made.entries()) {
    const name = `n${40 + index}`;
    const said = await waitFor(`${name} is stalled`, async () =>
      findCondition((await fleet.nodes()).get(name)?.status?.conditions, 'Stalled'),
    );
    expect(said).toMatchObject({ reason: 'NotOurs' });
    expect(said.message).toContain(`${kind} ${namespace}/${metadata.name}`);
    const live = await fleet.cluster.get({ apiVersion, kind, namespace, name: metadata.name });
    expect(live?.metadata.resourceVersion).toBe(metadata.resourceVersion);
    const workload = { apiVersion: 'apps/v1', kind: 'StatefulSet', namespace, name };
    expect(await fleet.cluster.get(workload)).toBeUndefined();
  }
});
