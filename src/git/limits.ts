// Limits that suit a repository of text files.

import type { Limits } from './engine.ts';
import { GitError } from './errors.ts';

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

/** What one answer of a server may have, counted while it arrives. isomorphic-git keeps such answers in memory, line by line. */
export interface AnswerLimit {
  /** Short lines count as more than they have: `AnswerSize`. */
  readonly maxBytes: number;
  /** For the message: what the bytes are, and what to do. */
  readonly what: string;
  readonly advice: string;
}

const NOT_GIT = 'no repository needs so many: check the URL, and the server and the proxies that answer it';

/** Names of branches and tags: 64 bytes or more each, so up to 131,072 of them. */
const REFS: AnswerLimit = {
  maxBytes: 8 * 1024 * 1024,
  what: 'names of branches and tags',
  advice: 'delete branches and tags, or use a repository of its own for the fleet',
};

/** What a fetch answers besides the pack: acknowledged and shallow commits, 50 bytes each, and a few lines about progress. */
export const FETCH_MESSAGES: AnswerLimit = {
  maxBytes: 1024 * 1024,
  what: 'messages besides the pack of a fetch',
  advice: NOT_GIT,
};

/** The report of a push: a line for the one branch, and what hooks say. */
const PUSH_REPORT: AnswerLimit = {
  maxBytes: 1024 * 1024,
  what: 'report on a push',
  advice: 'check what the hooks of the server print, and the proxies before it',
};

/** The limit of the answer to a request as a whole; undefined for a fetch, whose answer has the pack. */
export function answerLimit(path: string, body: Buffer): AnswerLimit | undefined {
  if (path.endsWith('/git-receive-pack')) return PUSH_REPORT;
  if (path.endsWith('/git-upload-pack') && !body.includes('command=ls-refs')) return undefined;
  return REFS;
}

export function answerTooLarge(host: string, { maxBytes, what, advice }: AnswerLimit): GitError {
  return new GitError('TOO_LARGE', `${host} sent more than ${maxBytes} bytes of ${what}; ${advice}`);
}
