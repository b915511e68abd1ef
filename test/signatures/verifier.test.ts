// Signatures as ssh-keygen and gpg make them, and what must not pass for one.

import { readFileSync } from 'node:fs';
import { join } from 'node:path';

import { describe, expect, it } from 'vitest';

import { readAllowedSigners } from '../../src/signatures/allowed-signers.ts';
import type { Verification } from '../../src/signatures/verification-file.ts';
import { createVerifier, type SignerVerdict } from '../../src/signatures/verifier.ts';
import { gpg, hasGpg, makePgpHome, makeSshKey, sshSign } from './keys.ts';

const NOW = Date.UTC(2026, 10, 28);
const PAYLOAD = payloadAt(NOW / 1000);

function payloadAt(seconds: number): string {
  return `tree ${'0'.repeat(40)}\nauthor A <a@example.com> ${seconds} +0000\ncommitter A <a@example.com> ${seconds} +0000\n\nChange\n`;
}

interface Signed {
  readonly signature: string;
  readonly format: 'ssh' | 'pgp';
  readonly payload?: string;
}

async function verify(
  keys: Pick<Verification, 'allowedSigners' | 'keyRing'>,
  signed: Signed | undefined,
): Promise<SignerVerdict> {
  const made = await createVerifier(keys, () => NOW);
  if (!made.ok) throw new Error(made.problems.join('; '));
  return await made.verify(signed && { ...signed, payload: Buffer.from(signed.payload ?? PAYLOAD) });
}

describe('a commit signed with an SSH key', () => {
  it.each([
    ['ed25519', undefined],
    ['rsa', 3072],
    ['ecdsa', 256],
    ['ecdsa', 384],
    ['ecdsa', 521],
  ] as const)('is accepted when made by an accepted key of type %s %s', async (type, bits) => {
    const key = makeSshKey(type, bits);
    const signature = sshSign(key, PAYLOAD);
    const allowedSigners = `alice@example.com ${key.publicKey}\n`;
    expect(await verify({ allowedSigners }, { signature, format: 'ssh' })).toEqual({
      ok: true,
      principal: 'alice@example.com',
    });
    expect(await verify({ allowedSigners }, { signature, format: 'ssh', payload: `${PAYLOAD}.` })).toMatchObject({
      ok: false,
      because: 'the SSH signature does not match the commit',
    });
  });

  const key = makeSshKey('ed25519');
  const other = makeSshKey('ed25519');
  const good = sshSign(key, PAYLOAD);
  const line = (options: string): string => `alice@example.com ${options}${key.publicKey}`;

  interface Refused {
    readonly title: string;
    /** Default: the line of the key. */
    readonly allowedSigners?: string;
    readonly signed: Signed | undefined;
    readonly because: string;
  }

  it.each<Refused>([
    { title: 'no signature', signed: undefined, because: 'it is not signed' },
    {
      title: 'a key that is not accepted',
      allowedSigners: `bob@example.com ${other.publicKey}`,
      signed: { signature: good, format: 'ssh' },
      because: 'not among',
    },
    {
      title: 'a signature for a file',
      signed: { signature: sshSign(key, PAYLOAD, 'file'), format: 'ssh' },
      because: 'made for "file"',
    },
    {
      title: 'a cut signature',
      signed: { signature: `${good.slice(0, 120)}\n-----END SSH SIGNATURE-----`, format: 'ssh' },
      because: 'malformed',
    },
    {
      title: 'an expired key',
      allowedSigners: line('valid-before="20260101" '),
      signed: { signature: good, format: 'ssh' },
      because: 'not valid at the time',
    },
    {
      title: 'a key of the future',
      allowedSigners: line('valid-after="20270101" '),
      signed: { signature: good, format: 'ssh' },
      because: 'not valid at the time',
    },
    {
      title: 'an OpenPGP signature without a key ring',
      signed: { signature: good, format: 'pgp' },
      because: 'no key ring',
    },
    { title: 'text', signed: { signature: 'x', format: 'ssh' }, because: 'malformed' },
  ])('is refused: $title', async ({ allowedSigners = line(''), signed, because }) => {
    const verdict = await verify({ allowedSigners }, signed);
    expect(verdict).toMatchObject({ ok: false, because: expect.stringContaining(because) });
  });

  it('counts within the validity of its key', async () => {
    const verdict = await verify(
      { allowedSigners: line('namespaces="git",valid-after="20260101",valid-before="20270101Z" ') },
      { signature: good, format: 'ssh' },
    );
    expect(verdict).toEqual({ ok: true, principal: 'alice@example.com' });
  });
});

