// Bitcoin nodes: their passwords, and blocks when they are wanted.

import { bitcoin } from '../../src/chains/bitcoin/bitcoin.ts';
import type { Question } from '../../src/chains/observed.ts';
import { createAsker } from '../../src/rpc/ask.ts';
import { waitFor } from '../demo/wait-for.ts';
import type { PodsWorld } from '../pods/world.ts';

/** What makes that many blocks with each client; the keys of the addresses are unknown. */
export const BLOCKS = {
  btcd: (blocks: number) => ({ method: 'generate', params: [blocks] }),
  bitcoind: (blocks: number, address = 'bcrt1qqqqqqqqqqqqqqqqqqqqqqqqqqqqqqqqqdku202') => ({
    method: 'generatetoaddress',
    params: [blocks, address],
  }),
};

interface Call {
  readonly method: string;
  readonly params: readonly unknown[];
}

/** The value of a key in the Secret that the controller made for the node. */
export async function rpcSecret(world: PodsWorld, name: string, key: string): Promise<string> {
  const { auth } = firstQuestion(world, name);
  const secret = auth?.secret ?? 'no secret';
  const data = JSON.parse(await world.kubectl(['get', 'secret', secret, '-o', 'jsonpath={.data}'])) as {
    readonly [key: string]: string;
  };
  return Buffer.from(data[key] ?? '', 'base64').toString();
}

/** Asks as the controller asks, only for something else, until there is an answer; gives its result. */
export function call(world: PodsWorld, name: string, { method, params }: Call): Promise<unknown> {
  const body = { jsonrpc: '1.0', id: 'test', method, params };
  return waitFor({ what: `${name} to answer ${method}`, timeoutMs: 20_000 }, () =>
    asked(world, name, { ...firstQuestion(world, name), body }),
  );
}

async function asked(world: PodsWorld, name: string, question: Question): Promise<unknown> {
  const asker = createAsker();
  try {
    const [user, password] = await Promise.all(['user', 'password'].map((key) => rpcSecret(world, name, key)));
    const replies = await asker.ask([question], {
      host: world.pod(name)?.status?.podIP ?? '',
      signal: AbortSignal.timeout(10_000),
      credentials: () => Promise.resolve({ user: user ?? '', password: password ?? '' }),
    });
    const reply = replies.get(question.id);
    const { result } = (reply?.ok === true ? reply.body : {}) as { readonly result?: unknown };
    if (result !== undefined && result !== null) return result;
    throw new Error(JSON.stringify(reply));
  } finally {
    await asker.close();
  }
}

function firstQuestion(world: PodsWorld, name: string): Question {
  const node = world.node(name);
  const [first] = node === undefined ? [] : bitcoin.questions(node);
  if (first === undefined) throw new Error(`${name} is not there`);
  return first;
}
