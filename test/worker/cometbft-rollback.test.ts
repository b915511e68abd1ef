// Brings a real CometBFT full node back with the script of its chain description; it follows its validator again.

import { spawnSync } from 'node:child_process';
import { copyFileSync, existsSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';

import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { z } from 'zod';

import { jobs } from '../../src/chains/cosmos/jobs.ts';
import { binary } from '../cluster/binaries.ts';
import { freePorts } from '../cluster/ports.ts';
import { nodeWith } from '../chains/examples.ts';
import { waitFor } from '../support/wait-for.ts';
import { getJson, type Program, startProgram, stopAll, stopProgram } from './support/program.ts';

const Status = z.object({ result: z.object({ sync_info: z.object({ latest_block_height: z.coerce.number() }) }) });
const Block = z.object({ result: z.object({ block_id: z.object({ hash: z.string() }) }) });
const AppInfo = z.object({
  result: z.object({ response: z.object({ data: z.string(), last_block_height: z.coerce.number() }) }),
});
const node = nodeWith('cosmos-validator', { nodeType: 'full', identity: undefined });

interface Peer {
  readonly home: string;
  readonly rpc: number;
  readonly p2p: number;
}

let cometbft: string;
let folder: string;
let validator: Peer;
let full: Peer;
beforeEach(async () => {
  cometbft = await binary('cometbft');
  folder = mkdtempSync(join(tmpdir(), 'cometbft-'));
  const [a = 0, b = 0, c = 0, d = 0] = await freePorts(4, '127.0.0.1');
  validator = { home: join(folder, 'validator'), rpc: a, p2p: b };
  full = { home: join(folder, 'full'), rpc: c, p2p: d };
});
afterEach(async () => {
  await stopAll();
  rmSync(folder, { recursive: true, force: true });
});

/** Both homes, with one genesis that declares the version the application reports. */
function init(version: string): void {
  for (const { home } of [validator, full]) run('init', '--home', home);
  const path = join(validator.home, 'config/genesis.json');
  writeFileSync(path, readFileSync(path, 'utf8').replace(/"app": "0"/, `"app": "${version}"`));
  copyFileSync(path, join(full.home, 'config/genesis.json'));
}

function run(...args: readonly string[]): string {
  const { status, stdout, stderr } = spawnSync(cometbft, args, { encoding: 'utf8' });
  if (status !== 0) throw new Error(stderr);
  return stdout.trim();
}

function start({ home, rpc, p2p }: Peer, peers: string): Promise<Program> {
  const env = {
    CMTHOME: home,
    CMT_RPC_LADDR: `tcp://127.0.0.1:${rpc}`,
    CMT_P2P_LADDR: `tcp://127.0.0.1:${p2p}`,
    CMT_P2P_PERSISTENT_PEERS: peers,
    CMT_P2P_ADDR_BOOK_STRICT: 'false',
    CMT_P2P_ALLOW_DUPLICATE_IP: 'true',
    CMT_CONSENSUS_TIMEOUT_COMMIT: '100ms',
  };
  const ready = async (): Promise<boolean> => (await height({ home, rpc, p2p })) >= 0;
  return startProgram({ file: cometbft, args: ['start', '--home', home, '--proxy_app', 'kvstore'], env, ready });
}

const ask = (peer: Peer, path: string): Promise<unknown> => getJson(`http://127.0.0.1:${peer.rpc}${path}`);
const height = async (peer: Peer): Promise<number> =>
  Status.parse(await ask(peer, '/status')).result.sync_info.latest_block_height;
const hashAt = async (peer: Peer, at: number): Promise<string> =>
  Block.parse(await ask(peer, `/block?height=${at}`)).result.block_id.hash;

/** A validator that has made more than ten blocks, and a full node that has followed it and is stopped. */
async function makeChain(version = '1'): Promise<{ readonly peers: string; readonly stoppedAt: number }> {
  init(version);
  await start(validator, '');
  const peers = `${run('show-node-id', '--home', validator.home)}@127.0.0.1:${validator.p2p}`;
  const following = await start(full, peers);
  for (let key = 0; key < 3; key++) await ask(validator, `/broadcast_tx_commit?tx="k${key}=v"`);
  await waitFor('ten blocks', async () => (await height(full)) > 10);
  const stoppedAt = await height(full);
  await stopProgram(following);
  return { peers, stoppedAt };
}

/** As the worker pod runs it, with this host's shell and paths. */
function rollBack(wanted: number): {
  readonly status: number | null;
  readonly stdout: string;
  readonly stderr: string;
  readonly height: number | undefined;
} {
  const how = jobs.rollback(node, wanted);
  if (how.how !== 'command') throw new Error(`it is ${how.how}`);
  const [program = '', ...args] = [...how.run.command, ...how.run.args];
  const env = {
    ...how.run.env,
    NODE_HOME: full.home,
    CMTHOME: full.home,
    PATH: `${dirname(cometbft)}:${process.env['PATH'] ?? ''}`,
  };
  const { status, stdout, stderr } = spawnSync(program, args, { env, encoding: 'utf8' });
  const proven = new RegExp(how.heightPattern).exec(stdout)?.[1];
  return { status, stdout, stderr, height: proven === undefined ? undefined : Number(proven) };
}

describe('a CometBFT full node, rolled back to a height', () => {
  it('has the blocks and the state of that height, follows again, and may be asked twice', async () => {
    const { peers, stoppedAt } = await makeChain();
    for (const time of ['first', 'again']) {
      const { height: reached, ...said } = rollBack(5);
      expect(reached, `${time}: ${JSON.stringify(said)}`).toBe(5);
    }
    expect(stoppedAt).toBeGreaterThan(5);

    const alone = await start(full, '');
    expect(await height(full)).toBe(5);
    const { response } = AppInfo.parse(await ask(full, '/abci_info')).result;
    expect(response.last_block_height).toBe(5);
    await stopProgram(alone);

    await start(full, peers);
    await waitFor('it is past the removed heights', async () => (await height(full)) > stoppedAt);
    expect(await hashAt(full, stoppedAt)).toBe(await hashAt(validator, stoppedAt));
    expect(AppInfo.parse(await ask(full, '/abci_info')).result.response.data).toBe('{"size":3}');
  });

  it('finishes a run that was killed between two steps', async () => {
    await makeChain();
    run('rollback', '--home', full.home);
    run('rollback', '--hard', '--home', full.home);
    run('rollback', '--home', full.home);
    expect(rollBack(6).height).toBe(6);
    await start(full, '');
    expect(await height(full)).toBe(6);
  });

  it('removes nothing when the node is lower already', async () => {
    const { stoppedAt } = await makeChain();
    const { status, stderr, height: reached } = rollBack(stoppedAt + 50);
    expect([status, reached]).toEqual([1, undefined]);
    expect(stderr).toContain('No block was removed.');
    await start(full, '');
    expect(await height(full)).toBeGreaterThanOrEqual(stoppedAt);
  });

  it('changes nothing when the genesis and the application disagree about the version', async () => {
    const { stoppedAt } = await makeChain('0');
    const { status, stderr } = rollBack(5);
    expect([status, stderr.includes('Nothing was changed')]).toEqual([1, true]);
    expect(existsSync(join(full.home, 'data/blockstore.db'))).toBe(true);
    await start(full, '');
    expect(await height(full)).toBeGreaterThanOrEqual(stoppedAt);
  });
});
