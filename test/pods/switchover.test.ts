// Validators of a running CometBFT chain exchange their keys: by request, under a controller that is killed, and by commit.

import { afterAll, beforeAll, describe, expect, it } from 'vitest';

import type { JobStatus } from '../../src/api/job-status.ts';
import type { JobRecord } from '../../src/jobs/requests/record.ts';
import { importWorkerImage } from '../cluster/worker-image.ts';
import { waitFor } from '../demo/wait-for.ts';
import { makeValidators, type Validators } from '../support/validators.ts';
import { hashAt, signersAbove, statusOf, wholeChain } from './comet.ts';
import { isWell } from './observer.ts';
import { ask, ended, run, type Request } from './job-files.ts';
import { type KeyWatch, secretsOf, watchKeys } from './key-watch.ts';
import { killAt } from './kill-at.ts';
import type { NodeFields } from './node-file.ts';
import { podsCluster, type PodsWorld, startWorld } from './world.ts';

const NAMES = ['val-0', 'val-1', 'val-2', 'val-3'] as const;
type Name = (typeof NAMES)[number];

let world: PodsWorld;
let network: Validators;
let watch: KeyWatch;
beforeAll(async () => {
  const { state } = await podsCluster();
  world = await startWorld('switchover', ['--image', await importWorkerImage(state)]);
  const { namespace } = world;
  network = makeValidators({ chainId: 'keys-1', namespace, names: NAMES });
  watch = watchKeys(world, NAMES);
  await world.kubectl(['apply', '-f', '-'], network.objects);
  world.change('Four validators', Object.fromEntries(NAMES.map((name) => [name, network.validator(name)])));
  await allSign();
});
afterAll(async () => {
  await world?.close();
});

const PHASES = ['Claimed', 'Locked', 'Stopping', 'Working', 'Verifying', 'Starting', 'Complete'];

describe('a Switchover', () => {
  it('exchanges the keys of two validators and what these have signed; the chain continues', async () => {
    const others = uids('val-2', 'val-3');
    const record = await run(world, switchover('first', 'val-0', 'val-1'));
    await expectExchanged('first', record, ['val-0', 'val-1']);
    expect(uids('val-2', 'val-3')).toEqual(others);
    await expectKeys({ 'val-0': 'val-1', 'val-1': 'val-0', 'val-2': 'val-2', 'val-3': 'val-3' });
  });

  it('stays active against the file in Git, and is visible', async () => {
    const sync = await world.publishedSync('the override', (text) => text.includes('identities:'));
    for (const [name, key] of [
      ['val-0', 'val-1'],
      ['val-1', 'val-0'],
    ] as const)
      // prettier-ignore
      expect(sync).toContain(`${world.namespace}/${name}: ${network.secretOf(key)}`);
    const plan = await world.plan();
    expect(plan).toMatchObject({ code: 0, stderr: '' });
    expect(plan.stdout).toMatch(
      /2 kept\n\n= keep BlockchainNode .*val-0\n +it signs with val-1-keys since a Switchover/,
    );
  });

  it('ends as an override when Git says the same, and no pod is restarted', async () => {
    const before = { uids: uids(...NAMES), specs: await statefulSets() };
    const commit = world.change('Say what is', {
      'val-0': signingAs('val-0', 'val-1'),
      'val-1': signingAs('val-1', 'val-0'),
    });
    await world.publishedSync('no override', (text) => isApplied(text, commit) && !text.includes('identities:'));
    for (const name of NAMES) await world.await(name, 'to be well with it', isWell);
    expect(await world.plan()).toMatchObject({ code: 0, stdout: expect.stringContaining(': nothing to do') });
    expect({ uids: uids(...NAMES), specs: await statefulSets() }).toEqual(before);
  });

  it('comes to the same end when the controller is killed at every step that touches a key', async () => {
    const stages = ['Stopping', 'read', 'write', 'assign', 'Starting'];
    const kills = killAt(world, stages);
    try {
      const request = switchover('second', 'val-2', 'val-3');
      ask(world, request);
      const record = await ended(world, request);
      expect(kills.done.toSorted()).toEqual(stages.toSorted());
      await expectExchanged('second', record, ['val-2', 'val-3']);
    } finally {
      kills.stop();
    }
    await expectKeys({ 'val-0': 'val-1', 'val-1': 'val-0', 'val-2': 'val-3', 'val-3': 'val-2' });
  });
});

