// Signatures that git itself accepts, and forgeries that we refuse.

import { execFileSync } from 'node:child_process';
import { generateKeyPairSync } from 'node:crypto';
import { readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';

import { describe, expect, it } from 'vitest';

import { signatureOf } from '../../src/git/commit-object.ts';
import { createSshSigner } from '../../src/signatures/ssh-signer.ts';
import { verifySshSignature } from '../../src/signatures/ssh-signature.ts';
import { commitFiles, git, moveBranch } from '../support/git-repo.ts';
import { makeWorld, never, openSource, openStatus, page, temporaryFolder } from './world.ts';

describe('a signed status commit', () => {
  it('passes git verify-commit', async () => {
    const { key, publicKey, folder } = makeKey();
    const world = await makeWorld();
    const request = { ...page('a', { x: '1' }), message: 'Backup done ✓\n\nExecutor: a' };
    const { commit } = await openStatus(world, { sign: createSshSigner(key) }).publish(request, never);
    const allowed = join(folder, 'allowed');
    writeFileSync(allowed, `a@example.com ${publicKey}\n`);
    const check = [
      '-c',
      `gpg.ssh.allowedSignersFile=${allowed}`,
      '-c',
      'gpg.format=ssh',
      'verify-commit',
      '-v',
      commit,
    ];
    expect(git(world.repo, check)).toContain('Backup done ✓');
    expect(git(world.repo, ['fsck', '--strict', '--no-dangling'])).toBe('');
  });

  it('is the same commit each time, so that a lost answer is found', async () => {
    const sign = createSshSigner(makeKey().key);
    const payload = Buffer.from('tree');
    expect(await sign(payload)).toBe(await sign(payload));
  });

  it('can be made with a PKCS#8 key as well', async () => {
    const { privateKey } = generateKeyPairSync('ed25519');
    const sign = createSshSigner(privateKey.export({ format: 'pem', type: 'pkcs8' }).toString());
    const file = join(temporaryFolder(), 'signature');
    writeFileSync(file, await sign(Buffer.from('hello')));
    const out = execFileSync('ssh-keygen', ['-Y', 'check-novalidate', '-n', 'git', '-s', file], {
      input: 'hello',
      encoding: 'utf8',
    });
    expect(out).toContain('Good "git" signature');
  });

  it.each([
    '',
    'secret-but-no-key',
    '-----BEGIN OPENSSH PRIVATE KEY-----\nc2VjcmV0\n-----END OPENSSH PRIVATE KEY-----',
  ])('refuses %j as a key without repeating it', (key) => {
    expect(() => createSshSigner(key)).toThrow(/^The signing key is not an Ed25519 private key/);
  });
});

describe('the signature of a commit that git made', () => {
  it('verifies, and only with its own content', async () => {
    const { path, publicKey } = makeKey();
    const world = await makeWorld();
    commitFiles(world.repo, { a: '1' });
    const tree = git(world.repo, ['rev-parse', 'main^{tree}']);
    const settings = [
      '-c',
      'gpg.format=ssh',
      '-c',
      `user.signingkey=${path}`,
      '-c',
      'user.name=Zoë',
      '-c',
      'user.email=z@example.com',
    ];
    const commit = git(world.repo, [...settings, 'commit-tree', '-S', tree, '-m', 'Signé\n\nbody  \n']);
    moveBranch(world.repo, 'main', commit);
    const source = openSource(world);
    await source.fetch('main', never);
    const found = await source.signature(commit);
    if (found === undefined) throw new Error('no signature found');
    expect(verifySshSignature(found.signature, found.payload)).toEqual({
      ok: true,
      key: publicKey.split(' ').slice(0, 2).join(' '),
    });
    const forged = Buffer.from(Buffer.from(found.payload).toString('latin1').replace('body', 'evil'), 'latin1');
    expect(verifySshSignature(found.signature, forged)).toMatchObject({
      because: expect.stringMatching(/does not match/),
    });
  });

  it('is undefined for an unsigned commit', async () => {
    const world = await makeWorld();
    const tip = commitFiles(world.repo, { a: '1' }, { message: 'gpgsig -----BEGIN SSH SIGNATURE-----' });
    const source = openSource(world);
    await source.fetch('main', never);
    expect(await source.signature(tip)).toBeUndefined();
  });

  it.each([
    '',
    '-----BEGIN SSH SIGNATURE-----\nAAAA\n-----END SSH SIGNATURE-----',
    `-----BEGIN SSH SIGNATURE-----\n${Buffer.from('SSHSIG\0\0\0\u0001\0\0\0\u0033').toString('base64')}\n-----END SSH SIGNATURE-----`,
  ])('that is garbage is refused, not thrown: %j', (signature) => {
    expect(verifySshSignature(signature, Buffer.from('x'))).toMatchObject({
      ok: false,
    });
  });

  it('is cut out together with a second one', () => {
    const content = Buffer.from('tree 1\nauthor é\ngpgsig A\n B\n C\ngpgsig-sha256 D\n E\n\nmessage\n', 'latin1');
    expect(signatureOf(content)).toMatchObject({
      signature: 'A\nB\nC',
      payload: Buffer.from('tree 1\nauthor é\n\nmessage\n', 'latin1'),
    });
  });
});

function makeKey(): { key: string; path: string; publicKey: string; folder: string } {
  const folder = temporaryFolder();
  const path = join(folder, 'key');
  execFileSync('ssh-keygen', ['-q', '-t', 'ed25519', '-N', '', '-C', '', '-f', path]);
  const publicKey = readFileSync(`${path}.pub`, 'utf8').trim();
  return { key: readFileSync(path, 'utf8'), path, publicKey, folder };
}
