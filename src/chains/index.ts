// The chains, one line each: everything else (schema, checks, rendering, status, documents) follows from this list.

import type { ChainJobs } from '../api/chain-jobs.ts';
import { digestOf } from '../lib/hash.ts';
import { bitcoin } from './bitcoin/bitcoin.ts';
import type { Chain } from './chain.ts';
import { cosmos } from './cosmos/cosmos.ts';
import { ethereum } from './ethereum/ethereum.ts';

export const chains: readonly Chain[] = [bitcoin, cosmos, ethereum];

/** The chain of that name, or undefined. */
export function findChain(name: string): Chain | undefined {
  return chains.find((chain) => chain.name === name);
}

/** How one-shot jobs are done on a chain's nodes; undefined for a chain that is not known. */
export function chainJobsOf(name: string): ChainJobs | undefined {
  return findChain(name)?.jobs;
}

/**
 * Digests that tell the signing keys of a Secret's files (by name, as text) apart: those that a chain knows, else one of the
 * whole content.
 */
export function signingKeysIn(files: Readonly<Record<string, string>>): readonly string[] {
  const known = chains.flatMap((chain) => chain.signingKeys?.(files) ?? []);
  return known.length > 0 ? known : [digestOf(files)];
}
