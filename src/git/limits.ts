// Limits that suit a repository of text files.

import type { Limits } from './engine.ts';

/** Longest object of any type that is held in memory, when the caller sets no smaller limit. */
export const MAX_OBJECT_BYTES = 16 * 1024 * 1024;

/** Longest commit: a message of a merge with hundreds of parents is a tenth of it. */
export const MAX_COMMIT_BYTES = 1024 * 1024;

/** Objects of one fetch. What is known of each takes 60 bytes while the pack is indexed. */
export const MAX_PACK_OBJECTS = 1_000_000;

/** Entries of one folder. A repository with more is refused when it is listed, too. */
export const MAX_TREE_ENTRIES = 100_000;

export const DEFAULT_LIMITS: Limits = {
  maxFileBytes: 1024 * 1024,
  maxEntries: 100_000,
  maxDepth: 32,
  maxFetchBytes: 256 * 1024 * 1024,
  idleTimeoutMs: 30_000,
  operationTimeoutMs: 300_000,
};
