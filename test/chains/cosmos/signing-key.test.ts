// Which keys a Secret holds: two files with one key are one signer.

import { generateKeyPairSync } from 'node:crypto';

import { describe, expect, it } from 'vitest';

import { signingKeysIn, unclearKeyFilesIn } from '../../../src/chains/index.ts';
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

/** As Go's encoding/json reads them in CometBFT: each of these was given to `cometbft show-validator`. */
describe('a key file in an unusual form', () => {
  const type = 'tendermint/PrivKeyEd25519';
  const key = value('k');
  it.each([
    { because: 'inner names in another case', text: JSON.stringify({ priv_key: { Type: type, VALUE: key } }) },
    { because: 'escapes in names', text: `{"priv\\u005fkey":{"typ\\u0065":"${type}","v\\u0061lue":"${key}"}}` },
    {
      because: 'a list of bytes',
      text: JSON.stringify({ priv_key: { type, value: [...Buffer.from(key, 'base64')] } }),
    },
    { because: 'line breaks in the key', text: JSON.stringify({ priv_key: { type, value: key.replace(/./g, `$&${'\n'.repeat(20)}`) } }) }, // prettier-ignore
    { because: 'an earlier member of the name', text: `{"priv_key":{"type":"x","value":"${value('o')}"},"priv_key":{"type":"${type}","value":"${value('o')}","value":"${key}"}}` }, // prettier-ignore
    { because: 'spaces before it', text: ` \r\n\t${keyFile(key)}` },
    { because: 'outer names in another case', text: JSON.stringify({ Priv_Key: { type, value: key } }) },
    { because: 'letters that fold to ASCII', text: JSON.stringify({ 'priv_\u212Aey': { type, value: key } }) },
  ])('is known with $because', ({ text }) => {
    expect(signingKeysIn({ x: text })).toEqual(keys);
    expect(unclearKeyFilesIn({ x: text })).toEqual([]);
  });

  it.each([
    { because: 'inner', text: JSON.stringify({ priv_key: { type, value: value('o'), VALUE: key } }) },
    { because: 'outer', text: JSON.stringify({ priv_key: { type, value: value('o') }, PRIV_KEY: { type, value: key } }) }, // prettier-ignore
  ])('counts all keys of $because names in several spellings, and is not clear', ({ text }) => {
    expect(signingKeysIn({ x: text })).toEqual(signingKeysIn({ x: keyFile(value('o')), y: keyFile(key) }));
    expect(signingKeysIn({ x: text })).toHaveLength(2);
    expect(unclearKeyFilesIn({ good: keyFile(key), x: text })).toEqual(['x']);
  });

  it.each([
    { because: 'a list with what is no byte', text: JSON.stringify({ priv_key: { value: Array(64).fill(256) } }) },
    { because: 'a list of keys', text: `[${keyFile(key)}]` },
    { because: 'text after it', text: `${keyFile(key)}x` },
  ])('is none with $because', ({ text }) => {
    expect(signingKeysIn({ x: text })).toEqual([]);
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

  it('is known in any case of its names, and not clear with several', () => {
    const crypto = { cipher: { message: 'm' } };
    const same = signingKeysIn({ x: keystore(pubkey) });
    expect(signingKeysIn({ x: JSON.stringify({ Crypto: crypto, PubKey: pubkey }) })).toEqual(same);
    expect(signingKeysIn({ x: JSON.stringify({ crypto, 'pub\u212Aey': pubkey }) })).toEqual(same);
    expect(signingKeysIn({ x: keystore(pubkey).replace('pubkey', 'pub\\u006bey') })).toEqual(same);
    const several = { good: keystore(pubkey), x: keystore('cd'.repeat(48), { Pubkey: pubkey }) };
    expect(signingKeysIn(several)).toHaveLength(2);
    expect(unclearKeyFilesIn(several)).toEqual(['x']);
  });

  it('without a public key says nothing', () => {
    expect(signingKeysIn({ x: keystore(''), y: '{"pubkey":1', password: 'secret' })).toEqual([]);
  });
});
