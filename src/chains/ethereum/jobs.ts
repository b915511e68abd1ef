// One-shot jobs on Ethereum nodes.

import type { ChainJobs } from '../../api/chain-jobs.ts';
import { databaseMarkers } from './database-markers.ts';
import { identityFiles } from './identity-files.ts';
import { rollback } from './rollback.ts';

export const jobs: ChainJobs = {
  identityFiles,
  databaseMarkers,
  // Execution and beacon node sign nothing that could be signed twice; validator clients are not run here.
  signerState: () => [],
  rollback,
  snapshot: () => ({ how: 'copy' }),
  switchover: () => ({
    how: 'refused',
    reason:
      'An Ethereum node of this kind signs nothing: validator keys belong to a validator client, which runs elsewhere. Move them there, with its slashing protection records.',
  }),
};
