// Nodes that answer so as to do harm, each on an address of its own and the port of geth: a process apart, so that what they cost is not
// counted as the controller's. Argument: the first three numbers of the addresses.

import { createServer, type IncomingMessage, type ServerResponse } from 'node:http';
import { gzipSync } from 'node:zlib';

/** In every reply of a hostile node. None of it may reach a status, an Event, the log or the status branch. */
export const POISON = 'Kq7-geheim-41';
const EVIL = `HOSTILE \u001b[31m\u202e\u0000 pass\u0000word=${POISON} \ud800`;

const PORT = 8545;
const SECONDS = 1000;

type Answer = (method: string, response: ServerResponse, count: number) => void;

interface Hostile {
  readonly answer: Answer;
  /** What the message of the node says; undefined for a node that is well. */
  readonly says: RegExp | undefined;
}

/** What a good node says. */
function good(method: string, count: number): unknown {
  const now = Math.floor(Date.now() / SECONDS);
  const results: Readonly<Record<string, unknown>> = {
    eth_syncing: false,
    eth_getBlockByNumber: { number: hex(count), timestamp: hex(now), transactions: [] },
    net_peerCount: '0x0',
    web3_clientVersion: 'Geth/v1.16.7-stable/linux-amd64/go1.26.8',
    eth_chainId: '0x539',
  };
  return results[method];
}

function hex(value: number): string {
  return `0x${value.toString(16)}`;
}

function send(response: ServerResponse, body: string): void {
  response.writeHead(200, { 'content-type': 'application/json' }).end(body);
}

function result(response: ServerResponse, value: unknown): void {
  send(response, JSON.stringify({ jsonrpc: '2.0', id: 1, result: value, evil: EVIL }));
}

/** Good but for one method. */
function but(method: string, answer: (response: ServerResponse, count: number) => void): Answer {
  return (asked, response, count) =>
    asked === method ? answer(response, count) : result(response, good(asked, count));
}

/** Writes as fast as the other side reads. */
function endless(response: ServerResponse, piece: string | Buffer): void {
  const more = (): void => {
    for (let ready = true; ready && !response.destroyed;) ready = response.write(piece);
  };
  response.on('drain', more);
  more();
}

/** Without what the HTTP server would add. */
function raw(response: ServerResponse, head: string, piece?: string): void {
  const { socket } = response;
  if (socket === null) return;
  socket.write(head);
  if (piece === undefined) return;
  const more = (): void => {
    for (let ready = true; ready && !socket.destroyed;) ready = socket.write(piece);
  };
  socket.on('drain', more);
  more();
}

const CHUNKED = 'HTTP/1.1 200 OK\r\ntransfer-encoding: chunked\r\n\r\n';
const LARGE = `${EVIL}${'x'.repeat(60_000)}`;
const BLOCK = 'eth_getBlockByNumber';

function drip(response: ServerResponse): void {
  response.writeHead(200);
  const timer = setInterval(() => response.write(' '), 50);
  response.on('close', () => clearInterval(timer));
}

