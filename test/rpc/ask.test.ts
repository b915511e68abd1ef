// Asks real HTTP servers that behave badly in every way that counts.

import { mkdtemp, rm } from 'node:fs/promises';
import { createServer, type IncomingMessage, type ServerResponse } from 'node:http';
import { createServer as createSecureServer } from 'node:https';
import { createServer as createTcpServer, type AddressInfo, type Server } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';

import { afterEach, describe, expect, it } from 'vitest';

import type { Question, Reply } from '../../src/chains/observed.ts';
import { createAsker, type Target } from '../../src/rpc/ask.ts';
import { makeCertificates } from '../support/certificates.ts';
import { freePorts } from '../cluster/ports.ts';

const cleanups: (() => void | Promise<void>)[] = [];
afterEach(async () => {
  for (const cleanup of cleanups.splice(0).toReversed()) await cleanup();
});

async function listen(server: Server, host = '127.0.0.1'): Promise<number> {
  const { promise, resolve, reject } = Promise.withResolvers<undefined>();
  server.once('error', reject).listen(0, host, () => resolve(undefined));
  await promise;
  return (server.address() as AddressInfo).port;
}

async function serve(
  handle: (request: IncomingMessage, response: ServerResponse) => void,
  host?: string,
): Promise<number> {
  const server = createServer(handle);
  cleanups.push(() => {
    server.closeAllConnections();
    server.close();
  });
  return listen(server, host);
}

async function serveRaw(text: string): Promise<number> {
  const server = createTcpServer((socket) => {
    socket.on('error', () => undefined);
    socket.end(text);
  });
  cleanups.push(() => void server.close());
  return listen(server);
}

function question(port: number, more: Partial<Question> = {}): Question {
  return { id: 'q', role: 'el', port, method: 'GET', path: '/', ...more };
}

async function ask(questions: readonly Question[], target: Partial<Target> = {}): Promise<ReadonlyMap<string, Reply>> {
  const asker = createAsker();
  cleanups.push(() => asker.close());
  return asker.ask(questions, { host: '127.0.0.1', signal: new AbortController().signal, timeoutMs: 500, ...target });
}

async function askOne(
  port: number,
  more: Partial<Question> = {},
  target: Partial<Target> = {},
): Promise<Reply | undefined> {
  return (await ask([question(port, more)], target)).get('q');
}

describe('a good server', () => {
  it('gets method, path, body and content type, and its JSON comes back', async () => {
    async function echo(request: IncomingMessage, response: ServerResponse): Promise<void> {
      const sent = Buffer.concat(await request.toArray()).toString();
      const { method, url, headers } = request;
      response.end(JSON.stringify({ method, url, type: headers['content-type'], sent }));
    }
    const port = await serve((request, response) => void echo(request, response));
    expect(await askOne(port, { method: 'POST', path: '/rpc?x=1', body: { id: 1 } })).toEqual({
      ok: true,
      status: 200,
      body: { method: 'POST', url: '/rpc?x=1', type: 'application/json', sent: '{"id":1}' },
    });
  });

  it('is asked over IPv6 as well', async () => {
    const port = await serve((_, response) => response.end('1'), '::1');
    expect(await askOne(port, {}, { host: '::1' })).toEqual({ ok: true, status: 200, body: 1 });
  });

  it('accepts an unknown TLS certificate when the query allows it', async () => {
    const folder = await mkdtemp(join(tmpdir(), 'nodewright-ask-'));
    cleanups.push(() => rm(folder, { recursive: true }));
    const { server } = await makeCertificates(folder);
    const secure = createSecureServer(server, (_, response) => response.end('1'));
    cleanups.push(() => void secure.close());
    const port = await listen(secure);
    expect(await askOne(port, { tls: 'unverified' })).toEqual({ ok: true, status: 200, body: 1 });
    expect(await askOne(port)).toMatchObject({ ok: false });
  });

  it('may answer JSON with an error status: bitcoind does while it loads', async () => {
    const port = await serve((_, response) => response.writeHead(500).end('{"error":{"code":-28}}'));
    expect(await askOne(port)).toEqual({ ok: true, status: 500, body: { error: { code: -28 } } });
  });

  it('is asked everything at once', async () => {
    const waiting: ServerResponse[] = [];
    // Answers only when all three queries have arrived.
    const port = await serve((_, response) => {
      waiting.push(response);
      if (waiting.length === 3) for (const each of waiting) each.end('{}');
    });
    const replies = await ask(['a', 'b', 'c'].map((id) => question(port, { id })));
    expect([...replies].map(([id, reply]) => [id, reply.ok])).toEqual([['a', true], ['b', true], ['c', true]]); // prettier-ignore
  });
});

