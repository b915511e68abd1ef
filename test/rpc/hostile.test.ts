// Nodes whose replies are made to cost the controller time and memory.

import { createServer, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';

import { describe, expect, it, onTestFinished } from 'vitest';

import { LONG_REPLY_BYTES, type Question, type Reply } from '../../src/chains/observed.ts';
import { createAsker, type Asker } from '../../src/rpc/ask.ts';
import { example } from '../chains/examples.ts';
import { cpuMsSince } from '../support/cpu-time.ts';

async function serve(handle: (response: ServerResponse) => void): Promise<number> {
  const server = createServer((_, response) => handle(response));
  onTestFinished(() => {
    server.closeAllConnections();
    server.close();
  });
  const listening = Promise.withResolvers<undefined>();
  server.listen(0, '127.0.0.1', () => listening.resolve(undefined));
  await listening.promise;
  return (server.address() as AddressInfo).port;
}

async function serveText(text: string): Promise<number> {
  const bytes = Buffer.from(text);
  return await serve((response) => response.end(bytes));
}

function asking(options: Parameters<typeof createAsker>[0] = {}): Asker {
  const asker = createAsker(options);
  onTestFinished(() => asker.close());
  return asker;
}

const TARGET = { host: '127.0.0.1', signal: new AbortController().signal, timeoutMs: 20_000 };

async function askOne(port: number, more: Partial<Question> = {}, asker = asking()): Promise<Reply | undefined> {
  const question: Question = { id: 'q', role: 'el', port, method: 'GET', path: '/', ...more };
  return (await asker.ask([question], TARGET)).get('q');
}

const LONG = { maxBytes: LONG_REPLY_BYTES };
const nested = (depth: number): string => '['.repeat(depth) + ']'.repeat(depth);

describe('a reply', () => {
  it.each([
    { because: 'of 64 levels', text: nested(64), more: {} },
    { because: 'with brackets in a text', text: JSON.stringify(nested(1000)), more: {} },
    { because: 'with quotes in a text', text: JSON.stringify(`\\"${nested(1000)}\\`), more: {} },
    { because: 'with many commas in a text', text: JSON.stringify(','.repeat(60_000)), more: {} },
    { because: 'of 64 KiB', text: `"${'x'.repeat(65_534)}"`, more: {} },
    { because: 'of 1 MiB, where that was expected', text: `"${'x'.repeat(LONG_REPLY_BYTES - 2)}"`, more: LONG },
  ])('$because is read', async ({ text, more }) => {
    expect(await askOne(await serveText(text), more)).toEqual({ ok: true, status: 200, body: JSON.parse(text) });
  });

  it.each([
    { because: 'of 65 levels', text: nested(65), more: {}, message: 'the reply is nested deeper than 64 levels' },
    { because: 'of half a million levels', text: nested(520_000), more: LONG, message: 'deeper than 64 levels' },
    { because: 'of many values', text: `[${'{},'.repeat(3000)}1]`, more: {}, message: 'more than 2048 values' },
    { because: 'of many values', text: `[${'1,'.repeat(50_000)}1]`, more: LONG, message: 'more than 32768 values' },
    { because: 'over 64 KiB', text: `"${'x'.repeat(65_535)}"`, more: {}, message: 'larger than 65536 bytes' },
    { because: 'over 1 MiB', text: `"${'x'.repeat(LONG_REPLY_BYTES)}"`, more: LONG, message: 'larger than 1048576' },
  ])('$because is refused', async ({ text, more, message }) => {
    expect(await askOne(await serveText(text), more)).toMatchObject({
      ok: false,
      reason: 'tooLarge',
      message: expect.stringContaining(message),
    });
  });

  it('in very many pieces is refused', async () => {
    const head = 'HTTP/1.1 200 OK\r\ntransfer-encoding: chunked\r\n\r\n';
    const port = await serve(
      ({ socket }) => void socket?.write(`${head}${'1\r\n \r\n'.repeat(10_000)}1\r\n1\r\n0\r\n\r\n`),
    );
    expect(await askOne(port, LONG)).toMatchObject({
      reason: 'tooLarge',
      message: 'the reply comes in too many pieces',
    });
  });

  it.each([
    {
      because: 'after interim responses without end',
      first: '',
      more: 'HTTP/1.1 103 Early Hints\r\na: b\r\n\r\n'.repeat(100),
      message: 'too many interim responses come before the reply',
    },
    {
      because: 'with an extension of a chunk without end',
      first: 'HTTP/1.1 200 OK\r\ntransfer-encoding: chunked\r\n\r\n1;',
      more: 'x'.repeat(60_000),
      message: 'more than 2097152 bytes arrive before the end of the reply',
    },
  ])('$because is refused', async ({ first, more, message }) => {
    const port = await serve(({ socket }) => {
      const write = (): void => {
        while (socket?.write(more) === true);
      };
      socket?.on('drain', write);
      socket?.write(first);
      write();
    });
    expect(await askOne(port)).toEqual({ ok: false, reason: 'tooLarge', message });
  });

  it('after one interim response is read', async () => {
    const port = await serve((response) => {
      response.writeEarlyHints({ link: '</a>; rel=preload' });
      response.end('{"result": "0x10"}');
    });
    expect(await askOne(port)).toMatchObject({ ok: true, body: { result: '0x10' } });
  });

  it('is measured alone, however many came over the same connection before', async () => {
    const port = await serveText(`"${'x'.repeat(65_000)}"`);
    const asker = asking();
    for (let count = 0; count < 40; count++) expect(await askOne(port, {}, asker)).toMatchObject({ ok: true });
  });

  it('may be written in small pieces while it is short', async () => {
    const port = await serve((response) => {
      for (const piece of '{"result": "0x10"}') response.write(piece);
      response.end();
    });
    expect(await askOne(port)).toMatchObject({ ok: true, body: { result: '0x10' } });
  });
});

describe('what each chain asks', () => {
  const hash = `0x${'0'.repeat(64)}`;
  it('leaves room for a block with 10,000 transactions, and is short otherwise', async () => {
    const { chain, node } = example('ethereum-geth-lighthouse');
    const questions = chain.questions(node);
    const block = questions.find(({ id }) => id === 'el.block');
    const port = await serveText(
      JSON.stringify({ result: { transactions: Array.from({ length: 10_000 }, () => hash) } }),
    );
    expect(await askOne(port, { ...block, id: 'q', port })).toMatchObject({ ok: true });
    expect(questions.filter(({ maxBytes }) => maxBytes !== undefined)).toEqual([block]);
  });

  it('leaves room for 500 peers of CometBFT', async () => {
    const { chain, node } = example('cosmos-gaia');
    const question = chain.questions(node).find(({ id }) => id === 'node.netInfo');
    const channels = Array.from({ length: 8 }, (_, ID) => ({ ID, SendQueueCapacity: '10', Priority: '1' }));
    const peer = { node_info: { id: hash, moniker: 'm' }, connection_status: { Channels: channels }, remote_ip: '::1' };
    const port = await serveText(JSON.stringify({ result: { peers: Array.from({ length: 500 }, () => peer) } }));
    expect(await askOne(port, { ...question, id: 'q', port })).toMatchObject({ ok: true });
  });
});

/** Replies as large and as slow to parse as the limits allow, and some beyond them. */
const COSTLY = [
  nested(520_000),
  `[${Array.from({ length: 10_000 }, (_, index) => `{"a${index}":1,"b":1}`).join(',')}]`,
  `{${Array.from({ length: 32_000 }, (_, index) => `"k${index}":1`).join(',')}}`,
  `[${`${nested(60)},`.repeat(500)}1]`,
  `"${'\\u1234'.repeat(170_000)}"`,
];

describe('many hostile nodes', () => {
  it('leave the event loop free, and a good node is observed meanwhile', { timeout: 60_000 }, async () => {
    const asker = asking();
    const bad = await Promise.all(COSTLY.map(serveText));
    const good = await serveText('{"result":"0x10"}');
    const over = new AbortController();
    async function attack(): Promise<void> {
      const questions = bad.map((port): Question => ({
        id: `${port}`,
        role: 'el',
        port,
        method: 'GET',
        path: '/',
        ...LONG,
      }));
      while (!over.signal.aborted) await asker.ask(questions, TARGET);
    }
    const attackers = Array.from({ length: 4 }, attack);
    const longest = longestTurn(over.signal);
    const replies: (Reply | undefined)[] = [];
    for (let count = 0; count < 4; count++) replies.push(await askOne(good, {}, asker));
    over.abort();
    await Promise.all(attackers);
    expect(replies.filter((reply) => reply?.ok !== true)).toEqual([]);
    expect(await longest).toBeLessThan(200);
  });

  it('that hold their replies back take no more than a fixed sum, and a good node keeps its place', async () => {
    const asker = asking({ maxHeldBytes: 1_000_000 });
    const large = `"${'x'.repeat(200_000)}"`;
    const arrived = Promise.withResolvers<undefined>();
    let count = 0;
    const port = await serve((response) => {
      response.write(large);
      count += 1;
      if (count === 8) arrived.resolve(undefined);
    });
    const bad = Array.from({ length: 8 }, () => askOne(port, LONG, asker));
    await arrived.promise;
    const first = await Promise.race(bad);
    expect(first).toMatchObject({ ok: false, reason: 'tooLarge', message: expect.stringContaining('of this node') });
    const good = await serveText(`"${'x'.repeat(20_000)}"`);
    for (let round = 0; round < 5; round++) expect(await askOne(good, {}, asker)).toMatchObject({ ok: true });
  });

  it('lose all replies of a node together, also those that were whole', async () => {
    const asker = asking({ maxHeldBytes: 100_000 });
    const whole = await serveText(`"${'x'.repeat(40_000)}"`);
    const endless = await serve((response) => response.write('x'.repeat(50_000)));
    const questions = [whole, endless].map((port): Question => ({
      id: `${port}`,
      role: 'el',
      port,
      method: 'GET',
      path: '/',
    }));
    const replies = await asker.ask(questions, TARGET);
    expect([...replies.values()].map((reply) => reply.ok)).toEqual([false, false]);
    // Nothing is left of it.
    expect(await askOne(await serveText(`"${'x'.repeat(30_000)}"`), {}, asker)).toMatchObject({ ok: true });
  });
});

/** Most processor time that passes between two turns of the event loop, in milliseconds. */
async function longestTurn(over: AbortSignal): Promise<number> {
  let longest = 0;
  while (!over.aborted) {
    const before = process.threadCpuUsage();
    const turn = Promise.withResolvers<undefined>();
    setImmediate(() => turn.resolve(undefined));
    await turn.promise;
    longest = Math.max(longest, cpuMsSince(before));
  }
  return longest;
}
