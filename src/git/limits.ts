// Limits that suit a repository of text files.

import type { Limits } from './engine.ts';

/** Longest object of any type that is held in memory, when the caller sets no smaller limit. */
export const MAX_OBJECT_BYTES = 16 * 1024 * 1024;

export const DEFAULT_LIMITS: Limits = {
  maxFileBytes: 1024 * 1024,
  maxEntries: 100_000,
  maxDepth: 32,
  maxFetchBytes: 256 * 1024 * 1024,
  idleTimeoutMs: 30_000,
  operationTimeoutMs: 300_000,
};
