// A TLS-terminating proxy in front of a real API server that can do what networks and overloaded servers do.

import { once } from 'node:events';
import { Agent, createServer, request as forwardTo } from 'node:https';
import type { IncomingMessage, ServerResponse } from 'node:http';
import type { AddressInfo, Socket } from 'node:net';
import { setTimeout as wait } from 'node:timers/promises';

import type { Certificates } from './certificates.ts';

/** What the proxy saw of a request. */
export interface Seen {
  readonly method: string;
  readonly path: string;
  readonly query: URLSearchParams;
  readonly isWatch: boolean;
}

/** What to do with a request; undefined passes it on. */
export type Fault =
  | {
      readonly do: 'answer';
      readonly status: number;
      readonly headers?: Readonly<Record<string, string>>;
      readonly body?: unknown;
    }
  /** Cuts the TCP connection: before anything is passed on, or after the server has acted but before its answer. */
  | { readonly do: 'reset'; readonly when: 'before' | 'after' }
  /** Never answers. */
  | { readonly do: 'hang' }
  /** Passes a watch on and cuts it after so many events (complete lines): hard, or as if it had ended in good order. */
  | { readonly do: 'cut'; readonly afterEvents: number; readonly hard: boolean }
  /** Accepts the watch and never says a word. */
  | { readonly do: 'silence' }
  /** Adds a line to the beginning of a watch, then passes it on. */
  | { readonly do: 'say'; readonly event: unknown };

export interface FaultProxy {
  readonly url: string;
  /** Decides for every request; replaced at will. */
  rule: (seen: Seen) => Fault | undefined;
  /** Added to every answer. */
  latencyMs: number;
  /** Requests since the start, in order. */
  readonly seen: readonly Seen[];
  /** TCP connections that clients opened since the start. */
  readonly connectionsOpened: number;
  /** How many of them are open now. */
  readonly connectionsOpen: number;
  /** Cuts every connection at once. */
  resetAll(): void;
  stop(): Promise<void>;
}

export async function faultProxy(target: string, certificates: Certificates): Promise<FaultProxy> {
  const agent = new Agent({ keepAlive: true, ca: certificates.ca });
  const sockets = new Set<Socket>();
  const seen: Seen[] = [];
  let opened = 0;
  const proxy: Pick<FaultProxy, 'rule' | 'latencyMs'> = { rule: () => undefined, latencyMs: 0 };

  const server = createServer({ ...certificates.server }, (asked, answer) => {
    const what = describe(asked);
    seen.push(what);
    handle({ target, agent, asked, answer, latencyMs: proxy.latencyMs }, proxy.rule(what)).catch(() =>
      asked.socket.destroy(),
    );
  });
  // The raw connection, so that one that fails its TLS handshake counts too.
  server.on('connection', (socket: Socket) => {
    opened++;
    sockets.add(socket);
    socket.on('close', () => sockets.delete(socket));
    socket.on('error', () => undefined);
  });
  server.on('tlsClientError', () => undefined);
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');

  function resetAll(): void {
    for (const socket of sockets) socket.resetAndDestroy();
  }

  return Object.defineProperties(proxy, {
    url: { value: `https://127.0.0.1:${(server.address() as AddressInfo).port}` },
    seen: { value: seen },
    connectionsOpened: { get: () => opened },
    connectionsOpen: { get: () => sockets.size },
    resetAll: { value: resetAll },
    stop: {
      value: async () => {
        resetAll();
        agent.destroy();
        await new Promise((resolve) => server.close(resolve));
      },
    },
  }) as unknown as FaultProxy;
}

interface Exchange {
  readonly target: string;
  readonly agent: Agent;
  readonly asked: IncomingMessage;
  readonly answer: ServerResponse;
  readonly latencyMs: number;
}

function describe(asked: IncomingMessage): Seen {
  const url = new URL(asked.url ?? '/', 'https://proxy');
  return {
    method: asked.method ?? '',
    path: url.pathname,
    query: url.searchParams,
    isWatch: url.searchParams.has('watch'),
  };
}

async function handle(exchange: Exchange, fault: Fault | undefined): Promise<void> {
  const { asked, answer, latencyMs } = exchange;
  if (latencyMs > 0) await wait(latencyMs);
  switch (fault?.do) {
    case 'answer':
      asked.resume();
      answer.writeHead(fault.status, { 'content-type': 'application/json', ...fault.headers });
      answer.end(fault.body === undefined ? '' : JSON.stringify(fault.body));
      return;
    case 'reset':
      if (fault.when === 'before') asked.socket.destroy();
      else (await forward(exchange)).resume().on('end', () => asked.socket.destroy());
      return;
    case 'hang':
      return;
    case 'silence':
      answer.writeHead(200, { 'content-type': 'application/json' });
      answer.flushHeaders();
      return;
    case 'cut':
    case 'say':
    case undefined:
      await pass(exchange, fault);
  }
}

async function pass(exchange: Exchange, fault: (Fault & { readonly do: 'cut' | 'say' }) | undefined): Promise<void> {
  const { asked, answer } = exchange;
  const response = await forward(exchange);
  answer.writeHead(response.statusCode ?? 502, response.headers);
  answer.flushHeaders();
  if (fault?.do === 'say') answer.write(`${JSON.stringify(fault.event)}\n`);
  response.on('error', () => asked.socket.destroy());
  answer.on('close', () => response.destroy());
  if (fault?.do !== 'cut') {
    response.on('aborted', () => asked.socket.destroy());
    response.pipe(answer);
    return;
  }
  let left = fault.afterEvents;
  let line = '';
  const cut = (): void => void (fault.hard ? asked.socket.destroy() : answer.end());
  if (left === 0) cut();
  response.setEncoding('utf8');
  response.on('data', (text: string) => {
    for (const character of text) {
      if (left <= 0) return;
      line += character;
      if (character !== '\n') continue;
      left--;
      // Only once the line is out: cutting earlier would lose it.
      answer.write(line, left === 0 ? cut : undefined);
      line = '';
    }
  });
  response.on('end', () => answer.end());
}

function forward({ target, agent, asked }: Exchange): Promise<IncomingMessage> {
  return new Promise((resolve, reject) => {
    const options = { agent, method: asked.method, headers: asked.headers };
    const out = forwardTo(`${target}${asked.url}`, options, resolve);
    out.on('error', reject);
    asked.pipe(out);
  });
}
