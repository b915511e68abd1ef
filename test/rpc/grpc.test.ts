// Calls real HTTP/2 servers over gRPC, good ones and such that behave badly in every way that counts.

import { createServer as createHttp1Server } from 'node:http';
import { createServer, type IncomingHttpHeaders, type ServerHttp2Stream } from 'node:http2';
import { createServer as createTcpServer, type AddressInfo, type Server } from 'node:net';

import { describe, expect, it, onTestFinished } from 'vitest';

import type { Target } from '../../src/rpc/ask.ts';
import { askGrpc, type GrpcReply } from '../../src/rpc/grpc.ts';
import { freePorts } from '../cluster/ports.ts';

const GRPC = { ':status': 200, 'content-type': 'application/grpc' };
const GOOD = Buffer.from('0000000002082a', 'hex');

type Answer = (stream: ServerHttp2Stream, sent: Buffer, headers: IncomingHttpHeaders) => void;

async function listen(server: Server, host = '127.0.0.1'): Promise<number> {
  const { promise, resolve, reject } = Promise.withResolvers<undefined>();
  server.once('error', reject).listen(0, host, () => resolve(undefined));
  await promise;
  return (server.address() as AddressInfo).port;
}

/** Answers every call once its message has come. */
async function serve(answer: Answer, host?: string): Promise<number> {
  const server = createServer();
  const sessions = new Set<{ destroy(): void }>();
  server.on('session', (session) => sessions.add(session));
  server.on('stream', (stream, headers) => {
    stream.on('error', () => undefined);
    void stream.toArray().then((sent) => answer(stream, Buffer.concat(sent), headers));
  });
  onTestFinished(() => {
    for (const session of sessions) session.destroy();
    server.close();
  });
  return await listen(server, host);
}

/** Sends headers, bytes, and trailers. */
function reply(stream: ServerHttp2Stream, bytes: Buffer, trailers: Record<string, string>): void {
  stream.respond(GRPC, { waitForTrailers: true });
  stream.on('wantTrailers', () => stream.sendTrailers(trailers));
  stream.end(bytes);
}

async function call(
  port: number,
  { maxBytes, ...target }: Partial<Target> & { maxBytes?: number } = {},
): Promise<GrpcReply> {
  const question = {
    ...(maxBytes === undefined ? {} : { maxBytes }),
    port,
    path: '/demo.Service/Get',
    message: Buffer.from('0801', 'hex'),
  };
  return await askGrpc(question, {
    host: '127.0.0.1',
    signal: new AbortController().signal,
    timeoutMs: 500,
    ...target,
  });
}

describe('a good server', () => {
  it('gets a POST with one framed message, and its message comes back', async () => {
    const asked: unknown[] = [];
    const port = await serve((stream, sent, headers) => {
      asked.push({ ...headers, sent: sent.toString('hex') });
      reply(stream, GOOD, { 'grpc-status': '0' });
    });
    expect(await call(port)).toEqual({ ok: true, message: Buffer.from('082a', 'hex') });
    expect(asked).toMatchObject([
      {
        ':method': 'POST',
        ':path': '/demo.Service/Get',
        'content-type': 'application/grpc',
        te: 'trailers',
        sent: '00000000020801',
      },
    ]);
  });

  it('may answer with an empty message, and is asked over IPv6 as well', async () => {
    const port = await serve((stream) => reply(stream, Buffer.alloc(5), { 'grpc-status': '0' }), '::1');
    expect(await call(port, { host: '::1' })).toEqual({ ok: true, message: Buffer.alloc(0) });
  });

  it('may send its message in pieces', async () => {
    const port = await serve((stream) => {
      stream.respond(GRPC, { waitForTrailers: true });
      stream.on('wantTrailers', () => stream.sendTrailers({ 'grpc-status': '0' }));
      for (const byte of GOOD) stream.write(Buffer.of(byte));
      stream.end();
    });
    expect(await call(port)).toMatchObject({ ok: true });
  });
});

describe('a server that says why not', () => {
  it.each([
    {
      because: 'in the trailers',
      answer: (stream) => reply(stream, GOOD, { 'grpc-status': '14' }),
      says: '14 (UNAVAILABLE)',
    },
    {
      because: 'in the headers, where there is no message',
      answer: (stream) => stream.respond({ ...GRPC, 'grpc-status': '12', 'grpc-message': 'psst' }, { endStream: true }),
      says: '12 (UNIMPLEMENTED)',
    },
    {
      because: 'by a status that is none',
      answer: (stream) => reply(stream, GOOD, { 'grpc-status': '-0x1' }),
      says: 'that does not exist',
    },
  ] satisfies { because: string; answer: Answer; says: string }[])('$because', async ({ answer, says }) => {
    expect(await call(await serve(answer))).toEqual({ ok: false, reason: 'failed', message: `gRPC status ${says}` });
  });
});

