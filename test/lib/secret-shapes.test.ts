// Keys in every form that programs print: over several lines, in JSON, in prose. No part of them stays, and what only looks alike does.

import { createHash } from 'node:crypto';

import * as fc from 'fast-check';
import { describe, expect, it } from 'vitest';

import { redact, redactedLine } from '../../src/lib/redact.ts';
import { SECRET_SHAPES } from '../../src/lib/secrets/shapes.ts';
import { excerpt } from '../../src/status/excerpt.ts';
import { cpuMsSince } from '../support/cpu-time.ts';

const bytes = (length: number, seed = 'seed'): Buffer =>
  Buffer.concat([1, 2].map((part) => createHash('sha256').update(`${seed}${part}`).digest())).subarray(0, length);
const base64 = bytes(64).toString('base64');
const hex = bytes(32).toString('hex');
const validatorKey = {
  address: '0F6BB2B4CF8C1F1D2E0A',
  pub_key: { type: 'tendermint/PubKeyEd25519', value: bytes(32).toString('base64') },
  priv_key: { type: 'tendermint/PrivKeyEd25519', value: base64 },
};
const WORDS = 'legal winner thank year wave sausage worth useful legal winner thank yellow'.split(' ');
const awsKey = 'wJalrXUtnFEMI/K7MDENG/bPxRfiCYEXAMPLEKEY';

describe('what goes', () => {
  it.each([
    { because: 'an indented validator key', text: JSON.stringify(validatorKey, null, 2), gone: [base64] },
    { because: 'a compact validator key', text: JSON.stringify(validatorKey), gone: [base64] },
    { because: 'its private part alone', text: JSON.stringify(validatorKey.priv_key), gone: [base64] },
    { because: 'JSON in JSON', text: JSON.stringify({ msg: JSON.stringify(validatorKey) }), gone: [base64] },
    {
      because: 'the end of one, with its start cut off',
      text: `${base64.slice(30)}"\n  }\n}`,
      gone: [base64.slice(40, 60)],
    },
    {
      because: 'the start of one, with its end cut off',
      text: JSON.stringify(validatorKey, null, 2).slice(0, -40),
      gone: [base64.slice(0, 20)],
    },
    { because: 'YAML over several lines', text: `priv_key:\n  type: x\n  value: ${hex}\nnext: y`, gone: [hex] },
    { because: 'a block of YAML', text: `mnemonic: |\n  not even\n  hunter2\nnext: y`, gone: ['hunter2'] },
    { because: 'a list of bytes', text: `key is [${[...bytes(64)].join(', ')}]`, gone: [[...bytes(64)].slice(3, 9).join(', ')] },
    { because: 'a value of Go', text: `PrivKeyEd25519{${hex}}`, gone: [hex] },
    { because: 'a list after a secret name', text: `"passwords": ["hunter2"], "tokens": 1, password: ["hunter3", "x"]`, gone: ['hunter3'] },
    { because: 'base64 of 64 bytes alone', text: `got ${base64} here`, gone: [base64] },
    { because: 'base64 of 32 bytes alone', text: `key=${bytes(32).toString('base64')}`, gone: [bytes(32).toString('base64')] },
    { because: 'base64 as Gson writes it', text: JSON.stringify(base64).replaceAll('=', String.raw`\u003d`), gone: [base64.slice(0, 80)] },
    { because: 'a JSON Web Key', text: `{"kty":"OKP","d":"${bytes(32).toString('base64url')}"}`, gone: [bytes(32).toString('base64url')] },
    { because: 'a mnemonic', text: `cannot use mnemonic ${WORDS.join(' ')} of the file`, gone: ['winner', 'yellow'] },
    { because: 'a mnemonic of 24 words in lines', text: `words:\n${[...WORDS, ...WORDS].join('\n')}`, gone: ['winner', 'yellow'] },
    { because: 'a numbered mnemonic', text: WORDS.map((word, at) => `${at + 1}. ${word}`).join('\n'), gone: ['winner', 'yellow'] },
    { because: 'a mnemonic as a list', text: `{"mnemonic": ${JSON.stringify(WORDS)}}`, gone: ['winner', 'yellow'] },
    { because: 'a mnemonic with commas', text: `seed phrase: ${WORDS.join(', ')}`, gone: ['winner', 'yellow'] },
    { because: 'a variable and its value', text: `AWS_SECRET_ACCESS_KEY ${awsKey}`, gone: [awsKey] },
    { because: 'a variable and a plain word', text: 'RESTIC_PASSWORD hunter', gone: ['hunter'] },
    { because: 'a password without a colon', text: 'login with password hunter2 failed', gone: ['hunter2'] },
    { because: 'a JWT secret with 0x', text: `jwt secret 0x${hex}`, gone: [hex] },
    { because: 'a key of 64 bytes in hex', text: `private key ${hex}${hex}`, gone: [hex] },
    { because: 'an age key', text: `AGE-SECRET-KEY-1${'QPZRY9X8'.repeat(7)}`, gone: ['QPZRY9X8'] },
    { because: 'an extended key', text: `xprv${'9s21ZrQH1'.repeat(12)}`, gone: ['9s21ZrQH1'] },
    { because: 'a key of a Bitcoin wallet', text: `dumped K${'wDiBf89QgGbjEhKnhXJuH7Lr'.repeat(3).slice(0, 51)}`, gone: ['wDiBf89'] },
    { because: 'a keystore', text: `{"crypto":{"ciphertext":"${hex}"}}`, gone: [hex] },
    { because: 'a PEM block without its start', text: `c2VjcmV0\nbW9yZQ\n${['-----END EC PRIVATE', 'KEY-----'].join(' ')}\nexit`, gone: ['c2VjcmV0'] },
  ])('$because', ({ text, gone }) => {
    for (const result of [redact(text), redactedLine(text, 10_000), excerpt(text)])
      for (const part of gone) expect(result).not.toContain(part);
    expect(redact(redact(text))).toBe(redact(text));
  }); // prettier-ignore
});

