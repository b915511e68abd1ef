// A node's life with real pods: what its file says is what runs, and its data outlive everything.

import { afterAll, beforeAll, describe, expect, it } from 'vitest';

import { condition, isWell, unready } from './observer.ts';
import { cometDev, gethDev, type NodeFields } from './node-file.ts';
import { processOf, variableOf } from './processes.ts';
import { type PodsWorld, startWorld } from './world.ts';

let world: PodsWorld;
beforeAll(async () => {
  world = await startWorld('life');
  world.change('Start', {
    grows: gethDev,
    ['fixed-size']: fixedSize('1Gi'),
    rests: gethDev,
    again: cometDev,
    tuned,
    peered,
  });
});
afterAll(async () => {
  await world?.close();
});

/** What a person may set, each where the process must have it. */
const tuned: NodeFields = {
  ...cometDev,
  args: { node: { 'consensus.create_empty_blocks_interval': '1s' } },
  config: { 'config.toml': { 'mempool.size': '77' } },
  env: { node: [{ name: 'GOGC', value: '42' }] },
  terminationGracePeriodSeconds: 500,
  podAnnotations: { 'example.com/team': 'protocol' },
  patches: [
    {
      target: { kind: 'StatefulSet' },
      patch: [{ op: 'add', path: '/spec/template/spec/hostAliases', value: [{ ip: '192.0.2.1', hostnames: ['kms'] }] }],
    },
  ],
};

/** Both clients of a public network; the consensus client's image is not in this cluster. */
const peered: NodeFields = {
  ...gethDev,
  network: 'hoodi',
  clients: { el: { name: 'geth', version: '1.16.7' }, cl: { name: 'lighthouse', image: 'registry.invalid/cl:1.0.0' } },
  serviceType: 'NodePort',
  p2p: { port: 31_303, advertiseAddress: '203.0.113.7' },
  args: { el: { cache: '64', nodiscover: '' } },
};

describe.concurrent('a volume', () => {
  it.concurrent('grows with the file, and neither shrinks nor turns into another', async () => {
    const before = await world.await('grows', 'to be well', (node) => isWell(node) && node);
    const uid = world.podUid('grows');
    world.change('More room', { grows: { ...gethDev, storage: { data: { size: '2Gi' } } } });
    await world.await('grows', 'a capacity of 2Gi', ({ status }) => status?.volumes?.[0]?.capacity === '2Gi');
    expect(world.pvc('data-grows-0')?.spec?.resources?.requests?.['storage']).toBe('2Gi');
    expect(world.podUid('grows')).toBe(uid);

    const rows: readonly { readonly fields: NodeFields; readonly guard: string; readonly says: readonly string[] }[] = [
      { fields: { storage: { data: { size: '1Gi' } } }, guard: 'VolumeShrink', says: ['2Gi cannot shrink to 1Gi', 'create a new node'] },
      { fields: { network: 'hoodi', clients: peered['clients'] }, guard: 'IdentityOfData', says: ['network changes from dev to hoodi', 'Undo the change'] },
      { fields: { chain: 'bitcoin', network: 'regtest', clients: { node: { name: 'bitcoind' } }, args: {}, resources: {} }, guard: 'IdentityOfData', says: ['chain changes from ethereum to bitcoin'] },
    ]; // prettier-ignore
    for (const { fields, guard, says } of rows) {
      const spec = { ...gethDev, storage: { data: { size: '2Gi' } }, ...fields };
      world.change(`Try ${guard}`, { grows: spec });
      // Not by its commit: other tests commit as well, and a reconciliation that sees both is published as the later one.
      const sync = await world.publishedSync(guard, (text) => says.every((words) => text.includes(words)));
      expect(sync).toContain(`guard: ${guard}`);
      await world.await('grows', guard, ({ status }) => status?.hold !== undefined);
      expect(world.node('grows')?.spec).toMatchObject({
        chain: 'ethereum',
        network: 'dev',
        storage: { data: { size: '2Gi' } },
      });
    }
    world.change('Undo', { grows: { ...gethDev, storage: { data: { size: '2Gi' } } } });
    const after = await world.await(
      'grows',
      'no hold',
      (node) => node.status?.hold === undefined && isWell(node) && node,
    );
    expect(world.podUid('grows')).toBe(uid);
    expect(after.status?.height).toBeGreaterThan(before.status?.height ?? 0);
  });

  it.concurrent('that its class cannot grow is held, its node keeps running, and the undo is applied', async () => {
    await world.await('fixed-size', 'to be well', isWell);
    world.change('More room', { ['fixed-size']: fixedSize('2Gi') });
    const held = await world.await(
      'fixed-size',
      'VolumeCannotGrow',
      (node) => node.status?.hold?.reason === 'VolumeCannotGrow' && node,
    );
    expect(held.status).toMatchObject({ phase: 'Running', volumes: [{ requested: '1Gi' }] });
    expect(held.status?.hold?.message).toContain('the PVC data-fixed-size-0 cannot grow from 1Gi to 2Gi');
    world.change('No more room', { ['fixed-size']: fixedSize('1Gi') });
    await world.await('fixed-size', 'no hold', (node) => node.status?.hold === undefined && isWell(node));
  });
});

