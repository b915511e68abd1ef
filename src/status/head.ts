// How far a client's head is from the tip, by age and by height.

import type { Expectation, RoleFacts } from '../chains/observed.ts';

/**
 * Strictly synced: the client says so, the head is recent, peers are there, no lag, the right chain. Each alone is
 * wrong at start-up, when clients call themselves synced because they do not know better yet. `now` in milliseconds.
 */
export function isSynced(facts: RoleFacts, expectation: Expectation, now: number): boolean {
  if (facts.syncing === true || facts.alarm !== undefined || isElsewhere(facts, expectation)) return false;
  if (lacksPeers(facts, expectation) || isBehind(facts, expectation)) return false;
  if (expectation.maxHeadAgeSeconds === undefined) return facts.syncing === false || expectation.maxLag !== undefined;
  return facts.height !== 0 && facts.headTime !== undefined && !isOld(facts, expectation, { now, factor: 1 });
}

/** On another chain than it should be. */
export function isElsewhere({ chainId }: RoleFacts, expectation: Expectation): boolean {
  return chainId !== undefined && expectation.chainId !== undefined && chainId !== expectation.chainId;
}

/** A client that does not report its peers is not blamed. */
export function lacksPeers({ peers }: RoleFacts, { minPeers }: Expectation): boolean {
  return peers !== undefined && peers < minPeers;
}

/** Further behind the best height it knows of than the chain allows. */
export function isBehind({ height, target }: RoleFacts, { maxLag }: Expectation): boolean {
  return maxLag !== undefined && height !== undefined && target !== undefined && target - height > maxLag;
}

/** The head's age is known and more than `factor` times the allowed. */
export function isOld(
  { headTime }: RoleFacts,
  { maxHeadAgeSeconds: limit }: Expectation,
  { now, factor }: { readonly now: number; readonly factor: number },
): boolean {
  return limit !== undefined && headTime !== undefined && now / 1000 - headTime > limit * factor;
}
