// Who may sign with a key: never two nodes at a time, with any pod still running, and any name of the Secrets.

import { beforeEach, describe, expect, it } from 'vitest';

import type { BlockchainNode } from '../../src/api/blockchain-node.ts';
import type { KubeObject } from '../../src/api/objects.ts';
import type { Informer } from '../../src/kube/cluster.ts';
import type { OwnedKind } from '../../src/controller/engine/notices.ts';
import { createKeyReservations, type KeyReservations } from '../../src/controller/node/keys/key-reservations.ts';
import { aNode } from '../support/plan-scene.ts';

const signer = (name: string, secretName = `key-${name}`) => aNode(name, { identity: { secretName } });

function volumesWith(secret: string): object {
  return {
    volumes: [
      { name: 'nodewright-made-jwt', secret: { secretName: `${secret}-jwt` } },
      { name: 'nodewright-secret-1', secret: { secretName: secret } },
      { name: 'data', emptyDir: {} },
    ],
  };
}

const aPod = (secret: string): KubeObject => ({
  apiVersion: 'v1',
  kind: 'Pod',
  metadata: { name: 'pod', namespace: 'ns' },
  spec: volumesWith(secret),
});

function aSet(secret: string, replicas: number, status: object = {}): KubeObject {
  return {
    apiVersion: 'apps/v1',
    kind: 'StatefulSet',
    metadata: { name: 'set', namespace: 'ns', generation: 2 },
    spec: { replicas, template: { spec: volumesWith(secret) } },
    status,
  };
}

function data(texts: Readonly<Record<string, string>>): object {
  return Object.fromEntries(Object.entries(texts).map(([name, text]) => [name, Buffer.from(text).toString('base64')]));
}

let nodes: BlockchainNode[];
let owned: Map<string, readonly KubeObject[]>;
let secrets: Record<string, object>;
let reads: string[];
let reservations: KeyReservations;
beforeEach(() => {
  [nodes, owned, secrets, reads] = [[], new Map(), { 'key-a': data({ k: 'A' }), 'key-b': data({ k: 'B' }) }, []];
  reservations = start();
});

/** As a controller that knows nothing but what it sees. */
function start(): KeyReservations {
  return createKeyReservations({
    cluster: {
      async get({ name }) {
        reads.push(name);
        const data = secrets[name];
        return data === undefined
          ? undefined
          : { apiVersion: 'v1', kind: 'Secret', metadata: { name, namespace: 'ns' }, data };
      },
    },
    watches: {
      nodes: {
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
    expect(await reservations.reserve(signer('a'))).toEqual({ ok: true });
    expect(reads).toEqual(['key-a']);
    expect(await reservations.reserve(signer('a'))).toEqual({ ok: true });
    expect(reads).toEqual(['key-a']);
    expect(await reservations.reserve(aNode('follower'))).toEqual({ ok: true });
    expect(reads).toEqual(['key-a']);
  });

  it('is not granted without its Secret, and is once that is there', async () => {
    const none = { ok: false, reason: 'IdentityMissing', message: expect.stringContaining('key-c'), passing: false };
    expect(await reservations.reserve(signer('c'))).toEqual(none);
    expect([...reservations.waiting]).toEqual(['ns/c']);
    secrets['key-c'] = data({ k: 'C' });
    expect(await reservations.reserve(signer('c'))).toEqual({ ok: true });
    expect([...reservations.waiting]).toEqual([]);
  });

  it('is not granted twice before anything of the first is seen, nor as a copy', async () => {
    nodes = [signer('a')];
    secrets['copy'] = data({ k: 'A' });
    const results = await Promise.all([reservations.reserve(signer('a')), reservations.reserve(signer('b', 'copy'))]);
    expect(results).toEqual([
      { ok: true },
      refused(/^ns\/a signs with the same key, or may still do so\. Stop it first/),
    ]);
  });

  it('is free again when its node is not to run any more, and only then', async () => {
    nodes = [signer('a')];
    secrets['copy'] = data({ k: 'A' });
    await reservations.reserve(signer('a'));
    expect(await reservations.reserve(signer('b', 'copy'))).toMatchObject({ ok: false });
    expect(reservations.release('ns/a')).toBe(true);
    expect(reservations.release('ns/a')).toBe(false);
    expect(await reservations.reserve(signer('b', 'copy'))).toEqual({ ok: true });
    // Who was stopped meanwhile does not have it any more.
    expect(await reservations.reserve(signer('a'))).toMatchObject({ ok: false });
  });

  it('is known by itself, with any content beside it and any spelling of its file', async () => {
    const file = (value: string, more: object = {}): object =>
      data({
        'priv_validator_key.json': JSON.stringify({ ...more, priv_key: { value } }),
        'node_key.json': `${value}n`,
      });
    secrets = {
      one: file('K', { address: 'x' }),
      two: { ...file('K'), 'node_key.json': 'b3RoZXI=' },
      three: file('L'),
    };
    expect(await reservations.reserve(signer('a', 'one'))).toEqual({ ok: true });
    expect(await reservations.reserve(signer('b', 'two'))).toMatchObject({ ok: false, reason: 'IdentityInUse' });
    expect(await reservations.reserve(signer('b', 'three'))).toEqual({ ok: true });
  });

  it('of another identity is given up for it, but not while a pod with the old one lives', async () => {
    nodes = [signer('a', 'key-b')];
    await reservations.reserve(signer('a'));
    owned.set('ns/a', [aPod('key-a')]);
    expect(await reservations.reserve(signer('a', 'key-b'))).toEqual({ ok: true });
    expect(await reservations.reserve(signer('c', 'key-a'))).toEqual(refused(/^ns\/a signs/));
    owned.set('ns/a', [aPod('key-b')]);
    expect(await reservations.reserve(signer('c', 'key-a'))).toEqual({ ok: true });
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
    secrets['copy'] = data({ k: 'A' });
    owned.set('ns/a', [part]);
    expect(await start().reserve(signer('c', 'copy'))).toEqual(free ? { ok: true } : refused(/^ns\/a signs/));
  });

  it('also of a node that is gone, or going: that passes', async () => {
    owned.set('ns/a', [aPod('key-a')]);
    const leaving = refused(
      /^A pod of ns\/a, which is being deleted, may still sign .* when that pod is gone\.$/,
      true,
    );
    await reservations.reserve(signer('a'));
    reservations.release('ns/a');
    expect(await reservations.reserve(signer('c', 'key-a'))).toEqual(leaving);
    expect(await start().reserve(signer('c', 'key-a'))).toEqual(leaving);
    nodes = [{ ...signer('a'), metadata: { ...signer('a').metadata, deletionTimestamp: '2026-01-01T00:00:00Z' } }];
    expect(await start().reserve(signer('c', 'key-a'))).toEqual(leaving);
    owned.delete('ns/a');
    expect(await reservations.reserve(signer('c', 'key-a'))).toEqual({ ok: true });
  });

  it('never of its own earlier pod', async () => {
    owned.set('ns/a', [aPod('key-a'), aSet('key-a', 1)]);
    expect(await start().reserve(signer('a'))).toEqual({ ok: true });
  });

  it('reads each Secret once, and none that we made', async () => {
    for (const name of ['d', 'e']) {
      secrets[`key-${name}`] = data({ k: name });
      owned.set(`ns/${name}`, [aPod(`key-${name}`), aSet(`key-${name}`, 1)]);
    }
    await reservations.reserve(signer('a'));
    await reservations.reserve(signer('b'));
    expect(reads.toSorted()).toEqual(['key-a', 'key-b', 'key-d', 'key-e']);
  });
});
