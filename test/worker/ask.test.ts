// A client beside the container is waited for, asked once, and believed only when its height says so.

import { createServer, type IncomingMessage, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';

import { expect, it, onTestFinished } from 'vitest';

import { AskParameters } from '../../src/api/worker-task.ts';
import { ask } from '../../src/worker/ask.ts';
import { freePorts } from '../cluster/ports.ts';
import { quiet } from './support/params.ts';

const SHORT = { answerMs: 1500, readyMs: 600, heightMs: 600, everyMs: 20 };

interface Client {
  height: string;
  readonly asked: unknown[];
  /** What `debug_setHead` does and answers. */
  setHead: (height: string) => unknown;
}

/** A client in process memory that speaks JSON-RPC; it opens its port after a while. */
async function client(changes: Partial<Client> = {}, afterMs = 0): Promise<{ state: Client; port: number }> {
  const state: Client = {
    height: '0x64',
    asked: [],
    setHead: (height) => {
      state.height = height;
      return { result: null };
    },
    ...changes,
  };
  const [port = 0] = await freePorts(1, '127.0.0.1');
  const server = createServer((request, response) => void answer(state, request, response));
  onTestFinished(() => void server.close());
  setTimeout(() => server.listen(port, '127.0.0.1'), afterMs);
  return { state, port };
}

async function answer(state: Client, request: IncomingMessage, response: ServerResponse): Promise<void> {
  let text = '';
  for await (const chunk of request) text += String(chunk);
  const { method, params } = JSON.parse(text) as { method: string; params: string[] };
  if (method !== 'eth_blockNumber') state.asked.push({ method, params });
  const reply = method === 'eth_blockNumber' ? { result: state.height } : state.setHead(params[0] ?? '');
  if (typeof reply === 'string') response.end(reply);
  else response.end(JSON.stringify({ jsonrpc: '2.0', id: 1, ...(reply as object) }));
}

function params(port: number, wanted = 50): AskParameters {
  const call = (id: string, method: string, list: unknown[]): object => ({
    id, role: 'el', port, method: 'POST', path: '/', body: { jsonrpc: '2.0', id: 1, method, params: list },
  }); // prettier-ignore
  const height = { ask: call('height', 'eth_blockNumber', []), at: ['result'], format: 'hex' };
  return AskParameters.parse({ verb: 'ask', asks: [call('setHead', 'debug_setHead', ['0x32'])], height, wanted });
}

it('waits for the client, asks once, and gives the proven height', async () => {
  const { state, port } = await client({}, 300);
  expect(await ask(params(port), quiet(), SHORT)).toBe(50);
  expect(state.asked).toEqual([{ method: 'debug_setHead', params: ['0x32'] }]);
});

it('asks nothing, nor ends, before the client is up entirely, even when the height is right', async () => {
  const stacks: string[] = [];
  const setHead = (): unknown => ({ result: stacks.push('starting') < 3 ? 'starting' : 'started' });
  const { port } = await client({ height: '0x32', setHead });
  const { height } = params(port);
  const ready = { ask: { ...height.ask, body: { method: 'debug_stacks', params: [] } }, includes: 'started' };
  expect(await ask({ ...params(port), ready }, quiet(), SHORT)).toBe(50);
  expect(stacks.length).toBe(3);
  await expect(ask({ ...params(port), ready: { ...ready, includes: 'never' } }, quiet(), SHORT)).rejects.toThrow(
    /was not ready within 0.6 s: .*not up entirely/,
  );
});

it('asks nothing when the height is right already: a run before was cut off after it had asked', async () => {
  const { state, port } = await client({ height: '0x32' });
  expect(await ask(params(port), quiet(), SHORT)).toBe(50);
  expect(state.asked).toEqual([]);
});

it.each([
  { because: 'it lands elsewhere', changes: {}, wanted: 51, code: 'WrongHeight', reason: /height is 50/ },
  {
    because: 'it answers with an error',
    changes: { setHead: () => ({ error: { code: -32_601, message: 'method not found' } }) },
    wanted: 50,
    code: 'AskRefused',
    reason: /setHead with the error .*method not found/,
  },
  {
    because: 'it answers no JSON',
    changes: { setHead: () => '<html>' },
    wanted: 50,
    code: 'AskRefused',
    reason: /not JSON/,
  },
  {
    because: 'its height is no number',
    changes: { height: 'high' },
    wanted: 50,
    code: 'NoAnswer',
    reason: /no hex number at result/,
  },
])('fails when $because', async ({ changes, wanted, code, reason }) => {
  const { port } = await client(changes);
  await expect(ask(params(port, wanted), quiet(), SHORT)).rejects.toMatchObject({
    code,
    message: expect.stringMatching(reason),
  });
});

it('reports that no client answers', async () => {
  const server = createServer();
  await new Promise<void>((resolve) => void server.listen(0, '127.0.0.1', resolve));
  const { port } = server.address() as AddressInfo;
  await new Promise((resolve) => void server.close(resolve));
  await expect(ask(params(port), quiet(), { ...SHORT, answerMs: 100 })).rejects.toMatchObject({
    code: 'NoAnswer',
    message: expect.stringMatching(/ECONNREFUSED/),
  });
});

it('stops on request', async () => {
  const { port } = await client({}, 60_000);
  const signal = AbortSignal.timeout(100);
  await expect(ask(params(port), quiet({ signal }), { ...SHORT, answerMs: 60_000 })).rejects.toMatchObject({
    code: 'Interrupted',
  });
});
