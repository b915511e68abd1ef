// One-shot jobs on a real geth: what they do to the chain's state, and what the status branch says about them.

import { afterAll, beforeAll, describe, expect, it } from 'vitest';

import { JOB_UID_LABEL } from '../../src/api/job-object.ts';
import { importWorkerImage } from '../cluster/worker-image.ts';
import { waitFor } from '../support/wait-for.ts';
import { isWell } from './observer.ts';
import { gethOf, lastCommon } from './geth.ts';
import { ask, ended, jobFile, jobPath, recorded, recordOf, run, says, type Request } from './job-files.ts';
import { gethDev } from './node-file.ts';
import { processOf } from './processes.ts';
import { podsCluster, type PodsWorld, startWorld } from './world.ts';

const [ALICE, BOB, CAROL] = ['a11ce', 'b0b', 'ca401'].map((name) => `0x${name.padStart(40, '0')}`) as [
  string,
  string,
  string,
];

const NIGHTLY: Request = { kind: 'Backup', name: 'nightly', spec: { node: 'told' } };

let world: PodsWorld;
let nightlyCommit: string;
beforeAll(async () => {
  const { state } = await podsCluster();
  world = await startWorld('jobs', ['--image', await importWorkerImage(state)]);
  world.change('Nodes to work on', {
    saved: gethDev,
    rewound: gethDev,
    kept: gethDev,
    owned: gethDev,
    told: gethDev,
    asked: gethDev,
    queued: gethDev,
  });
  await startedGeth('told');
  // Before the others commit: a claim names the commit that the controller has read.
  nightlyCommit = ask(world, NIGHTLY);
  await recorded(world, NIGHTLY, { what: 'its claim', fact: () => true });
});
afterAll(async () => {
  await world?.close();
});

