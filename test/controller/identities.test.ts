// Which key a node signs with, after an exchange, and once Git has caught up.

import { describe, expect, it } from 'vitest';

import { createIdentities } from '../../src/controller/node/keys/identities.ts';
import type { Memory, Remembered } from '../../src/controller/engine/memory.ts';
import { NOTHING } from '../../src/controller/engine/memory-data.ts';
import { aNode } from '../support/plan-scene.ts';

const signer = (name: string, secretName: string) => aNode(name, { identity: { secretName } });

function memoryOf(identities: Readonly<Record<string, string>>): Memory {
  let current: Remembered = { ...NOTHING, origin: 'https://git.example', identities };
  return {
    get current() {
      return current;
    },
    ref: { apiVersion: 'v1', kind: 'ConfigMap', namespace: 'ns', name: 'memory' },
    commitAtStart: undefined,
    othersAtStart: {},
    isFromOlder: false,
    isKnown: true,
    rewrite: async () => undefined,
    load: async () => undefined,
    nameCluster: () => undefined,
    restore: async () => undefined,
    async save(change) {
      current = { ...current, ...change(current) };
    },
  };
}

const key = (name: string): string => `ns/${name}`;
const exchanged = { [key('a')]: 'kb', [key('b')]: 'ka' };

it.each([
  { because: 'until the objects say the same', nodes: [signer('a', 'ka'), signer('b', 'kb')], left: exchanged },
  { because: 'one by one', nodes: [signer('a', 'kb'), signer('b', 'kb')], left: { [key('b')]: 'ka' } },
  { because: 'not when both say the same', nodes: [signer('a', 'kb'), signer('b', 'ka')], left: {} },
  { because: 'not of a node that is gone', nodes: [signer('a', 'ka')], gone: [key('b')], left: { [key('a')]: 'kb' } },
  { because: 'of a node without an object that Git still has', nodes: [signer('a', 'ka')], left: exchanged },
  {
    because: 'of a node that Git no longer has, as long as its object is there',
    nodes: [signer('a', 'ka'), signer('b', 'kb')],
    gone: [key('b')],
    left: exchanged,
  },
])('an exchange stays active $because', async ({ nodes, gone = [], left }) => {
  const identities = createIdentities(memoryOf(exchanged));
  await identities.settle(nodes, (name) => gone.includes(name));
  expect(Object.fromEntries(identities.overrides())).toEqual(left);
});

it('the active identity is what the node runs with', async () => {
  const identities = createIdentities(memoryOf({}));
  const node = signer('a', 'ka');
  expect([identities.of(node), identities.effective(node)]).toEqual(['ka', node]);
  await identities.assign([{ nodeKey: key('a'), identity: 'kb', keys: [] }]);
  expect(identities.of(node)).toBe('kb');
  expect(identities.effective(node).spec.identity).toEqual({ secretName: 'kb' });
});

const digest = (letter: string): string => `sha256:${letter.repeat(64)}`;

it('who signed last with a key is on record under any name of its Secret, also when what it signed is lost', async () => {
  const identities = createIdentities(memoryOf({}));
  await identities.signs(signer('a', 'ka'), [digest('1')]);
  await identities.signs(aNode('follower'), []);
  expect(Object.fromEntries(identities.signers())).toEqual({ [digest('1')]: 'ns/a', 'ns/ka': 'ns/a' });
  await identities.signs(signer('b', 'copy-of-ka'), [digest('1')]);
  await identities.signs(signer('b', 'unknown'), []);
  const records = { [digest('1')]: 'ns/b', 'ns/ka': 'ns/a', 'ns/copy-of-ka': 'ns/b', 'ns/unknown': 'ns/b' };
  expect(Object.fromEntries(identities.signers())).toEqual(records);
  await identities.losesVolumes(key('b'));
  expect(Object.fromEntries(identities.signers())).toEqual({
    [digest('1')]: '',
    'ns/ka': 'ns/a',
    'ns/copy-of-ka': '',
    'ns/unknown': '',
  });
});

it('records by Secret get records by key, once the Secret can be read', async () => {
  const memory = memoryOf({});
  const old = { 'ns/ka': 'ns/a', 'ns/gone': 'ns/g', 'ns/newer': 'ns/old', [digest('2')]: 'ns/new' };
  await memory.save(() => ({ signers: old }));
  const identities = createIdentities(memory);
  const keys: Readonly<Record<string, readonly string[]>> = {
    'ns/ka': [digest('1'), digest('3')],
    'ns/newer': [digest('2')],
  };
  await identities.migrate(async (secret) => keys[secret] ?? []);
  expect(Object.fromEntries(identities.signers())).toEqual({
    [digest('1')]: 'ns/a',
    [digest('3')]: 'ns/a',
    ...old,
  });
});

