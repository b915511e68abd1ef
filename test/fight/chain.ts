// The rest of the network: one validator outside both clusters that has most of the power, and hears every vote of the key.

import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { createWriteStream, mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';

import { binary } from '../cluster/binaries.ts';
import { runCommand } from '../demo/run-command.ts';

export interface Vote {
  readonly height: number;
  readonly round: number;
  /** 1: prevote, 2: precommit. */
  readonly type: number;
  readonly block: string;
  /** RFC 3339, by the signer's clock. */
  readonly time: string;
}

export interface HostChain {
  /** The votes with the key, as the validator took them in. */
  readonly votes: readonly Vote[];
  /** Lines of its log that speak of two votes of one key. */
  conflicts(): readonly string[];
  stop(): Promise<void>;
}

export interface HostChainOptions {
  readonly folder: string;
  /** Where pods of both clusters reach it. */
  readonly address: string;
  readonly genesis: string;
  /** `priv_validator_key.json` and `node_key.json`. */
  readonly files: Readonly<Record<string, string>>;
  /** Of the key whose votes count. */
  readonly signer: string;
}

/** What CometBFT's consensus says of a second, different vote (internal/consensus/state.go, tryAddVote; types/vote_set.go). */
const CONFLICT = /conflicting vote|non-deterministic signature|Found and sent conflicting|double sign/i;

export async function startHostChain(options: HostChainOptions): Promise<HostChain> {
  const { folder, address, signer } = options;
  const program = await binary('cometbft');
  const home = join(folder, 'host');
  await runCommand(program, ['init', '--home', home]);
  mkdirSync(join(home, 'config'), { recursive: true });
  for (const [name, text] of Object.entries({ ...options.files, 'genesis.json': options.genesis }))
    writeFileSync(join(home, 'config', name), text, { mode: 0o600 });
  const logFile = join(folder, 'host.log');
  const log = createWriteStream(logFile);
  await once(log, 'open');
  const flags = [
    `--p2p.laddr=tcp://${address}:26656`,
    `--rpc.laddr=tcp://${address}:26657`,
    '--proxy_app=kvstore',
    '--log_level=consensus:debug,*:error',
  ];
  const child = spawn(program, ['start', '--home', home, ...flags], {
    env: { ...process.env, CMT_P2P_ADDR_BOOK_STRICT: 'false', CMT_P2P_ALLOW_DUPLICATE_IP: 'true' },
    stdio: ['ignore', log, log],
  });
  const votes: Vote[] = [];
  const stopListening = listen(`ws://${address}:26657/websocket`, (vote) => {
    if (vote.validator_address === signer) votes.push(readVote(vote));
  });
  return {
    votes,
    conflicts: () =>
      readFileSync(logFile, 'utf8')
        .split('\n')
        .filter((line) => CONFLICT.test(line)),
    async stop() {
      stopListening();
      await ended(child);
      log.end();
    },
  };
}

async function ended(child: ChildProcess): Promise<void> {
  if (child.exitCode !== null) return;
  const end = once(child, 'exit');
  child.kill('SIGKILL');
  await end;
}

interface VoteEvent {
  readonly type: number;
  readonly height: string;
  readonly round: number;
  readonly block_id: { readonly hash: string };
  readonly timestamp: string;
  readonly validator_address: string;
}

function readVote({ height, round, type, block_id, timestamp }: VoteEvent): Vote {
  return { height: Number(height), round, type, block: block_id.hash, time: timestamp };
}

/** Connects again whenever the connection ends. */
function listen(url: string, onVote: (vote: VoteEvent) => void): () => void {
  let isStopped = false;
  let socket: WebSocket | undefined;
  const open = (): void => {
    if (isStopped) return;
    socket = new WebSocket(url);
    const request = { jsonrpc: '2.0', id: 1, method: 'subscribe', params: { query: "tm.event='Vote'" } };
    socket.addEventListener('open', () => socket?.send(JSON.stringify(request)));
    socket.addEventListener('message', ({ data }) => {
      const vote = voteIn(JSON.parse(String(data)));
      if (vote !== undefined) onVote(vote);
    });
    socket.addEventListener('error', () => undefined);
    socket.addEventListener('close', () => void setTimeout(open, 200).unref());
  };
  open();
  return () => {
    isStopped = true;
    socket?.close();
  };
}

interface Message {
  readonly result?: { readonly data?: { readonly value?: { readonly Vote?: VoteEvent } } };
}

/** The edge: what the websocket sends. */
function voteIn(message: Message): VoteEvent | undefined {
  return message.result?.data?.value?.Vote;
}
