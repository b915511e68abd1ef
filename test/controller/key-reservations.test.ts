// Who may sign with a key: never two nodes at a time, with any pod still running, and any name of the Secrets.

import { beforeEach, describe, expect, it } from 'vitest';

import type { BlockchainNode } from '../../src/api/blockchain-node.ts';
import type { KubeObject } from '../../src/api/objects.ts';
import type { Informer } from '../../src/kube/cluster.ts';
import type { OwnedKind } from '../../src/controller/engine/notices.ts';
import {
  createKeyReservations,
  type KeyReservations,
  type Reservation,
} from '../../src/controller/node/keys/key-reservations.ts';
import type { KeyAnswer } from '../../src/controller/node/keys/ledger.ts';
import type { Holder } from '../../src/keys/foreign.ts';
import { aNode } from '../support/plan-scene.ts';
import { aPod, aSet, data, keyFile, named, signer } from './key-objects.ts';

let nodes: BlockchainNode[];
let owned: Map<string, readonly KubeObject[]>;
let secrets: Record<string, object>;
let reads: string[];
let pods: readonly KubeObject[];
let answer: KeyAnswer;
let holders: ReadonlyMap<string, Holder>;
let reserved: readonly { readonly key: string; readonly node: string }[];
const ledger = { answer: (): KeyAnswer => answer, heldElsewhere: () => holders, reserved: () => reserved };
let elsewhere: string | undefined;
let before: string | undefined;
let versions: Record<string, string>;
/** When a Secret was edited. */
let editedAt: string;
let reservations: KeyReservations;
beforeEach(() => {
  [nodes, owned, secrets, reads] = [
    [],
    new Map(),
    { 'key-a': data({ k: keyFile('A') }), 'key-b': data({ k: keyFile('B') }) },
    [],
  ];
  [pods, answer, holders, reserved, elsewhere, before] = [[], { is: 'reserved' }, new Map(), [], undefined, undefined];
  [versions, editedAt] = [{}, '2026-01-01T00:00:00Z'];
  reservations = start();
});

/** The node reaches its identity, and what else is named. */
async function reserve(by: KeyReservations, node: BlockchainNode, more: readonly string[] = []): Promise<Reservation> {
  const identity = node.spec.identity?.secretName;
  return await by.reserve(node, [...(identity === undefined ? [] : [identity]), ...more]);
}

/** As a controller that knows nothing but what it sees. */
function start(): KeyReservations {
  return createKeyReservations({
    executor: 'demo',
    keyLedger: ledger,
    identities: { signedElsewhere: () => elsewhere, replacedKey: () => before },
    cluster: {
      list: async () => pods,
      managersOf: async () => [{ manager: 'kubectl', operation: 'Update', time: editedAt }],
      async get({ kind, name }) {
        if (kind === 'StatefulSet') return owned.get(`ns/${name}`)?.find((object) => object.kind === kind);
        reads.push(name);
        const data = secrets[name];
        return data === undefined ? undefined : { ...named('Secret', name), data };
      },
    },
    watches: {
      incomplete: () => [],
      secretVersion: (secret: string) => versions[secret],
      nodes: {
        isSynced: true,
        get: (key: string) => nodes.find(({ metadata }) => key === `ns/${metadata.name}`),
      } as Informer<BlockchainNode>,
      owners: () => owned.keys(),
      owned: (key: string, kind: OwnedKind) => (owned.get(key) ?? []).filter((object) => object.kind === kind),
    },
  });
}

const refused = (words: RegExp, passing = false) => ({
  ok: false,
  reason: 'IdentityInUse',
  message: expect.stringMatching(words),
  passing,
});

