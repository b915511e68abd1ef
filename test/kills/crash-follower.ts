// The crash scenario of a CometBFT full node that follows a validator: it goes back while the network stands still.

import { expect } from 'vitest';

import { FIELD_MANAGER } from '../../src/api/group.ts';
import type { KubeObject } from '../../src/api/objects.ts';
import type { JobRecord } from '../../src/jobs/requests/record.ts';
import { waitFor } from '../demo/wait-for.ts';
import { makeValidators, type Validators } from '../support/validators.ts';
import { hashAt, put, statusOf, valueAt } from '../pods/comet.ts';
import type { Asked, Scenario } from './crash-scenario.ts';
import type { CrashWorld } from '../pods/crash-world.ts';
import { type NodeFields, nodeFile } from '../pods/node-file.ts';

const SIGNER = 'signer';
const FOLLOWER = 'follower';
const KIND = 'BlockHeightFallback';
/** For all that a controller does that dies again and again: every scenario's kills are its own. */
const PATIENCE_MS = 400_000;

/** Its network begins with the first time that it runs in a world, and continues with the second. */
export function followerScenario(): Scenario {
  let network: Promise<Validators> | undefined;
  return {
    title: `${KIND} of a follower`,
    kind: KIND,
    nodes: [FOLLOWER],
    async prepare(world) {
      network ??= startNetwork(world);
      return await fallback(world, await network);
    },
  };
}

async function startNetwork(world: CrashWorld): Promise<Validators> {
  const { cluster, namespace } = world.fleet;
  const network = makeValidators({ chainId: 'crash-1', namespace, names: [SIGNER], appVersion: '1' });
  for (const object of network.objects as readonly KubeObject[])
    await cluster.apply(
      { ...object, metadata: { ...object.metadata, namespace } },
      { fieldManager: FIELD_MANAGER, force: true },
    );
  change(world, { [SIGNER]: network.validator(SIGNER), [FOLLOWER]: network.follower() });
  for (const name of [SIGNER, FOLLOWER]) {
    await world.nodeIsWell(name);
    await reaches(world, name, 2);
  }
  return network;
}

/** The validator is stopped meanwhile, so that nothing of what was removed can come back unseen. */
async function fallback(world: CrashWorld, network: Validators): Promise<Asked> {
  const value = `${Date.now()}`;
  await put(world, ['early', value], { through: SIGNER, on: FOLLOWER });
  const { height: blockHeight } = await statusOf(world, FOLLOWER);
  await put(world, ['late', value], { through: SIGNER, on: FOLLOWER });
  change(world, { [SIGNER]: { ...network.validator(SIGNER), desiredState: 'Stopped' } });
  await fact('the validator is stopped', async () => world.nodePods(SIGNER).length === 0);
  const { height: tip } = await statusOf(world, FOLLOWER);
  const [hash, tipHash] = await Promise.all([blockHeight, tip].map((height) => hashAt(world, FOLLOWER, height)));
  return {
    spec: { node: FOLLOWER, blockHeight },
    async meanwhile(name) {
      await says(world, name, `waits until the height of ${FOLLOWER} grows`);
      expect(await statusOf(world, FOLLOWER)).toMatchObject({ height: blockHeight });
      expect(await hashAt(world, FOLLOWER, blockHeight)).toBe(hash);
      expect(await valueAt(world, FOLLOWER, 'early')).toBe(value);
      expect(await valueAt(world, FOLLOWER, 'late')).not.toBe(value);
      change(world, { [SIGNER]: network.validator(SIGNER) });
    },
    async proof({ height, heightBefore, outputTail }: JobRecord) {
      expect(height).toBe(blockHeight);
      expect(heightBefore).toBeGreaterThan(blockHeight);
      expect(outputTail).toContain(`The newest block is ${blockHeight}.`);
      for (const name of [SIGNER, FOLLOWER]) {
        await reaches(world, name, tip + 1);
        expect(await hashAt(world, name, tip)).toBe(tipHash);
        expect(await valueAt(world, name, 'late')).toBe(value);
      }
    },
  };
}

function change({ fleet }: CrashWorld, nodes: Readonly<Record<string, NodeFields>>): void {
  const files = Object.entries(nodes).map(([name, fields]) => [`nodes/${name}.yaml`, nodeFile(name, fields)] as const);
  fleet.commit(Object.fromEntries(files));
}

async function reaches(world: CrashWorld, name: string, height: number): Promise<void> {
  await fact(`${name} has a block ${height}`, async () => (await statusOf(world, name)).height >= height);
}

async function says(world: CrashWorld, name: string, words: string): Promise<void> {
  await waitFor({ what: `${KIND} ${name} to say "${words}"`, timeoutMs: PATIENCE_MS }, async () => {
    const { phase, message } = world.object(KIND, name)?.status ?? {};
    if (message !== words) throw new Error(`${phase}: ${message}`);
    return true;
  });
}

/** What is asked of a node that is only just up, or not any more, counts as "not yet". */
async function fact(what: string, isSo: () => Promise<boolean>): Promise<void> {
  await waitFor({ what, timeoutMs: PATIENCE_MS }, async () => ((await isSo()) ? true : undefined));
}
