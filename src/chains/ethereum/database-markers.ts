// Where a client keeps its database: a copy without it is no backup.

import type { BlockchainNode } from '../../api/blockchain-node.ts';
import type { DatabaseMarker } from '../../api/chain-jobs.ts';

/**
 * Below the client's data folder, from the clients' sources: geth `node/config.go` and `eth/backend.go`, reth
 * `crates/node/core/src/dirs.rs`, nethermind `InitConfig.BaseDbPath` (a chain's own default lies in `nethermind_db`), besu
 * `BesuController.DATABASE_PATH`, erigon `node/nodecfg`, lighthouse `beacon_node/client/src/config.rs`, prysm
 * `beacon-chain/db/kv/kv.go`, teku `DataDirLayout` and `StorageService`, nimbus `beacon_chain/conf.nim`, lodestar
 * `packages/cli/src/cmds/beacon/paths.ts`.
 */
const DATABASES: Readonly<Record<string, readonly string[]>> = {
  geth: ['geth/chaindata'],
  reth: ['db'],
  nethermind: ['nethermind_db', 'db'],
  besu: ['database'],
  erigon: ['chaindata'],
  lighthouse: ['beacon/chain_db'],
  prysm: ['beaconchaindata'],
  teku: ['beacon/db'],
  nimbus: ['db'],
  lodestar: ['chain-db'],
};

/** One marker a client, in the volume where the client's folder lies. */
export function databaseMarkers({ spec }: BlockchainNode): readonly DatabaseMarker[] {
  return (['el', 'cl'] as const).flatMap((role): DatabaseMarker[] => {
    const paths = DATABASES[spec.clients[role]?.name ?? ''];
    if (paths === undefined) return [];
    return spec.storage[role] === undefined
      ? [{ volume: 'data', anyOf: paths.map((path) => `${role}/${path}`) }]
      : [{ volume: role, anyOf: paths }];
  });
}