describe('a commit that exchanges the keys of two nodes', () => {
  it('is carried out as a Switchover', async () => {
    const commit = world.change('Back again', {
      'val-0': network.validator('val-0'),
      'val-1': network.validator('val-1'),
    });
    const name = await waitFor({ what: 'the Switchover', timeoutMs: 30_000 }, async () =>
      (await world.kubectl(['get', 'switchover', '-o', 'name'])).split('\n').find((line) => line.includes('exchange')),
    );
    const own = name.slice(name.indexOf('/') + 1);
    const record = await ended(world, { kind: 'Switchover', name: own });
    expect(record).toMatchObject({ commit, file: 'nodes/val-0.yaml' });
    await expectExchanged(own, record, ['val-0', 'val-1']);
    await world.publishedSync(
      'the commit, and only the override of the others',
      (text) =>
        isApplied(text, commit) &&
        !text.includes(`${world.namespace}/val-0: `) &&
        text.includes(`${world.namespace}/val-2: ${network.secretOf('val-3')}`),
    );
    expect(await world.plan()).toMatchObject({ code: 0 });
    await expectKeys({ 'val-0': 'val-0', 'val-1': 'val-1', 'val-2': 'val-3', 'val-3': 'val-2' });
  });
});

describe('all the while', () => {
  it('no key was in two pods, and none signed twice', async () => {
    expect(watch.offences).toEqual([]);
    const { height, signers, evidence } = await wholeChain(world, 'val-0');
    const known = NAMES.map((name) => network.address(name));
    expect(height).toBeGreaterThan(10);
    const odd = [...signers].filter(
      ([, addresses]) =>
        new Set(addresses).size < addresses.length || addresses.some((address) => !known.includes(address)),
    );
    expect(odd).toEqual([]);
    expect(evidence).toEqual([]);
    const hashes = await Promise.all(NAMES.map((name) => hashAt(world, name, height - 2)));
    expect(new Set(hashes).size).toBe(1);
  });
});

function switchover(name: string, sourceNode: Name, destNode: Name): Request {
  return { kind: 'Switchover', name, spec: { sourceNode, destNode } };
}

function signingAs(name: Name, key: Name): NodeFields {
  return { ...network.validator(name), identity: { secretName: network.secretOf(key) } };
}

function isApplied(sync: string, commit: string): boolean {
  return sync.includes(`applied: main@sha1:${commit}`);
}

/** What the object, the record and the volumes say of an exchange that is complete. */
async function expectExchanged(name: string, record: JobRecord, [a, b]: readonly [Name, Name]): Promise<void> {
  expect(record).toMatchObject({ phase: 'Complete', nodes: [a, b], deployMethod: 'managed', chainId: 'keys-1' });
  expect(record.message).toContain(`${a} and ${b} have exchanged their identities`);
  expect(record.message).not.toContain('removed');
  expect(record.phases?.map(({ phase }) => phase)).toEqual(PHASES);
  const { status } = JSON.parse(await world.kubectl(['get', 'switchover', name, '-o', 'json'])) as {
    status: JobStatus;
  };
  expect(status.signers).toMatchObject({ step: 'assign', states: [{ node: a }, { node: b }] });
  const [ofA, ofB] = status.signers?.states.map(({ text }) => text) ?? [];
  expect([watch.signerState(a), watch.signerState(b)]).toEqual([ofB, ofA]);
  const [keyOfA, keyOfB] = status.targets?.map(({ identity }) => identity) ?? [];
  expect(record.notes?.join('\n')).toMatch(new RegExp(`state of ${keyOfA} \\(.*\\) moved from ${a} to ${b}`));
  expect(record.notes?.join('\n')).toMatch(new RegExp(`state of ${keyOfB} \\(.*\\) moved from ${b} to ${a}`));
}

/** Waits until all sign, and expects each to sign with the key, and to have the Secret, that it should. */
async function expectKeys(keys: Readonly<Record<Name, Name>>): Promise<void> {
  await allSign();
  for (const name of NAMES) {
    const { address } = await statusOf(world, name);
    const secrets = secretsOf(world.pod(name));
    const key = keys[name];
    expect({ name, address, secrets }).toEqual({
      name,
      address: network.address(key),
      secrets: [network.secretOf(key)],
    });
  }
}

/** The chain grows, and each key signs blocks of it. */
async function allSign(): Promise<void> {
  for (const name of NAMES) await world.await(name, 'to be well', isWell);
  const { height } = await statusOf(world, 'val-0');
  await waitFor({ what: `blocks above ${height} signed by each`, timeoutMs: 90_000 }, async () => {
    const signers = await signersAbove(world, 'val-0', height);
    const missing = NAMES.filter((name) => !signers.has(network.address(name)));
    if (missing.length > 0) throw new Error(`none signed with the keys of ${missing.join(', ')}`);
    return true;
  });
}

function uids(...names: readonly Name[]): readonly (string | undefined)[] {
  return names.map((name) => world.podUid(name));
}

async function statefulSets(): Promise<string> {
  return await world.kubectl([
    'get',
    'statefulset',
    '-o',
    'jsonpath={range .items[*]}{.spec.template.spec}{"\\n"}{end}',
  ]);
}
