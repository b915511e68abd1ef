// The HTTP client that isomorphic-git speaks through: one origin, timeouts, byte limits, and errors that can be acted on.
// The stock client gives up after five quiet seconds, has no size limit, drops Retry-After and sends credentials to other ports.

import { Agent as HttpAgent, request as httpRequest, type ClientRequest, type IncomingMessage } from 'node:http';
import { Agent as HttpsAgent, request as httpsRequest } from 'node:https';

import type { GitHttpRequest, GitHttpResponse, HttpClient } from 'isomorphic-git';

import { AnswerSize } from './answer-size.ts';
import type { Limits } from './engine.ts';
import { asGitError, GitError } from './errors.ts';
import { inspectStart } from './inspect-answer.ts';
import { answerLimit, answerTooLarge, type AnswerLimit } from './limits.ts';
import { authorizationOf, redactor, refusePlainHttp, type RemoteOptions } from './remote.ts';
import { beginning, refuseStatus } from './refuse-status.ts';

export type TransportLimits = Pick<Limits, 'maxFetchBytes' | 'idleTimeoutMs' | 'operationTimeoutMs'>;

/** One operation: a client for isomorphic-git that shares a deadline and a byte budget over its requests. */
export interface Operation {
  readonly http: HttpClient;
  /** Cleans texts that came from the server. */
  readonly redact: (text: string) => string;
  readonly signal: AbortSignal;
  /** The first thing that went wrong on the wire. isomorphic-git takes some broken streams for ended ones, so it is kept here. */
  readonly failure: () => GitError | undefined;
}

export interface Transport {
  /** Asks for credentials and starts the clock. */
  begin(signal: AbortSignal): Promise<Operation>;
  /** Ends idle connections. */
  close(): void;
}

interface Context {
  readonly url: URL;
  readonly agent: HttpAgent | HttpsAgent;
  readonly limits: TransportLimits;
  readonly authorization: string | undefined;
  readonly redact: (text: string) => string;
  readonly signal: AbortSignal;
  /** Bytes that this operation may still receive. */
  budget: number;
  /** Where a redirect of info/refs moved the repository to (same origin). */
  base: string;
  failed: GitError | undefined;
}

const MAX_REDIRECTS = 3;

/** A transport to the repository at `url` (already checked). */
export function createTransport(url: URL, remote: RemoteOptions, limits: TransportLimits): Transport {
  // HTTP_PROXY, HTTPS_PROXY and NO_PROXY, which git itself and kubectl also follow.
  const settings = { keepAlive: true, maxSockets: 8, scheduling: 'lifo' as const, proxyEnv: process.env };
  const agent =
    url.protocol === 'https:'
      ? new HttpsAgent({ ...settings, ...(remote.ca === undefined ? {} : { ca: remote.ca }) })
      : new HttpAgent(settings);
  return {
    begin: async (signal) => {
      const credentials = await remote.credentials?.();
      if (credentials !== undefined && remote.allowHttp !== true) refusePlainHttp(url);
      const context: Context = {
        url,
        agent,
        limits,
        authorization: credentials === undefined ? undefined : authorizationOf(credentials),
        redact: redactor(credentials),
        signal: AbortSignal.any([signal, AbortSignal.timeout(limits.operationTimeoutMs)]),
        budget: limits.maxFetchBytes,
        base: url.href,
        failed: undefined,
      };
      const http: HttpClient = { request: (request) => exchange(context, request) };
      return { http, redact: context.redact, signal: context.signal, failure: () => context.failed };
    },
    close: () => agent.destroy(),
  };
}

async function exchange(context: Context, request: GitHttpRequest): Promise<GitHttpResponse> {
  const body = await collect(request.body);
  let target = new URL(context.base + request.url.slice(context.url.href.length));
  for (let redirects = 0; ; redirects++) {
    const answer = await send(context, { request, target, body });
    const status = answer.statusCode ?? 0;
    if (status < 300 || status > 399)
      return accept(context, { target, answer, limit: answerLimit(target.pathname, body) });
    // A short one is read to its end, which keeps the connection.
    await beginning(answer);
    target = redirectTarget(context, { request, target, answer, redirects });
  }
}

interface Redirected {
  readonly request: GitHttpRequest;
  readonly target: URL;
  readonly answer: IncomingMessage;
  readonly redirects: number;
}

/** Like git itself, only the first request of an operation may be redirected; the rest then goes to the new place. */
function redirectTarget(context: Context, from: Redirected): URL {
  const location = from.answer.headers.location ?? '';
  const next = URL.canParse(location, from.target.href) ? new URL(location, from.target) : undefined;
  if (next !== undefined && mayFollow(context, from, next)) {
    context.base = next.origin + next.pathname.slice(0, -FIRST_PATH.length);
    return next;
  }
  const where = next === undefined ? 'nowhere' : `${next.origin}${next.pathname.replace(/\/info\/refs$/, '')}`;
  throw new GitError(
    'REDIRECT_REFUSED',
    `${context.url.host} redirects to ${context.redact(where)}; credentials are not sent there: set the repository URL to its final address`,
  );
}

/** What the first request of an operation asks for, below the repository's URL. */
const FIRST_PATH = '/info/refs';

