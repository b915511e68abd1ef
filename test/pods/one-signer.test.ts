// One key, one signer, on real pods: a key moves to another node only when the last process with it is gone.

import { afterAll, beforeAll, describe, expect, it } from 'vitest';

import { ALLOW_LABEL } from '../../src/api/policy.ts';
import type { BlockchainNode } from '../../src/api/blockchain-node.ts';
import { waitFor } from '../demo/wait-for.ts';
import { makeValidators, type Validators } from '../support/validators.ts';
import { condition, unready } from './observer.ts';
import type { NodeFields } from './node-file.ts';
import { processOf } from './processes.ts';
import { troubleOf } from './trouble.ts';
import { type PodsWorld, startWorld } from './world.ts';

let world: PodsWorld;
/** Each with a chain of its own, so that each makes blocks alone. */
let moving: Validators;
let twins: Validators;
beforeAll(async () => {
  world = await startWorld('signer');
  const { namespace } = world;
  moving = makeValidators({ chainId: 'moving-1', namespace, names: ['old'] });
  twins = makeValidators({ chainId: 'twins-1', namespace, names: ['twin'] });
  await world.kubectl(['apply', '-f', '-'], [...moving.objects, ...twins.objects]);
});
afterAll(async () => {
  await world?.close();
});

const signs = async (name: string, height = 2): Promise<BlockchainNode> =>
  await world.await(name, `block ${height}`, (node) => (node.status?.height ?? 0) >= height && node);

describe('a key', () => {
  it('goes to another node with an approval, when the pod of the deleted one is gone, also over a restart', async () => {
    world.change('A validator', { old: moving.validator('old') });
    await signs('old');
    const uid = world.podUid('old') ?? 'no pod';
    const { pid } = processOf(uid, 'cometbft');
    process.kill(pid, 'SIGSTOP');
    try {
      world.change('Move its key', { old: undefined, next: moving.validator('old') });
      await approved('the record of what it signed stays on that node');
      const seen = await troubleOf(world, 'next', 'IdentityInUse');
      expect(seen).toMatchObject({ synced: false, stalled: false });
      expect(seen.message).toBe(
        `A pod of ${world.namespace}/old, which is being deleted, may still sign with the same key. The node starts when that pod is gone.`,
      );
      await world.controller.kill();
      await world.restart();
      // A new process has a say on every node before it is asked anything; this one comes after `next`.
      world.change('Add one that follows', { watcher: { ...moving.follower(), desiredState: 'Stopped' } });
      await world.await('watcher', 'to be stopped', ({ status }) => status?.phase === 'Stopped');
      expect(world.node('old')).toBeUndefined();
      expect(world.podUid('old')).toBe(uid);
      const next = world.node('next');
      expect(next === undefined ? 'no node' : unready(next)).toBe('IdentityInUse');
      expect(world.pod('next')).toBeUndefined();
    } finally {
      process.kill(pid, 'SIGCONT');
    }
    await signs('next');
    expect(world.pod('old')).toBeUndefined();
  });

  it('is the same in copies of its Secret: of two nodes made at once one runs, until that is stopped', async () => {
    for (const name of ['one', 'two']) await copyOfKey(name);
    const spec = twins.validator('twin');
    const twin = (name: string): NodeFields => ({ ...spec, identity: { secretName: `copy-${name}` } });
    world.change('Two with one key', { one: twin('one'), two: twin('two') });
    const winner = await waitFor({ what: 'one of them to make blocks', timeoutMs: 120_000 }, async () =>
      ['one', 'two'].find((name) => (world.node(name)?.status?.height ?? 0) >= 2),
    );
    const loser = winner === 'one' ? 'two' : 'one';
    const refusal = `${world.namespace}/${winner} signs with the same key, or may still do so. Stop it first, or exchange the keys with a Switchover.`;
    expect(await troubleOf(world, loser, 'IdentityInUse')).toMatchObject({ message: refusal, stalled: true });
    expect(world.pod(loser)).toBeUndefined();

    world.change('Stop the one that runs', { [winner]: { ...twin(winner), desiredState: 'Stopped' } });
    expect((await troubleOf(world, loser, 'SignerState')).message).toContain(
      `its key has signed on ${world.namespace}/${winner}, and the record of what it signed there is not on the volume of this node`,
    );
    expect(world.pod(loser)).toBeUndefined();
    await approvedStart();
    await signs(loser);
    expect(world.pod(winner)).toBeUndefined();
    world.change('Start it again', { [winner]: twin(winner) });
    expect((await troubleOf(world, winner, 'IdentityInUse')).message).toContain(`${world.namespace}/${loser} signs`);
    expect(world.pod(winner)).toBeUndefined();
  });

  it('is noticed when its Secret is edited: the node stops, and starts again with the key that it had', async () => {
    const secret = twins.secretOf('twin');
    const { objects, ...solo } = makeValidators({ chainId: 'solo-1', namespace: world.namespace, names: ['solo'] });
    await world.kubectl(['apply', '-f', '-'], objects);
    world.change('A validator whose Secret will be edited', { solo: solo.validator('solo') });
    const { status } = await signs('solo');
    const key = async (name: string): Promise<string> =>
      await world.kubectl(['get', 'secret', name, '-o', String.raw`jsonpath={.data.priv_validator_key\.json}`]);
    const own = await key(solo.secretOf('solo'));
    const edit = async (text: string): Promise<string> =>
      await world.kubectl(['patch', 'secret', solo.secretOf('solo'), '-p', JSON.stringify({ data: { 'priv_validator_key.json': text } })]); // prettier-ignore
    await edit(await key(secret));
    const held = await world.await('solo', 'to be held', (node) => unready(node) === 'SignerState' && node);
    expect(condition(held, 'Ready')?.message).toContain(
      'its Secret has another key than the one with which the node has signed',
    );
    await waitFor(
      { what: 'its pod to be gone', timeoutMs: 60_000 },
      async () => world.pod('solo') === undefined || undefined,
    );
    await edit(own);
    await signs('solo', (status?.height ?? 0) + 2);
  });

  it('may come later than its node', async () => {
    const { objects, ...late } = makeValidators({ chainId: 'late-1', namespace: world.namespace, names: ['late'] });
    await world.kubectl(
      ['apply', '-f', '-'],
      objects.filter((object) => !isSecret(object)),
    );
    world.change('A validator without a key', { late: late.validator('late') });
    expect((await troubleOf(world, 'late', 'IdentityMissing')).message).toContain('does not exist');
    expect(world.pod('late')).toBeUndefined();
    await world.kubectl(['apply', '-f', '-'], objects.filter(isSecret));
    await signs('late');
  });
});

