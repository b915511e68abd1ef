// Which files in a client's folder make it the peer it is: node keys, and the records that are signed with them.

import { lookup } from '../../lib/lookup.ts';
import type { BlockchainNode } from '../../api/blockchain-node.ts';
import type { DataPath } from '../../api/chain-jobs.ts';

/**
 * Below the client's data folder. Sources: the clients' own code and documents. nimbus makes a new key at each start
 * (`--netkey-file=random`). `geth/nodes` and erigon's `nodes` hold the sequence number of the node's own record.
 */
const FILES: Readonly<Record<string, readonly string[]>> = {
  geth: ['geth/nodekey', 'geth/nodes'],
  reth: ['discovery-secret'],
  nethermind: ['keystore'],
  besu: ['key'],
  erigon: ['nodekey', 'nodes'],
  lighthouse: ['beacon/network'],
  prysm: ['network-keys', 'metaData'],
  teku: ['beacon/kvstore'],
  nimbus: [],
  lodestar: ['peer-id.json', 'enr'],
};

/** The identity files of both clients, in the volume where each client's folder lies. */
export function identityFiles({ spec }: BlockchainNode): readonly DataPath[] {
  return (['el', 'cl'] as const).flatMap((role) => {
    const files = lookup(FILES, spec.clients[role]?.name ?? '') ?? [];
    return files.map((file) =>
      spec.storage[role] === undefined ? { volume: 'data', path: `${role}/${file}` } : { volume: role, path: file },
    );
  });
}
