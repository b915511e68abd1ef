// One authority, and what it signed, for a private API server and a proxy in front of it.

import { execFile } from 'node:child_process';
import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { promisify } from 'node:util';

export interface Certificates {
  readonly ca: string;
  /** For 127.0.0.1 and localhost. */
  readonly server: { readonly cert: string; readonly key: string };
  readonly adminFile: { readonly certificate: string; readonly key: string };
}

const run = promisify(execFile);

/** Writes ca, server, admin and account keys into the directory. */
export async function makeCertificates(directory: string): Promise<Certificates> {
  const file = (name: string): string => join(directory, name);
  const authority = ['-subj', '/CN=test', '-addext', 'keyUsage=critical,keyCertSign,cRLSign', '-days', '2'];
  await run('openssl', [...newKey(file('ca.key')), ...authority, '-out', file('ca.crt')]);
  const signed = (name: string, subject: string, ...extensions: readonly string[]): Promise<unknown> =>
    run('openssl', [
      ...newKey(file(`${name}.key`)),
      '-CA',
      file('ca.crt'),
      '-CAkey',
      file('ca.key'),
      '-days',
      '2',
      '-subj',
      subject,
      ...['basicConstraints=critical,CA:FALSE', ...extensions].flatMap((text) => ['-addext', text]),
      '-out',
      file(`${name}.crt`),
    ]);
  await Promise.all([
    signed(
      'server',
      '/CN=server',
      'subjectAltName=IP:127.0.0.1,IP:10.96.0.1,DNS:localhost',
      'extendedKeyUsage=serverAuth',
    ),
    signed('admin', '/O=system:masters/CN=admin', 'extendedKeyUsage=clientAuth'),
    run('openssl', ['genrsa', '-out', file('account.key'), '2048']),
  ]);
  const read = (name: string): Promise<string> => readFile(file(name), 'utf8');
  return {
    ca: await read('ca.crt'),
    server: { cert: await read('server.crt'), key: await read('server.key') },
    adminFile: { certificate: file('admin.crt'), key: file('admin.key') },
  };
}

function newKey(path: string): readonly string[] {
  return ['req', '-x509', '-newkey', 'ec', '-pkeyopt', 'ec_paramgen_curve:P-256', '-noenc', '-keyout', path];
}
