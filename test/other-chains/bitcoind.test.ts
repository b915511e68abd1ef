// Real bitcoinds: two on regtest, of which one follows the other, and one on the main network that finds no peer.

import { readFileSync } from 'node:fs';

import { afterAll, beforeAll, describe, expect, it } from 'vitest';

import { bitcoindImage } from '../cluster/image-list.ts';
import { BITCOIND, hasDebianTree } from '../cluster/debian.ts';
import { importMissing } from '../cluster/images.ts';
import { importWorkerImage } from '../cluster/worker-image.ts';
import { BLOCKS, call, rpcSecret } from './bitcoin-rpc.ts';
import { isWell } from '../pods/observer.ts';
import { ask, ended, run, says } from '../pods/job-files.ts';
import type { NodeFields } from '../pods/node-file.ts';
import { processOf } from '../pods/processes.ts';
import { podsCluster, type PodsWorld, startWorld } from '../pods/world.ts';

const OTHER_ADDRESS = 'mfWxJ45yp2SFn7UciZyNpvDKrzbhyfKrY8';

function bitcoindWith(settings: Readonly<Record<string, string>>, network = 'regtest'): NodeFields {
  return {
    chain: 'bitcoin',
    network,
    // The image of the tests: what Debian packages of Bitcoin Knots 29.
    clients: { node: { name: 'bitcoind', version: '29.0' } },
    storage: { data: { size: '1Gi' } },
    resources: { node: { requests: { cpu: '10m', memory: '64Mi' } } },
    config: { 'bitcoin.conf': { dbcache: '16', ...settings } },
  };
}

const height = (world: PodsWorld, name: string, wanted: number) =>
  world.await(name, `block ${wanted}`, (node) => isWell(node) && node.status?.height === wanted && node);

describe.skipIf(!hasDebianTree(BITCOIND))('bitcoind', () => {
  let world: PodsWorld;
  beforeAll(async () => {
    const { state } = await podsCluster();
    await importMissing(state, [await bitcoindImage()]);
    world = await startWorld('bitcoind', ['--image', await importWorkerImage(state)]);
    world.change('A chain, and one on the main network', {
      maker: bitcoindWith({ txindex: '1' }),
      follower: bitcoindWith({ connect: `maker-p2p.${world.namespace}.svc:18444` }),
      alone: bitcoindWith({ prune: '550' }, 'mainnet'),
    });
  });
  afterAll(async () => {
    await world?.close();
  });

  it('is followed from one node to the other', async () => {
    for (const name of ['maker', 'follower'])
      await world.await(name, 'to be well with a peer', (node) => isWell(node) && node.status?.peers === 1);
    await call(world, 'maker', BLOCKS.bitcoind(8));
    for (const name of ['maker', 'follower']) {
      const node = await height(world, name, 8);
      expect(node.status?.roles?.[0]).toMatchObject({ client: 'bitcoind', state: 'Running' });
      expect(node.status?.roles?.[0]?.version).toMatch(/^\/Satoshi:/);
    }
  });

  it('is not called synced on the main network while it has no peers', async () => {
    const status = await world.await('alone', 'to report that it has no peers', (node) => {
      const ready = node.status?.conditions?.find(({ type }) => type === 'Ready');
      return ready?.status === 'False' && ready.reason === 'NoPeers' && node.status;
    });
    expect(status).toMatchObject({ phase: 'Syncing', height: 0, peers: 0 });
  });

  it('goes back with its whole chain, and continues with other blocks', async () => {
    const removed = await call(world, 'maker', { method: 'getblockhash', params: [6] });
    const nodes = ['maker', 'follower'];
    const request = { kind: 'BlockHeightFallback', name: 'to-5', spec: { nodes, blockHeight: 5 } };
    ask(world, request);
    await says(world, request, /^Starting waits until the height of/);
    await call(world, 'maker', BLOCKS.bitcoind(2, OTHER_ADDRESS));
    expect(await ended(world, request)).toMatchObject({ phase: 'Complete', height: 5 });
    for (const name of nodes) {
      await height(world, name, 7);
      expect(await call(world, name, { method: 'getblockhash', params: [6] })).not.toBe(removed);
    }
  });

  it('comes back from a Backup as it was', async () => {
    const best = await call(world, 'follower', { method: 'getbestblockhash', params: [] });
    expect(await run(world, { kind: 'Backup', name: 'at-7', spec: { node: 'follower' } })).toMatchObject({ height: 7 });
    await world.await('follower', 'to run again', isWell);
    await call(world, 'maker', BLOCKS.bitcoind(1));
    await height(world, 'follower', 8);
    const restore = { kind: 'Restore', name: 'to-7', spec: { node: 'follower', backup: 'at-7' } };
    ask(world, restore);
    // The other one gives it block 8 again, before it is asked for the first time or after.
    await says(world, restore, /^(Starting waits until the height of|Complete)/);
    await height(world, 'follower', 8);
    await call(world, 'maker', BLOCKS.bitcoind(1));
    expect(await ended(world, restore)).toMatchObject({ phase: 'Complete', height: 7 });
    await height(world, 'follower', 9);
    expect(await call(world, 'follower', { method: 'getblockhash', params: [7] })).toBe(best);
  });

  it('knows its password only as a hash', async () => {
    const password = await rpcSecret(world, 'maker', 'password');
    expect(password).toMatch(/^[0-9a-f]{64}$/);
    const { pid, words } = processOf(world.podUid('maker') ?? 'no pod', 'bitcoind');
    const inPod = (path: string): string => readFileSync(`/proc/${pid}/root${path}`, 'utf8');
    expect(inPod('/secrets/rpc/rpcauth.conf')).toMatch(/^rpcauth=nodewright:[0-9a-f]{32}\$[0-9a-f]{64}\n$/);
    const seen = [inPod('/secrets/rpc/rpcauth.conf'), inPod('/config/bitcoin.conf'), words.join(' ')];
    expect(seen.filter((text) => text.includes(password))).toEqual([]);
  });
});