describe('a key that a node signs with', () => {
  const one = digest('1');
  const tokyo = (since: string) => ({ [one]: { executor: 'tokyo', node: 'ns/t', since } });
  const signedAt = (since: string): Partial<Remembered> => ({
    keys: { own: {}, foreign: {}, signed: tokyo(since) },
  });

  it('has not signed elsewhere until another node signs with it; an approval makes up for that', async () => {
    const identities = createIdentities(memoryOf({}));
    expect(identities.signedElsewhere(key('a'), [one])).toBeUndefined();
    await identities.signs(signer('a', 'ka'), [one]);
    await identities.signs(signer('b', 'kb'), [one]);
    expect(identities.signedElsewhere(key('b'), [one])).toBeUndefined();
    expect(identities.signedElsewhere(key('a'), [digest('2'), one])).toBe('ns/b');
    await identities.accept(key('a'), [one]);
    expect(identities.signedElsewhere(key('a'), [one])).toBeUndefined();
    expect(identities.signedElsewhere(key('b'), [one])).toBe('ns/a');
    await identities.losesVolumes(key('a'));
    expect(identities.signedElsewhere(key('a'), [one])).toBe('');
  });

  it('has signed elsewhere after each reservation of another executor', async () => {
    const memory = memoryOf({});
    const identities = createIdentities(memory);
    await identities.signs(signer('a', 'ka'), [one]);
    await memory.save(() => signedAt('2026-01-01T00:00:00Z'));
    expect(identities.signedElsewhere(key('a'), [one])).toBe('ns/t of executor tokyo');
    await identities.accept(key('a'), [one]);
    expect(identities.signedElsewhere(key('a'), [one])).toBeUndefined();
    // A clock that goes back changes nothing: another reservation is a later one.
    await memory.save(() => signedAt('2025-01-01T00:00:00Z'));
    expect(identities.signedElsewhere(key('a'), [one])).toBe('ns/t of executor tokyo');
  });

  it('moves with the record of what it signed in a Switchover', async () => {
    const identities = createIdentities(memoryOf({}));
    await identities.signs(signer('a', 'ka'), [one]);
    await identities.assign([{ nodeKey: key('b'), identity: 'ka', keys: [one] }]);
    expect(identities.signedElsewhere(key('b'), [one])).toBeUndefined();
    expect(identities.signedElsewhere(key('a'), [one])).toBe('ns/b');
  });

  it('is another one than before when the node has signed with none of those that it has now', async () => {
    const identities = createIdentities(memoryOf({}));
    expect(identities.replacedKey(key('a'), [digest('2')])).toBeUndefined();
    await identities.signs(signer('a', 'ka'), [one]);
    expect(identities.replacedKey(key('a'), [digest('2'), one])).toBeUndefined();
    expect(identities.replacedKey(key('a'), [digest('2')])).toBe(one);
    expect(identities.replacedKey(key('a'), [])).toBeUndefined();
    await identities.accept(key('a'), [digest('2')]);
    expect(identities.replacedKey(key('a'), [digest('2')])).toBeUndefined();
  });
});

describe('the memory of an older version, which has no record of what was accepted', () => {
  const one = digest('1');
  const own = { node: key('a'), since: '2026-02-01T00:00:00Z', state: 'Reserved', step: 0, seal: 's' } as const;
  const tokyo = (since: string) => ({ [one]: { executor: 'tokyo', node: 'ns/t', since } });

  async function afterUpgrade(old: Partial<Remembered>) {
    const memory = memoryOf({});
    await memory.save(() => old);
    const identities = createIdentities(memory);
    return {
      elsewhere: identities.signedElsewhere(key('a'), [one]),
      replaced: identities.replacedKey(key('a'), [one]),
    };
  }

  it.each<{ because: string; old: Partial<Remembered> }>([
    { because: 'that it knows by key', old: { signers: { [one]: key('a') } } },
    { because: 'that it knows by Secret alone', old: { signers: { 'ns/ka': key('a') } } },
    {
      because: 'that has its key reserved',
      old: { signers: { [one]: key('a'), 'ns/ka': key('a') }, keys: { own: { [one]: own }, foreign: {}, signed: {} } },
    },
    {
      because: 'that reserved its key after another executor had it',
      old: {
        signers: { [one]: key('a') },
        keys: { own: { [one]: own }, foreign: {}, signed: tokyo('2026-01-01T00:00:00Z') },
      },
    },
    { because: 'of which it knows nothing', old: {} },
  ])('holds no node $because', async ({ old }) => {
    expect(await afterUpgrade(old)).toEqual({ elsewhere: undefined, replaced: undefined });
  });

  it('holds a node whose key another executor reserved later', async () => {
    const signed = tokyo('2026-03-01T00:00:00Z');
    const old = { signers: { [one]: key('a') }, keys: { own: { [one]: own }, foreign: {}, signed } };
    expect((await afterUpgrade(old)).elsewhere).toBe('ns/t of executor tokyo');
  });
});
