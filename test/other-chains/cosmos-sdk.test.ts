// A chain of a Cosmos SDK application: the program makes its own files, the controller's settings reach it, its data last.

import { existsSync, lstatSync } from 'node:fs';
import { join } from 'node:path';

import { afterAll, beforeAll, describe, expect, it } from 'vitest';

import { SIMD_IMAGE } from '../cluster/image-list.ts';
import { importMissing } from '../cluster/images.ts';
import { makeSdkValidators } from '../support/sdk-validators.ts';
import type { Validators } from '../support/validators.ts';
import { isWell } from '../pods/observer.ts';
import { processOf, variableOf } from '../pods/processes.ts';
import { volumeFolder } from '../pods/volume-folder.ts';
import { type PodsWorld, startWorld } from '../pods/world.ts';

let world: PodsWorld;
let network: Validators;
beforeAll(async () => {
  world = await startWorld('sdk');
  const { namespace, state } = world;
  await importMissing(state, [SIMD_IMAGE]);
  network = await makeSdkValidators({ chainId: 'sim-1', namespace, names: ['signer'] });
  await world.kubectl(['apply', '-f', '-'], network.objects);
});
afterAll(async () => {
  await world?.close();
});

describe('a chain of a Cosmos SDK application', () => {
  it('is signed by one node and followed by another', async () => {
    world.change('A chain', {
      signer: network.validator('signer'),
      reader: { ...network.follower(), nodeType: 'archive' },
    });
    for (const name of ['signer', 'reader']) await world.await(name, 'to be well', isWell);
    const height = world.node('reader')?.status?.height ?? 0;
    const node = await world.await('reader', 'more blocks', (seen) => (seen.status?.height ?? 0) > height + 1 && seen);
    expect(node.status).toMatchObject({ peers: 1, roles: [{ client: 'cosmos-sdk', state: 'Running' }] });
  });

  it('has its settings from the controller and its key from the Secret', () => {
    const reader = processOf(world.podUid('reader') ?? '', 'simd');
    expect(variableOf(reader, 'SIMD_PRUNING')).toBe('nothing');
    expect(variableOf(reader, 'SIMD_MINIMUM_GAS_PRICES')).toBe('0stake');
    const data = volumeFolder(world, 'data-signer-0');
    expect(lstatSync(join(data, 'config/priv_validator_key.json')).isSymbolicLink()).toBe(true);
    expect(existsSync(join(data, 'config/app.toml'))).toBe(true);
  });

  it('continues from its height after a restart, found again by the node that follows', async () => {
    const height = world.node('signer')?.status?.height ?? 0;
    const reader = world.podUid('reader');
    world.change('Restart the signer', { signer: { ...network.validator('signer'), restartGeneration: 1 } });
    for (const name of ['signer', 'reader'])
      await world.await(name, 'to be well at a greater height', (node) => {
        const restarted = name === 'reader' || node.status?.observedRestartGeneration === 1;
        return restarted && isWell(node) && (node.status?.height ?? 0) > height + 1;
      });
    expect(world.podUid('reader')).toBe(reader);
  });
});
