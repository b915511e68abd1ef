// Two real CometBFT validators exchange keys together with their signer states; their chain continues.

import { spawnSync } from 'node:child_process';
import { copyFileSync, mkdtempSync, readFileSync, renameSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';

import { afterEach, beforeEach, expect, it } from 'vitest';
import { z } from 'zod';

import { ReadSignerParameters, WriteSignerParameters } from '../../src/api/worker-task.ts';
import { jobs } from '../../src/chains/cosmos/jobs.ts';
import { perform } from '../../src/worker/perform.ts';
import { nodeWith } from '../chains/examples.ts';
import { binary } from '../cluster/binaries.ts';
import { freePorts } from '../cluster/ports.ts';
import { waitFor } from '../support/wait-for.ts';
import { quiet } from './support/params.ts';
import { getJson, startProgram, stopAll } from './support/program.ts';

const Status = z.object({
  result: z.object({
    sync_info: z.object({ latest_block_height: z.coerce.number() }),
    validator_info: z.object({ address: z.string() }),
  }),
});
const Evidence = z.object({
  result: z.object({ block: z.object({ evidence: z.object({ evidence: z.array(z.unknown()) }) }) }),
});
const Key = z.object({ address: z.string(), pub_key: z.unknown() });
const paths = jobs.signerState(nodeWith('cosmos-validator', {})).map(({ path }) => path);

interface Peer {
  readonly home: string;
  readonly rpc: number;
  readonly p2p: number;
}

let cometbft: string;
let folder: string;
let peers: readonly [Peer, Peer];
beforeEach(async () => {
  cometbft = await binary('cometbft');
  folder = mkdtempSync(join(tmpdir(), 'cometbft-'));
  const [a = 0, b = 0, c = 0, d = 0] = await freePorts(4, '127.0.0.1');
  peers = [
    { home: join(folder, 'a'), rpc: a, p2p: b },
    { home: join(folder, 'b'), rpc: c, p2p: d },
  ];
});
afterEach(async () => {
  await stopAll();
  rmSync(folder, { recursive: true, force: true });
});

function run(...args: readonly string[]): string {
  const { status, stdout, stderr } = spawnSync(cometbft, args, { encoding: 'utf8' });
  if (status !== 0) throw new Error(stderr);
  return stdout.trim();
}

const keyFile = ({ home }: Peer): string => join(home, 'config/priv_validator_key.json');
const keyOf = (peer: Peer): z.infer<typeof Key> => Key.parse(JSON.parse(readFileSync(keyFile(peer), 'utf8')));

/** One genesis in which both have half of the power: neither makes a block without the other. */
function init(): void {
  for (const { home } of peers) run('init', '--home', home);
  const [first, second] = peers.map(({ home }) => join(home, 'config/genesis.json')) as [string, string];
  const genesis = JSON.parse(readFileSync(first, 'utf8')) as object;
  const validators = peers.map((peer) => ({ ...keyOf(peer), power: '10', name: '' }));
  writeFileSync(first, JSON.stringify({ ...genesis, validators }));
  copyFileSync(first, second);
}

async function startBoth(): Promise<void> {
  await Promise.all(
    peers.map(async ({ home, rpc, p2p }, index) => {
      const other = peers[1 - index]!;
      const env = {
        CMTHOME: home,
        CMT_RPC_LADDR: `tcp://127.0.0.1:${rpc}`,
        CMT_P2P_LADDR: `tcp://127.0.0.1:${p2p}`,
        CMT_P2P_PERSISTENT_PEERS: `${run('show-node-id', '--home', other.home)}@127.0.0.1:${other.p2p}`,
        CMT_P2P_ADDR_BOOK_STRICT: 'false',
        CMT_P2P_ALLOW_DUPLICATE_IP: 'true',
        CMT_CONSENSUS_TIMEOUT_COMMIT: '100ms',
      };
      const ready = async (): Promise<boolean> => (await status({ home, rpc, p2p })).height >= 0;
      await startProgram({ file: cometbft, args: ['start', '--home', home, '--proxy_app', 'kvstore'], env, ready });
    }),
  );
}

async function status({ rpc }: Peer): Promise<{ readonly height: number; readonly address: string }> {
  const { sync_info, validator_info } = Status.parse(await getJson(`http://127.0.0.1:${rpc}/status`)).result;
  return { height: sync_info.latest_block_height, address: validator_info.address };
}

async function readSigner({ home: at }: Peer): Promise<string> {
  const { text = '' } = await perform(ReadSignerParameters.parse({ verb: 'readSigner', at, paths }), quiet());
  return text;
}

it('signs on with the other key, on each node from where that key was', async () => {
  init();
  await startBoth();
  await waitFor('ten blocks', async () => (await status(peers[0])).height > 10);
  await stopAll();
  const before = peers.map((peer) => keyOf(peer).address);
  const texts = [await readSigner(peers[0]), await readSigner(peers[1])];
  expect(texts.map((text) => Number((JSON.parse(text) as { height: string }).height) > 9)).toEqual([true, true]);
  expect(texts).toEqual(peers.map(({ home }) => readFileSync(join(home, paths[0] ?? ''), 'utf8')));

  for (const [index, { home: at }] of peers.entries()) {
    const request = { verb: 'writeSigner', at, paths, text: texts[1 - index], expect: texts };
    await perform(WriteSignerParameters.parse(request), quiet());
  }
  renameSync(keyFile(peers[0]), join(folder, 'key'));
  renameSync(keyFile(peers[1]), keyFile(peers[0]));
  renameSync(join(folder, 'key'), keyFile(peers[1]));

  await startBoth();
  const { height: stoppedAt } = await status(peers[0]);
  await waitFor('ten more blocks', async () => (await status(peers[1])).height > stoppedAt + 10);
  expect([(await status(peers[0])).address, (await status(peers[1])).address]).toEqual(before.toReversed());
  for (let at = stoppedAt; at < stoppedAt + 10; at++) {
    const block = Evidence.parse(await getJson(`http://127.0.0.1:${peers[0].rpc}/block?height=${at}`));
    expect(block.result.block.evidence.evidence).toEqual([]);
  }
});
