// Queries a running node over HTTP. A failed query is a reply too.

import { isIP } from 'node:net';

import { Agent, type Dispatcher } from 'undici';

import type { Question, Reply } from '../chains/observed.ts';
import { Body } from './body.ts';
import { nodeConnector } from './connector.ts';
import { HeldBytes, type Share } from './held-bytes.ts';
import { readJson } from './read-json.ts';
import { describeTrouble, failed, TooLarge } from './trouble.ts';
import { Turns } from './turns.ts';

export type Auth = NonNullable<Question['auth']>;

export interface Target {
  /** The pod's IP address, version 4 or 6. Names are refused: a pod's address needs no lookup. */
  readonly host: string;
  /** Cancels all queries. */
  readonly signal: AbortSignal;
  /** Limit of each query from connecting to the last byte. Default 5,000. */
  readonly timeoutMs?: number;
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
export const DEFAULT_MAX_BYTES = 65_536;

/** What the replies of all nodes may take together, in bytes: while they are read, parsed, and wait for the node's others. */
const MAX_HELD_BYTES = 33_554_432;
/** What one value takes in memory, in bytes, beside its text. */
const VALUE_BYTES = 64;
/** A reply may have one value for so many bytes of its limit. Longest to parse are many small values. */
const BYTES_PER_VALUE = 32;
/** Responses before the real one, such as 103 Early Hints: each costs as much as a whole reply. */
const MAX_INTERIM = 8;

/** One connection pool for all nodes. Redirects are never followed, because a node could redirect to any host. */
export function createAsker({ maxHeldBytes = MAX_HELD_BYTES } = {}): Asker {
  const connect = nodeConnector();
  const agent = new Agent({ connect, connections: 8, pipelining: 1, keepAliveTimeout: 10_000, maxHeaderSize: 16_384 });
  const shared = { agent, turns: new Turns(), held: new HeldBytes(maxHeldBytes) };
  return {
    ask: async (questions, target) => await askAll(questions, target, shared),
    // destroy, not close: close would wait for replies that may never come.
    close: () => agent.destroy(),
  };
}

/** What all queries share. */
interface Shared {
  readonly agent: Agent;
  readonly turns: Turns;
  readonly held: HeldBytes;
}

async function askAll(
  questions: readonly Question[],
  target: Target,
  shared: Shared,
): Promise<ReadonlyMap<string, Reply>> {
  const givenUp = new AbortController();
  const replies = new Map<string, Reply>();
  const share = shared.held.open(() => {
    replies.clear();
    givenUp.abort(
      new TooLarge('the replies of all nodes together are too large, and those of this node are the largest'),
    );
  });
  const one = { target, share, givenUp: givenUp.signal, ...shared };
  try {
    await Promise.all(
      questions.map(async (question) => {
        const reply = await askOne(question, one);
        if (!givenUp.signal.aborted) replies.set(question.id, reply);
      }),
    );
    if (!givenUp.signal.aborted) return replies;
    const trouble = describeTrouble(givenUp.signal.reason, { timedOut: false, cancelled: false });
    return new Map(questions.map(({ id }) => [id, trouble]));
  } finally {
    share.close();
  }
}

interface Asking extends Shared {
  readonly target: Target;
  readonly share: Share;
  readonly givenUp: AbortSignal;
}

async function askOne(question: Question, asking: Asking): Promise<Reply> {
  const { target, givenUp } = asking;
  const timeout = AbortSignal.timeout(target.timeoutMs ?? DEFAULT_TIMEOUT_MS);
  const signal = AbortSignal.any([target.signal, timeout, givenUp]);
  try {
    const headers = await within(headersOf(question, target), signal);
    if (headers === undefined) return failed(`the Secret ${question.auth?.secret ?? ''} or one of its keys is missing`);
    const maxBytes = question.maxBytes ?? DEFAULT_MAX_BYTES;
    const body = new Body(maxBytes, asking.share);
    const { origin, pathname, search } = new URL(urlOf(question, target.host));
    const request = {
      origin,
      path: pathname + search,
      method: question.method,
      headers,
      ...(question.body === undefined ? {} : { body: JSON.stringify(question.body) }),
    };
    const status = await receive(request, { agent: asking.agent, body, signal });
    if (status >= 300 && status < 400) {
      return { ok: false, reason: 'notJson', message: `HTTP ${status}: redirects are not followed` };
    }
    return await asking.turns.run(() => replyOf(status, body, { share: asking.share, signal: givenUp, maxBytes }));
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

interface Receiving {
  readonly agent: Agent;
  readonly body: Body;
  readonly signal: AbortSignal;
}

/**
 * Fills the body, except that of a redirect, and returns the status. The handler is called for each piece while the
 * connection's data is read, so that a reply beyond a limit ends there, and not after all that has arrived.
 */
async function receive(request: Dispatcher.DispatchOptions, { agent, body, signal }: Receiving): Promise<number> {
  const { promise, resolve, reject } = Promise.withResolvers<number>();
  let status = 0;
  let interim = 0;
  let controller: Dispatcher.DispatchController | undefined;
  function end(error: Error): void {
    reject(error);
    controller?.abort(error);
  }
  const onAbort = (): void => end(signal.reason instanceof Error ? signal.reason : new Error('aborted'));
  signal.addEventListener('abort', onAbort, { once: true });
  try {
    agent.dispatch(request, {
      onRequestStart(started) {
        controller = started;
        if (signal.aborted) onAbort();
      },
      onResponseStart(_, received) {
        status = received;
        if (status < 200 && ++interim > MAX_INTERIM)
          end(new TooLarge('too many interim responses come before the reply'));
        if (status < 300 || status >= 400) return;
        resolve(status);
        controller?.abort(new Error('redirect'));
      },
      onResponseData(_, piece) {
        try {
          body.add(piece);
        } catch (error) {
          end(error instanceof Error ? error : new Error('not readable'));
        }
      },
      onResponseEnd: () => resolve(status),
      onResponseError: (_, error) => reject(error),
    });
    return await promise;
  } finally {
    signal.removeEventListener('abort', onAbort);
  }
}

interface Parsing {
  readonly share: Share;
  readonly signal: AbortSignal;
  readonly maxBytes: number;
}

function replyOf(status: number, body: Body, { share, signal, maxBytes }: Parsing): Reply {
  signal.throwIfAborted();
  const bytes = body.bytes();
  try {
    const { value, values } = readJson(bytes, Math.ceil(maxBytes / BYTES_PER_VALUE));
    // A character takes up to two bytes.
    share.add(2 * bytes.length + VALUE_BYTES * values - body.reserved);
    return { ok: true, status, body: value };
  } catch (error) {
    if (error instanceof TooLarge) throw error;
    // Only the status: an untrusted body must not be in a message.
    if (status >= 400) return failed(`HTTP ${status}`);
    return { ok: false, reason: 'notJson', message: `HTTP ${status}: the reply is not JSON` };
  }
}
