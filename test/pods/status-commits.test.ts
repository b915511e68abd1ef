// How many commits a whole Backup makes on the status branch: its claim, its progress, its end.

import { afterAll, beforeAll, expect, it } from 'vitest';

import { importWorkerImage } from '../cluster/worker-image.ts';
import { waitFor } from '../demo/wait-for.ts';
import { run } from './job-files.ts';
import { gethDev } from './node-file.ts';
import { isWell } from './observer.ts';
import { podsCluster, type PodsWorld, startWorld } from './world.ts';

let world: PodsWorld;
beforeAll(async () => {
  const { state } = await podsCluster();
  world = await startWorld('commits', ['--image', await importWorkerImage(state)]);
  world.change('A node', { quiet: gethDev });
  await world.await('quiet', 'to be well with a block', (node) => isWell(node) && (node.status?.height ?? 0) >= 1);
});
afterAll(async () => {
  await world?.close();
});

it('makes a handful of status commits for a Backup', async () => {
  const before = (await settled()).length;
  const record = await run(world, { kind: 'Backup', name: 'nightly', spec: { node: 'quiet' } });
  expect(record).toMatchObject({ phase: 'Complete' });
  expect(record.phases?.map(({ phase }) => phase)).toContain('Verifying');
  await world.await('quiet', 'to be well again', isWell);
  const subjects = (await settled()).slice(0, -before);
  console.log(`status commits of a Backup:\n${subjects.toReversed().join('\n')}`);
  // Claim, object, progress every 15 seconds, end, and the node that runs again.
  const seconds = (Date.parse(record.endedAt ?? '') - Date.parse(record.claimedAt ?? '')) / 1000;
  expect(subjects.length).toBeLessThanOrEqual(4 + Math.ceil(seconds / 15));
});

/** The subjects, newest first, once there was no new commit for longer than the progress of a job may wait. */
async function settled(): Promise<readonly string[]> {
  let last: { readonly subjects: readonly string[]; readonly at: number } | undefined;
  return await waitFor({ what: 'no more status commits', timeoutMs: 180_000 }, async () => {
    const subjects = await Promise.resolve(world.statusSubjects());
    if (last === undefined || last.subjects.length !== subjects.length) last = { subjects, at: Date.now() };
    return Date.now() - last.at > 20_000 ? subjects : undefined;
  });
}
