// The upgrades of Ethereum's networks, and the versions of the clients that follow them.

import { lookup } from '../../lib/lookup.ts';
import type { BrokenVersion, Fork } from '../chain.ts';

type Versions = Fork['versions'];

/**
 * Times of all Fusaka forks: `OsakaTime` in params/config.go of go-ethereum. Versions that have the schedule of the test
 * networks: geth, besu, teku and prysm by their own configuration at the tag, reth, erigon, lodestar and nimbus by release
 * notes, the others as on the main network.
 */
const FUSAKA_TEST: Versions = {
  geth: '1.16.4', reth: '1.8.2', nethermind: '1.35.2', besu: '25.9.0', erigon: '3.2.0',
  lighthouse: '8.0.0', prysm: '6.1.0', teku: '25.9.3', nimbus: '25.10.0', lodestar: '1.35.0',
}; // prettier-ignore

/** https://blog.ethereum.org/2025/11/06/fusaka-mainnet-announcement#client-releases */
const FUSAKA_MAIN: Versions = {
  geth: '1.16.7', reth: '1.9.1', nethermind: '1.35.2', besu: '25.11.0', erigon: '3.2.2',
  lighthouse: '8.0.0', prysm: '7.0.0', teku: '25.11.0', nimbus: '25.11.0', lodestar: '1.36.0',
}; // prettier-ignore

/**
 * Gnosis schedules its forks in releases of its own. The clients' release notes; teku's configuration at its tags; for
 * erigon https://github.com/erigontech/erigon/pull/20145, for lighthouse https://github.com/erigontech/erigon/pull/20599.
 */
const FUSAKA_GNOSIS: Versions = {
  nethermind: '1.36.2', erigon: '3.3.10', lighthouse: '8.1.3', teku: '26.4.0', lodestar: '1.41.1',
}; // prettier-ignore
const FUSAKA_CHIADO: Versions = { ...FUSAKA_GNOSIS, nethermind: '1.36.1', lodestar: '1.41.0' };

/**
 * Time: https://github.com/ethereum/pm/pull/2205. The release notes that schedule it on Sepolia; for geth, besu, lighthouse
 * and nimbus the versions that https://github.com/rocket-pool/smartnode/releases/tag/v1.25.0 ran after it. geth 1.17.5 has
 * no `AmsterdamTime` for Sepolia.
 */
const GLAMSTERDAM_SEPOLIA: Versions = {
  geth: '1.17.9', reth: '2.7.0', nethermind: '2.1.0', besu: '26.10.0', erigon: '3.7.1',
  lighthouse: '8.3.0', prysm: '7.2.0', teku: '26.9.1', nimbus: '26.10.1', lodestar: '1.49.0',
}; // prettier-ignore

const FORKS: Readonly<Record<string, readonly Fork[]>> = {
  mainnet: [{ name: 'Fusaka', at: '2025-12-03T21:49:11Z', versions: FUSAKA_MAIN }],
  sepolia: [
    { name: 'Fusaka', at: '2025-10-14T07:36:00Z', versions: FUSAKA_TEST },
    { name: 'Glamsterdam', at: '2026-10-06T13:53:36Z', versions: GLAMSTERDAM_SEPOLIA },
  ],
  hoodi: [{ name: 'Fusaka', at: '2025-10-28T18:53:12Z', versions: FUSAKA_TEST }],
  gnosis: [{ name: 'Fusaka', at: '2026-04-14T12:06:20Z', versions: FUSAKA_GNOSIS }],
  chiado: [{ name: 'Fusaka', at: '2026-03-16T09:33:00Z', versions: FUSAKA_CHIADO }],
};

/** The forks of a network, oldest first. */
export function forksOf(network: string): readonly Fork[] {
  return lookup(FORKS, network) ?? [];
}

/**
 * Releases that fork off Hoodi on 2026-10-26, when Glamsterdam was withdrawn after they had scheduled it:
 * https://blog.ethereum.org/2026/10/22/glamsterdam-hoodi-delay, release notes of the versions after them, and for geth and
 * nimbus https://github.com/rocket-pool/smartnode/releases/tag/v1.25.1.
 */
const WITHDRAWN_ON_HOODI: Readonly<Record<string, readonly string[]>> = {
  geth: ['1.17.9'],
  reth: ['2.8.0'],
  nethermind: ['2.2.0'],
  besu: ['26.10.0'],
  erigon: ['3.8.0'],
  lighthouse: ['8.3.0', '8.3.1'],
  prysm: ['7.3.0'],
  teku: ['26.10.1'],
  nimbus: ['26.10.1'],
  lodestar: ['1.50.0'],
};

/** Versions of a client that leave a network at a fork that was withdrawn. */
export function withdrawnForks(client: string): readonly BrokenVersion[] {
  const why =
    'it activates Glamsterdam on 2026-10-26T17:42:48Z, which was withdrawn, and leaves the network (https://blog.ethereum.org/2026/10/22/glamsterdam-hoodi-delay).';
  return (WITHDRAWN_ON_HOODI[client] ?? []).map((version) => ({ version, networks: ['hoodi'], why }));
}
