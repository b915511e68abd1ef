// A running node is asked to go back once: not when it is there already, and no further than to its first refusal.

import { createServer, type IncomingMessage, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';

import { expect, it, onTestFinished } from 'vitest';

import type { TaskResult } from '../../src/api/worker-task.ts';
import { askNode } from '../../src/controller/job/ask-node.ts';
import { createAsker } from '../../src/rpc/ask.ts';

interface Client {
  height: unknown;
  readonly asked: string[];
  /** What it answers to everything but the question for its height. */
  readonly answer: (method: string) => object;
}

async function reply(client: Client, request: IncomingMessage, response: ServerResponse): Promise<void> {
  let text = '';
  for await (const chunk of request) text += String(chunk);
  const { method } = JSON.parse(text) as { method: string };
  if (method !== 'height') client.asked.push(method);
  response.end(JSON.stringify(method === 'height' ? { result: client.height } : client.answer(method)));
}

async function ask(client: Client): Promise<TaskResult> {
  const server = createServer((request, response) => void reply(client, request, response));
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  const asker = createAsker();
  onTestFinished(async () => {
    await asker.close();
    server.close();
  });
  const { port } = server.address() as AddressInfo;
  const question = (method: string) =>
    ({ id: method, role: 'node', port, method: 'POST', path: '/', body: { method } }) as const;
  return await askNode(
    {
      asks: [question('first'), question('second')],
      height: { ask: question('height'), at: ['result'], format: 'decimal' },
      wanted: 50,
    },
    asker,
    { host: '127.0.0.1', signal: new AbortController().signal },
  );
}

it('asks in order, and proves the height', async () => {
  const client: Client = {
    height: 100,
    asked: [],
    answer(method) {
      if (method === 'second') client.height = 50;
      return { result: null, error: null };
    },
  };
  expect(await ask(client)).toMatchObject({ ok: true, height: 50 });
  expect(client.asked).toEqual(['first', 'second']);
});

it.each([
  {
    because: 'it is at the height already: the answer before was lost',
    height: 50,
    result: { ok: true, height: 50 },
    asked: [],
  },
  { because: 'it does not say its height', height: 'soon', result: { ok: false, code: 'NoHeight' }, asked: [] },
  { because: 'it refuses', height: 100, result: { ok: false, code: 'NodeRefused' }, asked: ['first'] },
])('asks nothing more when $because', async ({ height, result, asked }) => {
  const client: Client = { height, asked: [], answer: () => ({ error: { code: -32_601, message: 'no such method' } }) };
  expect(await ask(client)).toMatchObject(result);
  expect(client.asked).toEqual(asked);
});

it('takes an error that is only a text for a refusal too', async () => {
  const client: Client = { height: 100, asked: [], answer: () => ({ error: 'not allowed' }) };
  expect(await ask(client)).toMatchObject({
    ok: false,
    code: 'NodeRefused',
    message: expect.stringContaining('not allowed'),
  });
});
