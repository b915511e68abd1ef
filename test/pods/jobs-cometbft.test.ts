// One-shot jobs on a CometBFT full node that follows a validator: state compared while the network stands still.

import { afterAll, beforeAll, describe, expect, it } from 'vitest';

import { importWorkerImage } from '../cluster/worker-image.ts';
import { makeValidators, type Validators } from '../support/validators.ts';
import { hashAt, put, statusOf, valueAt } from './comet.ts';
import { isWell } from './observer.ts';
import { ask, ended, jobFile, run, says, type Request } from './job-files.ts';
import { podsCluster, type PodsWorld, startWorld } from './world.ts';

/** Of what is written. */
const WAY = { through: 'signer', on: 'follower' };

let world: PodsWorld;
let network: Validators;
beforeAll(async () => {
  const { state } = await podsCluster();
  world = await startWorld('comet-jobs', ['--image', await importWorkerImage(state)]);
  const { namespace } = world;
  network = makeValidators({
    chainId: 'jobs-1',
    namespace,
    names: ['signer'],
    appVersion: '1',
  });
  await world.kubectl(['apply', '-f', '-'], network.objects);
  world.change('A validator and a node that follows it', {
    signer: network.validator('signer'),
    follower: network.follower(),
  });
  for (const name of ['signer', 'follower'])
    await world.await(name, 'to be well with blocks', (node) => isWell(node) && (node.status?.height ?? 0) >= 2);
});
afterAll(async () => {
  await world?.close();
});

describe('a full node', () => {
  it('comes back from its backup with the values of then, and follows the network again', async () => {
    await put(world, ['before', 'kept'], WAY);
    const backup = await run(world, { kind: 'Backup', name: 'follower-1', spec: { node: 'follower' } });
    expect(backup).toMatchObject({ phase: 'Complete', chainId: 'jobs-1' });
    await put(world, ['after', 'lost'], WAY);
    const tip = await stopSigner();

    const restore: Request = { kind: 'Restore', name: 'back', spec: { node: 'follower', backup: 'follower-1' } };
    ask(world, restore);
    await says(world, restore, /^Starting waits until the height of follower grows/);
    const height = await heightOf('follower');
    expect(height).toBeGreaterThanOrEqual(backup.height ?? Number.NaN);
    expect(height).toBeLessThan(tip);
    expect(await valueAt(world, 'follower', 'before')).toBe('kept');
    expect(await valueAt(world, 'follower', 'after')).toBe('');

    await startSigner();
    expect(await ended(world, restore)).toMatchObject({ phase: 'Complete', height: backup.height });
    await caughtUp(tip);
    expect(await valueAt(world, 'follower', 'after')).toBe('lost');
    expect(await hashAt(world, 'follower', tip)).toBe(await hashAt(world, 'signer', tip));
  });

  it('goes back to an earlier height, values and all, and follows the network again', async () => {
    await put(world, ['early', 'one'], WAY);
    const target = await heightOf('follower');
    await put(world, ['late', 'two'], WAY);
    const tip = await stopSigner();
    const hash = await hashAt(world, 'follower', target);

    const spec = { node: 'follower', blockHeight: target };
    const fallback: Request = { kind: 'BlockHeightFallback', name: 'earlier', spec };
    ask(world, fallback);
    await says(world, fallback, /^Starting waits until the height of follower grows/);
    expect(await heightOf('follower')).toBe(target);
    expect(await hashAt(world, 'follower', target)).toBe(hash);
    expect(await valueAt(world, 'follower', 'early')).toBe('one');
    expect(await valueAt(world, 'follower', 'late')).toBe('');

    await startSigner();
    const record = await ended(world, fallback);
    expect(record).toMatchObject({ phase: 'Complete', height: target, heightBefore: tip });
    expect(record.outputTail).toContain(`The newest block is ${target}.`);
    await caughtUp(tip);
    expect(await valueAt(world, 'follower', 'late')).toBe('two');
  });
});

describe('a full node whose genesis does not say the version of its application', () => {
  it('is not rolled back, and runs again with its blocks: the job failed before it changed anything', async () => {
    const old = makeValidators({ chainId: 'old-1', namespace: world.namespace, names: ['elder'] });
    await world.kubectl(['apply', '-f', '-'], old.objects);
    world.change('A network of an older genesis', { elder: old.validator('elder'), heir: old.follower() });
    await world.await('heir', 'to be well with blocks', (node) => isWell(node) && (node.status?.height ?? 0) >= 3);
    const before = await heightOf('heir');
    const hash = await hashAt(world, 'heir', before);
    const request: Request = { kind: 'BlockHeightFallback', name: 'heir-back', spec: { node: 'heir', blockHeight: 1 } };
    const record = await run(world, request);
    expect(record).toMatchObject({ phase: 'Failed', reason: 'ProgramFailed' });
    expect(record.message).toContain('Nothing was changed.');
    expect(record).not.toHaveProperty('paused');
    const well = await world.await(
      'heir',
      'later blocks',
      (node) => isWell(node) && (node.status?.height ?? 0) > before && node,
    );
    expect(well.status).not.toHaveProperty('pause');
    expect(await hashAt(world, 'heir', before)).toBe(hash);
  });
});

describe('a validator', () => {
  it('is not rolled back to a height that it has signed: neither by a check of the files nor by the job', async () => {
    const uid = world.podUid('signer');
    const request: Request = {
      kind: 'BlockHeightFallback',
      name: 'signer-back',
      spec: { node: 'signer', blockHeight: 1 },
    };
    const nodes = { signer: network.validator('signer'), follower: network.follower() };
    const checked = await world.validate(nodes, jobFile(request));
    expect(checked.code).toBe(1);
    expect(checked.stdout).toMatch(/signer: A validator refuses, rightly, to sign a height again/);
    ask(world, request);
    await world.publishedSync('the refusal', (text) => text.includes('A validator refuses, rightly'));
    expect(world.podUid('signer')).toBe(uid);
  });
});

async function heightOf(name: string): Promise<number> {
  return (await statusOf(world, name)).height;
}

/** From then on no block is made; gives the height of the last one, which the follower has. */
async function stopSigner(): Promise<number> {
  world.change('Stop the validator', { signer: { ...network.validator('signer'), desiredState: 'Stopped' } });
  await world.await('signer', 'to be stopped', ({ status }) => status?.phase === 'Stopped');
  const height = await heightOf('follower');
  await world.await('follower', 'its last height', ({ status }) => status?.height === height);
  return height;
}

async function startSigner(): Promise<void> {
  world.change('Start the validator', { signer: network.validator('signer') });
  const running = (): boolean => world.pod('signer')?.status?.containerStatuses?.[0]?.ready === true;
  await world.await('signer', 'a ready pod', running);
}

async function caughtUp(height: number): Promise<void> {
  for (const name of ['signer', 'follower'])
    await world.await(name, `a block above ${height}`, (node) => isWell(node) && (node.status?.height ?? 0) > height);
}