/** By the name of the node. */
export const HOSTILE: Readonly<Record<string, Hostile>> = {
  endless: { answer: (_, response) => endless(response, LARGE), says: /the reply is larger than 65536 bytes/ },
  'endless-block': { answer: but(BLOCK, (response) => endless(response, LARGE)), says: /the reply is larger than 1048576 bytes/ },
  huge: { answer: (_, response) => send(response, `"${'x'.repeat(20_000_000)}"`), says: /the reply is larger than 65536 bytes/ },
  deep: { answer: (_, response) => send(response, '['.repeat(10_000) + ']'.repeat(10_000)), says: /nested deeper than 64 levels/ },
  'deep-block': { answer: but(BLOCK, (response) => send(response, '{"a":'.repeat(170_000))), says: /nested deeper than 64 levels/ },
  values: { answer: (_, response) => send(response, `[${'{},'.repeat(20_000)}1]`), says: /the reply has more than 2048 values/ },
  pieces: { answer: (_, response) => raw(response, `${CHUNKED}${'1\r\n \r\n'.repeat(10_000)}`), says: /the reply comes in too many pieces/ },
  drip: { answer: (_, response) => drip(response), says: /does not answer \(no complete reply in time\)/ },
  silent: { answer: () => undefined, says: /does not answer \(no complete reply in time\)/ },
  reset: { answer: (_, response) => void response.socket?.destroy(), says: /does not answer/ },
  garbage: { answer: (_, response) => raw(response, `${EVIL}\r\n\r\n`), says: /does not answer/ },
  headers: { answer: (_, response) => raw(response, `HTTP/1.1 200 OK\r\na: ${'x'.repeat(100_000)}`), says: /does not answer/ },
  interim: { answer: (_, response) => raw(response, '', 'HTTP/1.1 103 Early Hints\r\na: b\r\n\r\n'.repeat(100)), says: /too many interim responses come before the reply/ },
  extension: { answer: (_, response) => raw(response, `${CHUNKED}1;`, 'x'.repeat(60_000)), says: /more than 2097152 bytes arrive before the end of the reply/ },
  zipped: { answer: (_, response) => response.writeHead(200, { 'content-encoding': 'gzip' }).end(gzipSync(Buffer.alloc(20_000_000))), says: /the reply is not JSON/ },
  page: { answer: (_, response) => response.end(`<html>${EVIL}</html>`), says: /HTTP 200: the reply is not JSON/ },
  failing: { answer: (_, response) => response.writeHead(500).end(EVIL), says: /HTTP 500/ },
  redirect: { answer: (_, response) => response.writeHead(302, { location: `http://${canary}:${PORT}/${POISON}` }).end(), says: /HTTP 302: redirects are not followed/ },
  types: { answer: (_, response) => result(response, { currentBlock: [EVIL], highestBlock: { [EVIL]: 1 } }), says: /eth_syncing: the reply has an unexpected form/ },
  names: { answer: (_, response) => send(response, `{"__proto__":{"result":false},"constructor":"${POISON}"}`), says: /is no JSON-RPC answer/ },
  high: { answer: but(BLOCK, (response) => result(response, { number: '0xffffffffffffffff', timestamp: '0x1' })), says: /eth_getBlockByNumber: the reply has an unexpected form/ },
  number: { answer: but(BLOCK, (response) => send(response, '{"result":{"number":1e999,"timestamp":1}}')), says: /eth_getBlockByNumber: the reply has an unexpected form/ },
  error: { answer: (_, response, count) => send(response, JSON.stringify({ error: { code: -1e300, message: `${count} ${EVIL}`.repeat(100) } })), says: /eth_syncing: error -1e\+300: \d+ HOSTILE/ },
  version: { answer: but('web3_clientVersion', (response, count) => result(response, `${count} ${EVIL}`)), says: undefined },
  good: { answer: (method, response, count) => result(response, good(method, count)), says: undefined },
}; // prettier-ignore

/** As much as is read, and then held back together with the replies of all others of its kind. */
const HOARDER: Answer = (method, response) =>
  method === BLOCK ? send(response, `"${'x'.repeat(1_048_000)}"`) : drip(response);

export const HOARDERS: readonly string[] = Array.from({ length: 24 }, (_, index) => `hoarder-${index}`);
export const NAMES: readonly string[] = [...Object.keys(HOSTILE), ...HOARDERS];
/** Where redirects lead. */
const canary = `${process.argv[2]}.250`;

/** Of the node of this name, below the first three numbers of the addresses. */
export function addressOf(name: string, prefix: string): string {
  return `${prefix}.${NAMES.indexOf(name) + 1}`;
}

async function methodOf(request: IncomingMessage): Promise<string> {
  let text = '';
  for await (const piece of request) text += String(piece);
  return (JSON.parse(text) as { readonly method: string }).method;
}

async function serve(address: string, answer: Answer): Promise<void> {
  let count = 0;
  const server = createServer((request, response) => {
    response.on('error', () => undefined);
    count += 1;
    methodOf(request).then(
      (method) => answer(method, response, count),
      () => response.destroy(),
    );
  });
  server.on('clientError', (_, socket) => socket.destroy());
  const listening = Promise.withResolvers<undefined>();
  server.once('error', listening.reject);
  server.listen(PORT, address, () => listening.resolve(undefined));
  await listening.promise;
}

if (process.argv[1] === import.meta.filename) {
  const prefix = process.argv[2] ?? '';
  for (const name of NAMES) await serve(addressOf(name, prefix), HOSTILE[name]?.answer ?? HOARDER);
  await serve(canary, () => void process.send?.('followed'));
  process.on('disconnect', () => process.exit(0));
  process.send?.('ready');
}
