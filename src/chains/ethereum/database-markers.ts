// Where a client keeps its database: a copy without it is no backup.

import { lookup } from '../../lib/lookup.ts';
import type { BlockchainNode } from '../../api/blockchain-node.ts';
import type { DatabaseMarker } from '../../api/chain-jobs.ts';
import { NIMBUS_FOLDER } from './consensus.ts';

/**
 * Below the client's data folder, from the clients' sources and documents: geth `node/config.go` and `eth/backend.go`, reth
 * `crates/node/core/src/dirs.rs`, nethermind `Init.BaseDbPath` (`nethermind_db/<network>` in its configurations, else `db`),
 * besu `BesuController.DATABASE_PATH`, erigon `datadir/dirs.go`, lighthouse `common/directory` and
 * `beacon_node/client/src/config.rs`, prysm `beacon-chain/db/kv/kv.go`, teku `SeparateServiceDataDirLayout`, nimbus
 * https://status-im.github.io/nimbus-eth2/data-dir.html, lodestar
 * https://chainsafe.github.io/lodestar/run/beacon-management/data-retention.
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
  nimbus: [`${NIMBUS_FOLDER}/db`],
  lodestar: ['chain-db'],
};

/** Flags of a user that put the database elsewhere: where it lies then is not known. */
const ELSEWHERE: Readonly<Record<string, readonly string[]>> = {
  lodestar: ['dbDir'],
  teku: ['data-beacon-path'],
};

/** One marker a client, in the volume where the client's folder lies. */
export function databaseMarkers({ spec }: BlockchainNode): readonly DatabaseMarker[] {
  return (['el', 'cl'] as const).flatMap((role): DatabaseMarker[] => {
    const client = spec.clients[role]?.name ?? '';
    const paths = lookup(DATABASES, client);
    const isElsewhere = lookup(ELSEWHERE, client)?.some((flag) => spec.args?.[role]?.[flag] !== undefined) === true;
    if (paths === undefined || isElsewhere) return [];
    return spec.storage[role] === undefined
      ? [{ volume: 'data', anyOf: paths.map((path) => `${role}/${path}`) }]
      : [{ volume: role, anyOf: paths }];
  });
}