describe.concurrent('a node', () => {
  it.concurrent('is there for the commands that users of the Novacula operator know', async () => {
    await world.await('grows', 'to be well', isWell);
    const names = async (...args: readonly string[]): Promise<readonly string[]> =>
      (await world.kubectl([...args, '-o', 'name'])).trim().split('\n').toSorted(); // prettier-ignore
    expect(await names('get', 'blockchainnodes', '-A')).toContain('blockchainnode.validatoros.com/grows');
    expect(await world.kubectl(['get', 'bn', 'grows', '-o', 'yaml'])).toMatch(/^status:$/m);
    const owned = await names('get', 'statefulset,configmap,svc,pvc', '-l', 'novacula.com/node=grows');
    expect(owned).toEqual(
      expect.arrayContaining([
        'configmap/grows',
        'persistentvolumeclaim/data-grows-0',
        'service/grows',
        'statefulset.apps/grows',
      ]),
    );
    expect(await world.kubectl(['logs', '-l', 'novacula.com/node=grows', '-c', 'el', '--tail=5'])).not.toBe('');
  });

  it.concurrent(
    'that is stopped has no pod and keeps its volume; started again it continues from its height',
    async () => {
      await world.await('rests', 'height 3', (node) => isWell(node) && (node.status?.height ?? 0) >= 3);
      const pvc = world.pvc('data-rests-0')?.metadata?.uid;
      world.change('Stop', { rests: { ...gethDev, desiredState: 'Stopped' } });
      const stopped = await world.await('rests', 'Stopped', (node) => node.status?.phase === 'Stopped' && node);
      expect(condition(stopped, 'Ready')).toMatchObject({ status: 'True', reason: 'Stopped' });
      expect(world.pod('rests')).toBeUndefined();
      world.change('Start', { rests: gethDev });
      const first = await world.await(
        'rests',
        'a height',
        (node) => node.status?.phase === 'Running' && node.status.height,
      );
      expect(first).toBeGreaterThanOrEqual(3);
      expect(world.pvc('data-rests-0')?.metadata?.uid).toBe(pvc);
    },
  );

  it.concurrent('restarts exactly once when its restartGeneration is raised', async () => {
    await world.await('again', 'to be well', isWell);
    const pods = new Set<string | undefined>();
    world.onNewPod(({ metadata }) => metadata?.name === 'again-0' && pods.add(metadata.uid));
    const seen = pods.size;
    world.change('Restart', { again: { ...cometDev, restartGeneration: 1 } });
    const restarted = await world.await(
      'again',
      'generation 1',
      (node) => isWell(node) && node.status?.observedRestartGeneration === 1 && node,
    );
    const commit = world.change('Say something that restarts nothing', {
      again: { ...cometDev, restartGeneration: 1, protect: true },
    });
    await world.await('again', 'the next commit', ({ status }) => world.isSince(status?.appliedRevision, commit));
    await world.await(
      'again',
      'two more blocks',
      (node) => isWell(node) && (node.status?.height ?? 0) > (restarted.status?.height ?? 0) + 2,
    );
    expect(pods.size).toBe(seen + 1);
  });

  it.concurrent('gets what its file sets: arguments, settings, variables, patches', async () => {
    await world.await('tuned', 'to be well', isWell);
    const pod = world.pod('tuned');
    expect(pod?.spec).toMatchObject({
      terminationGracePeriodSeconds: 500,
      hostAliases: [{ ip: '192.0.2.1', hostnames: ['kms'] }],
    });
    expect(pod?.metadata?.annotations).toMatchObject({ 'example.com/team': 'protocol' });
    const cometbft = processOf(world.podUid('tuned') ?? '', 'cometbft');
    expect(cometbft.words).toContain('--consensus.create_empty_blocks_interval=1s');
    expect(variableOf(cometbft, 'CMT_MEMPOOL_SIZE')).toBe('77');
    expect(variableOf(cometbft, 'GOGC')).toBe('42');
  });

  it.concurrent(
    'of two clients has one token that no other pod knows, and announces its address to peers',
    async () => {
      const pulling = await world.await(
        'peered',
        'the missing image',
        (node) => unready(node) === 'ImagePullBackOff' && node,
      );
      expect(condition(pulling, 'Ready')?.message).toContain('registry.invalid/cl:1.0.0 of cl');
      const uid = world.podUid('peered') ?? '';
      const geth = processOf(uid, 'geth');
      expect(geth.words).toEqual(
        expect.arrayContaining([
          '--hoodi',
          '--nat=extip:203.0.113.7',
          '--port=31303',
          '--authrpc.jwtsecret=/secrets/jwt/jwt.hex',
        ]),
      );
      const token = await world.kubectl(['exec', 'peered-0', '-c', 'el', '--', 'cat', '/secrets/jwt/jwt.hex']);
      expect(token.trim()).toMatch(/^[0-9a-f]{64}$/);
      const engine = await world.kubectl(['exec', 'peered-0', '-c', 'el', '--', 'sh', '-c', ASK_ENGINE]);
      expect(engine).toMatch(/401 (Unauthorized|Bad Request)|missing token/);
      const secret = JSON.parse(await world.kubectl(['get', 'secret', 'peered-jwt', '-o', 'json'])) as {
        metadata: { uid: string };
      };
      const ports = await world.kubectl([
        'get',
        'service',
        'peered-p2p',
        '-o',
        'jsonpath={.spec.type} {.spec.ports[*].nodePort}',
      ]);
      expect(ports).toMatch(/^NodePort (31303 ){2}31304 31304/);
      expect(world.pod('peered')?.spec?.terminationGracePeriodSeconds).toBe(300);

      world.change('Restart', { peered: { ...peered, restartGeneration: 1 } });
      await world.await('peered', 'a new pod', () => (world.podUid('peered') ?? uid) !== uid);
      expect(JSON.parse(await world.kubectl(['get', 'secret', 'peered-jwt', '-o', 'json']))).toMatchObject({
        metadata: { uid: secret.metadata.uid },
        data: { 'jwt.hex': Buffer.from(token.trim()).toString('base64') },
      });
      expect(await world.controller.lastLog(5_000)).not.toContain(token.trim());
    },
  );
});

/** The engine API refuses requests without the token; it listens once geth has opened its database. */
const ASK_ENGINE = `until wget -S -O - --post-data '{}' http://127.0.0.1:8551 2>&1 | grep -v refused | grep HTTP; do sleep 1; done`;

function fixedSize(size: string): NodeFields {
  return { ...gethDev, storage: { data: { size, storageClass: 'fixed-size' } } };
}
