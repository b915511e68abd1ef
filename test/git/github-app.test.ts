// Tokens of a GitHub App, from a local server that answers as https://docs.github.com/en/rest/apps/apps documents it.

import { createPublicKey, generateKeyPairSync, verify } from 'node:crypto';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { createServer, type IncomingMessage } from 'node:http';
import type { AddressInfo } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';

import { afterAll, beforeAll, beforeEach, describe, expect, it } from 'vitest';

import { gitAccess } from '../../src/cli/git-access.ts';
import { githubAppToken } from '../../src/git/github/app-token.ts';

const { privateKey, publicKey } = generateKeyPairSync('rsa', { modulusLength: 2048 });
const pkcs1 = privateKey.export({ type: 'pkcs1', format: 'pem' }).toString();
const pkcs8 = privateKey.export({ type: 'pkcs8', format: 'pem' }).toString();
const folder = mkdtempSync(join(tmpdir(), 'nodewright-app-'));
const HOUR = 3_600_000;

let requests: { readonly path: string | undefined; readonly method: string | undefined; readonly claims: Claims }[] =
  [];
let answer: { readonly status: number; readonly body?: unknown } | undefined;
let now = Date.now();
let apiUrl = '';

interface Claims {
  readonly iat: number;
  readonly exp: number;
  readonly iss: string;
}

/** The claims of a statement that the App signed; throws for another signature. */
function claimsOf(request: IncomingMessage): Claims {
  const [header = '', payload = '', signature = ''] = (request.headers.authorization ?? '')
    .slice('Bearer '.length)
    .split('.');
  const isSigned = verify('RSA-SHA256', Buffer.from(`${header}.${payload}`), createPublicKey(publicKey.export({ type: 'spki', format: 'pem' })), Buffer.from(signature, 'base64url')); // prettier-ignore
  if (!isSigned) throw new Error('not signed by the App');
  expect(JSON.parse(Buffer.from(header, 'base64url').toString())).toEqual({ alg: 'RS256', typ: 'JWT' });
  return JSON.parse(Buffer.from(payload, 'base64url').toString()) as Claims;
}

const server = createServer((request, response) => {
  requests.push({ path: request.url, method: request.method, claims: claimsOf(request) });
  const usual = {
    status: 201,
    body: { token: `ghs_${requests.length}`, expires_at: new Date(now + HOUR).toISOString() },
  };
  const { status, body } = answer ?? usual;
  response.writeHead(status, { 'content-type': 'application/json' }).end(JSON.stringify(body ?? { message: 'no' }));
});

beforeAll(async () => {
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  apiUrl = `http://127.0.0.1:${(server.address() as AddressInfo).port}/api/v3`;
});
afterAll(() => {
  server.close();
  rmSync(folder, { recursive: true, force: true });
});
beforeEach(() => {
  requests = [];
  answer = undefined;
  now = Date.now();
});

const tokenWith = (key: string = pkcs1): (() => Promise<string>) =>
  githubAppToken({ appId: '12', installationId: '34', privateKey: async () => await Promise.resolve(key), apiUrl }, () => now); // prettier-ignore

describe('a token of an App', () => {
  it.each([
    ['PKCS #1, as GitHub gives it', pkcs1],
    ['PKCS #8', pkcs8],
  ])('is asked for with a statement that the key signed: %s', async (_, key) => {
    expect(await tokenWith(key)()).toBe('ghs_1');
    const [request] = requests;
    expect(request).toMatchObject({ method: 'POST', path: '/api/v3/app/installations/34/access_tokens' });
    const { iat = 0, exp = 0, iss } = request?.claims ?? {};
    expect(iss).toBe('12');
    expect(exp - iat).toBeLessThanOrEqual(600);
    expect(iat * 1000).toBeLessThan(now);
  });

  it('is used until shortly before its end, by calls at the same time as well', async () => {
    const token = tokenWith();
    expect(await Promise.all([token(), token(), token()])).toEqual(['ghs_1', 'ghs_1', 'ghs_1']);
    now += HOUR - 11 * 60_000;
    expect(await token()).toBe('ghs_1');
    now += 2 * 60_000;
    expect(await token()).toBe('ghs_2');
  });

  it.each([
    [401, /does not accept the signature/],
    [404, /knows no such installation/],
    [503, /answers 503/],
  ])('is not there with the answer %s, and is asked for again', async (status, message) => {
    const token = tokenWith();
    answer = { status };
    await expect(token()).rejects.toThrow(message);
    answer = undefined;
    expect(await token()).toBe('ghs_2');
  });

  it('is not taken from an answer without one', async () => {
    answer = { status: 201, body: { token: '' } };
    await expect(tokenWith()()).rejects.toThrow('holds no token');
  });

  it('needs an RSA key, and no message repeats the key', async () => {
    const ec = generateKeyPairSync('ec', { namedCurve: 'P-256' }).privateKey.export({ type: 'pkcs8', format: 'pem' });
    for (const key of [String(ec), 'secret text'])
      await expect(tokenWith(key)()).rejects.toThrow('is not an RSA key in PEM format');
  });

  it('is never asked for over plain HTTP on another host', async () => {
    const privateKey_ = async (): Promise<string> => await Promise.resolve(pkcs1);
    const token = githubAppToken({ appId: '1', installationId: '2', privateKey: privateKey_, apiUrl: 'http://api.example.com' }, Date.now); // prettier-ignore
    await expect(token()).rejects.toThrow('must be https://');
  });
});

it('is what Git gets as credentials, with a key file that is read again', async () => {
  const keyFile = join(folder, 'key.pem');
  writeFileSync(keyFile, pkcs1);
  const app = { appId: '12', installationId: '34', keyFile, apiUrl, ca: undefined };
  const none = { username: undefined, tokenFile: undefined, passwordFile: undefined };
  const { credentials, secrets } = await gitAccess({ ...none, app }, {});
  expect(secrets).toEqual([]);
  expect(requests).toEqual([]);
  expect(await credentials()).toEqual({ kind: 'token', token: 'ghs_1' });
});
