// How each Bitcoin client is brought back to a height, or why it can't be.

import type { BlockchainNode } from '../../api/blockchain-node.ts';
import type { HowTo } from '../../api/chain-jobs.ts';
import { toArguments } from '../flags.ts';
import { roleFields, soleVolume } from '../role-fields.ts';
import { bitcoind } from './bitcoind.ts';
import { DATA_PATH } from './client.ts';
import { clientOf } from './clients.ts';
import { CONF_FILE } from './conf.ts';
import { networkOf } from './networks.ts';
import { ROLLBACK_SCRIPT } from './rollback-script.ts';

const BTCD =
  'That btcd keeps a block invalid (invalidateblock) over a restart has not been proven. Restore a Backup or a Snapshot instead, or use bitcoind.';

/**
 * `invalidateblock` (src/rpc/blockchain.cpp). What bitcoind then does with the blocks above depends on the network: where
 * others have them too they are connected and verified again; on a network of one's own they stay invalid, which is what
 * a rollback is for there, and the node follows only a chain without them.
 */
export function rollback(node: BlockchainNode, height: number): HowTo {
  const { spec } = node;
  if (clientOf(spec).name !== bitcoind.name) return { how: 'refused', reason: BTCD };
  const { chainId, development = false } = networkOf(spec.network);
  const { image, env } = roleFields(spec, 'node', bitcoind);
  // What says how the database was written (pruning, indexes) must be the same; what lets others in must not.
  const args = toArguments('-', spec.config?.[CONF_FILE] ?? {}, spec.args?.['node'] ?? {}, {
    chain: chainId,
    datadir: DATA_PATH,
    disablewallet: '1',
    listen: '0',
    networkactive: '0',
    nodebuglogfile: '1',
    printtoconsole: '0',
    server: '1',
  });
  return {
    how: 'command',
    run: {
      image,
      command: ['sh', '-c', ROLLBACK_SCRIPT, 'rollback'],
      args,
      env: {
        ...env,
        NODE_CHAIN: chainId,
        NODE_DATA: DATA_PATH,
        NODE_FOLLOWS_OTHERS: development ? '' : 'yes',
        NODE_WANTED_HEIGHT: String(height),
      },
      mounts: [{ volume: soleVolume(spec, 'node'), path: DATA_PATH }],
    },
    repeatable: true,
    heightPattern: 'The newest block is (\\d+)\\.',
    cleanFailure: 'Nothing was changed\\.|bitcoind ended before it could be asked',
  };
}
