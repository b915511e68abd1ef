// Reads what btcd says: getblockchaininfo, getinfo and getpeerinfo (rpcserver.go). It has no getnetworkinfo.

import { z } from 'zod';

import type { Reply, RoleFacts } from '../observed.ts';
import { DecimalNumber } from '../numbers.ts';
import { factsOfFailure, jsonRpcAnswer, valueOf } from '../reply.ts';
import { MAX_LAG } from './client.ts';

// `headers` is always equal to `blocks`, and whether it is in its initial download is not said.
const Chain = z.object({ chain: z.string().max(64), blocks: DecimalNumber, pruned: z.boolean().optional() });
const Info = z.object({ version: DecimalNumber, connections: DecimalNumber });
/** Heights are what peers claim; -1 is possible. `currentheight` is left out when it is 0. */
const Peers = z.array(z.object({ inbound: z.boolean(), startingheight: z.int(), currentheight: z.int().optional() }));

/** Facts of the role `node`. */
export function btcdFacts(replies: ReadonlyMap<string, Reply>): RoleFacts {
  const answer = jsonRpcAnswer(replies.get('node.blockchain'));
  const chain = valueOf(answer, Chain);
  if (chain === undefined) return factsOfFailure(answer, 'getblockchaininfo');
  const info = valueOf(jsonRpcAnswer(replies.get('node.info')), Info);
  const peers = valueOf(jsonRpcAnswer(replies.get('node.peers')), Peers);
  return {
    reach: 'answering',
    height: chain.blocks,
    ...(peers === undefined ? {} : sync(chain.blocks, peers)),
    ...(info === undefined ? {} : { peers: info.connections, version: versionOf(info.version) }),
    chainId: chain.chain,
    details: chain.pruned === undefined ? {} : { pruned: chain.pruned },
  };
}

function sync(height: number, peers: z.infer<typeof Peers>): Pick<RoleFacts, 'syncing' | 'target' | 'progress'> {
  const target = Math.max(height, claimedHeight(peers));
  const syncing = target - height > MAX_LAG;
  return { syncing, target, ...(syncing ? { progress: height / target } : {}) };
}

/**
 * The middle one of the heights that peers claim, so that one liar moves nothing. Those the node chose itself come first:
 * the others connected on their own.
 */
function claimedHeight(peers: z.infer<typeof Peers>): number {
  const chosen = peers.filter((peer) => !peer.inbound);
  const heights = (chosen.length > 0 ? chosen : peers)
    .map((peer) => Math.max(peer.startingheight, peer.currentheight ?? 0))
    .toSorted((a, b) => a - b);
  return heights[Math.floor(heights.length / 2)] ?? 0;
}

/** 260200 → `0.26.2`: 1,000,000 for a major, 10,000 for a minor, 100 for a patch version. */
function versionOf(number: number): string {
  return [number / 1_000_000, (number / 10_000) % 100, (number / 100) % 100].map(Math.floor).join('.');
}
