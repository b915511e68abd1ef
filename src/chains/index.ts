// The chains, one line each: everything else (schema, checks, rendering, status, documents) follows from this list.

import type { ChainJobs } from '../api/chain-jobs.ts';
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
 * Digests of the signing keys that the chains know among a Secret's files (by name, as text), sorted. They may be
 * published: each is of a public key, or of a private key of at least 256 random bits. Other content has no digest here,
 * because that of a short text can be guessed.
 */
export function signingKeysIn(files: Readonly<Record<string, string>>): readonly string[] {
  return [...new Set(chains.flatMap((chain) => chain.signingKeys?.(files) ?? []))].sort();
}

/** The names of the files that name several keys of one chain, sorted: which one a client signs with is not known. */
export function unclearKeyFilesIn(files: Readonly<Record<string, string>>): readonly string[] {
  return [...new Set(chains.flatMap((chain) => chain.unclearKeyFiles?.(files) ?? []))].sort();
}
