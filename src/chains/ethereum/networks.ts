// Ethereum's networks: ids, genesis times, where a checkpoint comes from.

import type { Network } from '../chain.ts';

export interface EthereumNetwork extends Network {
  /** Decimal, as `eth_chainId` reports it. */
  readonly chainId: string;
  /** Start of slot 0 on the beacon chain, seconds since the epoch; absent without a beacon chain. */
  readonly beaconGenesis?: number;
  /** Default 12. */
  readonly secondsPerSlot?: number;
  readonly checkpointUrl?: string;
}

/** https://blog.ethereum.org/2025/11/06/fusaka-mainnet-announcement and the announcement for the test networks. */
const FUSAKA_TEST = {
  geth: '1.16.4', reth: '1.8.2', nethermind: '1.34.0', besu: '25.9.0', erigon: '3.2.0',
  lighthouse: '8.0.0', prysm: '6.1.0', teku: '25.9.3', nimbus: '25.9.2', lodestar: '1.35.0',
} as const; // prettier-ignore
const FUSAKA_MAIN = {
  geth: '1.16.7', reth: '1.9.3', nethermind: '1.35.2', besu: '25.11.0', erigon: '3.2.2',
  lighthouse: '8.0.0', prysm: '7.0.0', teku: '25.11.0', nimbus: '25.11.0', lodestar: '1.36.0',
} as const; // prettier-ignore

/**
 * Versions that ran on Sepolia after the fork. Schedule: https://github.com/ethereum/pm/pull/2205. Nethermind has it since
 * 2.1.0; geth 1.17.5, for one, has not.
 */
const GLAMSTERDAM = {
  geth: '1.17.10', reth: '2.8.1', nethermind: '2.1.0', besu: '26.10.1', erigon: '3.8.1',
  lighthouse: '8.3.2', prysm: '7.3.1', teku: '26.10.2', nimbus: '26.10.2', lodestar: '1.50.1',
} as const; // prettier-ignore

const SMALL = { cpu: '2', memory: '8Gi', storage: '300Gi' };

/** Beacon genesis times: `MIN_GENESIS_TIME + GENESIS_DELAY` of the networks' published configurations (eth-clients). */
export const networks: readonly EthereumNetwork[] = [
  {
    name: 'mainnet',
    title: 'Ethereum Mainnet',
    chainId: '1',
    beaconGenesis: 1_606_824_023,
    checkpointUrl: 'https://mainnet.checkpoint.sigp.io',
    forks: [{ name: 'Fusaka', at: '2025-12-03T21:49:11Z', versions: FUSAKA_MAIN }],
    defaults: { cpu: '4', memory: '16Gi', storage: '2548Gi' },
  },
  {
    name: 'sepolia',
    title: 'Sepolia',
    chainId: '11155111',
    beaconGenesis: 1_655_733_600,
    checkpointUrl: 'https://checkpoint-sync.sepolia.ethpandaops.io',
    forks: [
      { name: 'Fusaka', at: '2025-10-14T07:36:00Z', versions: FUSAKA_TEST },
      { name: 'Glamsterdam', at: '2026-10-06T13:53:36Z', versions: GLAMSTERDAM },
    ],
    defaults: SMALL,
  },
  {
    name: 'hoodi',
    title: 'Hoodi',
    chainId: '560048',
    beaconGenesis: 1_742_213_400,
    checkpointUrl: 'https://checkpoint-sync.hoodi.ethpandaops.io',
    forks: [{ name: 'Fusaka', at: '2025-10-28T18:53:12Z', versions: FUSAKA_TEST }],
    defaults: SMALL,
  },
  // https://github.com/gnosischain/configs: slots of 5 s.
  {
    name: 'gnosis',
    title: 'Gnosis Chain',
    chainId: '100',
    beaconGenesis: 1_638_993_340,
    secondsPerSlot: 5,
    checkpointUrl: 'https://checkpoint.gnosischain.com',
    defaults: { cpu: '4', memory: '16Gi', storage: '1000Gi' },
  },
  {
    name: 'chiado',
    title: 'Chiado',
    chainId: '10200',
    beaconGenesis: 1_665_396_300,
    secondsPerSlot: 5,
    checkpointUrl: 'https://checkpoint.chiadochain.net',
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
