// One-shot jobs on Bitcoin nodes.

import type { BlockchainNode } from '../../api/blockchain-node.ts';
import type { ChainJobs, DataPath } from '../../api/chain-jobs.ts';
import { soleVolume } from '../role-fields.ts';
import { networkOf } from './networks.ts';

/** Where bitcoind keeps what belongs to a network (doc/files.md of Bitcoin Core). */
const FOLDERS: Readonly<Record<string, string>> = {
  main: '',
  test: 'testnet3/',
  signet: 'signet/',
  regtest: 'regtest/',
};

export const jobs: ChainJobs = {
  identityFiles,
  // Nodes of this kind have no wallet, so they sign nothing.
  signerState: () => [],
  rollback: () => ({
    how: 'refused',
    reason:
      'Bitcoin Core goes back only by calling the next block invalid (invalidateblock), and then never follows the network past that height; reconsiderblock brings all blocks back at once. Restore a Backup or a Snapshot instead.',
  }),
  snapshot: () => ({ how: 'copy' }),
  switchover: () => ({
    how: 'refused',
    reason:
      'A Bitcoin node has no validator key: there is nothing to exchange. To swap two nodes, swap their names in front of them.',
  }),
};

/** The keys of its addresses on Tor and I2P; on other networks a node has none. */
function identityFiles({ spec }: BlockchainNode): readonly DataPath[] {
  const folder = FOLDERS[networkOf(spec.network).chainId] ?? '';
  const volume = soleVolume(spec, 'node');
  return ['onion_v3_private_key', 'i2p_private_key'].map((file) => ({ volume, path: `${folder}${file}` }));
}
