// What can go wrong with Git, as codes that callers compare and sentences that say what to do.

import type { GitErrorCode } from '../lib/error-codes.ts';
import { CodedError } from '../lib/errors.ts';

/** Worth trying again without a change by an operator. */
const RETRYABLE: ReadonlySet<GitErrorCode> = new Set([
  'RATE_LIMITED', 'SERVER_ERROR', 'TIMEOUT', 'NETWORK_FAILED', 'TRANSFER_INCOMPLETE', 'PUSH_REJECTED', 'STORE_CORRUPT',
  'REMOTE_REFUSED', 'DISK_FULL',
]); // prettier-ignore

export class GitError extends CodedError {
  declare readonly code: GitErrorCode;
  readonly retryable: boolean;
  /** How long the server asked us to wait, in milliseconds. */
  readonly retryAfterMs: number | undefined;

  constructor(code: GitErrorCode, message: string, options: { cause?: unknown; retryAfterMs?: number } = {}) {
    super(code, message, options.cause === undefined ? undefined : { cause: options.cause });
    this.retryable = RETRYABLE.has(code);
    this.retryAfterMs = options.retryAfterMs;
  }
}

/** Any thrown value as a GitError: our own stay, system errors get a code, the rest is `FAILED` with its cause. */
export function asGitError(error: unknown, doing: string): GitError {
  const own = ownError(error);
  if (own !== undefined) return own;
  const code = error instanceof Error && 'code' in error ? String(error.code) : '';
  const text = error instanceof Error ? error.message : String(error);
  if (code === 'ENOSPC' || code === 'EDQUOT')
    return new GitError('DISK_FULL', `${doing}: no space left in the Git store; enlarge its volume`, { cause: error });
  if (code === 'SmartHttpError')
    return new GitError(
      'NOT_A_GIT_SERVER',
      `${doing}: the server's answer is not Git's; check the repository URL (dumb HTTP is not supported)`,
    );
  if (TLS.test(code))
    return new GitError('TLS_FAILED', `${doing}: TLS failed (${code}); check the certificate and the CA option`, {
      cause: error,
    });
  if (NETWORK.test(code))
    return new GitError('NETWORK_FAILED', `${doing}: the connection failed (${code}); check the host and the network`, {
      cause: error,
    });
  return new GitError('FAILED', `${doing}: ${oneLine(text)}`, { cause: error });
}

/** Text made safe for one line of a log: no control or direction characters, single spaces, at most `max` characters. */
export function oneLine(text: string, max = 300): string {
  const clean = text
    .slice(0, 16 * max)
    .replaceAll(UNSAFE, ' ')
    .replaceAll(/ {2,}/g, ' ')
    .trim();
  return clean.length <= max ? clean : `${clean.slice(0, max - 1)}…`;
}

const UNSAFE = /[\u0000-\u001f\u007f-\u009f\u2028\u2029\u202a-\u202e\u2066-\u2069]/g;
const TLS = /^(CERT_|ERR_TLS|ERR_SSL|SELF_SIGNED|DEPTH_ZERO|UNABLE_TO_|HOSTNAME_MISMATCH|EPROTO)/;
const NETWORK = /^(ECONN|ENOTFOUND|EAI_|EHOST|ENET|ETIMEDOUT|EPIPE|EADDR|UND_ERR|HPE_|ERR_STREAM_PREMATURE)/;

/** isomorphic-git may wrap an error that our transport threw, so the causes are searched as well. */
function ownError(error: unknown): GitError | undefined {
  for (let current = error, depth = 0; depth < 5 && current instanceof Error; current = current.cause, depth++)
    if (current instanceof GitError) return current;
  return undefined;
}
