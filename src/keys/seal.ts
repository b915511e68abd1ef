// Proves that a change of a reservation comes from the controller that made it.

import { sha256 } from '../lib/hash.ts';

/** How often a key can be reserved and released before its chain begins again, which others take for unproven. */
export const CHAIN_LENGTH = 1024;

/**
 * The value that is published with the step: a hash chain, walked backwards (RFC 2289). Only the holder of the root knows
 * the value after the published one, and all others can check it. Even steps are reservations, odd ones releases, so that the
 * state cannot be exchanged either.
 */
export function sealAt(root: string, step: number): string {
  let seal = root;
  for (let left = CHAIN_LENGTH - step; left > 0; left--) seal = sha256(seal);
  return seal;
}

/** The seal of the step before. */
export function sealBefore(seal: string): string {
  return sha256(seal);
}

/** How many steps lead from one seal to a later one; undefined when none do. */
export function stepsBetween(known: string, later: string): number | undefined {
  let seal = later;
  for (let steps = 0; steps <= CHAIN_LENGTH; steps++) {
    if (seal === known) return steps;
    seal = sha256(seal);
  }
  return undefined;
}
