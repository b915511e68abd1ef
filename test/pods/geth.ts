// A geth of a development chain, asked for its state: blocks, balances, storage.

import { waitFor } from '../demo/wait-for.ts';
import { isWell } from './observer.ts';
import { addressOf, type PodFinder } from './pod-finder.ts';
import type { PodsWorld } from './world.ts';

export interface Geth {
  /** Number of the newest block. */
  height(): Promise<number>;
  /** Hashes of all blocks up to the newest, by number. */
  hashes(): Promise<readonly string[]>;
  /** Wei of an address in the state of a block; default: the newest. */
  balance(address: string, block?: number): Promise<bigint>;
  /** The first storage slot of a contract, likewise. */
  slot(address: string, block?: number): Promise<bigint>;
  /** Sends from the development account and waits until it is in a block. */
  pay(to: string, wei: bigint): Promise<void>;
  /** Deploys a contract with that value in its first slot; gives its address. */
  store(value: number): Promise<string>;
}

interface Receipt {
  readonly contractAddress: string | null;
}

/** When the node is well and has a block. */
export async function wellGeth(world: PodsWorld, name: string): Promise<Geth> {
  await world.await(name, 'to be well with a block', (node) => isWell(node) && (node.status?.height ?? 0) >= 1);
  return gethOf(world, name);
}

/** The node's own pod is asked, whichever it is at that moment. */
export function gethOf(world: PodFinder, name: string): Geth {
  const call = async <T>(method: string, params: readonly unknown[]): Promise<T> =>
    (await post(world, name, { jsonrpc: '2.0', id: 1, method, params })) as T;
  const height = async (): Promise<number> => Number(await call<string>('eth_blockNumber', []));
  async function send(transaction: object): Promise<Receipt> {
    const [from] = await call<readonly string[]>('eth_accounts', []);
    const hash = await call<string>('eth_sendTransaction', [{ from, ...transaction }]);
    return await waitFor({ what: `the receipt of ${hash}`, timeoutMs: 60_000 }, async () => {
      return (await call<Receipt | null>('eth_getTransactionReceipt', [hash])) ?? undefined;
    });
  }
  return {
    height,
    async hashes() {
      const blocks = Array.from({ length: (await height()) + 1 }, (_, number) => tagOf(number));
      const asked = blocks.map((block) => call<{ hash: string }>('eth_getBlockByNumber', [block, false]));
      return (await Promise.all(asked)).map(({ hash }) => hash);
    },
    balance: async (address, block) => BigInt(await call<string>('eth_getBalance', [address, tagOf(block)])),
    slot: async (address, block) => BigInt(await call<string>('eth_getStorageAt', [address, '0x0', tagOf(block)])),
    pay: async (to, wei) => void (await send({ to, value: `0x${wei.toString(16)}` })),
    async store(value) {
      // PUSH1 value, PUSH1 0, SSTORE, STOP: a contract without code, with one value.
      const data = `0x60${value.toString(16).padStart(2, '0')}60005500`;
      const { contractAddress } = await send({ data, gas: '0x186a0' });
      if (contractAddress === null) throw new Error('no contract was made');
      return contractAddress;
    },
  };
}

function tagOf(block: number | undefined): string {
  return block === undefined ? 'latest' : `0x${block.toString(16)}`;
}

async function post(world: PodFinder, name: string, body: object): Promise<unknown> {
  const response = await fetch(`http://${addressOf(world, name)}:8545`, {
    method: 'POST',
    headers: { 'content-type': 'application/json' },
    body: JSON.stringify(body),
    signal: AbortSignal.timeout(10_000),
  });
  const reply = (await response.json()) as { result?: unknown; error?: { message: string } };
  if (reply.error !== undefined) throw new Error(`${name}: ${reply.error.message}`);
  return reply.result;
}

/** Up to which height two chains are one: the number of the last block that both have. */
export function lastCommon(before: readonly string[], after: readonly string[]): number {
  const differs = after.findIndex((hash, number) => before[number] !== hash);
  return (differs < 0 ? Math.min(before.length, after.length) : differs) - 1;
}