describe('a bad server', () => {
  const bad: { because: string; answer: Answer; message: string }[] = [
    { because: 'an error of HTTP', answer: (stream) => stream.respond({ ':status': 503 }), message: 'HTTP 503' },
    {
      because: 'a page',
      answer: (stream) => {
        stream.respond({ ':status': 200, 'content-type': 'text/html' });
        stream.end('<html>');
      },
      message: 'the reply is not gRPC',
    },
    {
      because: 'no status',
      answer: (stream) => {
        stream.respond(GRPC);
        stream.end(GOOD);
      },
      message: 'the reply was cut off',
    },
    ...[
      { because: 'half a prefix', hex: '000000' },
      { because: 'less than the prefix says', hex: '000000000308' },
      { because: 'more than the prefix says', hex: '0000000001082a' },
      { because: 'two messages', hex: '0000000002082a0000000002082a' },
      { because: 'a compressed message', hex: '0100000002082a' },
      { because: 'no message', hex: '' },
    ].map(({ because, hex }) => ({
      because,
      answer: (stream: ServerHttp2Stream) => reply(stream, Buffer.from(hex, 'hex'), { 'grpc-status': '0' }),
      message: 'the reply is not one gRPC message',
    })),
  ];
  it.each(bad)('that sends $because fails', async ({ answer, message }) => {
    expect(await call(await serve(answer))).toEqual({ ok: false, reason: 'failed', message });
  });

  it('that sends more than the limit is left at once', async () => {
    const closed = Promise.withResolvers<undefined>();
    const port = await serve((stream) => {
      stream.on('close', () => closed.resolve(undefined));
      stream.respond(GRPC);
      const more = (): boolean => stream.write(Buffer.alloc(1000));
      stream.on('drain', more);
      more();
    });
    expect(await call(port, { maxBytes: 100 })).toMatchObject({ ok: false, reason: 'tooLarge' });
    await closed.promise;
  });

  it.each([
    { because: 'never answers', answer: () => undefined },
    { because: 'stops in the middle', answer: (stream) => stream.respond(GRPC) },
    {
      because: 'sends its message and no end',
      answer: (stream) => {
        stream.respond(GRPC);
        stream.write(GOOD);
      },
    },
  ] satisfies { because: string; answer: Answer }[])('that $because times out', async ({ answer }) => {
    expect(await call(await serve(answer))).toMatchObject({ ok: false, reason: 'timeout' });
  });

  it('that accepts and says nothing times out', async () => {
    const sockets = new Set<{ destroy(): void }>();
    const server = createTcpServer((socket) => sockets.add(socket.on('error', () => undefined)));
    onTestFinished(() => {
      for (const socket of sockets) socket.destroy();
      server.close();
    });
    expect(await call(await listen(server))).toMatchObject({ ok: false, reason: 'timeout' });
  });

  it.each([
    { because: 'takes the call back', answer: (stream: ServerHttp2Stream) => stream.close(2) },
    { because: 'closes the connection', answer: (stream: ServerHttp2Stream) => stream.session?.destroy() },
    {
      because: 'closes it within its message',
      answer: (stream: ServerHttp2Stream) => {
        stream.respond(GRPC);
        stream.write(GOOD, () => stream.session?.destroy());
      },
    },
  ])('that $because fails', async ({ answer }) => {
    expect(await call(await serve(answer))).toMatchObject({ ok: false, reason: 'failed' });
  });

  it.each([
    { because: 'hangs up', text: '' },
    { because: 'answers HTTP/1 to everything', text: 'HTTP/1.1 200 OK\r\ncontent-length: 0\r\n\r\n' },
    { because: 'sends zeros', text: '\0'.repeat(5000) },
    { because: 'sends text', text: 'never mind '.repeat(500) },
  ])('that $because fails', async ({ text }) => {
    const server = createTcpServer((socket) => {
      socket.on('error', () => undefined);
      socket.end(text);
    });
    onTestFinished(() => void server.close());
    expect(await call(await listen(server))).toMatchObject({ ok: false, reason: 'failed' });
  });

  it('that speaks HTTP/1 fails', async () => {
    const server = createHttp1Server((_, response) => response.end('hello'));
    onTestFinished(() => {
      server.closeAllConnections();
      server.close();
    });
    expect(await call(await listen(server))).toMatchObject({ ok: false, reason: 'failed' });
  });

  it('that is not there refuses', async () => {
    const [port = 0] = await freePorts(1, '127.0.0.1');
    expect(await call(port)).toMatchObject({ ok: false, reason: 'refused' });
  });
});

it('a name is no address, and what is cancelled is not asked', async () => {
  const asked: unknown[] = [];
  const port = await serve((stream) => asked.push(stream));
  expect(await call(port, { host: 'localhost' })).toMatchObject({ ok: false, reason: 'failed' });
  expect(await call(port, { signal: AbortSignal.abort() })).toEqual({
    ok: false,
    reason: 'failed',
    message: 'cancelled',
  });
  expect(asked).toEqual([]);
});
