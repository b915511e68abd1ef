// Ethereum's networks: ids, genesis times, where a checkpoint comes from.

import type { Network } from '../chain.ts';
import { forksOf } from './forks.ts';

export interface EthereumNetwork extends Network {
  /** Decimal, as `eth_chainId` reports it. */
  readonly chainId: string;
  /** Start of slot 0 on the beacon chain, seconds since the epoch; absent without a beacon chain. */
  readonly beaconGenesis?: number;
  /** Default 12. */
  readonly secondsPerSlot?: number;
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
    forks: forksOf('mainnet'),
    defaults: { cpu: '4', memory: '16Gi', storage: '2548Gi' },
  },
  {
    name: 'sepolia',
    title: 'Sepolia',
    chainId: '11155111',
    beaconGenesis: 1_655_733_600,
    checkpointUrl: 'https://checkpoint-sync.sepolia.ethpandaops.io',
    forks: forksOf('sepolia'),
    defaults: SMALL,
  },
  {
    name: 'hoodi',
    title: 'Hoodi',
    chainId: '560048',
    beaconGenesis: 1_742_213_400,
    checkpointUrl: 'https://checkpoint-sync.hoodi.ethpandaops.io',
    forks: forksOf('hoodi'),
    defaults: SMALL,
  },
  // Genesis, slots of 5 s: https://github.com/gnosischain/configs; checkpoints: docs/about/networks of gnosischain/documentation.
  {
    name: 'gnosis',
    title: 'Gnosis Chain',
    chainId: '100',
    beaconGenesis: 1_638_993_340,
    secondsPerSlot: 5,
    checkpointUrl: 'https://checkpoint.gnosischain.com',
    forks: forksOf('gnosis'),
    defaults: { cpu: '4', memory: '16Gi', storage: '1000Gi' },
  },
  {
    name: 'chiado',
    title: 'Chiado',
    chainId: '10200',
    beaconGenesis: 1_665_396_300,
    secondsPerSlot: 5,
    checkpointUrl: 'https://checkpoint.chiadochain.net',
    forks: forksOf('chiado'),
    defaults: SMALL,
  },
  { name: 'dev', title: 'Development: one node that seals its own blocks', chainId: '1337', development: true },
];

/** The networks that every client can join. */
export const PUBLIC_NETWORKS: readonly string[] = ['mainnet', 'sepolia', 'hoodi'];
/** Those of Gnosis, for clients that have them built in under the same names. */
export const GNOSIS_NETWORKS: readonly string[] = ['gnosis', 'chiado'];

/** The network of that name, or undefined. */
export function findNetwork(name: string): EthereumNetwork | undefined {
  return networks.find((network) => network.name === name);
}
