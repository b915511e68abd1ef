// Reads manifests and blobs of one repository, by the OCI distribution specification:
// https://github.com/opencontainers/distribution-spec/blob/main/spec.md#pull

import { createHash } from 'node:crypto';

import { clip } from '../lib/clip.ts';
import { cleanLine } from '../lib/clean-text.ts';
import { member } from '../lib/json-value.ts';
import { readChallenge, type Challenge } from './challenge.ts';
import type { RegistryCredentials } from './docker-config.ts';
import { RegistryError } from './errors.ts';
import { type Answer, openTransport, type Transport } from './transport.ts';

export interface RegistryOptions {
  /** With its registry, as policy/images.ts writes it: `docker.io/library/geth`, `10.0.0.1:5000/a/b`. */
  readonly repository: string;
  readonly credentials: RegistryCredentials | undefined;
  readonly ca: string | undefined;
  readonly allowHttp: boolean;
  readonly signal: AbortSignal;
}

export interface Manifest {
  readonly mediaType: string;
  /** Of its bytes. */
  readonly digest: string;
  readonly content: unknown;
}

export interface Registry {
  /** By tag or digest; undefined when there is none. */
  manifest(reference: string): Promise<Manifest | undefined>;
  /** Its bytes have the digest. */
  blob(digest: string, maxBytes: number): Promise<Buffer>;
  close(): void;
}

const MAX_MANIFEST = 4 * 1024 * 1024;
const MAX_TOKEN = 64 * 1024;
const ACCEPT = [
  'application/vnd.oci.image.index.v1+json',
  'application/vnd.oci.image.manifest.v1+json',
  'application/vnd.docker.distribution.manifest.list.v2+json',
  'application/vnd.docker.distribution.manifest.v2+json',
].join(', ');

export function openRegistry(options: RegistryOptions): Registry {
  const { repository, allowHttp } = options;
  const slash = repository.indexOf('/');
  const [host, path] = [repository.slice(0, slash), repository.slice(slash + 1)];
  const base = new URL(`${allowHttp ? 'http' : 'https'}://${host === 'docker.io' ? 'registry-1.docker.io' : host}`);
  const transport = openTransport(options);
  const session: Session = { ...options, path, transport, authorization: undefined };
  return {
    async manifest(reference) {
      const url = new URL(`/v2/${path}/manifests/${reference}`, base);
      const { status, headers, body } = await ask(session, { url, accept: ACCEPT, maxBytes: MAX_MANIFEST });
      if (status === 404) return undefined;
      const digest = digestOf(body);
      if (reference.startsWith('sha256:') && reference !== digest)
        throw unusable(url, 'sent a manifest of another digest');
      const content = parseJson(url, body);
      return { mediaType: mediaTypeOf(content, headers['content-type']), digest, content };
    },
    async blob(digest, maxBytes) {
      const url = new URL(`/v2/${path}/blobs/${digest}`, base);
      const { status, body } = await ask(session, { url, accept: '*/*', maxBytes });
      if (status === 404) throw unusable(url, `has no blob ${digest}, which a manifest names`);
      if (digestOf(body) !== digest) throw unusable(url, 'sent a blob of another digest');
      return body;
    },
    close: () => transport.close(),
  };
}

interface Session extends RegistryOptions {
  readonly path: string;
  readonly transport: Transport;
  /** What the registry accepted last. */
  authorization: string | undefined;
}

interface Question {
  readonly url: URL;
  readonly accept: string;
  readonly maxBytes: number;
}

/** An answer with the status 200 or 404. */
async function ask(session: Session, question: Question): Promise<Answer> {
  const { url } = question;
  let answer = await send(session, question);
  if (answer.status === 401) {
    session.authorization = await authorize(session, url, readChallenge(answer.headers['www-authenticate']));
    answer = await send(session, question);
  }
  if (answer.status === 200 || answer.status === 404) return answer;
  throw refused(url, answer);
}

async function send({ transport, authorization }: Session, { url, accept, maxBytes }: Question): Promise<Answer> {
  return await transport.get(url, { accept, ...(authorization === undefined ? {} : { authorization }) }, maxBytes);
}

/** The header that answers a challenge. Without credentials a token is asked for anonymously. */
async function authorize(session: Session, url: URL, challenge: Challenge | undefined): Promise<string> {
  const basic = basicOf(session.credentials);
  if (challenge?.scheme === 'bearer') return await bearerToken(session, challenge, basic);
  if (challenge === undefined) throw unusable(url, 'asks for a kind of authorization that is not supported');
  if (basic === undefined) throw denied(url, 'asks for a user and a password, and no pull Secret has them');
  return basic;
}

async function bearerToken(
  { transport, path }: Session,
  { realm, service, scope = `repository:${path}:pull` }: Extract<Challenge, { scheme: 'bearer' }>,
  basic: string | undefined,
): Promise<string> {
  const url = URL.canParse(realm) ? new URL(realm) : undefined;
  if (url === undefined)
    throw new RegistryError('UpgradeRegistryFailed', 'the registry names a server for tokens that is not a URL');
  if (service !== undefined) url.searchParams.set('service', service);
  url.searchParams.set('scope', scope);
  const headers = { accept: 'application/json', ...(basic === undefined ? {} : { authorization: basic }) };
  const answer = await transport.get(url, headers, MAX_TOKEN);
  if (answer.status !== 200) throw refused(url, answer);
  const content = parseJson(url, answer.body);
  const token = member(content, 'token') ?? member(content, 'access_token');
  if (typeof token !== 'string' || !/^[\u0021-\u007e]+$/.test(token)) throw unusable(url, 'sent no token');
  return `Bearer ${token}`;
}

function basicOf(credentials: RegistryCredentials | undefined): string | undefined {
  if (credentials === undefined) return undefined;
  return `Basic ${Buffer.from(`${credentials.username}:${credentials.password}`).toString('base64')}`;
}

function refused(url: URL, { status, body }: Answer): RegistryError {
  if (status === 401 || status === 403) return denied(url, `does not accept the credentials (HTTP ${status})`);
  const said = cleanLine(body.toString('utf8'), 200);
  return unusable(url, `answered ${status}${said === '' || said.startsWith('<') ? '' : `: ${said}`}`);
}

function denied({ host }: URL, what: string): RegistryError {
  return new RegistryError('UpgradeRegistryDenied', `registry ${host} ${what}`);
}

function unusable({ host, pathname }: URL, what: string): RegistryError {
  return new RegistryError('UpgradeRegistryFailed', `registry ${host} ${what} (${clip(pathname, 200)})`);
}

function parseJson(url: URL, body: Buffer): unknown {
  try {
    return JSON.parse(body.toString('utf8'));
  } catch {
    throw unusable(url, 'sent something that is not JSON');
  }
}

function mediaTypeOf(content: unknown, header: string | undefined): string {
  const own = member(content, 'mediaType');
  return typeof own === 'string' ? own : ((header ?? '').split(';')[0]?.trim() ?? '');
}

export function digestOf(bytes: Uint8Array): string {
  return `sha256:${createHash('sha256').update(bytes).digest('hex')}`;
}
