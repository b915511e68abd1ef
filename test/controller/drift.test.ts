// What people change by hand in the cluster is put back, quickly, without being acted on and without a fight.

import { afterAll, beforeAll, describe, expect, it } from 'vitest';

import { ANNOTATION, API_VERSION } from '../../src/api/group.ts';
import type { KubeObject } from '../../src/api/objects.ts';
import { KINDS } from '../../src/kube/kinds.ts';
import { testCluster } from '../support/cluster.ts';
import { waitFor } from '../support/wait-for.ts';
import { type ByHand, byHand, type Target } from './by-hand.ts';
import { type Fleet, startFleet } from './fleet.ts';
import { idleFor, prepare, runController, type Running, work } from './harness.ts';

let fleet: Fleet;
let running: Running;
let hand: ByHand;

beforeAll(async () => {
  const { kubeconfigPath: kubeconfig } = await testCluster();
  fleet = await startFleet({ kubeconfig, nodes: 2, spec: [] });
  hand = byHand(kubeconfig);
  await prepare(fleet);
  running = await runController(fleet, { settings: { intervalMs: 60_000, observeIntervalMs: 60_000 } });
  await waitFor('both pods run', async () => {
    const pods = await fleet.cluster.list(KINDS.Pod, { namespace: fleet.namespace });
    return pods.filter((pod) => field(pod, 'status.phase') === 'Running').length === 2;
  });
  await waitFor('the volumes are bound and statuses written', async () =>
    [...(await fleet.nodes()).values()].every(
      ({ status }) => status?.phase !== undefined && status.phase !== 'Pending',
    ),
  );
});
afterAll(async () => {
  await running?.stop();
  await fleet?.close();
});

function target(kind: string, name: string): Target {
  const apiVersion = { BlockchainNode: API_VERSION, StatefulSet: 'apps/v1' }[kind] ?? 'v1';
  return { apiVersion, kind, name, namespace: fleet.namespace };
}

function field(object: unknown, path: string): unknown {
  // The edge: paths into any object.
  return path.split('.').reduce<unknown>((at, key) => (at as Record<string, unknown> | undefined)?.[key], object);
}

async function get(what: Target): Promise<KubeObject | undefined> {
  return await fleet.cluster.get(what);
}

/** Makes the change and waits until the controller has undone it. How long that takes is measured by `npm run bench`. */
async function repaired(change: () => Promise<void>, isRight: () => Promise<boolean>): Promise<boolean> {
  await change();
  return await waitFor('it is put back', isRight);
}

async function repairsOf(kind: string): Promise<number> {
  const line = (await running.metrics())
    .split('\n')
    .find((one) => one.startsWith(`nodewright_repairs_total{kind="${kind}"}`));
  return Number(line?.split(' ').at(-1) ?? 0);
}

async function firstOf(kind: keyof typeof KINDS, node: string): Promise<Target> {
  const found = await fleet.cluster.list(KINDS[kind], {
    namespace: fleet.namespace,
    labelSelector: `novacula.com/node=${node}`,
  });
  const [first] = found;
  if (first === undefined) throw new Error(`${node} has no ${kind}`);
  return { apiVersion: first.apiVersion, kind, name: first.metadata.name, namespace: fleet.namespace };
}

