// Trouble that a verb expects: a code for the controller, a reason for people.

import { CodedError, codeOf, describeError } from '../lib/errors.ts';

export type WorkCode =
  | 'BadParameters'
  | 'SourceMissing'
  | 'UnsafePath'
  | 'NameTaken'
  | 'DiskFull'
  | 'NoSpace'
  | 'ReadOnly'
  | 'NotPermitted'
  | 'SourceChanged'
  | 'ManifestUnreadable'
  | 'ManifestMismatch'
  | 'UnknownFormat'
  | 'WrongChain'
  | 'WrongNetwork'
  | 'VolumeMissing'
  | 'ContentDiffers'
  | 'SignerStateUnreadable'
  | 'SignerStateChanged'
  | 'RestoreUnfinished'
  | 'NestedMount'
  | 'NoAnswer'
  | 'AskRefused'
  | 'WrongHeight'
  | 'Interrupted'
  | 'Failed';

export class TaskError extends CodedError {
  declare readonly code: WorkCode;
  /** Whether data of the node may be changed in part. */
  readonly swapped: boolean;

  constructor(code: WorkCode, message: string, options: { cause?: unknown; swapped?: boolean } = {}) {
    super(code, message, options);
    this.swapped = options.swapped ?? false;
  }
}

const BY_ERRNO: Readonly<Record<string, readonly [WorkCode, string]>> = {
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
  const known = BY_ERRNO[codeOf(error) ?? ''];
  if (known === undefined) return new TaskError('Failed', `${where}: ${describeError(error)}`, { cause: error });
  return new TaskError(known[0], `${where}: ${known[1]}`, { cause: error });
}

/** Throws `Interrupted` when the signal has fired. */
export function throwIfStopped(signal: AbortSignal): void {
  if (signal.aborted) throw new TaskError('Interrupted', 'stopped by a signal before the work was done; run it again');
}