function mayFollow({ url }: Context, { request, target, redirects }: Redirected, next: URL): boolean {
  return (
    request.method === 'GET' &&
    redirects < MAX_REDIRECTS &&
    next.origin === url.origin &&
    next.username === '' &&
    next.pathname.endsWith(FIRST_PATH) &&
    next.search === target.search
  );
}

interface Outgoing {
  readonly request: GitHttpRequest;
  readonly target: URL;
  readonly body: Buffer;
}

/** Sends and waits for the headers. A kept-alive connection that the server had already closed is tried once more, if harmless. */
async function send(context: Context, outgoing: Outgoing): Promise<IncomingMessage> {
  const first = start(context, outgoing);
  try {
    return await headersOf(context, first);
  } catch (error) {
    const stale = first.reusedSocket && error instanceof GitError && error.code === 'NETWORK_FAILED';
    if (!stale || outgoing.target.pathname.endsWith('/git-receive-pack')) throw error;
    return headersOf(context, start(context, outgoing));
  }
}

function start(context: Context, { request, target, body }: Outgoing): ClientRequest {
  const headers: Record<string, string> = { ...request.headers };
  if (context.authorization !== undefined) headers['Authorization'] = context.authorization;
  if (request.method === 'POST') headers['Content-Length'] = String(body.length);
  const options = { method: request.method ?? 'GET', headers, agent: context.agent, signal: context.signal };
  const outgoing = target.protocol === 'https:' ? httpsRequest(target, options) : httpRequest(target, options);
  outgoing.setTimeout(context.limits.idleTimeoutMs, () => {
    // Once the headers are here, destroying shows up only as "aborted", so the reason is kept.
    context.failed ??= quiet(context);
    outgoing.destroy(context.failed);
  });
  outgoing.end(body);
  return outgoing;
}

function headersOf(context: Context, outgoing: ClientRequest): Promise<IncomingMessage> {
  return new Promise((resolve, reject) => {
    outgoing.once('response', resolve);
    outgoing.on('error', (error) => reject(failure(context, error)));
  });
}

interface Accepted {
  readonly target: URL;
  readonly answer: IncomingMessage;
  readonly limit: AnswerLimit | undefined;
}

async function accept(context: Context, { target, answer, limit }: Accepted): Promise<GitHttpResponse> {
  const status = answer.statusCode ?? 0;
  if (status !== 200) throw await refuseStatus({ context, target, answer });
  const headers: Record<string, string> = {};
  for (const [name, value] of Object.entries(answer.headers)) headers[name] = String(value);
  const body = keepFailure(context, inspectStart(received(context, answer, limit), context));
  return { url: target.href, statusCode: status, statusMessage: answer.statusMessage ?? '', headers, body };
}

async function* keepFailure(
  context: Context,
  body: AsyncGenerator<Uint8Array, void, undefined>,
): AsyncGenerator<Uint8Array, void, undefined> {
  try {
    yield* body;
  } catch (error) {
    context.failed ??= failure(context, error);
    throw context.failed;
  }
}

/** The body's bytes, counted; fails when there are too many, when they stop coming and when the end is missing. */
async function* received(
  context: Context,
  answer: IncomingMessage,
  limit: AnswerLimit | undefined,
): AsyncGenerator<Uint8Array, void, undefined> {
  const counted = new AnswerSize();
  try {
    for await (const chunk of answer as AsyncIterable<Buffer>) {
      if (limit !== undefined) counted.add(chunk);
      if (limit !== undefined && counted.size > limit.maxBytes) throw answerTooLarge(context.url.host, limit);
      context.budget -= chunk.length;
      if (context.budget < 0) throw tooLarge(context);
      yield chunk;
    }
  } catch (error) {
    throw failure(context, error);
  } finally {
    if (!answer.complete) answer.destroy();
  }
  if (!answer.complete) throw context.failed ?? cutOff(context);
}

function failure(context: Context, error: unknown): GitError {
  if (error instanceof GitError) return error;
  if (context.failed !== undefined) return context.failed;
  if (context.signal.aborted) {
    const reason: unknown = context.signal.reason;
    const late = reason instanceof Error && reason.name === 'TimeoutError';
    return late
      ? new GitError('TIMEOUT', `${context.url.host} did not finish within ${context.limits.operationTimeoutMs} ms`)
      : new GitError('CANCELLED', 'The Git operation was cancelled', { cause: reason });
  }
  const aborted = error instanceof Error && error.message === 'aborted';
  return aborted ? cutOff(context) : asGitError(error, `Request to ${context.url.host}`);
}

function quiet(context: Context): GitError {
  return new GitError('TIMEOUT', `${context.url.host} sent nothing for ${context.limits.idleTimeoutMs} ms`);
}

function cutOff(context: Context): GitError {
  return new GitError('TRANSFER_INCOMPLETE', `${context.url.host} ended the connection in the middle of an answer`);
}

function tooLarge(context: Context): GitError {
  return new GitError(
    'TOO_LARGE',
    `${context.url.host} sent more than ${context.limits.maxFetchBytes} bytes; raise the fetch limit or make the repository smaller`,
  );
}

async function collect(body: GitHttpRequest['body']): Promise<Buffer> {
  const chunks: Uint8Array[] = [];
  // isomorphic-git hands over an array although its types promise an iterator; `for await` takes both.
  if (body !== undefined) for await (const chunk of body) chunks.push(chunk);
  return Buffer.concat(chunks);
}
