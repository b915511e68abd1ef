// Trouble that a verb expects: a code for the controller, a reason for people.

import type { TaskErrorCode } from '../lib/error-codes.ts';
import { CodedError, describeError, systemCodeOf } from '../lib/errors.ts';
import type { SystemCode } from '../lib/system-codes.ts';

export class TaskError extends CodedError {
  declare readonly code: TaskErrorCode;
  /** Whether data of the node may be changed in part. */
  readonly swapped: boolean;

  constructor(code: TaskErrorCode, message: string, options: { cause?: unknown; swapped?: boolean } = {}) {
    super(code, message, options);
    this.swapped = options.swapped ?? false;
  }
}

const BY_ERRNO: Readonly<Partial<Record<SystemCode, readonly [TaskErrorCode, string]>>> = {
  ENOSPC: ['DiskFull', 'the volume is full'],
  EDQUOT: ['DiskFull', "the volume's quota is used up"],
  EROFS: ['ReadOnly', 'the volume is mounted read-only'],
  EACCES: ['NotPermitted', 'permission denied; run the job as the owner of the data or as root'],
  EPERM: ['NotPermitted', 'operation not permitted; run the job as the owner of the data or as root'],
  ELOOP: ['UnsafePath', 'a symbolic link stands where a directory or file was expected; links are not followed'],
};

/** Anything thrown → a `TaskError`; `where` says what was being done ("copying data/x"). */
export function toTaskError(error: unknown, where: string): TaskError {
  if (error instanceof TaskError) return error;
  const code = systemCodeOf(error);
  const known = code === undefined ? undefined : BY_ERRNO[code];
  if (known === undefined) return new TaskError('Failed', `${where}: ${describeError(error)}`, { cause: error });
  return new TaskError(known[0], `${where}: ${known[1]}`, { cause: error });
}

/** Throws `Interrupted` when the signal has fired. */
export function throwIfStopped(signal: AbortSignal): void {
  if (signal.aborted) throw new TaskError('Interrupted', 'stopped by a signal before the work was done; run it again');
}