describe('a BlockchainNode changed by hand', () => {
  const rows: readonly {
    because: string;
    change: object;
    isRight: (node: KubeObject | undefined) => boolean;
  }[] = [
    {
      because: 'a field that Git sets is put back',
      change: { spec: { clients: { el: { version: '9.9.9' } } } },
      isRight: (node) => field(node, 'spec.clients.el.version') === '1.16.7',
    },
    {
      because: 'a field that Git does not set goes away',
      change: { spec: { restartGeneration: 5 } },
      isRight: (node) => field(node, 'spec.restartGeneration') === undefined,
    },
    {
      because: 'an added argument goes away',
      change: { spec: { args: { el: { cache: '64' } } } },
      isRight: (node) => field(node, 'spec.args') === undefined,
    },
    {
      because: 'another client goes away, for the volume holds the data of the one in Git',
      change: { spec: { clients: { el: { name: 'reth' } } } },
      isRight: (node) => field(node, 'spec.clients.el.name') === 'geth',
    },
    {
      because: 'our label comes back',
      change: { metadata: { labels: { 'validatoros.com/executor': null } } },
      isRight: (node) => node?.metadata.labels?.['validatoros.com/executor'] === fleet.executor,
    },
    {
      because: 'the digest that shows drift comes back',
      change: { metadata: { annotations: { [ANNOTATION.applied]: null, [ANNOTATION.appliedSpec]: null } } },
      isRight: (node) => node?.metadata.annotations?.[ANNOTATION.appliedSpec] !== undefined,
    },
  ];

  it.each(rows)('$because', async ({ change, isRight }) => {
    const what = target('BlockchainNode', 'n0');
    const isRepaired = await repaired(
      () => hand.patch(what, change),
      async () => isRight(await get(what)),
    );
    expect(isRepaired).toBe(true);
  });

  it("leaves another's label and annotation alone", async () => {
    const what = target('BlockchainNode', 'n0');
    await hand.patch(what, { metadata: { labels: { team: 'a' }, annotations: { 'example.com/note': 'b' } } });
    await idleFor(running, 1500);
    const { labels, annotations } = (await get(what))?.metadata ?? {};
    expect({ ...labels, ...annotations }).toMatchObject({ team: 'a', 'example.com/note': 'b' });
  });

  it('with a larger size: the API server takes no smaller one back, and sync.yaml says what is possible', async () => {
    await hand.patch(target('BlockchainNode', 'n1'), { spec: { storage: { data: { size: '2Gi' } } } });
    const text = await waitFor('it is held on the status branch', () => {
      const sync = fleet.statusFile('sync.yaml') ?? '';
      return sync.includes('VolumeShrink') ? sync.replaceAll(/\s+/g, ' ') : undefined;
    });
    expect(text).toContain('volume data: its size was changed in the cluster from 1Gi to 2Gi, and the API server');
    expect(text).toContain('Write 2Gi into nodes/n1.yaml: then the volume grows to that size. Or delete the object');
  });

  it('is created again when it was deleted, as the file says', async () => {
    const what = target('BlockchainNode', 'n1');
    const uid = (await get(what))?.metadata.uid;
    const isRepaired = await repaired(
      () => hand.remove(what),
      async () => ((await get(what))?.metadata.uid ?? uid) !== uid,
    );
    expect(isRepaired).toBe(true);
    expect(field(await get(what), 'spec.storage.data.size')).toBe('1Gi');
    const message = `BlockchainNode ${fleet.namespace}/n1 was deleted, not by the controller. It is created again from its file, and its volumes stay.`;
    await waitFor('an Event of the new object says so', async () =>
      (await fleet.cluster.list(KINDS.Event, { namespace: fleet.namespace })).some(
        (event) => event['reason'] === 'ObjectDeleted' && event['message'] === message && event['type'] === 'Warning',
      ),
    );
  });
});

describe('a change that would hurt', () => {
  const deeds: readonly { because: string; change: object }[] = [
    { because: 'desiredState alone', change: { spec: { desiredState: 'Stopped' } } },
    {
      because: 'desiredState together with the digest that gives it away',
      change: {
        metadata: { annotations: { [ANNOTATION.applied]: null, [ANNOTATION.appliedSpec]: null } },
        spec: { desiredState: 'Stopped' },
      },
    },
  ];

  it.each(deeds)('$because never reaches the StatefulSet', async ({ change }) => {
    const replicas: unknown[] = [];
    const watching = new AbortController();
    const sets = fleet.cluster.inform(KINDS.StatefulSet, {
      namespace: fleet.namespace,
      signal: watching.signal,
      onChange: ({ key, now }) => {
        if (key.endsWith('/n0')) replicas.push(now === undefined ? 'deleted' : field(now, 'spec.replicas'));
      },
    });
    await sets.synced();
    const what = target('BlockchainNode', 'n0');
    for (let round = 0; round < 10; round++) {
      await hand.patch(what, change);
      await waitFor('it runs again', async () => {
        const node = await get(what);
        return (
          field(node, 'spec.desiredState') === 'Running' &&
          node?.metadata.annotations?.[ANNOTATION.appliedSpec] !== undefined
        );
      });
    }
    await idleFor(running, 1000);
    watching.abort();
    expect(new Set(replicas)).toEqual(new Set([1]));
  });
});

