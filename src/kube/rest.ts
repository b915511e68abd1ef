// One HTTP request to the API server: in time, within size, retried where that is safe.

import type { Readable } from 'node:stream';
import { request as send } from 'undici';

import { startDeadline } from './deadline.ts';
import { isKubeError, KubeError } from './kube-error.ts';
import { pause } from './pause.ts';
import { readBody, tooLarge } from './read-body.ts';
import { readErrorResponse } from './read-status.ts';
import { parseRetryAfter, retryWait } from './retry.ts';
import { sendText, type TextAnswer } from './send-text.ts';
import { makeSlots } from './slots.ts';
import type { Connection, Transport } from './transport.ts';

export type Verb = 'get' | 'list' | 'watch' | 'apply' | 'create' | 'replace' | 'patch' | 'delete' | 'logs' | 'discover';

export interface RestRequest {
  readonly verb: Verb;
  readonly method: 'GET' | 'POST' | 'PUT' | 'PATCH' | 'DELETE';
  /** For metrics: the kind's name. */
  readonly kind: string;
  /** For people: `ConfigMap default/a`. */
  readonly about: string;
  readonly path: string;
  readonly query?: Readonly<Record<string, string | number | boolean | undefined>>;
  readonly body?: unknown;
  readonly contentType?: string;
  /** Of the answer; default `application/json`, for logs any. */
  readonly accept?: string;
  /** Whether sending it twice does the same as sending it once: only such requests are repeated when the answer was lost. */
  readonly idempotent: boolean;
  readonly signal?: AbortSignal;
  /** Default 30 s, for each attempt. */
  readonly timeoutMs?: number;
  readonly maxBytes?: number;
}

/** One attempt, for metrics. */
export interface RequestRecord {
  readonly verb: Verb;
  readonly kind: string;
  readonly path: string;
  /** The HTTP status, or the KubeError code when there was no answer. */
  readonly code: string;
  readonly seconds: number;
}

export interface RestOptions {
  readonly transport: Transport;
  readonly onRequest?: ((record: RequestRecord) => void) | undefined;
}

export interface Rest {
  /** The body as text, once the server answered with success. Throws KubeError. */
  text(request: RestRequest): Promise<string>;
  /** The body as JSON. */
  json(request: RestRequest): Promise<unknown>;
  /** The body as it comes, for a watch: one attempt; time limit and signal end with the headers, the caller destroys it. */
  stream(request: RestRequest): Promise<Readable>;
}

const TIMEOUT_MS = 30_000;
const MAX_BYTES = 16 * 1024 * 1024;
const MAX_ERROR_BYTES = 256 * 1024;
/** Requests under way at once; one connection each, and some to spare for retiring ones. */
const MAX_IN_FLIGHT = 24;
const USER_AGENT = `nodewright (node ${process.version})`;

/**
 * A lease that waits behind a thousand writes is lost; and what Git wants comes before what follows from it.
 * Status writes are many and can wait.
 */
function goesFirst({ kind, path }: RestRequest): boolean {
  return kind === 'Lease' || (kind === 'BlockchainNode' && !path.endsWith('/status'));
}

export function makeRest(options: RestOptions): Rest {
  const { transport } = options;
  const slots = makeSlots(MAX_IN_FLIGHT);

  async function text(request: RestRequest): Promise<string> {
    for (let attempt = 1; ; attempt++) {
      try {
        return await slots.use(() => once(request), goesFirst(request));
      } catch (error) {
        if (isKubeError(error, 'UNAUTHORIZED')) transport.distrust();
        const waitMs = retryWait(error, request.idempotent, attempt);
        if (waitMs === undefined) throw error;
        await pause(waitMs, request.signal);
        if (request.signal?.aborted) throw new KubeError('ABORTED', `${doing(request)}: given up`, { cause: error });
      }
    }
  }

  function once(request: RestRequest): Promise<string> {
    return exchange(options, request, (way) => askText(request, way));
  }

  async function stream(request: RestRequest): Promise<Readable> {
    try {
      return await exchange(options, request, (way) => openStream(request, way));
    } catch (error) {
      if (isKubeError(error, 'UNAUTHORIZED')) transport.distrust();
      throw error;
    }
  }

  async function json(request: RestRequest): Promise<unknown> {
    return parseJson(await text(request), request);
  }

  return { text, json, stream };
}

interface Way {
  readonly connection: Connection;
  readonly signal: AbortSignal;
  /** Called with the HTTP status, as soon as it is known. */
  readonly onStatus: (status: number) => void;
}