describe.skipIf(!hasGpg())('a commit signed with OpenPGP', () => {
  const made = NOW / 1000 - 100 * 86_400;
  const home = makePgpHome();
  gpg(home, ['--quick-generate-key', 'Alice <alice@example.com>', 'ed25519', 'sign', '30d'], { at: made });
  const keyRing = gpg(home, ['--armor', '--export']);
  const signAt = (seconds: number): string =>
    gpg(home, ['--armor', '--detach-sign'], { input: payloadAt(seconds), at: seconds });

  it('is accepted while the key was valid, also when the key has expired since', async () => {
    const at = made + 86_400;
    const verdict = await verify({ keyRing }, { signature: signAt(at), format: 'pgp', payload: payloadAt(at) });
    expect(verdict).toEqual({ ok: true, principal: 'alice@example.com' });
  });

  it('is refused when the content differs', async () => {
    const at = made + 86_400;
    const verdict = await verify({ keyRing }, { signature: signAt(at), format: 'pgp', payload: 'other' });
    expect(verdict).toMatchObject({ ok: false, because: expect.stringContaining('not valid') });
  });

  it('is refused by a revoked key, whenever it signed', async () => {
    const at = made + 86_400;
    const signature = signAt(at);
    const fingerprint = /^fpr:+(\w+):/m.exec(gpg(home, ['--with-colons', '--list-keys']))?.[1] ?? '';
    const revocation = readFileSync(join(home.home, 'openpgp-revocs.d', `${fingerprint}.rev`), 'utf8').replace(
      /^:/m,
      '',
    );
    gpg(home, ['--import'], { input: revocation });
    const verdict = await verify(
      { keyRing: gpg(home, ['--armor', '--export']) },
      { signature, format: 'pgp', payload: payloadAt(at) },
    );
    expect(verdict).toMatchObject({ ok: false, because: expect.stringMatching(/revoked/i) });
  });

  it('is refused by a key that is not in the ring, and as garbage', async () => {
    const stranger = makePgpHome();
    gpg(stranger, ['--quick-generate-key', 'Eve <alice@example.com>', 'ed25519', 'sign', '0'], { at: made });
    const signature = gpg(stranger, ['--armor', '--detach-sign'], { input: PAYLOAD, at: NOW / 1000 });
    expect(await verify({ keyRing }, { signature, format: 'pgp' })).toMatchObject({
      ok: false,
      because: expect.stringContaining('not in the key ring'),
    });
    expect(await verify({ keyRing }, { signature: 'garbage', format: 'pgp' })).toMatchObject({
      ok: false,
      because: 'the OpenPGP signature is malformed',
    });
  });
});

describe('the keys of the verification file', () => {
  it.each([
    ['nothing', {}, 'name at least one key'],
    ['text instead of a key ring', { keyRing: 'hello' }, 'keyRing: there is no block'],
    [
      'a broken key ring',
      { keyRing: '-----BEGIN PGP PUBLIC KEY BLOCK-----\nx\n-----END PGP PUBLIC KEY BLOCK-----' },
      'cannot be read',
    ],
    [
      'a short RSA key',
      { allowedSigners: `a ${makeSshKey('rsa', 1024).publicKey}` },
      'line 1: no supported public key',
    ],
    ['a pattern', { allowedSigners: `*@example.com ${makeSshKey('ed25519').publicKey}` }, 'is a pattern'],
    [
      'an authority',
      { allowedSigners: `a cert-authority ${makeSshKey('ed25519').publicKey}` },
      '"cert-authority" is not supported',
    ],
    [
      'another namespace',
      { allowedSigners: `a namespaces="file" ${makeSshKey('ed25519').publicKey}` },
      'does not include git',
    ],
    ['a wrong time', { allowedSigners: `a valid-before="20269999" ${makeSshKey('ed25519').publicKey}` }, 'is no time'],
  ])('are refused as a whole: %s', async (_case, keys, because) => {
    const made = await createVerifier(keys, () => NOW);
    expect(made).toMatchObject({ ok: false, problems: [expect.stringContaining(because)] });
  });

  it('may have comments and empty lines', () => {
    const { publicKey } = makeSshKey('ed25519');
    expect(readAllowedSigners(`# team\n\n  alice@example.com,a ${publicKey} laptop\r\n`)).toMatchObject({
      signers: [{ principal: 'alice@example.com', key: publicKey }],
      problems: [],
    });
  });
});
