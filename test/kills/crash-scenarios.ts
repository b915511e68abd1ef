// One short scenario for each kind of request: what a node is like before, what is asked, and what proves that it was done.

import { chownSync, lstatSync, mkdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';

import { expect } from 'vitest';

import { LABEL } from '../../src/api/group.ts';
import { waitFor } from '../demo/wait-for.ts';
import { followerScenario } from './crash-follower.ts';
import type { Asked, Scenario } from './crash-scenario.ts';
import type { CrashWorld } from '../pods/crash-world.ts';
import { type Geth, gethOf, lastCommon } from '../pods/geth.ts';

export const SCENARIOS: readonly Scenario[] = [
  { title: 'BlockHeightFallback', kind: 'BlockHeightFallback', ...fallback(['n0'], { node: 'n0' }) },
  {
    title: 'BlockHeightFallback of a whole chain',
    kind: 'BlockHeightFallback',
    ...fallback(['n1', 'n2'], { nodes: ['n1', 'n2'] }),
  },
  { title: 'Snapshot', kind: 'Snapshot', nodes: ['n3'], prepare: async (world) => await snapshot(world, 'n3') },
  {
    title: 'ChangeOwner',
    kind: 'ChangeOwner',
    nodes: ['n4'],
    prepare: async (world) => await changeOwner(world, 'n4'),
  },
  followerScenario(),
];

/** Each chain is the old one up to that height, and a new one above it. */
function fallback(nodes: readonly string[], spec: object): Pick<Scenario, 'nodes' | 'prepare'> {
  return {
    nodes,
    async prepare(world) {
      const geths = nodes.map((node) => gethOf(world, node));
      const heights = await Promise.all(geths.map(async (geth) => await reaches(geth, 4)));
      // Further below the newest block than what the controller may not have seen of it yet.
      const blockHeight = Math.min(...heights) - 2;
      const before = await Promise.all(geths.map(async (geth) => await geth.hashes()));
      return {
        spec: { ...spec, blockHeight },
        async proof(record) {
          expect(record.height).toBe(blockHeight);
          expect(record.heightBefore).toBeGreaterThan(blockHeight);
          for (const [index, geth] of geths.entries()) {
            await reaches(geth, blockHeight + 1);
            expect(lastCommon(before[index] ?? [], await geth.hashes())).toBe(blockHeight);
          }
        },
      };
    },
  };
}

/** One claim with a manifest that holds; the node lost nothing and continues. */
async function snapshot(world: CrashWorld, node: string): Promise<Asked> {
  const geth = gethOf(world, node);
  const { before, goesOn } = await chainOf(geth);
  const copies = async (): Promise<readonly string[]> => await world.pvcs(`validatoros.com/backup-of=${node}`);
  const earlier = await copies();
  const blockHeight = before.length;
  return {
    spec: { node, blockHeight },
    async proof({ height, claimName = '', manifestSha256, files }) {
      expect(height).toBeGreaterThanOrEqual(blockHeight);
      expect(files).toBeGreaterThan(3);
      expect(await world.manifestDigest(claimName)).toBe(manifestSha256);
      expect((await copies()).toSorted()).toEqual([...earlier, claimName].toSorted());
      await goesOn();
    },
  };
}

/** What root left on the volume is the node's; the node lost nothing and continues. */
async function changeOwner(world: CrashWorld, node: string): Promise<Asked> {
  const { goesOn } = await chainOf(gethOf(world, node));
  const [claim = ''] = await world.pvcs(`${LABEL.node}=${node}`);
  const strays = leaveStrays(await world.volumeFolder(claim));
  expect(strays.map(ownerOf)).toEqual(['0:0', '0:0']);
  return {
    spec: { node, uid: 1000, gid: 1000 },
    async proof({ message }) {
      expect(message).toMatch(/^\d+ files belong to 1000:1000$/);
      expect(strays.map(ownerOf)).toEqual(['1000:1000', '1000:1000']);
      await goesOn();
    },
  };
}

/** A folder and a file in it, as a user leaves them who works on a volume as root. */
function leaveStrays(volume: string): readonly string[] {
  const folder = join(volume, `stray-${Date.now()}`);
  const file = join(folder, 'file');
  mkdirSync(folder);
  writeFileSync(file, 'root was here', { mode: 0o600 });
  // The volume hands its group on to what is made in it.
  for (const path of [folder, file]) chownSync(path, 0, 0);
  return [folder, file];
}

function ownerOf(path: string): string {
  const { uid, gid } = lstatSync(path);
  return `${uid}:${gid}`;
}

/** The chain as it is now, and as it is afterwards: all of it is still there, and it grows. */
async function chainOf(geth: Geth): Promise<{ before: readonly string[]; goesOn: () => Promise<void> }> {
  await reaches(geth, 1);
  const before = await geth.hashes();
  return {
    before,
    async goesOn() {
      await reaches(geth, before.length);
      expect(lastCommon(before, await geth.hashes())).toBe(before.length - 1);
    },
  };
}

/** Waits until the chain is that high; gives its height. A node that is only just up does not answer at once. */
async function reaches(geth: Geth, height: number): Promise<number> {
  return await waitFor({ what: `a block ${height}`, timeoutMs: 60_000 }, async () => {
    const now = await geth.height();
    if (now < height) throw new Error(`it is at ${now}`);
    return now;
  });
}
