// Reads what bitcoind says: getblockchaininfo and getnetworkinfo.

import { z } from 'zod';

import { defined } from '../../lib/defined.ts';
import type { Reply, RoleFacts } from '../observed.ts';
import { DecimalNumber, Share } from '../numbers.ts';
import { factsOfFailure, jsonRpcAnswer, valueOf } from '../reply.ts';
import { MAX_LAG } from './client.ts';

const Chain = z.object({
  chain: z.string().max(64),
  blocks: DecimalNumber,
  headers: DecimalNumber,
  initialblockdownload: z.boolean(),
  verificationprogress: Share,
  /** Time of the newest block; since 23.0. */
  time: DecimalNumber.optional(),
  size_on_disk: DecimalNumber.optional(),
  pruned: z.boolean().optional(),
  /** One text before 28.0, a list since. */
  warnings: z.union([z.string(), z.array(z.string())]).optional(),
});
const Net = z.object({ connections: DecimalNumber, subversion: z.string().max(256) });

/** RPC_IN_WARMUP in src/rpc/protocol.h. */
const WARMING_UP = -28;

/** Facts of the role `node`. `development`: regtest stays in "initial block download" until a user makes a block. */
export function nodeFacts(replies: ReadonlyMap<string, Reply>, development: boolean): RoleFacts {
  const answer = jsonRpcAnswer(replies.get('node.blockchain'));
  if (answer.kind === 'complaint' && answer.code === WARMING_UP) return { reach: 'starting', message: answer.message };
  const chain = valueOf(answer, Chain);
  if (chain === undefined) return factsOfFailure(answer, 'getblockchaininfo');
  const net = valueOf(jsonRpcAnswer(replies.get('node.network')), Net);
  const target = Math.max(chain.headers, chain.blocks);
  const syncing = (chain.initialblockdownload && !development) || target - chain.blocks > MAX_LAG;
  return {
    reach: 'answering',
    ...message(chain.warnings),
    syncing,
    height: chain.blocks,
    target,
    ...defined({
      headTime: chain.time,
      progress: syncing ? chain.verificationprogress : undefined,
      peers: net?.connections,
      version: net?.subversion,
    }),
    chainId: chain.chain,
    details: defined({ sizeOnDisk: chain.size_on_disk, pruned: chain.pruned }),
  };
}

function message(warnings: string | readonly string[] | undefined): Partial<RoleFacts> {
  const text = (typeof warnings === 'string' ? warnings : (warnings ?? []).join(' ')).slice(0, 500);
  return text === '' ? {} : { message: text };
}
