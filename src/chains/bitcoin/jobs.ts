// One-shot jobs on Bitcoin nodes.

import type { BlockchainNode } from '../../api/blockchain-node.ts';
import type { ChainJobs, DataPath } from '../../api/chain-jobs.ts';
import { soleVolume } from '../role-fields.ts';
import { clientOf } from './clients.ts';
import { rollback } from './rollback.ts';

export const jobs: ChainJobs = {
  identityFiles,
  // Nodes of this kind have no wallet, so they sign nothing.
  signerState: () => [],
  databaseMarkers: ({ spec }) => {
    const anyOf = clientOf(spec).databases(spec);
    return anyOf.length === 0 ? [] : [{ volume: soleVolume(spec, 'node'), anyOf }];
  },
  rollback,
  snapshot: () => ({ how: 'copy' }),
  switchover: () => ({
    how: 'refused',
    reason:
      'A Bitcoin node has no validator key: there is nothing to exchange. To swap two nodes, swap their names in front of them.',
  }),
};

function identityFiles({ spec }: BlockchainNode): readonly DataPath[] {
  const volume = soleVolume(spec, 'node');
  return clientOf(spec)
    .identityFiles(spec)
    .map((path) => ({ volume, path }));
}
