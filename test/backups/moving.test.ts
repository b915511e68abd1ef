// A validator moves to another executor with its data, step by step as repo-template/docs/moving.md says: two controllers of one
// repository, each with its own namespace, with nothing in common but the location in object storage.

import { afterAll, beforeAll, expect, it } from 'vitest';
import { parse } from 'yaml';

import type { BlockchainNode } from '../../src/api/blockchain-node.ts';
import { hashAt, put, statusOf, valueAt, wholeChain } from '../pods/comet.ts';
import { run } from '../pods/job-files.ts';
import { isWell } from '../pods/observer.ts';
import { openOffsite, type Offsite } from '../pods/offsite.ts';
import type { PodsWorld } from '../pods/world.ts';
import { makeValidators, type Validators } from '../support/validators.ts';
import { waitFor } from '../support/wait-for.ts';

const destination = { objectStorage: { name: 'offsite' } };

let offsite: Offsite;
let old: PodsWorld;
let next: PodsWorld;
let network: Validators;

beforeAll(async () => {
  offsite = await openOffsite();
  old = await offsite.world('moving-from');
  next = await offsite.world('moving-to', old.repository);
  network = makeValidators({ chainId: 'moving-1', namespace: old.namespace, names: ['val'] });
  fleet();
});
afterAll(async () => {
  await next?.close();
  await old?.close();
  await offsite?.close();
});

/** Both executors, and the approvals. */
function fleet(...digests: readonly string[]): void {
  const executors = [old, next].map(({ executor }) => ({ name: executor }));
  old.changeFleet({ executors, approvals: digests.map((digest) => ({ digest })) });
}

function declare(world: PodsWorld, more: object = {}): void {
  const { executor } = world;
  old.change(`val on ${executor} ${JSON.stringify(more)}`, { val: { ...network.validator('val'), executor, ...more } });
}

async function giveKeys(world: PodsWorld): Promise<void> {
  const objects = network.objects as readonly { readonly metadata: object }[];
  const here = objects.map((one) => ({ ...one, metadata: { ...one.metadata, namespace: world.namespace } }));
  await world.kubectl(['apply', '-f', '-'], here);
}

const isStopped = ({ status }: BlockchainNode): boolean => status?.phase === 'Stopped';

async function keysSay(world: PodsWorld, words: string): Promise<void> {
  await waitFor(`keys.yaml of ${world.executor}: ${words}`, () => world.statusFile('keys.yaml').includes(words));
}

it('makes blocks on its old executor', async () => {
  await giveKeys(old);
  declare(old);
  await old.await('val', 'to be well', (node) => isWell(node) && (node.status?.height ?? 0) >= 3);
  await put(old, ['colour', 'green'], { through: 'val', on: 'val' });
  await keysSay(old, 'state: Reserved');
  expect(next.node('val')).toBeUndefined();
});

it('continues on the new one with its data, and signs nothing twice', async () => {
  const block = await hashAt(old, 'val', 2);
  const { height } = await statusOf(old, 'val');

  // 1. Stop the node.
  declare(old, { desiredState: 'Stopped' });
  await old.await('val', 'to be stopped', isStopped);
  await keysSay(old, 'state: Released');

  // 2. Back it up.
  const made = await run(old, { kind: 'Backup', name: 'before-the-move', spec: { node: 'val', destination } });
  expect(made.phase).toBe('Complete');
  const volume = old.pvc('data-val-0')?.metadata?.uid;

  // 3. Change the executor, with its Secret there, and leave it stopped.
  await giveKeys(next);
  declare(next, { desiredState: 'Stopped' });
  await next.await('val', 'to be stopped', isStopped);
  await waitFor('the old executor deletes the node', () => old.node('val') === undefined);
  expect(next.pvc('data-val-0')).toBeUndefined();

  // 4. Restore it there.
  const objectStorage = { name: 'offsite', executor: old.executor, namespace: old.namespace };
  const spec = { node: 'val', executor: next.executor, source: { objectStorage } };
  const restored = await run(next, { kind: 'Restore', name: 'after-the-move', spec });
  expect(restored.phase).toBe('Complete');
  expect(next.pvc('data-val-0')?.metadata?.labels).toMatchObject({ 'novacula.com/node': 'val' });
  expect(next.pod('val')).toBeUndefined();

  // 5. Start it: that is held until a person approves.
  declare(next);
  const sync = await next.publishedSync('the hold', (text) => text.includes('SignerState'));
  const { held } = parse(sync) as { readonly held?: { readonly digest: string } };
  fleet(held?.digest ?? '');
  await next.await('val', 'to make blocks', (node) => isWell(node) && (node.status?.height ?? 0) > height + 2);
  expect(await valueAt(next, 'val', 'colour')).toBe('green');
  expect(await hashAt(next, 'val', 2)).toBe(block);
  expect((await statusOf(next, 'val')).address).toBe(network.address('val'));
  expect((await wholeChain(next, 'val')).evidence).toEqual([]);
  await keysSay(next, 'state: Reserved');
  await keysSay(old, 'state: Released');

  // 6. Its old volume is for a person to delete.
  expect(old.pvc('data-val-0')?.metadata?.uid).toBe(volume);
  expect(old.pod('val')).toBeUndefined();
});
