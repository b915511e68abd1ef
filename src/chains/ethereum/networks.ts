// Ethereum's networks: ids, genesis times, where a checkpoint comes from.

import type { Network } from '../chain.ts';

export interface EthereumNetwork extends Network {
  /** Decimal, as `eth_chainId` reports it. */
  readonly chainId: string;
  /** Start of slot 0 on the beacon chain, seconds since the epoch; absent without a beacon chain. */
  readonly beaconGenesis?: number;
  readonly checkpointUrl?: string;
}

const SMALL = { cpu: '2', memory: '8Gi', storage: '300Gi' };

/** Beacon genesis times: `MIN_GENESIS_TIME + GENESIS_DELAY` of the networks' published configurations (eth-clients). */
export const networks: readonly EthereumNetwork[] = [
  {
    name: 'mainnet',
    title: 'Ethereum Mainnet',
    chainId: '1',
    beaconGenesis: 1_606_824_023,
    checkpointUrl: 'https://mainnet.checkpoint.sigp.io',
    defaults: { cpu: '4', memory: '16Gi', storage: '2548Gi' },
  },
  {
    name: 'sepolia',
    title: 'Sepolia',
    chainId: '11155111',
    beaconGenesis: 1_655_733_600,
    checkpointUrl: 'https://checkpoint-sync.sepolia.ethpandaops.io',
    defaults: SMALL,
  },
  {
    name: 'hoodi',
    title: 'Hoodi',
    chainId: '560048',
    beaconGenesis: 1_742_213_400,
    checkpointUrl: 'https://checkpoint-sync.hoodi.ethpandaops.io',
    defaults: SMALL,
  },
  { name: 'dev', title: 'Development: one node that seals its own blocks', chainId: '1337', development: true },
];

/** The networks that others run too. */
export const PUBLIC_NETWORKS: readonly string[] = ['mainnet', 'sepolia', 'hoodi'];

/** The network of that name, or undefined. */
export function findNetwork(name: string): EthereumNetwork | undefined {
  return networks.find((network) => network.name === name);
}