describe('a key', () => {
  it('is granted once; standing costs nothing', async () => {
    expect(await reserve(reservations, signer('a'))).toMatchObject({ ok: true });
    expect(reads).toEqual(['key-a']);
    expect(await reserve(reservations, signer('a'))).toMatchObject({ ok: true });
    expect(reads).toEqual(['key-a']);
    expect(await reserve(reservations, aNode('follower'))).toMatchObject({ ok: true });
    expect(reads).toEqual(['key-a']);
  });

  it('is not granted without its Secret, and is once that is there', async () => {
    const none = { ok: false, reason: 'IdentityMissing', message: expect.stringContaining('key-c'), passing: false };
    expect(await reserve(reservations, signer('c'))).toEqual(none);
    expect([...reservations.waiting]).toEqual(['ns/c']);
    secrets['key-c'] = data({ k: keyFile('C') });
    expect(await reserve(reservations, signer('c'))).toMatchObject({ ok: true });
    expect([...reservations.waiting]).toEqual([]);
  });

  it('is not granted twice before anything of the first is seen, nor as a copy', async () => {
    nodes = [signer('a')];
    secrets['copy'] = data({ k: keyFile('A') });
    const results = await Promise.all([reserve(reservations, signer('a')), reserve(reservations, signer('b', 'copy'))]);
    expect(results).toEqual([
      expect.objectContaining({ ok: true }),
      refused(/^ns\/a signs with the same key, or may still do so\. Stop it first/),
    ]);
  });

  it('is free again when its node is not to run any more, and only then', async () => {
    nodes = [signer('a')];
    secrets['copy'] = data({ k: keyFile('A') });
    await reserve(reservations, signer('a'));
    expect(await reserve(reservations, signer('b', 'copy'))).toMatchObject({ ok: false });
    expect(reservations.release('ns/a', { givesBack: true })).toBe(true);
    expect(reservations.release('ns/a', { givesBack: true })).toBe(false);
    expect(await reserve(reservations, signer('b', 'copy'))).toMatchObject({ ok: true });
    // Who was stopped meanwhile does not have it any more.
    expect(await reserve(reservations, signer('a'))).toMatchObject({ ok: false });
  });

  it('is known by itself, with any content beside it and any spelling of its file', async () => {
    const file = (value: string, more: object = {}): object =>
      data({
        'priv_validator_key.json': keyFile(value, more),
        'node_key.json': `${value}n`,
      });
    secrets = {
      one: file('K', { address: 'x' }),
      two: { ...file('K'), 'node_key.json': 'b3RoZXI=' },
      three: file('L'),
    };
    expect(await reserve(reservations, signer('a', 'one'))).toMatchObject({ ok: true });
    expect(await reserve(reservations, signer('b', 'two'))).toMatchObject({ ok: false, reason: 'IdentityInUse' });
    expect(await reserve(reservations, signer('b', 'three'))).toMatchObject({ ok: true });
  });

  it('of another identity is given up for it, but not while a pod with the old one lives', async () => {
    nodes = [signer('a', 'key-b')];
    await reserve(reservations, signer('a'));
    owned.set('ns/a', [aPod('key-a')]);
    expect(await reserve(reservations, signer('a', 'key-b'))).toMatchObject({ ok: true });
    expect(await reserve(reservations, signer('c', 'key-a'))).toEqual(refused(/^ns\/a signs/));
    owned.set('ns/a', [aPod('key-b')]);
    expect(await reserve(reservations, signer('c', 'key-a'))).toMatchObject({ ok: true });
  });
});

describe('what is seen counts like a reservation', () => {
  const quiet = { observedGeneration: 2, replicas: 0 };

  it.each([
    { because: 'a pod', part: aPod('key-a'), free: false },
    { because: 'a StatefulSet that makes one', part: aSet('key-a', 1, { observedGeneration: 2 }), free: false },
    { because: 'one whose pod is not gone yet', part: aSet('key-a', 0, { ...quiet, replicas: 1 }), free: false },
    {
      because: 'one whose controller has not seen the change',
      part: aSet('key-a', 0, { observedGeneration: 1 }),
      free: false,
    },
    { because: 'one that was never checked', part: aSet('key-a', 0), free: false },
    { because: 'but none that is at rest', part: aSet('key-a', 0, quiet), free: true },
    { because: 'nor a pod with another key', part: aPod('key-b'), free: true },
    { because: 'nor one whose Secret is gone', part: aPod('gone'), free: true },
  ])('$because', async ({ part, free }) => {
    nodes = [signer('a')];
    secrets['copy'] = data({ k: keyFile('A') });
    owned.set('ns/a', [part]);
    expect(await reserve(start(), signer('c', 'copy'))).toMatchObject(free ? { ok: true } : refused(/^ns\/a signs/));
  });

  it('also of a node that is gone, or going: that passes', async () => {
    owned.set('ns/a', [aPod('key-a')]);
    const leaving = refused(
      /^A pod of ns\/a, which is being deleted, may still sign .* when that pod is gone\.$/,
      true,
    );
    await reserve(reservations, signer('a'));
    reservations.release('ns/a', { givesBack: true });
    expect(await reserve(reservations, signer('c', 'key-a'))).toEqual(leaving);
    expect(await reserve(start(), signer('c', 'key-a'))).toEqual(leaving);
    nodes = [{ ...signer('a'), metadata: { ...signer('a').metadata, deletionTimestamp: '2026-01-01T00:00:00Z' } }];
    expect(await reserve(start(), signer('c', 'key-a'))).toEqual(leaving);
    owned.delete('ns/a');
    expect(await reserve(reservations, signer('c', 'key-a'))).toMatchObject({ ok: true });
  });

  it('never of its own earlier pod', async () => {
    owned.set('ns/a', [aPod('key-a'), aSet('key-a', 1)]);
    expect(await reserve(start(), signer('a'))).toMatchObject({ ok: true });
  });

  it('reads each Secret once, and none that we made', async () => {
    for (const name of ['d', 'e']) {
      secrets[`key-${name}`] = data({ k: keyFile(name) });
      owned.set(`ns/${name}`, [aPod(`key-${name}`), aSet(`key-${name}`, 1), named('Secret', `key-${name}-jwt`)]);
    }
    await reserve(reservations, signer('a'));
    await reserve(reservations, signer('b'));
    expect(reads.toSorted()).toEqual(['key-a', 'key-b', 'key-d', 'key-e']);
  });
});

