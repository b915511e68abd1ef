// HTTPS with a certificate authority of one's own.

import { execFileSync } from 'node:child_process';
import { readFileSync } from 'node:fs';
import { join } from 'node:path';

import { expect, it } from 'vitest';

import { commitFiles } from '../support/git-repo.ts';
import { failureOf, makeWorld, never, openSource, openStatus, page, temporaryFolder } from './world.ts';

it('a private authority is trusted when given, refused with advice when not', async () => {
  const tls = certificate('IP:127.0.0.1');
  const world = await makeWorld({ tls });
  const tip = commitFiles(world.repo, { a: '1' });
  expect(world.url).toMatch(/^https:/);
  expect(await openSource(world, { ca: tls.cert }).fetch('main', never)).toBe(tip);
  expect(await openStatus(world, { ca: tls.cert }).publish(page('a', { x: '1' }), never)).toMatchObject({
    pushed: true,
  });

  const error = await failureOf(openSource(world).fetch('main', never));
  expect(error).toMatchObject({ code: 'TLS_FAILED', retryable: false });
  expect(error.message).toContain('CA option');
});

it('a certificate for another name is refused', async () => {
  const tls = certificate('DNS:elsewhere.example.com');
  const world = await makeWorld({ tls });
  const error = await failureOf(openSource(world, { ca: tls.cert }).resolve('main', never));
  expect(error).toMatchObject({ code: 'TLS_FAILED' });
});

function certificate(name: string): { readonly key: string; readonly cert: string } {
  const folder = temporaryFolder();
  const [key, cert] = [join(folder, 'key.pem'), join(folder, 'cert.pem')];
  const request = ['req', '-x509', '-newkey', 'ec', '-pkeyopt', 'ec_paramgen_curve:prime256v1', '-nodes', '-days', '2'];
  execFileSync(
    'openssl',
    [...request, '-subj', '/CN=test', '-addext', `subjectAltName=${name}`, '-keyout', key, '-out', cert],
    { stdio: 'ignore' },
  );
  return { key: readFileSync(key, 'utf8'), cert: readFileSync(cert, 'utf8') };
}