/** Finds what is held for that reason in the plan against the cluster, and releases it by a commit. */
async function approved(why: string): Promise<void> {
  const digest = await waitFor({ what: `a hold because ${why}`, timeoutMs: 60_000 }, async () => {
    const { stdout } = await world.plan();
    if (!stdout.includes(why)) throw new Error(stdout);
    return /sha256:[0-9a-f]{64}/.exec(stdout)?.[0];
  });
  world.changeFleet({ approvals: [{ digest }] });
}

/** The digest is that of the actions that the controller holds now. */
async function approvedStart(): Promise<void> {
  const sync = await world.publishedSync('a start that is held', (text) =>
    text.includes('action: start BlockchainNode'),
  );
  world.changeFleet({ approvals: [{ digest: /^ {2}digest: "?(sha256:[0-9a-f]{64})/m.exec(sync)?.[1] ?? '' }] });
}

function isSecret(object: object): boolean {
  return 'kind' in object && object.kind === 'Secret';
}

/** The same signing key beside another node key, as a user creates it who thinks of peers only. */
async function copyOfKey(name: string): Promise<void> {
  const files = JSON.parse(
    await world.kubectl(['get', 'secret', twins.secretOf('twin'), '-o', 'jsonpath={.data}']),
  ) as Record<string, string>;
  const other = makeValidators({ chainId: `other-${name}`, namespace: world.namespace, names: [name] });
  const [, secret] = other.objects as readonly { readonly stringData?: Readonly<Record<string, string>> }[];
  const nodeKey = Buffer.from(secret?.stringData?.['node_key.json'] ?? '').toString('base64');
  const data = { ...files, 'node_key.json': nodeKey };
  await world.kubectl(
    ['apply', '-f', '-'],
    [{ apiVersion: 'v1', kind: 'Secret', metadata: { name: `copy-${name}`, labels: { [ALLOW_LABEL]: 'true' } }, data }],
  );
}
