// An answer read as text: whole, bounded, and given up at any moment. The server is of this process.

import { createServer, type RequestListener, type Server } from 'node:http';
import type { AddressInfo } from 'node:net';

import { Agent } from 'undici';
import { afterEach, beforeEach, expect, it } from 'vitest';

import { sendText, type TextAnswer } from '../../src/kube/send-text.ts';

let server: Server;
let agent: Agent;
let origin: string;
let answer: RequestListener;
let asked: string[];

beforeEach(async () => {
  asked = [];
  server = createServer((request, response) => {
    asked.push(request.url ?? '');
    answer(request, response);
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  origin = `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
  agent = new Agent({ connections: 1 });
});
afterEach(async () => {
  await agent.destroy();
  server.closeAllConnections();
  await new Promise((resolve) => server.close(resolve));
});

function ask(path = '/', signal = new AbortController().signal): Promise<TextAnswer> {
  return sendText(
    agent,
    { origin, path, method: 'GET' },
    {
      signal,
      maxBytes: (status) => (status === 500 ? 4 : 1000),
      tooLarge: (most) => new Error(`more than ${most} bytes`),
    },
  );
}

it('joins what comes in pieces, also within a character', async () => {
  const bytes = Buffer.from('grün 🌱');
  answer = (_, response) => {
    response.writeHead(201, { 'retry-after': '7' });
    const send = (at: number): void => {
      if (at === bytes.length) return void response.end();
      response.write(bytes.subarray(at, at + 1), () => setImmediate(send, at + 1));
    };
    send(0);
  };
  const { status, headers, text } = await ask();
  expect({ status, text, wait: headers['retry-after'] }).toEqual({ status: 201, text: 'grün 🌱', wait: '7' });
});

it('takes an answer without a body for an empty text', async () => {
  answer = (_, response) => void response.writeHead(204).end();
  expect(await ask()).toMatchObject({ status: 204, text: '' });
});

it('waits for the final answer after an informational one', async () => {
  answer = (_, response) => {
    response.writeEarlyHints({ link: '</a>; rel=preload' });
    response.end('late');
  };
  expect(await ask()).toMatchObject({ status: 200, text: 'late' });
});

it('refuses a body above the limit of its status, and continues with another connection', async () => {
  answer = (request, response) => void response.writeHead(request.url === '/bad' ? 500 : 200).end('12345');
  await expect(ask('/bad')).rejects.toThrow('more than 4 bytes');
  expect(await ask('/good')).toMatchObject({ text: '12345' });
});

it('rejects when the connection breaks in the middle of the body', async () => {
  answer = (_, response) => {
    response.writeHead(200, { 'content-length': '10' });
    response.write('123', () => response.destroy());
  };
  await expect(ask()).rejects.toThrow(/closed|terminated|other side/);
});

it.each(['before the headers', 'in the middle of the body'])(
  'is given up %s with the reason of the signal',
  async (when) => {
    const giving = new AbortController();
    answer = (_, response) => {
      if (when !== 'before the headers') response.write('123');
      setImmediate(() => giving.abort(new Error('too late')));
    };
    await expect(ask('/', giving.signal)).rejects.toThrow('too late');
  },
);

it('is given up at once while it waits for a connection, and is never sent', async () => {
  const busy = Promise.withResolvers<void>();
  answer = (_, response) => void busy.promise.then(() => response.end('done'));
  const first = ask('/first');
  const giving = new AbortController();
  const second = ask('/second', giving.signal);
  giving.abort(new Error('too late'));
  await expect(second).rejects.toThrow('too late');
  busy.resolve();
  expect(await first).toMatchObject({ text: 'done' });
  expect(await ask('/third')).toMatchObject({ text: 'done' });
  expect(asked).toEqual(['/first', '/third']);
});

it('is never sent with a signal that was aborted before', async () => {
  answer = (_, response) => void response.end();
  await expect(ask('/', AbortSignal.abort(new Error('too late')))).rejects.toThrow('too late');
  await ask('/next');
  expect(asked).toEqual(['/next']);
});
