// A CometBFT network of four validators from one genesis: it makes blocks, stands still when half is gone, and is never lied about.

import { lstatSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';

import { afterAll, beforeAll, describe, expect, it } from 'vitest';

import type { BlockchainNode } from '../../src/api/blockchain-node.ts';
import { makeValidators, type Validators } from '../support/validators.ts';
import { condition, isWell } from './observer.ts';
import type { NodeFields } from './node-file.ts';
import { type Trouble, troubleOf } from './trouble.ts';
import { volumeFolder } from './volume-folder.ts';
import { type PodsWorld, startWorld } from './world.ts';

const NAMES = ['val-0', 'val-1', 'val-2', 'val-3'] as const;

let world: PodsWorld;
let network: Validators;
let pair: Validators;
beforeAll(async () => {
  world = await startWorld('validators');
  const { namespace } = world;
  network = makeValidators({ chainId: 'four-1', namespace, names: NAMES });
  pair = makeValidators({ chainId: 'two-1', namespace, names: ['lone', 'absent'] });
  await world.kubectl(['apply', '-f', '-'], [...network.objects, ...pair.objects]);
  world.change('Four validators, and nodes that cannot work', {
    ...Object.fromEntries(NAMES.map((name) => [name, network.validator(name)])),
    ...Object.fromEntries(Object.entries(misfits()).map(([name, { spec }]) => [name, spec])),
  });
});
afterAll(async () => {
  await world?.close();
});

describe('four validators', () => {
  it('make blocks together with the keys of their Secrets, which no volume holds', async () => {
    for (const name of NAMES)
      await world.await(name, 'to be well with peers', (node) => isWell(node) && isConnected(node));
    const height = world.node('val-0')?.status?.height ?? 0;
    await world.await('val-0', 'three more blocks', (node) => (node.status?.height ?? 0) >= height + 3);
    expect(await validatorsAt('val-1')).toEqual(NAMES.map((name) => network.address(name)).sort());
    for (const name of NAMES) expect(lstatSync(join(dataOf(name), KEY)).isSymbolicLink()).toBe(true);
  });

  it('refuse a second node with the key of one of them, before and after the commit', async () => {
    const thief = { ...network.follower(), nodeType: 'validator', identity: { secretName: network.secretOf('val-0') } };
    const owner = network.validator('val-0');
    const checked = await world.validate({ 'val-0': owner, thief });
    expect(checked.code).toBe(1);
    expect(checked.stdout).toContain('two signers with one key are slashed');
    const uid = world.podUid('val-0');
    const commit = world.change('Give one key to two', { thief });
    await world.publishedSync('the refusal', (text) => world.isSince(text, commit) && text.includes('SharedIdentity'));
    expect(world.node('thief')).toBeUndefined();
    expect(world.pod('thief')).toBeUndefined();
    expect(world.podUid('val-0')).toBe(uid);
    world.change('Take it back', { thief: undefined });
  });

  it('stand still without two of them: neither is reported as synced; a lost signer state stops its signer alone', async () => {
    world.change('Stop two', {
      'val-2': stopped(network.validator('val-2')),
      'val-3': stopped(network.validator('val-3')),
    });
    for (const name of ['val-2', 'val-3'])
      await world.await(name, 'to be stopped', ({ status }) => status?.phase === 'Stopped');
    const stuck = await world.await('val-0', 'not to be synced', (node) => node.status?.synced === false && node);
    expect(condition(stuck, 'Ready')?.message).toContain('its newest block is over 60 s old');
    const height = heightOf(stuck);
    world.change('Add one that follows', { late: network.follower() });
    const late = await troubleOf(world, 'late', 'HeadTooOld');
    expect(late).toMatchObject({ phase: 'Syncing', synced: false, stalled: false });
    expect(late.message).toContain('its newest block is over 60 s old');

    const signerState = join(dataOf('val-3'), 'data/priv_validator_state.json');
    const kept = readFileSync(signerState);
    rmSync(signerState);
    world.change('Start them again', { 'val-2': network.validator('val-2'), 'val-3': network.validator('val-3') });
    const lost = await troubleOf(world, 'val-3', 'InitFailed');
    expect(lost).toMatchObject({ phase: 'Error', synced: false, stalled: true });
    expect(lost.message).toContain('There is chain data but no priv_validator_state.json. Restore it');
    await world.await('val-0', 'blocks of three', (node) => isWell(node) && heightOf(node) > height);
    expect(runs('val-3')).toBe(false);

    writeFileSync(signerState, kept, { mode: 0o666 });
    for (const name of ['val-3', 'late']) await world.await(name, 'to be well', isWell);
  });
});

interface Misfit extends Omit<Trouble, 'says'> {
  readonly spec: NodeFields;
  readonly reason: string;
  readonly says: readonly (string | RegExp)[];
}

function misfits(): Readonly<Record<string, Misfit>> {
  const follower = network.follower();
  return {
    // The genesis says four-1, the file says something else.
    stranger: {
      spec: { ...follower, network: 'other-1' },
      phase: 'Error',
      reason: 'WrongNetwork',
      stalled: true,
      says: ['is on chain four-1 but should be on other-1', 'spec.network'],
    },
    swapped: {
      spec: { ...follower, genesis: { ...(follower['genesis'] as object), sha256: '0'.repeat(64) } },
      phase: 'Error',
      reason: 'InitFailed',
      stalled: true,
      says: [`The genesis has sha256 ${network.sha256} instead of ${'0'.repeat(64)}`],
    },
    lone: {
      spec: pair.validator('lone'),
      phase: 'Syncing',
      reason: 'NoPeers',
      stalled: false,
      says: ['fewer peers than the 1 it needs', 'spec.p2p'],
    },
  };
}

describe('a node of a network that does not fit', () => {
  it.each(['stranger', 'swapped', 'lone'])('%s', async (name) => {
    const { spec: _spec, reason, says, ...expected } = misfits()[name] ?? never(name);
    const seen = await troubleOf(world, name, reason);
    expect(seen).toMatchObject({ ...expected, synced: false });
    for (const words of says) expect(seen.message).toMatch(words);
  });
});

const KEY = 'config/priv_validator_key.json';

function dataOf(name: string): string {
  return volumeFolder(world, `data-${name}-0`);
}

function stopped(spec: NodeFields): NodeFields {
  return { ...spec, desiredState: 'Stopped' };
}

function heightOf({ status }: BlockchainNode): number {
  return status?.height ?? 0;
}

/** Whether the client runs in the node's pod. */
function runs(name: string): boolean {
  return world.pod(name)?.status?.containerStatuses?.[0]?.state?.running !== undefined;
}

function isConnected({ status }: BlockchainNode): boolean {
  return (status?.peers ?? 0) >= 1;
}

/** The addresses of the validators as this node knows them. */
async function validatorsAt(name: string): Promise<readonly string[]> {
  const address = world.pod(name)?.status?.podIP ?? '';
  const response = await fetch(`http://${address}:26657/validators`, { signal: AbortSignal.timeout(5_000) });
  const { result } = (await response.json()) as { result: { validators: readonly { address: string }[] } };
  return result.validators.map((validator) => validator.address).sort();
}

function never(name: string): never {
  throw new Error(`no such case: ${name}`);
}
