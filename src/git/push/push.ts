// Moves a branch of the remote from one known commit to the next: a compare-and-swap that never overwrites anything.

import fs from 'node:fs';

import { getRemoteInfo2, writeRef } from 'isomorphic-git';

import type { Oid } from '../engine.ts';
import { asGitError, GitError } from '../errors.ts';
import { encodePack, type OutgoingPack } from './outgoing-pack.ts';
import { readReport, type ReceiveReport } from './receive-report.ts';
import type { Operation } from '../transport.ts';

export interface PushRequest {
  readonly operation: Operation;
  readonly gitdir: string;
  readonly url: string;
  readonly branch: string;
  /** The commit to push; its parent is `expected`. */
  readonly commit: Oid;
  /** The commit, and what it has that `expected` has not. */
  readonly pack: OutgoingPack;
  /** What the branch must point to now; undefined when it must not exist. */
  readonly expected: Oid | undefined;
}

const NOTHING = '0'.repeat(40);
const SERVICE = 'git-receive-pack';
/** What we use when the server offers it; some end a push that names anything else. */
const CAPABILITIES = ['report-status', 'side-band-64k'];

/**
 * Pushes without force. The server is sent the old id that it advertised itself, if it is the one our commit was built on, and
 * refuses when that changed meanwhile.
 * Throws PUSH_REJECTED (the branch moved: build the commit again), PUSH_DECLINED (a hook or a rule), READ_ONLY and the transport's codes.
 */
export async function pushCommit(request: PushRequest): Promise<void> {
  const { operation, gitdir, branch, commit } = request;
  const ref = `refs/heads/${branch}`;
  let report: ReceiveReport;
  try {
    report = await send(request, ref);
  } catch (error) {
    throw asGitError(operation.failure() ?? error, `Pushing ${branch}`);
  }
  const reason = report.refs.get(ref);
  if (report.unpack !== '' || (reason !== undefined && reason !== ''))
    throw refusal(branch, operation.redact([report.unpack, reason ?? '', ...report.said].join(' ').trim()));
  if (reason === undefined)
    throw new GitError('TRANSFER_INCOMPLETE', `The server did not report whether it moved ${branch}`);
  // A later fetch says that we have it.
  await writeRef({ fs, gitdir, ref: `refs/remotes/origin/${branch}`, value: commit, force: true });
}

async function send(request: PushRequest, ref: string): Promise<ReceiveReport> {
  const { operation, url, commit, pack, branch, expected } = request;
  const { http, signal, redact } = operation;
  const { refs = [], capabilities } = await getRemoteInfo2({ http, url, forPush: true, protocolVersion: 1 });
  // What broke off looks like a list that ended.
  const failure = operation.failure();
  if (failure !== undefined) throw failure;
  const there = refs.find((one) => one.ref === ref)?.oid;
  if (there !== expected) throw moved(branch);
  const used = CAPABILITIES.filter((name) => capabilities[name] !== undefined);
  const command = `${expected ?? NOTHING} ${commit} ${ref}\0 ${used.join(' ')}\n`;
  const length = (Buffer.byteLength(command) + 4).toString(16).padStart(4, '0');
  const answer = await http.request({
    url: `${url}/${SERVICE}`,
    method: 'POST',
    headers: { 'content-type': `application/x-${SERVICE}-request`, accept: `application/x-${SERVICE}-result` },
    body: oneByOne([
      Buffer.from(`${length}${command}0000`),
      await encodePack(pack, capabilities['no-thin'] === undefined),
    ]),
    signal,
  });
  return await readReport(answer.body ?? oneByOne([]), { isBanded: used.includes('side-band-64k'), redact });
}

async function* oneByOne(parts: readonly Uint8Array[]): AsyncGenerator<Uint8Array, void, undefined> {
  yield* parts;
}

function moved(branch: string): GitError {
  return new GitError(
    'PUSH_REJECTED',
    `The branch ${branch} moved while we pushed; it is tried again on top of the new tip`,
  );
}

function refusal(branch: string, words: string): GitError {
  if (MOVED.test(words)) return moved(branch);
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
