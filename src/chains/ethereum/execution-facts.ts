// Reads what an execution client says: eth_syncing, the latest block, peers, version, chain id.

import { z } from 'zod';

import { defined } from '../../lib/defined.ts';
import type { Reply, RoleFacts } from '../observed.ts';
import { HexNumber } from '../numbers.ts';
import { factsOfFailure, jsonRpcAnswer, valueOf } from '../reply.ts';

const Syncing = z.union([
  z.literal(false),
  z.object({
    currentBlock: HexNumber,
    highestBlock: HexNumber,
    // geth's indexers, which run on after the chain is complete (SyncProgress in go-ethereum's interfaces.go).
    txIndexRemainingBlocks: HexNumber.optional(),
    stateIndexRemaining: HexNumber.optional(),
  }),
]);
type Progress = Exclude<z.infer<typeof Syncing>, false>;
const Block = z.object({ number: HexNumber, timestamp: HexNumber });
const Text = z.string().min(1).max(256);

/** Facts of the role `el`. Height and syncing need readable replies; the rest is left out when it can't be read. */
export function executionFacts(replies: ReadonlyMap<string, Reply>, development: boolean): RoleFacts {
  const syncingAnswer = jsonRpcAnswer(replies.get('el.syncing'));
  const syncing = valueOf(syncingAnswer, Syncing);
  if (syncing === undefined) return factsOfFailure(syncingAnswer, 'eth_syncing');
  const blockAnswer = jsonRpcAnswer(replies.get('el.block'));
  const block = valueOf(blockAnswer, Block);
  if (block === undefined) return factsOfFailure(blockAnswer, 'eth_getBlockByNumber');
  return {
    ...reach(block.number, syncing, development),
    ...progress(syncing, block.number),
    headTime: block.timestamp,
    ...extras(replies),
  };
}

/** `eth_syncing` is false before the consensus client has named a head: block 0 is no synced chain. */
function reach(height: number, syncing: Progress | false, development: boolean): RoleFacts {
  if (height > 0 || syncing !== false || development) return { reach: 'answering' };
  return { reach: 'starting', message: 'waits for the consensus client to name a head' };
}

function progress(syncing: Progress | false, height: number): Partial<RoleFacts> {
  if (syncing === false) return { syncing: false, height };
  const { currentBlock, highestBlock } = syncing;
  const indexing = indexesLeft(syncing);
  const details = indexing > 0 ? { details: { indexing } } : {};
  // The latest block stays 0 during a snap sync; eth_syncing knows more.
  const known = Math.max(height, currentBlock);
  // reth reports its own height as the highest: it does not know how far it has to go.
  if (highestBlock > 0 && highestBlock <= known && indexing === 0) return { syncing: true, height: known };
  const target = Math.max(highestBlock, known);
  // Only indexes are being built: the chain itself is complete, the node serves its head.
  if (indexing > 0 && height > 0 && known >= highestBlock) return { syncing: false, height: known, target, ...details };
  return { syncing: true, height: known, target, progress: target === 0 ? 0 : known / target, ...details };
}

function indexesLeft({ txIndexRemainingBlocks = 0, stateIndexRemaining = 0 }: Progress): number {
  return txIndexRemainingBlocks + stateIndexRemaining;
}

function extras(replies: ReadonlyMap<string, Reply>): Partial<RoleFacts> {
  const peers = valueOf(jsonRpcAnswer(replies.get('el.peers')), HexNumber);
  const version = valueOf(jsonRpcAnswer(replies.get('el.version')), Text);
  const chainId = valueOf(jsonRpcAnswer(replies.get('el.chainId')), HexNumber);
  return defined({ peers, version, chainId: chainId === undefined ? undefined : String(chainId) });
}
