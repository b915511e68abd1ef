// Two real btcd on simnet: one makes blocks, the other follows. What the controller knows comes over RPC with TLS.

import { readFileSync } from 'node:fs';

import { afterAll, beforeAll, expect, it } from 'vitest';

import { BTCD_IMAGE } from '../cluster/image-list.ts';
import { importMissing } from '../cluster/images.ts';
import { importWorkerImage } from '../cluster/worker-image.ts';
import { runCommand } from '../demo/run-command.ts';
import { waitFor } from '../support/wait-for.ts';
import { BLOCKS, call, rpcSecret } from './bitcoin-rpc.ts';
import { btcdNode, btcdWith } from './btcd.ts';
import { isWell } from '../pods/observer.ts';
import { ask, ended, jobFile, run, says } from '../pods/job-files.ts';
import { processOf } from '../pods/processes.ts';
import { volumeFolder } from '../pods/volume-folder.ts';
import { podsCluster, type PodsWorld, startWorld } from '../pods/world.ts';

// The address of a hash of zeros, of which the key is unknown.
const maker = btcdWith({ miningaddr: 'SMJ12qn9jNCCXJnTYRz5Yu9ZenERqvYwfg' });

let world: PodsWorld;
beforeAll(async () => {
  const { state } = await podsCluster();
  await importMissing(state, [BTCD_IMAGE]);
  world = await startWorld('btc', ['--image', await importWorkerImage(state)]);
  const follower = btcdWith({ connect: `maker-p2p.${world.namespace}.svc:18555` });
  world.change('A chain', { maker, follower });
});
afterAll(async () => {
  await world?.close();
});

it('is followed from one node to the other', async () => {
  for (const name of ['maker', 'follower'])
    await world.await(name, 'to be well with a peer', (node) => isWell(node) && node.status?.peers === 1);
  await call(world, 'maker', BLOCKS.btcd(5));
  // Synced also means that the chain's id is the one of the network.
  for (const name of ['maker', 'follower']) {
    const node = await world.await(name, 'block 5', (seen) => isWell(seen) && seen.status?.height === 5 && seen);
    expect(node.status).toMatchObject({ roles: [{ client: 'btcd', state: 'Running' }], peers: 1 });
    expect(node.status?.roles?.[0]).toMatchObject({ version: '0.26.2' });
  }
  await world.published('follower', 'Ready', ({ status }) =>
    status.conditions.some(({ type, status: is }) => type === 'Ready' && is === 'True'),
  );
});

it('continues from its height after a restart, found again by the node that follows', async () => {
  world.change('Restart the maker', { maker: { ...maker, restartGeneration: 1 } });
  await world.await('maker', 'its height after the restart', (node) => {
    return node.status?.observedRestartGeneration === 1 && isWell(node) && node.status.height === 5;
  });
  // From its volume, not from the other node.
  expect(await world.kubectl(['logs', 'maker-0'])).toContain('Chain state (height 5,');
  await call(world, 'maker', BLOCKS.btcd(3));
  for (const name of ['maker', 'follower'])
    await world.await(name, 'block 8', (node) => isWell(node) && node.status?.height === 8);
});

it('comes back from a Backup as it was, and is not taken back otherwise', async () => {
  const backup = await run(world, { kind: 'Backup', name: 'at-8', spec: { node: 'maker' } });
  expect(backup.height).toBe(8);
  await world.await('maker', 'to run again', isWell);
  await call(world, 'maker', BLOCKS.btcd(2));
  await world.await('maker', 'block 10', (node) => node.status?.height === 10);
  // Who has the later blocks would give them back.
  world.change('Leave the maker alone', { follower: undefined });
  await waitFor('the follower to be gone', () => world.pod('follower') === undefined);
  const restore = { kind: 'Restore', name: 'to-8', spec: { node: 'maker', backup: 'at-8' } };
  ask(world, restore);
  // It is done when the node continues from the height it came back with.
  await says(world, restore, /^Starting waits until the height of maker grows/);
  await world.await('maker', 'block 8 again', (node) => node.status?.height === 8);
  await call(world, 'maker', BLOCKS.btcd(1));
  expect(await ended(world, restore)).toMatchObject({ phase: 'Complete', height: 8 });
  await world.await('maker', 'block 9', (node) => isWell(node) && node.status?.height === 9);
  const back = jobFile({ kind: 'BlockHeightFallback', name: 'back', spec: { node: 'maker', blockHeight: 3 } });
  expect((await world.validate({ maker }, back)).stdout).toMatch(/Restore a Backup/);
});

it('keeps its password in its Secret', async () => {
  const password = await rpcSecret(world, 'maker', 'password');
  expect(password).toMatch(/^[0-9a-f]{64}$/);
  const { pid, words } = processOf(world.podUid('maker') ?? 'no pod', 'btcd');
  // The Secret is where the process has it from: what is looked for is right.
  expect(readFileSync(`/proc/${pid}/root/secrets/rpc/btcd.conf`, 'utf8')).toContain(`rpcpass=${password}`);
  const kinds = 'all,cm,pvc,pdb,events,blockchainnodes';
  const seen = {
    objects: await world.kubectl(['get', kinds, '-o', 'json']),
    log: await world.kubectl(['logs', 'maker-0']),
    controller: readFileSync(world.controller.logFile, 'utf8'),
    status: world.statusFile(`nodes/${world.namespace}/maker.yaml`) + world.statusFile('sync.yaml'),
    process: words.join(' ') + readFileSync(`/proc/${pid}/environ`, 'utf8'),
  };
  // As it is, as in a Secret, as in a header.
  const forms = [password, base64(password), base64(`nodewright:${password}`)];
  const leaks = Object.entries(seen).filter(([, text]) => text === '' || forms.some((form) => text.includes(form)));
  expect(leaks.map(([place]) => place)).toEqual([]);
  const found = await runCommand('grep', ['-rlF', password, volumeFolder(world, 'data-maker-0')], { accept: [1] });
  expect(found.stdout).toBe('');
});

it('refuses what would put the password elsewhere, before anything runs', async () => {
  const { code, stdout } = await world.validate({ maker: btcdWith({ rpcpass: 'hunter2' }), other: btcdNode });
  expect([code, stdout]).toEqual([1, expect.stringMatching(/rpcpass/)]);
  expect(stdout).not.toContain('hunter2');
});

function base64(text: string): string {
  return Buffer.from(text).toString('base64');
}