describe('what stays', () => {
  it.each([
    'the image ghcr.io/a/b@sha256:' + hex,
    `approve it with the digest sha256:${hex}`,
    `manifestSha256 ${hex} differs from ${hex}`,
    `applied main@sha1:${hex.slice(0, 40)}`,
    `Imported new chain segment number=12 hash=0x${hex} root=0x${hex}`,
    `genesis mismatch: database has 0x${hex}, expected 0x${hex}`,
    `snapshot ${hex} saved, 12 files`,
    `its secret hash ${hex} is known`,
    `the public key 0x${hex} is not known`,
    `cannot start container ${hex}`,
    `integrity sha512-${base64} differs`,
    `peer 12D3KooW${'GRyzd9XqPvNcfnq1aWt7Lz4m'.repeat(2).slice(0, 44)} left`,
    'AWS_SECRET_ACCESS_KEY is not set: set it in the Secret backup-keys',
    'RESTIC_PASSWORD must be in the Secret',
    'the Secret eth-0-keys is missing; create it, then restart the node',
    'password authentication failed for user bob',
    'heights 1 2 3 4 5 6 7 8 9 10 11 12 13 14 15 16 17 18 19 20 21 22 23 24 25 26 27 28 29 30 31 32 33',
    'known fields: args, chain, clients, config, desired, executor, identity, network, patches, probes, storage, suspend',
    'the node was stopped while its data were copied, and the copy ended with an error that the program did not name',
    'must be a list [1, 2, 3], not {"a": [4]}',
  ])('%s', (text) => {
    expect(redact(text)).toBe(text);
  });
});

describe('a random key in a random text', () => {
  const key = (length: number): fc.Arbitrary<Buffer> =>
    fc.uint8Array({ minLength: length, maxLength: length }).map((array) => Buffer.from(array));
  const word = fc.constantFrom(...new Set(WORDS), 'abandon', 'zoo', 'ability', 'zebra');
  const around = fc.array(
    fc.constantFrom('ERROR', 'cannot', 'load', 'the', '\n', ':', '{', '"x":', '1,', ' ', '[', ')', '"'),
    {
      maxLength: 12,
    },
  );
  const forms: readonly { readonly form: string; readonly secret: fc.Arbitrary<string>; readonly before?: string }[] = [
    { form: 'base64 of 64 bytes', secret: key(64).map((one) => one.toString('base64')) },
    { form: 'base64 of 32 bytes', secret: key(32).map((one) => one.toString('base64')) },
    { form: 'hex after its name', secret: key(32).map((one) => one.toString('hex')), before: 'private key: ' },
    { form: 'hex of a JWT secret', secret: key(32).map((one) => `0x${one.toString('hex')}`), before: 'jwt secret ' },
    ...[12, 15, 18, 21, 24].map((count) => ({
      form: `a mnemonic of ${count} words`,
      secret: fc.array(word, { minLength: count, maxLength: count }).map((words) => words.join(' ')),
    })),
    { form: 'a list of bytes', secret: key(64).map((one) => [...one].join(',')), before: '[' },
    {
      form: 'a validator key',
      secret: key(64).map((one) => JSON.stringify({ priv_key: { value: one.toString('base64') } }, null, 2)),
    },
    { form: 'a GitHub token', secret: key(30).map((one) => `ghp_${one.toString('hex').slice(0, 36)}`) },
    {
      form: 'the value of a variable',
      secret: key(30).map((one) => one.toString('base64')),
      before: 'AWS_SECRET_ACCESS_KEY ',
    },
  ];
  it.each(forms)('never stays: $form', ({ secret, before = '' }) => {
    fc.assert(
      fc.property(around, secret, around, (first, one, last) => {
        const after = before === '[' ? '] ' : ' ';
        const result = redact(`${first.join(' ')} ${before}${one}${after}${last.join(' ')}`);
        for (const part of one.match(/.{24}/g) ?? []) expect(result).not.toContain(part);
      }),
      { numRuns: 300 },
    );
  });
});

it('is a list of global patterns, because all that fit are replaced', () => {
  for (const { pattern } of SECRET_SHAPES) expect(pattern.flags).toContain('g');
});

describe('time', () => {
  it.each([
    'priv_key: {', 'password=[', '{"', 'token:\n ', 'abc ', 'abc\n', '1. abc ', 'mnemonic abc ', 'seed phrase: ', '[1,', '[', '1,', 'PrivKey', 'tendermint/PrivKey',
    '-----END A PRIVATE KEY-----', '-----BEGIN PRIVATE KEY-----', 'secret_', 'SECRET_', 'SECRET ', 'password a', 'xprv', 'K', 'AAAA', '"d":"', 'value":"', ' ', '\t', '\n',
  ])('is linear for a long run of %j', (unit) => {
    const before = process.threadCpuUsage();
    redact(unit.repeat(Math.ceil(300_000 / unit.length)));
    expect(cpuMsSince(before)).toBeLessThan(4_000);
  }); // prettier-ignore
});