/** One attempt: sent, read and recorded. */
async function exchange<T>(
  { transport, onRequest }: RestOptions,
  request: RestRequest,
  send: (way: Way) => Promise<T>,
): Promise<T> {
  const started = performance.now();
  const deadline = startDeadline(request.timeoutMs ?? TIMEOUT_MS, request.signal);
  let code = 'UNEXPECTED';
  try {
    const connection = await transport.connection();
    return await send({ connection, signal: deadline.signal, onStatus: (status) => (code = String(status)) });
  } catch (error) {
    const known = asKubeError(error, request, deadline.expired);
    if (known.status === undefined) code = known.code;
    throw known;
  } finally {
    deadline.clear();
    const { verb, kind, path } = request;
    onRequest?.({ verb, kind, path, code, seconds: (performance.now() - started) / 1000 });
  }
}

async function askText(request: RestRequest, { connection, signal, onStatus }: Way): Promise<string> {
  const { origin, pathname, search } = new URL(urlOf(request, connection));
  const { status, headers, text } = await sendText(
    connection.requests,
    { ...optionsOf(request, connection), origin, path: pathname + search },
    {
      signal,
      maxBytes: (status) => (status >= 300 ? MAX_ERROR_BYTES : (request.maxBytes ?? MAX_BYTES)),
      tooLarge: (most) => tooLarge(doing(request), most),
    },
  );
  onStatus(status);
  if (status >= 300) throw failureOf(request, { status, headers, text });
  return text;
}

async function openStream(request: RestRequest, { connection, signal, onStatus }: Way): Promise<Readable> {
  const options = { ...optionsOf(request, connection), dispatcher: connection.watches, signal };
  const { statusCode: status, headers, body } = await send(urlOf(request, connection), options);
  onStatus(status);
  if (status < 300) return body;
  const text = await readBody(body, MAX_ERROR_BYTES, doing(request));
  throw failureOf(request, { status, headers, text });
}

function urlOf({ path, query }: RestRequest, { server }: Connection): string {
  return `${server}${path}${queryText(query)}`;
}

function optionsOf(request: RestRequest, connection: Connection) {
  const headers: Record<string, string> = {
    accept: request.accept ?? (request.verb === 'logs' ? '*/*' : 'application/json'),
    'user-agent': USER_AGENT,
    ...connection.headers,
  };
  if (request.body !== undefined) headers['content-type'] = request.contentType ?? 'application/json';
  return {
    method: request.method,
    headers,
    body: request.body === undefined ? null : JSON.stringify(request.body),
    // Our own limits apply: the deadline here, the inactivity limit in watch.ts.
    headersTimeout: 0,
    bodyTimeout: 0,
  };
}

function failureOf(request: RestRequest, { status, headers, text }: TextAnswer): KubeError {
  const retryAfter = headers['retry-after'];
  return readErrorResponse(
    {
      status,
      text,
      retryAfterMs: parseRetryAfter(typeof retryAfter === 'string' ? retryAfter : undefined, Date.now()),
    },
    doing(request),
    request.kind === 'Secret',
  );
}

/** Note: undici puts the request's headers on none of its errors, so a cause may be kept. */
function asKubeError(error: unknown, request: RestRequest, expired: boolean): KubeError {
  if (error instanceof KubeError) return error;
  if (expired) {
    const seconds = (request.timeoutMs ?? TIMEOUT_MS) / 1000;
    return new KubeError('TIMEOUT', `${doing(request)}: no complete answer within ${seconds} s`, { cause: error });
  }
  if (request.signal?.aborted) return new KubeError('ABORTED', `${doing(request)}: given up`, { cause: error });
  return new KubeError('NETWORK', `${doing(request)}: the API server can't be reached`, { cause: error });
}

export function parseJson(text: string, request: Pick<RestRequest, 'verb' | 'about'>): unknown {
  try {
    return JSON.parse(text);
  } catch {
    // Note: the syntax error quotes the text, so it must not become the cause.
    throw new KubeError('UNEXPECTED', `${doing(request)}: the answer is no JSON; does a proxy stand in between?`);
  }
}

function queryText(query: RestRequest['query']): string {
  const parameters = new URLSearchParams();
  for (const [name, value] of Object.entries(query ?? {})) {
    if (value !== undefined) parameters.set(name, String(value));
  }
  const text = parameters.toString();
  return text === '' ? '' : `?${text}`;
}

function doing({ verb, about }: Pick<RestRequest, 'verb' | 'about'>): string {
  return `${verb} ${about}`;
}
