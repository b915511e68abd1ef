// Why the engine failed, from its exit code and its last messages.
// Exit codes: https://restic.readthedocs.io/en/stable/075_scripting.html#exit-codes

import type { TaskErrorCode } from '../../lib/error-codes.ts';
import { TaskError } from '../task-error.ts';

export const EXIT = { repositoryMissing: 10, locked: 11, wrongPassword: 12 } as const;

interface EngineFailure {
  readonly code: number;
  readonly location: string;
  readonly message?: string;
  readonly retried?: string;
}

const DENIED =
  /signature we calculated does not match|access ?denied|invalidaccesskeyid|access key id you provided does not exist|forbidden|not authorized/i;
const NO_BUCKET = /bucket does not exist|nosuchbucket/i;
const UNREACHABLE =
  /dial tcp|connection re(?:fused|set)|no such host|i\/o timeout|tls:|x509:|EOF|unexpected end|timeout/i;
const NO_SNAPSHOT = /no matching id found|no snapshot found|snapshot .* not found/i;

/** Whether trying again cannot help. */
export function isPermanent(message: string): boolean {
  return DENIED.test(message) || NO_BUCKET.test(message) || /x509:/.test(message);
}

export function engineError(failure: EngineFailure): TaskError {
  const { message, retried, location, code } = failure;
  const said = message === undefined || /context canceled/.test(message) ? (retried ?? message) : message;
  const kind = kindOf(failure);
  const what = said === undefined ? `it ended with exit code ${code}` : said;
  return new TaskError(kind, `the location ${location}: ${what}`);
}

function kindOf({ code, message = '', retried = '' }: EngineFailure): TaskErrorCode {
  if (code === EXIT.wrongPassword) return 'WrongPassword';
  if (code === EXIT.locked) return 'RepositoryLocked';
  const said = `${message}\n${retried}`;
  if (DENIED.test(said)) return 'StorageDenied';
  if (NO_BUCKET.test(said)) return 'BucketMissing';
  if (code === EXIT.repositoryMissing) return 'RepositoryMissing';
  if (NO_SNAPSHOT.test(said)) return 'SnapshotMissing';
  if (UNREACHABLE.test(said)) return 'StorageUnreachable';
  return 'EngineFailed';
}
