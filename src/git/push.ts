// Moves a branch of the remote from one known commit to the next: a compare-and-swap that never overwrites anything.

import fs from 'node:fs';

import { push } from 'isomorphic-git';

import type { Oid } from './engine.ts';
import { asGitError, GitError } from './errors.ts';
import type { Operation } from './transport.ts';

export interface PushRequest {
  readonly operation: Operation;
  readonly gitdir: string;
  readonly url: string;
  readonly branch: string;
  /** The commit to push; its parent is `expected`. */
  readonly commit: Oid;
  /** What the branch must point to now; undefined when it must not exist. */
  readonly expected: Oid | undefined;
}

/** A server may say anything, for as long as it likes. */
const MAX_LINES = 50;

const NOTHING = '0'.repeat(40);

/**
 * Pushes without force. The server is sent the old id that it advertised itself and refuses when that changed meanwhile;
 * `onPrePush` refuses when it is not the one our commit was built on.
 * Throws PUSH_REJECTED (the branch moved: build the commit again), PUSH_DECLINED (a hook or a rule), READ_ONLY and the transport's codes.
 */
export async function pushCommit(request: PushRequest): Promise<void> {
  const { operation, branch, expected = NOTHING } = request;
  const ref = `refs/heads/${branch}`;
  const said: string[] = [];
  try {
    await push({
      fs,
      http: operation.http,
      gitdir: request.gitdir,
      url: request.url,
      remote: 'origin',
      ref: request.commit,
      remoteRef: ref,
      cache: {},
      signal: operation.signal,
      onPrePush: ({ remoteRef }) => remoteRef.oid === expected,
      onMessage: (line: string) => void (said.length < MAX_LINES && said.push(line.slice(0, 1000))),
    });
  } catch (error) {
    throw explain(operation.failure() ?? error, {
      branch,
      words: operation.redact([reasonOf(error, ref), ...said].join(' ')),
    });
  }
}

function explain(error: unknown, { branch, words }: { branch: string; words: string }): GitError {
  const code = error instanceof Error && 'code' in error ? error.code : '';
  const moved = `The branch ${branch} moved while we pushed; it is tried again on top of the new tip`;
  if (code === 'UserCanceledError' || code === 'PushRejectedError') return new GitError('PUSH_REJECTED', moved);
  if (code !== 'GitPushError') return asGitError(error, `Pushing ${branch}`);
  if (MOVED.test(words)) return new GitError('PUSH_REJECTED', moved);
  return new GitError(
    'PUSH_DECLINED',
    `The server declined the push to ${branch}; ${adviceFor(words)}. It says: ${words}`,
  );
}

function adviceFor(words: string): string {
  if (DISK.test(words)) return 'free space on its disk or raise the quota';
  if (PUSH_RULE.test(words)) return 'give what its push rules require in --status-author or --status-message';
  return 'allow this controller to push to it';
}

/** What Git and the operating system of the server say about a full disk. */
const DISK = /no space left on device|disk quota exceeded/i;

/** How forges explain rules about authors and messages of commits. */
const PUSH_RULE = /commit message|\bcommitter\b|\bauthor\b|push rule|does not follow the pattern/i;

/** What receive-pack answers when the old id is no longer the branch's. */
const MOVED = /failed to update ref|fetch first|non-fast-forward|cannot lock ref|reference already exists|stale info/;

/** The word for our ref in receive-pack's report, which isomorphic-git keeps in the error's data. */
function reasonOf(error: unknown, ref: string): string {
  if (!(error instanceof Error) || !('data' in error)) return '';
  const data: unknown = error.data;
  const result = member(data, 'result');
  const unpack = member(result, 'error');
  const reason = member(member(member(result, 'refs'), ref), 'error');
  return [unpack, reason].filter((text) => typeof text === 'string').join(' ');
}

function member(value: unknown, key: string): unknown {
  if (typeof value !== 'object' || value === null) return undefined;
  return Object.entries(value).find(([name]) => name === key)?.[1];
}
