// Queries a running node over HTTP. A failed query is a reply too.

import { isIP } from 'node:net';

import { Agent, request, type Dispatcher } from 'undici';

import type { Question, Reply } from '../chains/observed.ts';
import { describeTrouble, failed, TooLarge } from './trouble.ts';

export type Auth = NonNullable<Question['auth']>;

export interface Target {
  /** The pod's IP address, version 4 or 6. Names are refused: a pod's address needs no lookup. */
  readonly host: string;
  /** Cancels all queries. */
  readonly signal: AbortSignal;
  /** Limit of each query from connecting to the last byte. Default 5,000. */
  readonly timeoutMs?: number;
  /** Largest reply body. Default 1 MiB. */
  readonly maxBytes?: number;
  /** Reads user and password; undefined when the Secret or a key is missing. */
  readonly credentials?: (auth: Auth) => Promise<Credentials | undefined>;
}

export interface Credentials {
  readonly user: string;
  readonly password: string;
}

export interface Asker {
  /** Sends all queries at once. Never rejects; every query id has a reply. */
  ask(questions: readonly Question[], target: Target): Promise<ReadonlyMap<string, Reply>>;
  close(): Promise<void>;
}

export const DEFAULT_TIMEOUT_MS = 5_000;
export const DEFAULT_MAX_BYTES = 1_048_576;

/** One connection pool for all nodes. Redirects are never followed, because a node could redirect to any host. */
export function createAsker(): Asker {
  // The self-signed certificate of a client proves nothing, so none is verified. The query is protected by the address of
  // the pod in the cluster's network, as it is without TLS.
  const connect = { rejectUnauthorized: false };
  const agent = new Agent({ connect, connections: 8, pipelining: 1, keepAliveTimeout: 10_000, maxHeaderSize: 16_384 });
  return {
    async ask(questions, target) {
      const replies = await Promise.all(
        questions.map(async (question) => [question.id, await askOne(agent, question, target)] as const),
      );
      return new Map(replies);
    },
    // destroy, not close: close would wait for replies that may never come.
    close: () => agent.destroy(),
  };
}

async function askOne(agent: Agent, question: Question, target: Target): Promise<Reply> {
  const timeout = AbortSignal.timeout(target.timeoutMs ?? DEFAULT_TIMEOUT_MS);
  const signal = AbortSignal.any([target.signal, timeout]);
  try {
    const headers = await within(headersOf(question, target), signal);
    if (headers === undefined) return failed(`the Secret ${question.auth?.secret ?? ''} or one of its keys is missing`);
    const response = await request(urlOf(question, target.host), {
      dispatcher: agent,
      method: question.method,
      headers,
      signal,
      ...(question.body === undefined ? {} : { body: JSON.stringify(question.body) }),
    });
    return await replyOf(response, target.maxBytes ?? DEFAULT_MAX_BYTES);
  } catch (error) {
    return describeTrouble(error, { timedOut: timeout.aborted, cancelled: target.signal.aborted });
  }
}

function urlOf(question: Question, host: string): string {
  if (!question.path.startsWith('/')) throw new TypeError(`the path ${question.path} does not start with "/"`);
  return `${question.tls === undefined ? 'http' : 'https'}://${authorityOf(host, question.port)}${question.path}`;
}

/** `host:port` of a URL. Throws when the host is a name. */
export function authorityOf(host: string, port: number): string {
  const version = isIP(host);
  if (version === 0) throw new TypeError('the host is not an IP address');
  return `${version === 6 ? `[${host}]` : host}:${port}`;
}

async function headersOf(question: Question, target: Target): Promise<Record<string, string> | undefined> {
  const headers: Record<string, string> = { accept: 'application/json' };
  if (question.body !== undefined) headers['content-type'] = 'application/json';
  if (question.auth === undefined) return headers;
  const credentials = await target.credentials?.(question.auth);
  if (credentials === undefined) return undefined;
  const pair = Buffer.from(`${credentials.user}:${credentials.password}`).toString('base64');
  return { ...headers, authorization: `Basic ${pair}` };
}

/** The promise's result, or the signal's reason when that comes first. */
async function within<T>(promise: Promise<T>, signal: AbortSignal): Promise<T> {
  // Handled here, because no code awaits it after the signal has aborted.
  promise.catch(() => undefined);
  signal.throwIfAborted();
  const aborted = Promise.withResolvers<never>();
  function onAbort(): void {
    aborted.reject(signal.reason);
  }
  signal.addEventListener('abort', onAbort, { once: true });
  try {
    return await Promise.race([promise, aborted.promise]);
  } finally {
    signal.removeEventListener('abort', onAbort);
  }
}

async function replyOf(response: Dispatcher.ResponseData, maxBytes: number): Promise<Reply> {
  const { statusCode: status, body } = response;
  if (status >= 300 && status < 400) {
    // Note: destroying an unread body emits an error, and an error without a handler ends the process.
    body.on('error', () => undefined).destroy();
    return failed(`HTTP ${status}: redirects are not followed`);
  }
  const text = await readText(body, maxBytes);
  try {
    return { ok: true, status, body: JSON.parse(text) };
  } catch {
    // Only the status: an untrusted body must not be in a message.
    if (status >= 400) return failed(`HTTP ${status}`);
    return { ok: false, reason: 'notJson', message: `HTTP ${status}: the reply is not JSON` };
  }
}

async function readText(body: Dispatcher.ResponseData['body'], maxBytes: number): Promise<string> {
  const chunks: Buffer[] = [];
  let size = 0;
  for await (const chunk of body) {
    const bytes = Buffer.from(chunk);
    size += bytes.length;
    // Leaving the loop by throwing destroys the stream and its connection.
    if (size > maxBytes) throw new TooLarge(maxBytes);
    chunks.push(bytes);
  }
  return Buffer.concat(chunks).toString('utf8');
}