describe.concurrent('a geth', () => {
  it.concurrent('comes back from its backup with the state of then, and makes other blocks from there', async () => {
    const geth = await startedGeth('saved');
    await geth.pay(ALICE, 1_000n);
    const contract = await geth.store(42);
    const atBackup = await geth.height();
    const backup = await run(world, { kind: 'Backup', name: 'first', spec: { node: 'saved' } });
    expect(backup).toMatchObject({ phase: 'Complete' });
    expect(backup.height).toBeGreaterThanOrEqual(atBackup);
    await world.await('saved', 'to be well', isWell);
    await geth.pay(BOB, 7n);
    await geth.pay(ALICE, 7n);
    const before = await geth.hashes();

    const restore = await run(world, { kind: 'Restore', name: 'back', spec: { node: 'saved', backup: 'first' } });
    expect(restore).toMatchObject({ phase: 'Complete', height: backup.height });
    expect(await geth.balance(ALICE)).toBe(1_000n);
    expect(await geth.balance(BOB)).toBe(0n);
    expect(await geth.slot(contract)).toBe(42n);
    const after = await geth.hashes();
    const common = lastCommon(before, after);
    expect(common).toBeGreaterThanOrEqual(backup.height ?? Number.NaN);
    // What it sealed between the last reading of its height and its stop is in the backup too.
    expect(common).toBeLessThanOrEqual((backup.height ?? Number.NaN) + 2);
    await geth.pay(BOB, 5n);
    expect(await geth.balance(BOB)).toBe(5n);
    expect(await geth.height()).toBeGreaterThan(common);
  });

  it.concurrent('goes back to an earlier height, state and all, and to none that is not below', async () => {
    const geth = await startedGeth('rewound');
    await geth.pay(ALICE, 1_000n);
    const target = await geth.height();
    await geth.pay(BOB, 7n);
    const contract = await geth.store(9);
    const above = { kind: 'BlockHeightFallback', name: 'above', spec: { node: 'rewound', blockHeight: 1_000_000 } };
    const uid = world.podUid('rewound');
    expect(await run(world, above)).toMatchObject({ phase: 'Refused', reason: 'HeightNotBelow' });
    expect(world.podUid('rewound')).toBe(uid);

    const before = await geth.hashes();
    const spec = { node: 'rewound', blockHeight: target };
    const record = await run(world, { kind: 'BlockHeightFallback', name: 'earlier', spec });
    expect(record).toMatchObject({ phase: 'Complete', reason: 'Complete', height: target });
    expect(record.message).toContain(`the height is ${target} again`);
    expect(record.heightBefore).toBeGreaterThan(target);
    expect(record.heightAfter).toBeGreaterThan(target);
    // Of that block, not of the newest: geth sends transactions that it has accepted itself again, from its journal.
    expect(await geth.balance(ALICE, target)).toBe(1_000n);
    expect(await geth.balance(BOB, target)).toBe(0n);
    expect(await geth.slot(contract, target)).toBe(0n);
    expect(lastCommon(before, await geth.hashes())).toBe(target);
    await geth.pay(CAROL, 5n);
    expect(await geth.balance(CAROL)).toBe(5n);
  });

  it.concurrent('is kept at a height by a snapshot, and comes back from it', async () => {
    const geth = await startedGeth('kept');
    await geth.pay(CAROL, 3n);
    const wanted = (await geth.height()) + 2;
    const snapshot = await run(world, { kind: 'Snapshot', name: 'at', spec: { node: 'kept', blockHeight: wanted } });
    expect(snapshot).toMatchObject({ phase: 'Complete' });
    expect(snapshot.height).toBeGreaterThanOrEqual(wanted);
    await world.await('kept', 'to be well', isWell);
    await geth.pay(CAROL, 3n);
    const before = await geth.hashes();
    const restore = await run(world, { kind: 'Restore', name: 'from-at', spec: { node: 'kept', snapshot: 'at' } });
    expect(restore).toMatchObject({ phase: 'Complete', height: snapshot.height });
    expect(await geth.balance(CAROL)).toBe(3n);
    expect(lastCommon(before, await geth.hashes())).toBeGreaterThanOrEqual(wanted);
  });

  it.concurrent(
    'is not given away where no pod may be root, says how that is allowed, and is given away then',
    async () => {
      await startedGeth('owned');
      const spec = { node: 'owned', uid: 1000, gid: 2222 };
      const refused = await run(world, { kind: 'ChangeOwner', name: 'too-strict', spec });
      expect(refused).toMatchObject({ phase: 'Refused', reason: 'ObjectsRefused' });
      expect(refused.message).toMatch(
        /pod-security.kubernetes.io\/enforce=baseline.* violates PodSecurity "restricted/,
      );
      await world.await('owned', 'to be well', isWell);

      await world.kubectl(['label', 'namespace', world.namespace, `${LEVEL}=baseline`, '--overwrite']);
      const given = await run(world, { kind: 'ChangeOwner', name: 'given', spec });
      expect(given).toMatchObject({ phase: 'Complete' });
      expect(given.message).toContain('1000:2222');
      await world.await('owned', 'to be well with that owner', isWell);
    },
  );
});

