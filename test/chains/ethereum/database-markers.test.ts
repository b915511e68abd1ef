// Which folder shows that a backup holds the database of a client.

import { describe, expect, it } from 'vitest';

import { jobs } from '../../../src/chains/ethereum/jobs.ts';
import { ethereum } from '../../../src/chains/ethereum/ethereum.ts';
import { example, nodeWith } from '../examples.ts';

describe('the database of an Ethereum node', () => {
  it.each([
    { name: 'ethereum-geth-lighthouse', paths: ['el/geth/chaindata', 'cl/beacon/chain_db'] },
    { name: 'ethereum-reth-prysm', paths: ['el/db', 'cl/beaconchaindata'] },
    { name: 'ethereum-nethermind-teku', paths: ['el/nethermind_db', 'cl/beacon/db'] },
    { name: 'ethereum-besu-nimbus', paths: ['el/database', 'cl/nimbus/db'] },
    { name: 'ethereum-erigon-lodestar', paths: ['el/chaindata', 'cl/chain-db'] },
  ])('lies in the folders that its clients use: $name', ({ name, paths }) => {
    const { node } = example(name);
    const found = jobs
      .databaseMarkers(node)
      .map(({ volume, anyOf: [first] }) => (volume === 'data' ? first : `${volume}/${first ?? ''}`));
    expect(found).toEqual(paths);
  });

  it('lies in the folder that nimbus is started with', () => {
    const { node } = example('ethereum-besu-nimbus');
    const args = ethereum.workload(node).containers.flatMap((container) => container.args);
    const folder = args.find((arg) => arg?.startsWith('--data-dir='));
    const marker = jobs.databaseMarkers(node).find(({ anyOf }) => anyOf[0]?.includes('nimbus') === true);
    const path = marker?.volume === 'data' ? marker.anyOf[0] : `cl/${marker?.anyOf[0] ?? ''}`;
    expect(`--data-dir=/data/${path ?? ''}`).toBe(`${folder ?? ''}/db`);
  });

  it.each([
    { name: 'ethereum-erigon-lodestar', flag: 'dbDir' },
    { name: 'ethereum-nethermind-teku', flag: 'data-beacon-path' },
  ])('is not required where --$flag puts it elsewhere', ({ name, flag }) => {
    const moved = nodeWith(name, { args: { cl: { [flag]: '/data/cl/other' } } });
    expect(jobs.databaseMarkers(moved)).toHaveLength(1);
    expect(jobs.databaseMarkers(example(name).node)).toHaveLength(2);
  });
});
