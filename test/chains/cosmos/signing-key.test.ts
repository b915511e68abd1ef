// Which keys a Secret holds: two files with one key are one signer.

import { generateKeyPairSync } from 'node:crypto';

import { describe, expect, it } from 'vitest';

import { signingKeysIn } from '../../../src/chains/index.ts';
import { makeValidators } from '../../support/validators.ts';

const value = (letter: string, bytes = 64): string => Buffer.alloc(bytes, letter).toString('base64');
const keyFile = (key: string, more: object = {}): string =>
  JSON.stringify({ address: 'A', pub_key: { value: 'p' }, priv_key: { type: 'tendermint/PrivKeyEd25519', value: key }, ...more }); // prettier-ignore
const FILE = 'priv_validator_key.json';
const keys = signingKeysIn({ [FILE]: keyFile(value('k')), 'node_key.json': 'n' });

describe('the signing key of a Secret', () => {
  it.each([
    { because: 'another file beside it', files: { [FILE]: keyFile(value('k')), 'node_key.json': 'm' } },
    { because: 'nothing beside it', files: { [FILE]: keyFile(value('k')) } },
    { because: 'any name', files: { 'harmless.txt': keyFile(value('k')) } },
    { because: 'another layout', files: { [FILE]: `${JSON.stringify(JSON.parse(keyFile(` ${value('k')}\n`)), null, 4)}\n` } }, // prettier-ignore
    {
      because: 'a wrong address and public key',
      files: { [FILE]: keyFile(value('k'), { address: 'B', pub_key: {} }) },
    },
    { because: 'the private key alone', files: { 'key.json': JSON.stringify({ priv_key: { value: value('k') } }) } },
    { because: 'the name of a node key', files: { 'node_key.json': keyFile(value('k')) } },
    { because: 'a node key beside it', files: { [FILE]: keyFile(value('k')), 'node_key.json': JSON.stringify({ priv_key: { value: value('n') } }) } }, // prettier-ignore
    { because: 'the same key twice', files: { a: keyFile(value('k')), b: keyFile(value('k')) } },
  ])('is the same with $because', ({ files }) => {
    expect(keys).toHaveLength(1);
    expect(signingKeysIn(files)).toEqual(keys);
  });

  it.each([
    { because: 'another key', files: { [FILE]: keyFile(value('o')) }, count: 1 },
    { because: 'a key of another type', files: { [FILE]: keyFile(value('k', 32)) }, count: 1 },
    { because: 'a text that is too short for a key', files: { [FILE]: keyFile('secret-key') }, count: 0 },
    { because: 'a file that cannot be read', files: { [FILE]: 'garbage priv_key' }, count: 0 },
    { because: 'binary data', files: { [FILE]: Buffer.from([0, 255, 1]).toString('latin1') }, count: 0 },
    { because: 'nothing', files: {}, count: 0 },
  ])('differs for $because', ({ files, count }) => {
    const found = signingKeysIn(files);
    expect(found).toHaveLength(count);
    expect(found).not.toEqual(keys);
  });

  it('counts every file', () => {
    expect(signingKeysIn({ [FILE]: keyFile(value('k')), 'real.json': keyFile(value('o')) })).toHaveLength(2);
  });

  it('is a digest of the public key, not of the private one', () => {
    expect(keys.join()).toMatch(/^sha256:[0-9a-f]{64}$/);
    const { privateKey } = generateKeyPairSync('ed25519');
    const seed = privateKey.export({ format: 'der', type: 'pkcs8' }).subarray(-32);
    const [first] = signingKeysIn({ a: keyFile(Buffer.concat([seed, Buffer.alloc(32)]).toString('base64')) });
    const [second] = signingKeysIn({ a: keyFile(Buffer.concat([seed, Buffer.alloc(32, 1)]).toString('base64')) });
    expect(first).toBe(second);
  });

  it('is found in files as CometBFT writes them', () => {
    const made = makeValidators({ chainId: 'c', namespace: 'ns', names: ['a'] });
    const secret = made.objects.find((object) => 'stringData' in object) as { stringData: Record<string, string> };
    expect(signingKeysIn(secret.stringData)).toHaveLength(1);
    expect(signingKeysIn({ other: secret.stringData[FILE] ?? '' })).toEqual(signingKeysIn(secret.stringData));
  });
});

describe('a validator keystore of Ethereum', () => {
  const keystore = (pubkey: string, more: object = {}): string =>
    JSON.stringify({ version: 4, crypto: { cipher: { message: 'm' } }, pubkey, ...more });
  const pubkey = 'ab'.repeat(48);

  it('is the same key however it is encrypted, named and spelled', () => {
    const [one] = signingKeysIn({ 'keystore-m_1.json': keystore(pubkey) });
    expect(one).toMatch(/^sha256:/);
    expect(signingKeysIn({ x: keystore(`0x${pubkey.toUpperCase()}`, { crypto: { other: 1 } }) })).toEqual([one]);
    expect(signingKeysIn({ x: keystore('cd'.repeat(48)), y: keystore(pubkey) })).toHaveLength(2);
  });

  it('without a public key says nothing', () => {
    expect(signingKeysIn({ x: keystore(''), y: '{"pubkey":1', password: 'secret' })).toEqual([]);
  });
});
