// The connections to the API server: few, kept, and rebuilt when the TLS material changes.

import { Agent, ProxyAgent, Socks5ProxyAgent, type Dispatcher } from 'undici';

import { sha256 } from '../lib/hash.ts';
import { readCredentials, type Credentials } from './config.ts';
import type { KubeConfig } from './kube-config.ts';
import { KubeError } from './kube-error.ts';

/** Most connections for requests. Watches have their own, one each, so that they can never starve requests. */
export const MAX_CONNECTIONS = 32;

/** How often files with credentials are read again; client-go does it once a minute. */
const CREDENTIALS_AGE_MS = 10_000;

export interface Connection {
  readonly server: string;
  readonly headers: Readonly<Record<string, string>>;
  readonly requests: Dispatcher;
  readonly watches: Dispatcher;
}

export interface Transport {
  /** The way to the server, with credentials no older than ten seconds. Throws KubeError CONFIG. */
  connection(): Promise<Connection>;
  /** Reads the credentials again at the next request: the server just refused them. */
  distrust(): void;
  /** Ends every connection at once. */
  close(): Promise<void>;
}

export function makeTransport(config: KubeConfig): Transport {
  let readAt = Number.NEGATIVE_INFINITY;
  let reading: Promise<Connection> | undefined;
  let current: (Connection & { readonly fingerprint: string }) | undefined;
  let closed = false;

  async function read(): Promise<Connection> {
    const credentials = await readCredentials(config);
    const fingerprint = fingerprintOf(credentials);
    if (closed) throw new KubeError('ABORTED', 'the connection to the cluster was closed');
    if (current?.fingerprint !== fingerprint) {
      retire(current);
      current = { ...makeDispatchers(credentials), server: credentials.server, headers: {}, fingerprint };
    }
    current = { ...current, headers: credentials.headers };
    readAt = performance.now();
    return current;
  }

  function connection(): Promise<Connection> {
    if (closed) return Promise.reject(new KubeError('ABORTED', 'the connection to the cluster was closed'));
    if (current !== undefined && performance.now() - readAt < CREDENTIALS_AGE_MS) return Promise.resolve(current);
    reading ??= read().finally(() => (reading = undefined));
    return reading;
  }

  function distrust(): void {
    readAt = Number.NEGATIVE_INFINITY;
  }

  async function close(): Promise<void> {
    closed = true;
    await Promise.all([current?.requests.destroy(), current?.watches.destroy()]);
  }

  return { connection, distrust, close };
}

/** Closes a connection when its requests have ended; a watch ends within five minutes. */
function retire(connection: Connection | undefined): void {
  for (const dispatcher of [connection?.requests, connection?.watches]) dispatcher?.close().catch(() => undefined);
}

function makeDispatchers(credentials: Credentials): { requests: Dispatcher; watches: Dispatcher } {
  return {
    requests: makeDispatcher(credentials, { connections: MAX_CONNECTIONS }),
    watches: makeDispatcher(credentials, {}),
  };
}

function makeDispatcher(credentials: Credentials, limits: { readonly connections?: number }): Dispatcher {
  const { proxyUrl, tls } = credentials;
  const shared = {
    ...limits,
    // HTTP/1.1: with HTTP/2 everything shares one connection, and one stuck connection stops everything. See README.md.
    allowH2: false,
    // Below the 90 s after which an API server drops an idle connection, so that we rarely meet a closed one.
    keepAliveTimeout: 30_000,
    keepAliveMaxTimeout: 60_000,
    connectTimeout: 10_000,
  };
  // Without keep-alive probes a load balancer drops an idle watch unnoticed.
  const connect = { ...tls, keepAlive: true, keepAliveInitialDelay: 30_000 };
  if (proxyUrl === undefined || proxyUrl === '') return new Agent({ ...shared, connect });
  if (proxyUrl.startsWith('socks')) return new Socks5ProxyAgent(proxyUrl, { ...shared, requestTls: tls });
  return new ProxyAgent({ ...shared, uri: proxyUrl, requestTls: tls });
}

/** Changes when server, proxy or TLS material change; a new token needs no new connection. */
function fingerprintOf({ server, proxyUrl, tls }: Credentials): string {
  const text = (value: unknown): string => (Buffer.isBuffer(value) ? value.toString('base64') : String(value));
  const parts = Object.entries(tls).map(([name, value]) => `${name}=${text(value)}`);
  return sha256([server, proxyUrl ?? '', ...parts].join('\n'));
}
