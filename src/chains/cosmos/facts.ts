// Reads what CometBFT says: /status, /net_info, /abci_info (rpc/openapi/openapi.yaml of cometbft).

import { z } from 'zod';

import { epochSeconds } from '../../lib/rfc3339.ts';
import type { Reply, RoleFacts } from '../observed.ts';
import { DecimalNumber } from '../numbers.ts';
import { factsOfFailure, jsonRpcAnswer, valueOf } from '../reply.ts';

const Text = z.string().max(256);
const Status = z.object({
  node_info: z.object({ id: Text, network: Text, version: Text }),
  sync_info: z.object({ latest_block_height: DecimalNumber, latest_block_time: Text, catching_up: z.boolean() }),
  validator_info: z.object({ voting_power: DecimalNumber }).optional(),
});
const NetInfo = z.object({ n_peers: DecimalNumber });
const AbciInfo = z.object({
  response: z.object({ version: Text.optional(), last_block_height: DecimalNumber.optional() }),
});

/** Facts of the role `node`. Everything rests on /status; peers and application are left out when they can't be read. */
export function nodeFacts(replies: ReadonlyMap<string, Reply>): RoleFacts {
  const answer = jsonRpcAnswer(replies.get('node.status'));
  const status = valueOf(answer, Status);
  if (status === undefined) return factsOfFailure(answer, '/status');
  const { node_info: info, sync_info: sync } = status;
  const height = sync.latest_block_height;
  const peers = valueOf(jsonRpcAnswer(replies.get('node.netInfo')), NetInfo)?.n_peers;
  // Before the first block CometBFT reports the time 0001-01-01 or 1970-01-01.
  const headTime = height === 0 ? undefined : epochSeconds(sync.latest_block_time);
  return {
    reach: 'answering',
    ...(height === 0
      ? { message: sync.catching_up ? 'takes over a snapshot or waits for peers' : 'no block yet' }
      : {}),
    syncing: sync.catching_up,
    height,
    ...(headTime === undefined ? {} : { headTime }),
    ...(peers === undefined ? {} : { peers }),
    version: info.version,
    chainId: info.network,
    details: { nodeId: info.id, ...details(status, replies) },
  };
}

function details(status: z.infer<typeof Status>, replies: ReadonlyMap<string, Reply>): Record<string, string | number> {
  const app = valueOf(jsonRpcAnswer(replies.get('node.abciInfo')), AbciInfo)?.response;
  const power = status.validator_info?.voting_power;
  return {
    ...(power === undefined ? {} : { votingPower: power }),
    ...(app?.version === undefined ? {} : { appVersion: app.version }),
    ...(app?.last_block_height === undefined ? {} : { appHeight: app.last_block_height }),
  };
}
