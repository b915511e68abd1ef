// Rolls a real geth chain back as its chain description says, and continues from there.

import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';

import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { z } from 'zod';

import type { BlockchainNode } from '../../src/api/blockchain-node.ts';
import type { Ask, HowTo } from '../../src/api/chain-jobs.ts';
import { jobs } from '../../src/chains/ethereum/jobs.ts';
import { workload } from '../../src/chains/ethereum/workload.ts';
import { binary } from '../cluster/binaries.ts';
import { freePorts } from '../cluster/ports.ts';
import { nodeWith } from '../chains/examples.ts';
import { waitFor } from '../support/wait-for.ts';
import { getJson, type Program, startProgram, stopAll, stopProgram } from './support/program.ts';

const SINK = `0x${'11'.repeat(20)}`;
const Answer = z.object({ result: z.unknown().optional(), error: z.object({ message: z.string() }).optional() });
const Block = z.object({ hash: z.string(), stateRoot: z.string() });

let geth: string;
let folder: string;
let ports: readonly number[];
beforeEach(async () => {
  geth = await binary('geth');
  folder = mkdtempSync(join(tmpdir(), 'geth-'));
  ports = await freePorts(4, '127.0.0.1');
});
afterEach(async () => {
  await stopAll();
  rmSync(folder, { recursive: true, force: true });
});

/** The container's own arguments, on the test's folder and ports. */
function start(args: readonly string[]): Promise<Program> {
  const [rpc = 0, ws, metrics, engine] = ports;
  const here = args.map((arg) =>
    arg
      .replace(
        /^(--(?:datadir|authrpc\.jwtsecret)=).*\/(\w+(?:\.hex)?)$/,
        (_all, flag: string, name: string) => flag + join(folder, name),
      )
      .replace(/0\.0\.0\.0/, '127.0.0.1')
      .replace(/^--http\.port=.*/, `--http.port=${rpc}`)
      .replace(/^--ws\.port=.*/, `--ws.port=${ws}`)
      .replace(/^--metrics\.port=.*/, `--metrics.port=${metrics}`)
      .replace(/^--dev\.period=.*/, '--dev.period=1'),
  );
  const file = geth;
  const env = { HOME: dirname(folder) };
  return startProgram({
    file,
    env,
    args: [...here, `--authrpc.port=${engine}`, '--verbosity=2'],
    ready: async () => (await height()) >= 0,
  });
}

async function call(method: string, ...params: readonly unknown[]): Promise<unknown> {
  const { result, error } = await ask({ body: { jsonrpc: '2.0', id: 1, method, params } });
  if (error !== undefined) throw new Error(error.message);
  return result;
}

async function ask({ body }: Pick<Ask, 'body'>): Promise<z.infer<typeof Answer>> {
  return Answer.parse(await getJson(`http://127.0.0.1:${ports[0]}/`, body));
}

const height = async (): Promise<number> => Number(await call('eth_blockNumber'));
const balance = async (at = 'latest'): Promise<bigint> => BigInt(String(await call('eth_getBalance', SINK, at)));
const block = async (number: number): Promise<z.infer<typeof Block>> =>
  Block.parse(await call('eth_getBlockByNumber', `0x${number.toString(16)}`, false));

/** A chain of at least five blocks, each with a payment to SINK; the node is stopped again. */
async function makeChain(node: BlockchainNode) {
  const first = await start(nodeArgs(node));
  const [from] = z.array(z.string()).parse(await call('eth_accounts'));
  for (let sent = 0; sent < 5; sent++) {
    const before = await balance();
    await call('eth_sendTransaction', { from, to: SINK, value: '0x1' });
    await waitFor('the payment is in a block', async () => (await balance()) > before);
  }
  const made = {
    height: await height(),
    third: await block(3),
    fourth: await block(4),
    at3: await balance('0x3'),
    last: await balance(),
  };
  await stopProgram(first);
  return made;
}

function nodeArgs(node: BlockchainNode): readonly string[] {
  return workload(node).containers[0]?.args ?? [];
}

function served(how: HowTo) {
  if (how.how !== 'served') throw new Error(`geth is ${how.how}`);
  return how;
}

describe('geth, rolled back to a height', () => {
  it('is at that height with the state of that height, and continues from there', async () => {
    const node = nodeWith('ethereum-dev', {});
    const made = await makeChain(node);
    expect(made.last).toBeGreaterThan(made.at3);
    const how = served(jobs.rollback(node, 3));

    const alone = await start(how.client.args);
    const before = await height();
    // Started alone it seals nothing: what is below the height asked for is what the node had.
    expect(before).toBeGreaterThanOrEqual(made.height);
    for (const one of how.asks) expect((await ask(one)).error).toBeUndefined();
    expect(Number((await ask(how.height.ask)).result)).toBe(3);
    expect(await balance()).toBe(made.at3);
    await stopProgram(alone);

    await start(nodeArgs(node));
    expect(await block(3)).toEqual(made.third);
    await waitFor('the next block is sealed', async () => (await height()) > 3);
    expect((await block(4)).hash).not.toBe(made.fourth.hash);
  });

  it('changes nothing when a database of hashes no longer has the state', async () => {
    const node = nodeWith('ethereum-dev', { args: { el: { 'state.scheme': 'hash' } } });
    const made = await makeChain(node);
    const how = served(jobs.rollback(node, 2));
    const alone = await start(how.client.args);
    const [first] = how.asks;
    if (first === undefined) throw new Error('nothing is asked');
    expect((await ask(first)).error?.message).toBeDefined();
    expect(await height()).toBeGreaterThanOrEqual(made.height);
    await stopProgram(alone);
  });

  it('says so when it is asked to go up', async () => {
    const node = nodeWith('ethereum-dev', {});
    const made = await makeChain(node);
    const how = served(jobs.rollback(node, made.height + 100));
    await start(how.client.args);
    expect((await ask(how.asks[0] ?? {})).error?.message).toBe('not allowed to rewind to a future block');
  });
});