describe('credentials', () => {
  const auth = { secret: 'btc-rpc', userKey: 'u', passwordKey: 'p' };

  it('are sent as Basic', async () => {
    const port = await serve((request, response) => response.end(JSON.stringify(request.headers.authorization)));
    const reply = await askOne(port, { auth }, { credentials: async () => ({ user: 'bob', password: 'hünter:2' }) });
    expect(reply).toMatchObject({ ok: true, body: `Basic ${Buffer.from('bob:hünter:2').toString('base64')}` });
  });

  it.each([
    { because: 'missing', credentials: async () => undefined, reason: 'failed' },
    { because: 'not to be had', credentials: () => Promise.reject(new Error('forbidden')), reason: 'failed' },
    { because: 'never arriving', credentials: () => new Promise<never>(() => undefined), reason: 'timeout' },
  ])('that are $because give a reply, and nothing is sent', async ({ credentials, reason }) => {
    let asked = 0;
    const port = await serve((_, response) => {
      asked += 1;
      response.end('{}');
    });
    expect(await askOne(port, { auth }, { credentials })).toMatchObject({ ok: false, reason });
    expect(asked).toBe(0);
  });
});

describe('a bad server', () => {
  it('that is not there refuses', async () => {
    const [port = 0] = await freePorts(1, '127.0.0.1');
    expect(await askOne(port)).toMatchObject({ ok: false, reason: 'refused' });
  });

  it('that never answers times out', async () => {
    const port = await serve(() => undefined);
    expect(await askOne(port)).toMatchObject({ ok: false, reason: 'timeout' });
  });

  it('that stops in the middle of its body times out', async () => {
    const port = await serve((_, response) => response.write('{"a":'));
    expect(await askOne(port)).toMatchObject({ ok: false, reason: 'timeout' });
  });

  it('that drips for ever times out: the limit is for the whole reply', async () => {
    const port = await serve((_, response) => {
      const timer = setInterval(() => response.write(' '), 20);
      response.on('close', () => clearInterval(timer));
    });
    expect(await askOne(port)).toMatchObject({ ok: false, reason: 'timeout' });
  });

  it('that sends without end is cut off, and its connection with it', async () => {
    const gone = Promise.withResolvers<undefined>();
    const port = await serve((_, response) => {
      response.on('close', () => gone.resolve(undefined));
      const pump = (): void => {
        while (!response.destroyed && response.write('x'.repeat(65_536)));
      };
      response.on('drain', pump);
      pump();
    });
    expect(await askOne(port, {}, { timeoutMs: 10_000 })).toMatchObject({ ok: false, reason: 'tooLarge' });
    await gone.promise;
  });

  it.each([
    { because: 'HTML', body: '<html>', status: 200, reason: 'notJson' },
    { because: 'nothing', body: '', status: 200, reason: 'notJson' },
    { because: 'half a document', body: '{"a":', status: 200, reason: 'notJson' },
    { because: 'an error page', body: 'token=hunter2', status: 401, reason: 'failed' },
  ])('that answers $because', async ({ body, status, reason }) => {
    const port = await serve((_, response) => response.writeHead(status).end(body));
    const reply = await askOne(port);
    expect(reply).toMatchObject({ ok: false, reason });
    expect(JSON.stringify(reply)).not.toContain('hunter2');
  });

  it.each([301, 302, 307, 308])('that redirects (%i) is not followed', async (status) => {
    let elsewhere = 0;
    const target = await serve((_, response) => {
      elsewhere += 1;
      response.end('{}');
    });
    const port = await serve((_, response) =>
      response.writeHead(status, { location: `http://127.0.0.1:${target}/` }).end(),
    );
    const message = `HTTP ${status}: redirects are not followed`;
    expect(await askOne(port)).toMatchObject({ ok: false, reason: 'notJson', message });
    expect(elsewhere).toBe(0);
  });

  it.each([
    { because: 'hangs up', text: '' },
    { because: 'speaks another protocol', text: 'SSH-2.0-OpenSSH\r\n' },
    { because: 'sends endless headers', text: `HTTP/1.1 200 OK\r\nx: ${'y'.repeat(200_000)}\r\n\r\n{}` },
    { because: 'promises more than it sends', text: 'HTTP/1.1 200 OK\r\ncontent-length: 100\r\n\r\n{}' },
  ])('that $because fails', async ({ text }) => {
    expect(await askOne(await serveRaw(text))).toMatchObject({ ok: false });
  });

  it('does not keep the others from answering', async () => {
    const good = await serve((_, response) => response.end('1'));
    const bad = await serve(() => undefined);
    const replies = await ask([question(good, { id: 'good' }), question(bad, { id: 'bad' })]);
    expect(replies.get('good')).toMatchObject({ ok: true });
    expect(replies.get('bad')).toMatchObject({ ok: false });
  });
});

describe('a bad question', () => {
  it.each([
    { because: 'the host is a name', target: { host: 'localhost' }, more: {} },
    { because: 'the path is none', target: {}, more: { path: '@evil.example/' } },
    { because: 'the body has no JSON', target: {}, more: { method: 'POST' as const, body: 10n } },
    { because: 'the port is none', target: {}, more: { port: 99_999 } },
  ])('$because', async ({ target, more }) => {
    expect(await askOne(1, more, target)).toMatchObject({ ok: false, reason: 'failed' });
  });

  it('is answered at once when asking was cancelled', async () => {
    const port = await serve(() => undefined);
    const controller = new AbortController();
    const reply = askOne(port, {}, { signal: controller.signal, timeoutMs: 60_000 });
    controller.abort();
    expect(await reply).toEqual({ ok: false, reason: 'failed', message: 'cancelled' });
  });
});