describe('an object of a node changed by hand', () => {
  it('a StatefulSet without the label by which it is watched gets it back, and is not said to be deleted', async () => {
    const set = target('StatefulSet', 'n0');
    const label = 'novacula.com/node';
    const isRepaired = await repaired(
      () => hand.patch(set, { metadata: { labels: { [label]: null } } }),
      async () => (await get(set))?.metadata.labels?.[label] === 'n0',
    );
    expect(isRepaired).toBe(true);
    const events = async () =>
      (await fleet.cluster.list(KINDS.Event, { namespace: fleet.namespace })).filter(
        (event) => field(event, 'involvedObject.name') === 'n0',
      );
    await waitFor('an Event says what was put back', async () =>
      (await events()).some((event) => String(event['message']).includes(`metadata.labels.${label}`)),
    );
    expect((await events()).filter(({ reason }) => reason === 'ObjectDeleted')).toEqual([]);
  });

  it.each(['StatefulSet', 'Service', 'ConfigMap'] as const)('%s deleted: made again', async (kind) => {
    const what = await firstOf(kind, 'n0');
    const uid = (await get(what))?.metadata.uid;
    const before = await repairsOf(kind);
    const isRepaired = await repaired(
      () => hand.remove(what),
      async () => ((await get(what))?.metadata.uid ?? uid) !== uid,
    );
    expect(isRepaired).toBe(true);
    await waitFor('it is counted', async () => (await repairsOf(kind)) > before);
    expect(await repairsOf(kind)).toBe(before + 1);
    const message = `${kind} ${fleet.namespace}/${what.name} was deleted, not by the controller. It is made again.`;
    await waitFor('an Event of the node says so', async () =>
      (await fleet.cluster.list(KINDS.Event, { namespace: fleet.namespace })).some(
        (event) =>
          event['reason'] === 'ObjectDeleted' &&
          event['message'] === message &&
          field(event, 'involvedObject.name') === 'n0',
      ),
    );
  });

  it('an environment variable, a replica count and a port are put back', async () => {
    const set = target('StatefulSet', 'n0');
    const before = (await get(set))?.['spec'];
    const template = field(before, 'template.spec') as { containers: readonly { name: string }[] };
    const containers = template.containers.map((one) => ({ ...one, env: [{ name: 'EVIL', value: '1' }] }));
    const isRepaired = await repaired(
      () => hand.patch(set, { spec: { replicas: 3, template: { spec: { containers } } } }),
      async () => JSON.stringify((await get(set))?.['spec']) === JSON.stringify(before),
    );
    expect(isRepaired).toBe(true);
    const service = await firstOf('Service', 'n0');
    const spec = (await get(service))?.['spec'];
    const isPortRepaired = await repaired(
      () => hand.patch(service, { spec: { ports: [{ name: 'rpc', port: 9, protocol: 'TCP' }] } }),
      async () => JSON.stringify(field(await get(service), 'spec.ports')) === JSON.stringify(field(spec, 'ports')),
    );
    expect(isPortRepaired).toBe(true);
  });

  it('a key added to a ConfigMap goes away', async () => {
    const map = await firstOf('ConfigMap', 'n0');
    const isThere = async (): Promise<boolean> => JSON.stringify(field(await get(map), 'data') ?? {}).includes('evil');
    const isRepaired = await repaired(
      () => hand.patch(map, { data: { 'evil.toml': 'x = 1' } }),
      async () => !(await isThere()),
    );
    expect(isRepaired).toBe(true);
  });
});

describe('after all that', () => {
  it('the node that was deleted runs again', async () => {
    const what = target('BlockchainNode', 'n1');
    const set = target('StatefulSet', 'n1');
    const owner = async (): Promise<string | undefined> => (await get(set))?.metadata.ownerReferences?.[0]?.uid;
    const uid = (await get(what))?.metadata.uid;
    // The garbage collector looks for new kinds every 30 s, and must remove the orphaned one first.
    await waitFor('the StatefulSet belongs to the new object', async () => (await owner()) === uid, 90_000);
    expect(field(await get(set), 'spec.replicas')).toBe(1);
  });

  it('no controller fights: no request is made any more', async () => {
    await idleFor(running, 2000);
    const before = work(running.requests).length;
    await idleFor(running, 3000);
    expect(work(running.requests).slice(before)).toEqual([]);
  });
});
