// What a controller that waits for its Lease says of it, on a real API server.

import { afterAll, beforeAll, expect, it } from 'vitest';

import type { KubeObject } from '../../src/api/objects.ts';
import { readBranchWarning } from '../../src/cli/branch-warning.ts';
import { takeLease } from '../../src/controller/take-lease.ts';
import { type ApiCluster, connectCluster } from '../../src/kube/api-cluster.ts';
import { makeEvents } from '../../src/kube/events.ts';
import { redact } from '../../src/lib/redact.ts';
import { NO_LOG } from '../../src/kube/log.ts';
import { privateApiServer, type PrivateApiServer } from '../support/api-server.ts';
import { waitFor } from '../support/wait-for.ts';

let api: PrivateApiServer;
let cluster: ApiCluster;
beforeAll(async () => {
  api = await privateApiServer();
  cluster = connectCluster({ kubeconfig: await api.kubeconfig('admin') });
});
afterAll(async () => {
  await cluster?.close();
  await api?.stop();
});

it('names the holder for /readyz and nodewright status, until it has the Lease', async () => {
  const settings = { executor: 'primary', namespace: 'default' };
  const spec = {
    holderIdentity: 'evil',
    leaseDurationSeconds: 2_000_000_000,
    renewTime: '2199-01-01T00:00:00.000000Z',
  };
  const metadata = { name: 'nodewright-primary', namespace: 'default' };
  const lease: KubeObject = { apiVersion: 'coordination.k8s.io/v1', kind: 'Lease', metadata, spec };
  await cluster.create(lease);
  const events = makeEvents({ cluster, component: 'nodewright', instance: 'primary', redactor: redact, log: NO_LOG });
  const logged: unknown[] = [];
  const reasons: (string | undefined)[] = [];
  const taken = takeLease(
    {
      cluster,
      settings,
      events,
      identity: 'pod-a',
      onLost: () => undefined,
      explain: (why) => void reasons.push(why),
      log: { ...NO_LOG, info: (facts, text) => void (text === 'Waiting for the lease' && logged.push(facts)) },
      times: { durationMs: 2000, renewDeadlineMs: 1200, retryMs: 200, maxPromiseMs: 6000 },
      waitTimes: { afterMs: 500, everyMs: 600_000 },
    },
    new AbortController().signal,
  );
  await waitFor('it says at once who has the Lease', () => reasons.length > 0);
  expect(reasons[0]).toBe('it waits for the Lease default/nodewright-primary, which evil holds');
  expect(logged).toEqual([{ lease: 'default/nodewright-primary', holder: 'evil' }]);
  await waitFor('it says why it waits', () => reasons.length > 1);
  expect(reasons[1]).toMatch(/^the Lease default\/nodewright-primary is held by evil, /);
  const warning = await waitFor('the Event', async () => await readBranchWarning(cluster, settings));
  expect(warning).toMatch(
    /^the controller of executor primary waits for its Lease and updates nothing: the Lease default\//,
  );
  const held = await taken;
  expect(reasons.slice(2)).toEqual([undefined]);
  await waitFor('no warning', async () => (await readBranchWarning(cluster, settings)) === undefined);
  await events.flush();
  await held.release();
});