const secretVolume = (secretName: string, name = 'v') => ({ name, secret: { secretName } });
const podOf = (spec: object): KubeObject => ({ ...aPod(''), spec });
const env = [{ name: 'X', valueFrom: { secretKeyRef: { name: 'copy', key: 'k' } } }];

describe('a key is found wherever the final pod reaches it', () => {
  it.each([
    { because: 'a volume of any name', spec: { volumes: [secretVolume('copy', 'nodewright-made-jwt')] } },
    {
      because: 'a projected volume',
      spec: { volumes: [{ name: 'p', projected: { sources: [{ secret: { name: 'copy' } }] } }] },
    },
    {
      because: 'a CSI volume',
      spec: { volumes: [{ name: 'c', csi: { driver: 'd', nodePublishSecretRef: { name: 'copy' } } }] },
    },
    { because: 'a variable of a sidecar', spec: { containers: [{ name: 'node' }, { name: 'sidecar', env }] } },
    {
      because: 'all variables of an init container',
      spec: { initContainers: [{ name: 'i', envFrom: [{ secretRef: { name: 'copy' } }] }] },
    },
  ])('$because, under any file name', async ({ spec }) => {
    secrets['copy'] = data({ decoy: 'x', 'readme.txt': keyFile('A') });
    owned.set('ns/a', [podOf(spec)]);
    nodes = [aNode('a')];
    expect(await reserve(start(), signer('c', 'key-a'))).toEqual(refused(/^ns\/a signs/));
    owned.clear();
    // The other way round: the node without an identity comes second.
    const first = start();
    expect(await reserve(first, signer('c', 'key-a'))).toMatchObject({ ok: true });
    expect(await reserve(first, aNode('a'), ['copy'])).toMatchObject({ ok: false, reason: 'IdentityInUse' });
  });

  it('and Secrets without a key belong to no one', async () => {
    secrets['shared'] = data({ password: 'x' });
    expect(await reserve(reservations, aNode('a'), ['shared'])).toMatchObject({ ok: true, keys: [] });
    expect(await reserve(reservations, aNode('b'), ['shared'])).toMatchObject({ ok: true, keys: [] });
  });
});

