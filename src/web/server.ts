// The HTTP server for probes and Prometheus, read-only.

import { createServer, type IncomingMessage, type Server, type ServerResponse } from 'node:http';
import type { AddressInfo, Socket } from 'node:net';

import type { HealthState } from './health.ts';

export interface WebOptions {
  readonly host: string;
  /** 0 selects a free port. */
  readonly port: number;
  /** The state now. */
  readonly health: () => HealthState;
  /** Undefined for a server of probes only. */
  readonly metrics: { readonly contentType: string; text(): Promise<string> } | undefined;
}

export interface WebServer {
  readonly port: number;
  close(): Promise<void>;
}

interface Answer {
  readonly status: number;
  readonly type: string;
  readonly body: string;
}

const TEXT = 'text/plain; charset=utf-8';

/** Listens; rejects when the address is used or not local. */
export async function startWeb(options: WebOptions): Promise<WebServer> {
  const server = createServer(LIMITS);
  limitConnections(server);
  server.on('request', (request, response) => void respond(options, request, response));
  return { port: await listenOn(server, options), close: () => closeServer(server) };
}

export const LIMITS = {
  requestTimeout: 10_000,
  headersTimeout: 5_000,
  keepAliveTimeout: 30_000,
  connectionsCheckingInterval: 1_000,
  maxHeaderSize: 8_192,
} as const;

/** Resolves to the port. */
export async function listenOn(server: Server, { host, port }: Pick<WebOptions, 'host' | 'port'>): Promise<number> {
  const { promise, resolve, reject } = Promise.withResolvers<undefined>();
  server.once('error', reject);
  server.listen(port, host, () => resolve(undefined));
  await promise;
  return portOf(server);
}

/**
 * A connection beyond the limit closes the oldest one without a request, so that many idle connections cannot block a
 * probe. When every connection has a request, the new one is closed.
 */
export function limitConnections(server: Server): void {
  const idle = new Set<Socket>();
  let count = 0;
  server.on('connection', (socket: Socket) => {
    count += 1;
    idle.add(socket);
    socket.once('close', () => {
      count -= 1;
      idle.delete(socket);
    });
    // A Set keeps the order of arrival; at worst the oldest is the new one itself.
    if (count > MAX_CONNECTIONS) for (const oldest of idle) return void oldest.destroy();
  });
  server.on('request', ({ socket }, response) => {
    idle.delete(socket);
    response.once('close', () => socket.destroyed || idle.add(socket));
  });
}

const MAX_CONNECTIONS = 64;

async function respond(options: WebOptions, request: IncomingMessage, response: ServerResponse): Promise<void> {
  const { status, type, body } = await answer(options, request);
  response.writeHead(status, {
    'content-type': type,
    'cache-control': 'no-store',
    'x-content-type-options': 'nosniff',
    ...(status === 405 ? { allow: 'GET, HEAD' } : {}),
    // A request with a body is not supported: answer and close the connection without reading it.
    ...(status >= 400 && status !== 503 ? { connection: 'close' } : {}),
  });
  response.end(request.method === 'HEAD' ? undefined : body);
}

async function answer({ health, metrics }: WebOptions, request: IncomingMessage): Promise<Answer> {
  if (request.method !== 'GET' && request.method !== 'HEAD') return plain(405, 'only GET');
  const path = (request.url ?? '/').split('?', 1)[0];
  try {
    if (path === '/healthz') return verdict(health(), 'live');
    if (path === '/readyz') return verdict(health(), 'ready');
    if (path === '/metrics' && metrics !== undefined)
      return { status: 200, type: metrics.contentType, body: await metrics.text() };
  } catch {
    // The text of an unexpected error may contain secrets, so it is not in the answer.
    return plain(500, 'internal error');
  }
  return plain(
    404,
    metrics === undefined ? 'there are /healthz and /readyz' : 'there are /healthz, /readyz and /metrics',
  );
}

function verdict(state: HealthState, asked: 'live' | 'ready'): Answer {
  return state[asked] ? plain(200, 'ok') : plain(503, state.reasons.join('\n'));
}

function plain(status: number, text: string): Answer {
  return { status, type: TEXT, body: `${text}\n` };
}

function portOf(server: Server): number {
  const address: AddressInfo | string | null = server.address();
  return typeof address === 'object' && address !== null ? address.port : 0;
}

export async function closeServer(server: Server): Promise<void> {
  const { promise, resolve } = Promise.withResolvers<undefined>();
  server.close(() => resolve(undefined));
  server.closeAllConnections();
  await promise;
}
