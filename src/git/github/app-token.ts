// Access tokens of a GitHub App: the App signs a short statement with its key, and GitHub answers with a token for one
// installation, which lives an hour. https://docs.github.com/en/apps/creating-github-apps/authenticating-with-a-github-app

import { createPrivateKey, createSign, type KeyObject } from 'node:crypto';
import { Agent as HttpAgent, request as httpRequest } from 'node:http';
import { Agent as HttpsAgent, request as httpsRequest } from 'node:https';

import { isObject } from '../../lib/json-value.ts';

export interface GithubApp {
  /** The App's id or client id. */
  readonly appId: string;
  readonly installationId: string;
  /** PEM, PKCS #1 or #8; read again for each token, because keys rotate. */
  readonly privateKey: () => Promise<string>;
  /** `https://api.github.com`, or `https://HOST/api/v3` of GitHub Enterprise Server. */
  readonly apiUrl: string;
  readonly ca?: string | undefined;
}

interface Token {
  readonly text: string;
  /** Milliseconds since the epoch. */
  readonly expiresAt: number;
}

/** A token is replaced before it ends, so that a long fetch does not outlive it. */
const EARLY_MS = 10 * 60_000;
const TIMEOUT_MS = 30_000;
const MAX_ANSWER = 64 * 1024;

/** The token now: the known one as long as it lives, else a new one. Calls at the same time share one request. */
export function githubAppToken(app: GithubApp, now: () => number): () => Promise<string> {
  let token: Token | undefined;
  let pending: Promise<Token> | undefined;
  return async () => {
    if (token !== undefined && token.expiresAt - EARLY_MS > now()) return token.text;
    pending ??= requestToken(app, now).finally(() => {
      pending = undefined;
    });
    token = await pending;
    return token.text;
  };
}

async function requestToken(app: GithubApp, now: () => number): Promise<Token> {
  const key = readKey(await app.privateKey());
  const { status, body } = await post(app, appJwt(app.appId, key, now()));
  if (status !== 201) throw new Error(`GitHub gives no token to the App ${app.appId}: ${explain(status)}`);
  const { token, expires_at: expiresAt } = isObject(body) ? body : {};
  const ends = typeof expiresAt === 'string' ? Date.parse(expiresAt) : Number.NaN;
  if (typeof token !== 'string' || token === '' || Number.isNaN(ends))
    throw new Error('the answer of GitHub holds no token; check the API URL of the App');
  return { text: token, expiresAt: ends };
}

function explain(status: number): string {
  if (status === 401) return 'it does not accept the signature (401); check the App id, the private key and the clock';
  if (status === 404) return 'it knows no such installation (404); check the installation id';
  return `it answers ${status}`;
}

function readKey(pem: string): KeyObject {
  try {
    const key = createPrivateKey(pem);
    if (key.asymmetricKeyType === 'rsa') return key;
  } catch {
    // The error could repeat a part of the key.
  }
  throw new Error('the private key of the GitHub App is not an RSA key in PEM format');
}

/** RS256 (RFC 7518). It begins a minute ago, for clocks that differ, and GitHub accepts ten minutes at most. */
export function appJwt(appId: string, key: KeyObject, now: number): string {
  const seconds = Math.floor(now / 1000);
  const parts = [
    { alg: 'RS256', typ: 'JWT' },
    { iat: seconds - 60, exp: seconds + 8 * 60, iss: appId },
  ].map((part) => Buffer.from(JSON.stringify(part)).toString('base64url'));
  const statement = parts.join('.');
  return `${statement}.${createSign('RSA-SHA256').update(statement).sign(key).toString('base64url')}`;
}

interface Answer {
  readonly status: number;
  readonly body: unknown;
}

async function post({ apiUrl, installationId, ca }: GithubApp, jwt: string): Promise<Answer> {
  const url = new URL(
    `${apiUrl.replace(/\/+$/, '')}/app/installations/${encodeURIComponent(installationId)}/access_tokens`,
  );
  const isSecure = url.protocol === 'https:';
  if (!isSecure && !['127.0.0.1', 'localhost', '[::1]'].includes(url.hostname))
    throw new Error(`the API URL of the GitHub App must be https://, not ${url.protocol}//`);
  const agent = isSecure
    ? new HttpsAgent({ proxyEnv: process.env, ...(ca === undefined ? {} : { ca }) })
    : new HttpAgent();
  const { promise, resolve, reject } = Promise.withResolvers<Answer>();
  const request = (isSecure ? httpsRequest : httpRequest)(url, {
    method: 'POST',
    agent,
    signal: AbortSignal.timeout(TIMEOUT_MS),
    headers: {
      accept: 'application/vnd.github+json',
      authorization: `Bearer ${jwt}`,
      'content-length': '0',
      'user-agent': 'nodewright',
      'x-github-api-version': '2022-11-28',
    },
  });
  request.once('error', (cause) =>
    reject(new Error(`${url.host} cannot be reached for a token of the GitHub App`, { cause })),
  );
  request.once('response', (response) => {
    const chunks: Buffer[] = [];
    let bytes = 0;
    response.on('data', (chunk: Buffer) => {
      bytes += chunk.length;
      if (bytes > MAX_ANSWER) request.destroy(new Error('the answer is too large'));
      else chunks.push(chunk);
    });
    response.once('error', reject);
    response.once('end', () => resolve({ status: response.statusCode ?? 0, body: parse(Buffer.concat(chunks)) }));
  });
  request.end();
  return await promise;
}

function parse(bytes: Buffer): unknown {
  try {
    return JSON.parse(bytes.toString('utf8'));
  } catch {
    return undefined;
  }
}
