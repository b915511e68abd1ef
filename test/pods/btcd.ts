// A btcd of a development network: its password, and blocks when they are wanted.

import { bitcoin } from '../../src/chains/bitcoin/bitcoin.ts';
import type { Question } from '../../src/chains/chain.ts';
import { createAsker } from '../../src/rpc/ask.ts';
import { waitFor } from '../demo/wait-for.ts';
import type { NodeFields } from './node-file.ts';
import type { PodsWorld } from './world.ts';

export const btcdNode: NodeFields = {
  chain: 'bitcoin',
  // It would empty a chain of regtest at every start.
  network: 'simnet',
  clients: { node: { name: 'btcd' } },
  storage: { data: { size: '1Gi' } },
  resources: { node: { requests: { cpu: '10m', memory: '64Mi' } } },
  // The cache is allocated at once.
  args: { node: { utxocachemaxsize: '16' } },
};

/** A btcd with more flags. */
export function btcdWith(flags: Readonly<Record<string, string>>): NodeFields {
  return { ...btcdNode, args: { node: { utxocachemaxsize: '16', ...flags } } };
}

/** The value of a key in the Secret that the controller made for the node. */
export async function btcdSecret(world: PodsWorld, name: string, key: string): Promise<string> {
  const data = JSON.parse(await world.kubectl(['get', 'secret', `${name}-btcd`, '-o', 'jsonpath={.data}'])) as {
    readonly [key: string]: string;
  };
  return Buffer.from(data[key] ?? '', 'base64').toString();
}

/** Makes that many blocks: asks as the controller asks, only for something else. */
export async function mine(world: PodsWorld, name: string, blocks: number): Promise<void> {
  const node = world.node(name);
  const [first] = node === undefined ? [] : bitcoin.questions(node);
  if (first === undefined) throw new Error(`${name} is not there`);
  const body = { jsonrpc: '1.0', id: 'test', method: 'generate', params: [blocks] };
  await waitFor({ what: `${blocks} blocks of ${name}`, timeoutMs: 20_000 }, () =>
    asked(world, name, { ...first, body }),
  );
}

async function asked(world: PodsWorld, name: string, question: Question): Promise<true> {
  const asker = createAsker();
  try {
    const [user, password] = await Promise.all(['user', 'password'].map((key) => btcdSecret(world, name, key)));
    const replies = await asker.ask([question], {
      host: world.pod(name)?.status?.podIP ?? '',
      signal: AbortSignal.timeout(10_000),
      credentials: () => Promise.resolve({ user: user ?? '', password: password ?? '' }),
    });
    const reply = replies.get(question.id);
    if (reply?.ok === true && Array.isArray((reply.body as { result: unknown }).result)) return true;
    throw new Error(JSON.stringify(reply));
  } finally {
    await asker.close();
  }
}
