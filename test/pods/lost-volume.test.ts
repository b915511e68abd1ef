// A validator that lost its volume, on real pods: its key signs nothing before an approval, with and without a controller.

import { existsSync } from 'node:fs';
import { join } from 'node:path';

import { afterAll, beforeAll, expect, it } from 'vitest';

import type { BlockchainNode } from '../../src/api/blockchain-node.ts';
import { waitFor } from '../demo/wait-for.ts';
import { makeValidators, type Validators } from '../support/validators.ts';
import { type PodsWorld, startWorld } from './world.ts';

let world: PodsWorld;
let validators: Validators;
beforeAll(async () => {
  world = await startWorld('lost-volume');
  validators = makeValidators({ chainId: 'solo-1', namespace: world.namespace, names: ['solo'] });
  await world.kubectl(['apply', '-f', '-'], validators.objects);
});
afterAll(async () => {
  await world?.close();
});

const PVC = 'data-solo-0';
const signs = async (): Promise<BlockchainNode> =>
  await world.await('solo', 'block 3', (node) => (node.status?.height ?? 0) >= 3 && node);

/** The PersistentVolume behind the PVC, as the API server has it: what this process watches may be older. */
async function volumeOf(): Promise<string> {
  return await world.kubectl(['get', 'pvc', PVC, '-o', 'jsonpath={.spec.volumeName}']);
}

async function loseVolume(): Promise<void> {
  await world.kubectl(['delete', 'pvc', PVC, '--wait=false']);
  await world.kubectl(['delete', 'pod', 'solo-0', '--wait=false']);
}

it('is refused by its preparation while the controller is down, and held by the controller until an approval', async () => {
  world.change('A validator', { solo: validators.validator('solo') });
  await signs();
  await waitFor(
    { what: 'its ConfigMap to say so', timeoutMs: 60_000 },
    async () =>
      (await world.kubectl(['get', 'configmap', 'solo', '-o', 'jsonpath={.data.signer-volume}'])) === 'used' ||
      undefined,
  );
  const before = await volumeOf();
  await world.controller.kill();
  await loseVolume();
  await waitFor({ what: 'the preparation to refuse the new volume', timeoutMs: 180_000 }, async () => {
    const status = await world.kubectl(['get', 'pod', 'solo-0', '--ignore-not-found', '-o', 'jsonpath={.status}']);
    return status.includes('This volume is new, but the key') || undefined;
  });
  const after = await volumeOf();
  expect(after).not.toBe(before);
  const folder = join(world.state.directory, 'volumes', after);
  expect(existsSync(folder)).toBe(true);
  expect(existsSync(join(folder, 'data/priv_validator_state.json'))).toBe(false);

  await world.restart();
  await world.await('solo', 'to be held', ({ status }) => status?.hold?.reason === 'SignerVolumeLost');
  await waitFor(
    { what: 'its pod to be gone', timeoutMs: 60_000 },
    async () => world.pod('solo') === undefined || undefined,
  );
  const { stdout } = await world.plan();
  expect(stdout).toContain('HELD by SignerVolumeLost');
  const digest = /sha256:[0-9a-f]{64}/.exec(stdout)?.[0] ?? '';
  world.changeFleet({ approvals: [{ digest }] });
  await world.await('solo', 'no hold', ({ status }) => status?.hold === undefined);
  await signs();
});
