// What one Ethereum client has to say about itself: a row of the tables in execution.ts and consensus.ts.

import type { ClientInfo, ValueType } from '../chain.ts';
import type { Flags } from '../flags.ts';
import { withdrawnForks } from './forks.ts';
import type { Place } from './place.ts';

export interface EthereumClient extends ClientInfo {
  readonly command: readonly string[];
  readonly ports: {
    readonly rpc: number;
    readonly ws?: number;
    readonly p2p: number;
    readonly quic?: number;
    readonly metrics: number;
  };
  readonly metricsPath: string;
  /** Flags that only the controller sets. */
  readonly managed: (place: Place) => Flags;
  /** Flags with a value we choose and people may change. */
  readonly chosen: (place: Place) => Flags;
  readonly writableRoot?: boolean;
  /** A run of the client that must end before it starts, e.g. nimbus' trustedNodeSync. */
  readonly before?: (
    place: Place,
  ) => { readonly name: string; readonly command: readonly string[]; readonly flags: Flags } | undefined;
}

/** A row as written in a table: the managed flags are derived from the flags set on any network. */
export type ClientRow = Omit<EthereumClient, 'brokenVersions' | 'managedFlags' | 'knownFlags'> & {
  /** Other spellings of managed flags, and flags that would break the node. */
  readonly alsoManaged: readonly string[];
  readonly known: Readonly<Record<string, ValueType>>;
};

/** Completes a row: what the controller sets on one network is managed on all. */
export function defineClient(row: ClientRow): EthereumClient {
  const { alsoManaged, known, ...rest } = row;
  const set = EXTREMES.flatMap((place) => Object.keys(row.managed(place)));
  const managedFlags = [...new Set([...set, ...alsoManaged])].sort();
  return { ...rest, managedFlags, knownFlags: known, brokenVersions: withdrawnForks(row.name) };
}

const PUBLIC_PLACE: Place = {
  network: 'mainnet',
  version: '',
  development: false,
  archive: false,
  dataDir: '/data',
  p2pPort: 30_303,
  quicPort: 30_304,
  advertise: '192.0.2.1',
  checkpointUrl: 'https://checkpoint.example',
};

/** Together these make a client show every flag it can set. */
const EXTREMES: readonly Place[] = [
  PUBLIC_PLACE,
  { ...PUBLIC_PLACE, network: 'sepolia', advertise: '2001:db8::1' },
  { ...PUBLIC_PLACE, network: 'hoodi' },
  { ...PUBLIC_PLACE, archive: true, checkpointUrl: undefined },
  { ...PUBLIC_PLACE, network: 'dev', development: true, advertise: undefined },
];
