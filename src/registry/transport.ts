// Requests to a registry: one deadline, one budget of bytes and requests, redirects without credentials, proxy variables.

import { Agent as HttpAgent, request as httpRequest, type IncomingMessage } from 'node:http';
import { Agent as HttpsAgent, request as httpsRequest } from 'node:https';

import { clip } from '../lib/clip.ts';
import { defined } from '../lib/defined.ts';
import { describeError } from '../lib/errors.ts';
import { RegistryError } from './errors.ts';

export interface TransportOptions {
  /** PEM of certificate authorities that are trusted instead of the built-in ones. */
  readonly ca: string | undefined;
  /** Speaks plain HTTP with the registry. */
  readonly allowHttp: boolean;
  readonly signal: AbortSignal;
}

export interface Answer {
  readonly status: number;
  readonly headers: Readonly<Record<string, string | undefined>>;
  readonly body: Buffer;
}

export interface Transport {
  get(url: URL, headers: Readonly<Record<string, string>>, maxBytes: number): Promise<Answer>;
  close(): void;
}

export const LIMITS = { requests: 24, bytes: 8 * 1024 * 1024, redirects: 3, deadlineMs: 30_000 } as const;

/** For one probe. */
export function openTransport({ ca, allowHttp, signal }: TransportOptions): Transport {
  // HTTP_PROXY, HTTPS_PROXY and NO_PROXY, as for the Git server.
  const settings = { keepAlive: true, maxSockets: 2, proxyEnv: process.env };
  const agents = { 'http:': new HttpAgent(settings), 'https:': new HttpsAgent({ ...settings, ...defined({ ca }) }) };
  const ending = AbortSignal.any([signal, AbortSignal.timeout(LIMITS.deadlineMs)]);
  const left = { requests: LIMITS.requests, bytes: LIMITS.bytes };

  async function once(url: URL, headers: Readonly<Record<string, string>>, maxBytes: number): Promise<Answer> {
    if (left.requests-- <= 0) throw failed(url, `needs more than ${LIMITS.requests} requests`);
    const answer = await send(url, headers);
    const body = await bodyOf(url, answer, Math.min(maxBytes, left.bytes));
    left.bytes -= body.length;
    return { status: answer.statusCode ?? 0, headers: flat(answer), body };
  }

  function send(url: URL, headers: Readonly<Record<string, string>>): Promise<IncomingMessage> {
    const isPlain = url.protocol === 'http:';
    if (isPlain && !allowHttp)
      throw failed(url, 'would be asked over plain HTTP: use HTTPS, or set selfUpdate.registry.allowHttp of the chart');
    const options = { headers, signal: ending, agent: isPlain ? agents['http:'] : agents['https:'] };
    return new Promise((resolve, reject) => {
      const request = isPlain ? httpRequest(url, options) : httpsRequest(url, options);
      request.once('response', resolve);
      request.once('error', (error) => reject(failed(url, `cannot be asked: ${why(error, ending)}`, error)));
      request.end();
    });
  }

  return {
    async get(url, headers, maxBytes) {
      let target = url;
      for (let redirects = 0; ; redirects++) {
        // Credentials are for the registry, and not for the storage that it refers to.
        const own = target.origin === url.origin ? headers : defined({ accept: headers['accept'] });
        const answer = await once(target, own, maxBytes);
        if (answer.status < 300 || answer.status > 399) return answer;
        target = nextOf(target, answer, redirects);
      }
    },
    close: () => Object.values(agents).forEach((agent) => agent.destroy()),
  };
}

function nextOf(from: URL, { headers }: Answer, redirects: number): URL {
  const location = headers['location'] ?? '';
  const next = URL.canParse(location, from.href) ? new URL(location, from) : undefined;
  const isWorse = from.protocol === 'https:' && next?.protocol !== 'https:';
  if (next === undefined || isWorse || !/^https?:$/.test(next.protocol) || redirects >= LIMITS.redirects)
    throw failed(from, 'redirects to where it cannot be followed');
  return next;
}

async function bodyOf(url: URL, answer: IncomingMessage, maxBytes: number): Promise<Buffer> {
  const chunks: Buffer[] = [];
  let size = 0;
  try {
    for await (const chunk of answer as AsyncIterable<Buffer>) {
      size += chunk.length;
      if (size > maxBytes) break;
      chunks.push(chunk);
    }
  } catch (error) {
    throw failed(url, `ended its answer early: ${describeError(error)}`, error);
  }
  if (size > maxBytes) throw failed(url, `sent more than ${maxBytes} bytes`);
  return Buffer.concat(chunks);
}

function flat({ headers }: IncomingMessage): Readonly<Record<string, string | undefined>> {
  return Object.fromEntries(Object.entries(headers).map(([name, value]) => [name, value?.toString()]));
}

function why(error: unknown, signal: AbortSignal): string {
  return signal.aborted ? `no answer within ${LIMITS.deadlineMs / 1000} s` : describeError(error);
}

function failed({ host }: URL, what: string, cause?: unknown): RegistryError {
  return new RegistryError('UpgradeRegistryFailed', `registry ${host} ${clip(what, 300)}`, { cause });
}
