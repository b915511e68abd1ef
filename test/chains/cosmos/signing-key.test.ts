// Which key a Secret holds: two files with one key are one signer.

import { describe, expect, it } from 'vitest';

import { signingKeysIn } from '../../../src/chains/index.ts';

const keyFile = (value: string, more: object = {}): string =>
  JSON.stringify({
    address: 'A',
    pub_key: { value: 'p' },
    priv_key: { type: 'tendermint/PrivKeyEd25519', value },
    ...more,
  });
const FILE = 'priv_validator_key.json';
const keys = signingKeysIn({ [FILE]: keyFile('secret-key'), 'node_key.json': 'n' });

describe('the signing key of a Secret', () => {
  it.each([
    {
      because: 'another node key beside it',
      files: { [FILE]: keyFile('secret-key'), 'node_key.json': 'm' },
      same: true,
    },
    { because: 'no node key beside it', files: { [FILE]: keyFile('secret-key') }, same: true },
    {
      because: 'written in another way',
      files: { [FILE]: `${JSON.stringify(JSON.parse(keyFile(' secret-key\n')), null, 4)}\n` },
      same: true,
    },
    {
      because: 'with a wrong address',
      files: { [FILE]: keyFile('secret-key', { address: 'B', pub_key: {} }) },
      same: true,
    },
    { because: 'another key', files: { [FILE]: keyFile('other-key'), 'node_key.json': 'n' }, same: false },
    { because: 'a file that cannot be read', files: { [FILE]: 'garbage' }, same: false },
    { because: 'files of no chain', files: { 'node_key.json': 'n' }, same: false },
    { because: 'nothing', files: {}, same: false },
  ])('$because', ({ files, same }) => {
    const found = signingKeysIn(files);
    expect(found).toHaveLength(1);
    expect(found[0] === keys[0]).toBe(same);
  });

  it('is a digest, not the key', () => {
    expect(keys.join()).toMatch(/^sha256:[0-9a-f]{64}$/);
  });

  it('what cannot be read is compared as it is', () => {
    expect(signingKeysIn({ [FILE]: 'x' })).toEqual(signingKeysIn({ [FILE]: 'x\n', other: '' }));
    expect(signingKeysIn({ a: '1' })).not.toEqual(signingKeysIn({ a: '2' }));
  });
});