describe('a key that has signed elsewhere since', () => {
  it('needs its approval also while its Secret is read again: a plan may be made at that moment', async () => {
    elsewhere = 'ns/x';
    expect(await reserve(reservations, signer('a'))).toMatchObject({ reason: 'SignerState' });
    const again = reserve(reservations, signer('a'));
    for (let turn = 0; turn < 20; turn++) {
      expect([...reservations.moved.keys()]).toEqual(['ns/a']);
      await Promise.resolve();
    }
    expect(await again).toMatchObject({ reason: 'SignerState' });
    elsewhere = undefined;
    expect(await reserve(reservations, signer('a'))).toMatchObject({ ok: true });
    expect([...reservations.moved.keys()]).toEqual([]);
  });

  it('starts nothing before an approval, and is not requested on the branch', async () => {
    elsewhere = 'ns/x';
    const refusal = await reserve(reservations, signer('a'));
    expect(refusal).toMatchObject({ ok: false, reason: 'SignerState', passing: false });
    expect(refusal).toMatchObject({
      message: expect.stringMatching(/^The node is kept stopped: its key has signed on ns\/x/),
    });
    expect([...reservations.moved]).toEqual([['ns/a', { signer: 'ns/x', keys: [expect.stringMatching(/^sha256:/)] }]]);
    expect(reservations.wanted().size).toBe(0);
    elsewhere = undefined;
    expect(await reserve(reservations, signer('a'))).toMatchObject({ ok: true });
    expect(reservations.moved.size).toBe(0);
    // While its pod lives no one else can have signed, so that the branch is wrong.
    owned.set('ns/a', [aPod('key-a')]);
    elsewhere = 'ns/x of executor tokyo';
    expect(await reserve(reservations, signer('a'))).toMatchObject({ ok: true });
    owned.clear();
    // It waited for the branch meanwhile.
    elsewhere = 'ns/x of executor tokyo';
    expect(await reserve(reservations, signer('a'))).toMatchObject({ ok: false, reason: 'SignerState' });
    expect(reservations.wanted().size).toBe(0);
  });

  it('waits for the executor that has it reserved, and is approved only after its release', async () => {
    elsewhere = 'ns/x of executor tokyo';
    holders = new Map([
      ['sha256:1', { executor: 'tokyo', node: 'ns/x', since: '2026-01-01T00:00:00Z', how: 'Reserved' }],
    ]);
    expect(await reserve(reservations, signer('a'))).toMatchObject({ ok: false, reason: 'KeyReserved' });
    expect([...reservations.waiting]).toEqual(['ns/a']);
    expect(reservations.moved.size).toBe(0);
    holders = new Map();
    expect(await reserve(reservations, signer('a'))).toMatchObject({ ok: false, reason: 'SignerState' });
    expect(reservations.moved.size).toBe(1);
  });
});

describe('a Secret that is edited', () => {
  const edit = (letter: string): void => {
    secrets['key-a'] = data({ k: keyFile(letter) });
    versions['ns/key-a'] = letter;
  };

  it('is read again; the node is stopped before a container starts with the other key', async () => {
    expect(await reserve(reservations, signer('a'))).toMatchObject({ ok: true });
    edit('C');
    before = 'sha256:0123456789abcdef';
    expect(await reserve(reservations, signer('a'))).toMatchObject({
      ok: false,
      reason: 'SignerState',
      stopsPod: true,
      message: expect.stringContaining(
        'has another key than the one with which the node has signed (sha256:0123456789ab)',
      ),
    });
    expect(reservations.moved.get('ns/a')).toMatchObject({ replaces: before });
    before = undefined;
    expect(await reserve(reservations, signer('a'))).toMatchObject({ ok: true });
  });

  it('counts with what it had before, as long as a pod lives that was made with that', async () => {
    nodes = [signer('a')];
    owned.set('ns/a', [aPod('key-a')]);
    secrets['copy'] = data({ k: keyFile('A') });
    expect(await reserve(reservations, signer('c', 'copy'))).toEqual(refused(/^ns\/a signs/));
    edit('D');
    expect(await reserve(reservations, signer('c', 'copy'))).toEqual(refused(/^ns\/a signs/));
    secrets['copy'] = data({ k: keyFile('D') });
    expect(await reserve(reservations, signer('c', 'copy'))).toEqual(refused(/^ns\/a signs/));
    owned.clear();
    expect(await reserve(reservations, signer('c', 'copy'))).toMatchObject({ ok: true });
  });

  it('gives no key back while a pod is older than the edit', async () => {
    const granted = await reserve(start(), signer('a'));
    reserved = [{ key: granted.ok ? (granted.keys[0] ?? '') : '', node: 'ns/a' }];
    edit('E');
    secrets['key-a-jwt'] = data({ jwt: 'x' });
    const made = (creationTimestamp: string): KubeObject => ({
      ...aPod('key-a'),
      metadata: { name: 'a-0', creationTimestamp },
    });
    pods = [made('2025-12-31T00:00:00Z')];
    expect(await reservations.given()).toEqual(new Set());
    pods = [made('2026-01-01T00:00:01Z')];
    expect(await reservations.given()).toEqual(new Set([reserved[0]?.key]));
  });

  it('concerns the nodes that use it, and those that wait in its namespace', async () => {
    await reserve(reservations, signer('a'));
    await reserve(reservations, signer('b'));
    await reserve(reservations, signer('w', 'absent'));
    expect(reservations.usersOf('ns/key-a')).toEqual(['ns/a', 'ns/w']);
    expect(reservations.usersOf('else/key-a')).toEqual([]);
  });
});