describe.concurrent('the record', () => {
  it.concurrent('records what was asked, by whom, what ran and what came of it', async () => {
    const record = await ended(world, NIGHTLY);
    expect(record).toMatchObject({
      kind: 'Backup',
      namespace: world.namespace,
      name: 'nightly',
      commit: nightlyCommit,
      file: jobPath(NIGHTLY),
      phase: 'Complete',
      chain: 'ethereum',
      network: 'dev',
      chainId: '1337',
      nodes: ['told'],
      deployMethod: 'managed',
      command: 'nodewright job backup',
    });
    expect(record.author).toMatch(/\S/);
    expect(record.image).toContain('nodewright/nodewright:');
    expect(record.imageDigest).toMatch(/sha256:[0-9a-f]{64}/);
    expect(record.manifestSha256).toMatch(/^[0-9a-f]{64}$/);
    expect(record.bytes).toBeGreaterThan(1_000);
    expect(record.files).toBeGreaterThan(5);
    expect(record.height).toBeGreaterThanOrEqual(record.heightBefore ?? Number.NaN);
    const claim = JSON.parse(await world.kubectl(['get', 'pvc', record.claimName ?? '', '-o', 'json'])) as Claim;
    expect(claim).toMatchObject({ metadata: { uid: record.claimUid }, status: { phase: 'Bound' } });
    expect(claim.metadata.ownerReferences).toBeUndefined();
    const phases = record.phases?.map(({ phase }) => phase) ?? [];
    expect(phases).toEqual(['Claimed', 'Locked', 'Stopping', 'Working', 'Verifying', 'Starting', 'Complete']);
    const times = record.phases?.map(({ at }) => Date.parse(at)) ?? [];
    expect(times).toEqual(times.toSorted((a, b) => a - b));
    expect(Date.parse(record.claimedAt ?? '')).toBeLessThanOrEqual(times[0] ?? 0);
  });

  it.concurrent(
    'outlives its file and its object; what it was asked can neither be changed nor asked again',
    async () => {
      const request: Request = { kind: 'Backup', name: 'once', spec: { node: 'asked' } };
      await startedGeth('asked');
      const record = await run(world, request);
      expect(record).toMatchObject({ phase: 'Complete' });
      world.commit('Edit it', jobFile({ ...request, spec: { node: 'asked', pvcSize: '2Gi' } }));
      const sync = await world.publishedSync('the edit', (text) => text.includes('code: Edited'));
      expect(sync).toContain('a request is immutable: put the file back and file a new one under a new name');

      world.commit('Remove it', { [jobPath(request)]: null });
      await world.kubectl(['delete', 'backup', 'once']);
      // Long before `ttlSecondsAfterFinished` is over, which makes them useless.
      const works = ['get', 'jobs,pods', '-l', `${JOB_UID_LABEL}=${record.uid}`, '-o', 'name'];
      await waitFor('its Job and pod to be gone', async () => (await world.kubectl(works)) === '', 20_000);
      const again = ask(world, request);
      await world.publishedSync(
        'the request again',
        (text) => world.isSince(text, again) && !text.includes('code: Edited'),
      );
      const other = await run(world, { ...request, name: 'another' });
      expect(other).toMatchObject({ phase: 'Complete' });
      expect(recordOf(world, request)).toEqual(record);
      const claims = await world.kubectl(['get', 'pvc', '-l', 'validatoros.com/backup-of=asked', '-o', 'name']);
      expect(claims.split('\n').filter(Boolean).sort()).toEqual(
        [record, other].map(({ claimName }) => `persistentvolumeclaim/${claimName}`).sort(),
      );
    },
  );

  it.concurrent(
    'of one that waits says for whom; without its file it is cancelled, or ends when it has begun',
    async () => {
      await startedGeth('queued');
      const [first, second] = ['first-in', 'second-in'].map((name) => ({
        kind: 'Backup',
        name,
        spec: { node: 'queued' },
      }));
      if (first === undefined || second === undefined) throw new Error('two requests');
      const { pid } = processOf(world.podUid('queued') ?? '', 'geth');
      process.kill(pid, 'SIGSTOP');
      try {
        ask(world, first);
        await says(world, first, /^Stopping/);
        ask(world, second);
        await says(world, second, new RegExp(`^Claimed waits for Backup ${world.namespace}/first-in`));
        world.commit('Neither after all', { [jobPath(first)]: null, [jobPath(second)]: null });
        expect(await ended(world, second)).toMatchObject({ phase: 'Cancelled', reason: 'Cancelled' });
      } finally {
        process.kill(pid, 'SIGCONT');
      }
      const record = await ended(world, first);
      expect(record).toMatchObject({ phase: 'Complete' });
      expect(record.message).toContain('its file was removed after work had begun, so it ran to its end');
      expect(recordOf(world, second).phases?.map(({ phase }) => phase)).not.toContain('Working');
      await world.await('queued', 'to be well again', isWell);
    },
  );
});

/** Resolves when the node is well and has made a block. */
async function startedGeth(name: string): Promise<ReturnType<typeof gethOf>> {
  await world.await(name, 'to be well with a block', (node) => isWell(node) && (node.status?.height ?? 0) >= 1);
  return gethOf(world, name);
}

const LEVEL = 'pod-security.kubernetes.io/enforce';

interface Claim {
  readonly metadata: { readonly uid: string; readonly ownerReferences?: unknown };
}
