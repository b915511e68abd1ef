// The clients of the role `node`.

import type { NodeSpec } from '../../api/blockchain-node.ts';
import { bitcoind } from './bitcoind.ts';
import { btcd } from './btcd.ts';
import type { BitcoinClient } from './client.ts';

export const clients: readonly BitcoinClient[] = [bitcoind, btcd];

/** The client of a spec that passed the check. */
export function clientOf(spec: NodeSpec): BitcoinClient {
  const found = clients.find((client) => client.name === spec.clients['node']?.name);
  if (found === undefined) throw new Error('clientOf() called for a spec that check() refuses');
  return found;
}
