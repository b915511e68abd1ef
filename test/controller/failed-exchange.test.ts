// A commit that exchanges the keys of two nodes, and whose Switchover does not complete: what is held says so.

import { afterAll, beforeAll, expect, it } from 'vitest';

import type { KubeObject } from '../../src/api/objects.ts';
import { testCluster } from '../support/cluster.ts';
import { makeValidators, type Validators } from '../support/validators.ts';
import { waitFor } from '../support/wait-for.ts';
import { deny, RULES } from './deny.ts';
import { type Fleet, startFleet } from './fleet.ts';
import { prepare, published, publishedAsSeen, runController, type Running } from './harness.ts';

const NAMES = ['v1', 'v2'] as const;
let fleet: Fleet;
let validators: Validators;
let running: Running;
let allow: () => Promise<void>;

beforeAll(async () => {
  fleet = await startFleet({ kubeconfig: (await testCluster()).kubeconfigPath, nodes: 0 });
  await prepare(fleet);
  const { namespace, cluster } = fleet;
  validators = makeValidators({ chainId: 'swap-1', namespace, names: NAMES });
  for (const object of validators.objects as readonly KubeObject[])
    await cluster.create({ ...object, metadata: { ...object.metadata, namespace } });
  allow = await deny(fleet, {
    apiGroups: ['batch'],
    apiVersions: ['v1'],
    operations: ['CREATE'],
    resources: ['jobs'],
    expression: 'false',
  });
  running = await runController(fleet);
});
afterAll(async () => {
  await running?.stop();
  await allow?.();
  await fleet?.close();
});

/** Each node with the key of the one at its place in `keys`. */
function files(keys: readonly [string, string]): Readonly<Record<string, string>> {
  return Object.fromEntries(
    NAMES.map((name, index) => {
      const secretName = validators.secretOf(keys[index] ?? name);
      const spec = { ...validators.validator(name), identity: { secretName } };
      const node = { apiVersion: 'validatoros.com/v1alpha1', kind: 'BlockchainNode', metadata: { name }, spec };
      return [`nodes/${name}.yaml`, JSON.stringify(node)];
    }),
  );
}

async function hold(): Promise<string> {
  return (await fleet.nodes()).get('v1')?.status?.hold?.message ?? '';
}

it('names the Switchover, why it ended and what to do, also after the same exchange again', async () => {
  await published(fleet, running, fleet.commit(files(['v1', 'v2'])));
  await waitFor('both are applied', async () =>
    [...(await fleet.nodes()).values()].every(({ status }) => status?.appliedRevision !== undefined),
  );
  await publishedAsSeen(fleet, running, fleet.commit(files(['v2', 'v1'])));
  await waitFor('the hold says it', async () => (await hold()).includes(' ended '), 60_000);
  const text = await hold();
  expect(text).toMatch(
    new RegExp(`the Switchover of it, Switchover ${fleet.namespace}/exchange-v1-v2-\\w+, ended Refused`),
  );
  expect(text).toContain(RULES);
  expect(text).toContain('It is not repeated. Undo the change, or remove the cause and file a Switchover');
  await waitFor('sync.yaml says it', () => fleet.statusFile('sync.yaml')?.includes('It is not repeated'));

  await published(fleet, running, fleet.commit(files(['v1', 'v2'])));
  await waitFor('nothing is held', async () => (await hold()) === '');
  await publishedAsSeen(fleet, running, fleet.commit(files(['v2', 'v1'])));
  await waitFor('the hold says it again', async () => (await hold()).includes('It is not repeated'));
});
