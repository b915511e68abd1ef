// Trouble that a verb expects: a code for the controller, a reason for people.

import { CodedError, codeOf, describeError } from '../lib/errors.ts';

export type WorkCode =
  | 'bad-parameters'
  | 'missing-source'
  | 'unsafe-path'
  | 'exists'
  | 'disk-full'
  | 'no-space'
  | 'read-only'
  | 'not-permitted'
  | 'source-changed'
  | 'manifest-unreadable'
  | 'manifest-changed'
  | 'unknown-format'
  | 'wrong-chain'
  | 'wrong-network'
  | 'missing-volume'
  | 'content-differs'
  | 'signer-state-unreadable'
  | 'restore-unfinished'
  | 'nothing-to-roll-back'
  | 'nested-mount'
  | 'command-failed'
  | 'command-not-found'
  | 'timed-out'
  | 'interrupted'
  | 'failed';

export class WorkError extends CodedError {
  declare readonly code: WorkCode;

  // eslint-disable-next-line no-useless-constructor -- it narrows the codes
  constructor(code: WorkCode, message: string, options?: { cause?: unknown }) {
    super(code, message, options);
  }
}

const BY_ERRNO: Readonly<Record<string, readonly [WorkCode, string]>> = {
  ENOSPC: ['disk-full', 'the volume is full'],
  EDQUOT: ['disk-full', "the volume's quota is used up"],
  EROFS: ['read-only', 'the volume is mounted read-only'],
  EACCES: ['not-permitted', 'permission denied; run the job as the owner of the data or as root'],
  EPERM: ['not-permitted', 'operation not permitted; run the job as the owner of the data or as root'],
  ELOOP: ['unsafe-path', 'a symbolic link stands where a directory or file was expected; links are not followed'],
};

/** Anything thrown → a `WorkError`; `where` says what was being done ("copying data/x"). */
export function toWorkError(error: unknown, where: string): WorkError {
  if (error instanceof WorkError) return error;
  const known = BY_ERRNO[codeOf(error) ?? ''];
  if (known === undefined) return new WorkError('failed', `${where}: ${describeError(error)}`, { cause: error });
  return new WorkError(known[0], `${where}: ${known[1]}`, { cause: error });
}

/** Throws `interrupted` when the signal has fired. */
export function throwIfStopped(signal: AbortSignal): void {
  if (signal.aborted) throw new WorkError('interrupted', 'stopped by a signal before the work was done; run it again');
}