describe('the status branch', () => {
  const holder = { executor: 'tokyo', node: 'ns/x', since: '2026-01-01T00:00:00Z', how: 'Reserved', approval: 'sha256:ab' } as const; // prettier-ignore

  it('decides after the cluster: the node waits for the push, and names who has the key', async () => {
    answer = { is: 'pending' };
    expect(await reserve(reservations, signer('a'))).toMatchObject({ ok: false, reason: 'KeyPending', passing: true });
    const [[key, node] = ['', '']] = [...reservations.wanted()];
    expect([key, node]).toEqual([expect.stringMatching(/^sha256:/), 'ns/a']);
    answer = { is: 'refused', holders: new Map([[key, holder]]) };
    expect(await reserve(reservations, signer('a'))).toMatchObject({
      ok: false,
      reason: 'KeyReserved',
      message: expect.stringMatching(
        /^Executor tokyo has reserved the signing key sha256:\w+ for its node ns\/x since 2026.*approval sha256:ab/,
      ),
    });
    expect([...reservations.waiting]).toEqual(['ns/a']);
    answer = { is: 'reserved' };
    expect(await reserve(reservations, signer('a'))).toMatchObject({ ok: true, keys: [key] });
    expect([...reservations.waiting]).toEqual([]);
  });

  it('never sees a digest of what is no key', async () => {
    secrets['weak'] = data({ password: 'hunter2' });
    expect(await reserve(reservations, signer('a', 'weak'))).toMatchObject({ ok: true, keys: [] });
    expect(reservations.wanted().size).toBe(0);
    // In the cluster it still counts as one identity.
    secrets['weak-copy'] = secrets['weak'] ?? {};
    expect(await reserve(reservations, signer('b', 'weak-copy'))).toMatchObject({ ok: false, reason: 'IdentityInUse' });
  });

  async function keyOfA(): Promise<string> {
    const granted = await reserve(start(), signer('a'));
    return granted.ok ? (granted.keys[0] ?? '') : '';
  }

  it('gets a key back when the last pod and StatefulSet with it are gone, by the word of the API server', async () => {
    const key = await keyOfA();
    reserved = [{ key, node: 'ns/a' }];
    nodes = [signer('a')];
    await reserve(reservations, signer('a'));
    expect(await reservations.given()).toEqual(new Set());
    reservations.release('ns/a', { givesBack: true });
    expect(reservations.isLeaving('ns/a')).toBe(true);
    pods = [aPod('key-a')];
    expect(await reservations.given()).toEqual(new Set());
    [pods, secrets] = [[aPod('key-gone')], { ...secrets }];
    expect(await reservations.given()).toEqual(new Set());
    pods = [];
    owned.set('ns/a', [aSet('key-a', 1)]);
    expect(await reservations.given()).toEqual(new Set());
    owned.set('ns/a', [aSet('key-a', 0, { observedGeneration: 2, replicas: 0 })]);
    expect(await reservations.given()).toEqual(new Set([key]));
    reserved = [];
    expect(reservations.isLeaving('ns/a')).toBe(false);
  });

  it('keeps the key of a node that a job has stopped, and of one that was not reconciled since the start', async () => {
    reserved = [{ key: await keyOfA(), node: 'ns/a' }];
    nodes = [signer('a')];
    await reserve(reservations, signer('a'));
    reservations.release('ns/a', { givesBack: false });
    expect(await reservations.given()).toEqual(new Set());
    expect(await start().given()).toEqual(new Set());
    nodes = [];
    expect(await start().given()).toEqual(new Set([reserved[0]?.key]));
  });

  it('gets back no key of a node that starts while that is examined', async () => {
    reserved = [{ key: await keyOfA(), node: 'ns/a' }];
    nodes = [signer('a')];
    reservations.release('ns/a', { givesBack: true });
    const given = reservations.given();
    await reserve(reservations, signer('a'));
    expect(await given).toEqual(new Set());
  });
});
