// The verbs of the worker pod: from parameters to a result.

import type { TaskParameters, TaskResult } from '../api/worker-task.ts';
import { defined } from '../lib/defined.ts';
import { formatBytes } from '../lib/quantity.ts';
import { assertNever } from '../lib/assert-never.ts';
import { ask } from './ask.ts';
import { chown } from './chown.ts';
import type { TaskContext } from './context.ts';
import { copy } from './backup/copy.ts';
import type { CopyResult } from './backup/copy-result.ts';
import { describe } from './backup/describe.ts';
import { upload } from './backup/upload.ts';
import { download } from './restore/download.ts';
import { readSigner } from './signer/read-signer.ts';
import { retain } from './engine/retain.ts';
import { restoreDescribed } from './restore-described.ts';
import type { RestoreResult } from './restore/restore.ts';
import { seal } from './backup/seal.ts';
import { describeSignerState } from './signer/signer-state.ts';
import { verify, type VerifyResult } from './restore/verify.ts';
import { writeSigner } from './signer/write-signer.ts';

/** Throws a `TaskError` when the task fails. */
export async function perform(task: TaskParameters, context: TaskContext): Promise<TaskResult> {
  switch (task.verb) {
    case 'backup':
      return describeCopy(await copy(task, context));
    case 'seal':
      return describeCopy(await seal(task, context));
    case 'upload':
      return describeUpload(await upload(task, context));
    case 'download':
      return describeDownload(await download(task, context));
    case 'retain':
      return describeRetain(await retain(task, context));
    case 'check':
      return describeCheck(await verify(task, context));
    case 'restore':
      return describeRestore(await restoreDescribed(task, context));
    case 'describe':
      return describeCopy(await describe(task, context));
    case 'chown':
      return describeChown(await chown(task, context));
    case 'ask':
      return { ok: true, height: await ask(task, context), message: `the client is at height ${task.wanted}` };
    case 'readSigner':
      return describeSigner(readSigner(task));
    case 'writeSigner':
      return {
        ok: true,
        swapped: true,
        message: `the signer state is ${describeSignerState(writeSigner(task, context))}`,
      };
    case 'done':
      return { ok: true, message: 'the program before this container succeeded' };
    default:
      return assertNever(task);
  }
}

function describeCopy({ manifestSha256, bytes, files, skipped, changed }: CopyResult): TaskResult {
  const notes = [
    `${files} files are in the manifest`,
    ...(skipped === 0 ? [] : [`${skipped} sockets, pipes or devices were left out`]),
    ...(changed === 0 ? [] : [`${changed} entries changed meanwhile`]),
  ];
  return { ok: true, manifestSha256, bytes, files, message: notes.join('; ') };
}

function describeUpload(result: Awaited<ReturnType<typeof upload>>): TaskResult {
  const { snapshotId, bytesAdded, alreadyDone } = result;
  const made = alreadyDone ? 'an earlier run made snapshot' : 'made snapshot';
  const { message = '', ...rest } = describeCopy(result);
  const what = `${made} ${snapshotId.slice(0, 8)}, which added ${formatBytes(bytesAdded)}; ${message}`;
  return { ...rest, snapshotId, bytesAdded, message: what };
}

function describeDownload(result: Awaited<ReturnType<typeof download>>): TaskResult {
  const { message = '', ...rest } = describeRestore(result);
  return { ...rest, snapshotId: result.snapshotId, message: `snapshot ${result.snapshotId.slice(0, 8)}: ${message}` };
}

/** As many ids as fit into a termination message with the longest text. */
const MAX_LISTED = 128;

function describeRetain({ kept, removed, left }: Awaited<ReturnType<typeof retain>>): TaskResult {
  const ids = removed.slice(0, 20).map((id) => id.slice(0, 8));
  const more = removed.length > ids.length ? ` and ${removed.length - ids.length} more` : '';
  const what = removed.length === 0 ? 'removed none' : `removed ${ids.join(', ')}${more}`;
  const snapshotsLeft = left.length > MAX_LISTED ? undefined : left.map((id) => id.slice(0, 16));
  const message = `${what}; ${kept} snapshots are kept`;
  return { ok: true, files: removed.length, message, ...defined({ snapshotsLeft }) };
}

function describeCheck({ manifestSha256, bytes, files, height, extra }: VerifyResult): TaskResult {
  const more = extra === 0 ? '' : `; ${extra} more entries are not in it`;
  return {
    ok: true,
    manifestSha256,
    bytes,
    files,
    ...maybe(height),
    message: `all files are as in the manifest${more}`,
  };
}

function describeRestore({ manifestSha256, bytes, files, height, signerState, remains }: RestoreResult): TaskResult {
  const notes = [
    `${files} files are in place`,
    ...signerState.map(
      ({ path, kept, state }) => `${path}: ${kept === 'current' ? "the node's own" : "the backup's"}, ${state}`,
    ),
    ...(remains === undefined ? [] : [`the old data could not be removed (${remains}); the next Restore removes it`]),
  ];
  return { ok: true, swapped: true, manifestSha256, bytes, files, ...maybe(height), message: notes.join('; ') };
}

function describeChown({ changed, unchanged, mounts }: Awaited<ReturnType<typeof chown>>): TaskResult {
  const other = mounts === 0 ? '' : `; ${mounts} other filesystems were left alone`;
  return {
    ok: true,
    files: changed + unchanged,
    message: `${changed} entries have a new owner, ${unchanged} had the right one${other}`,
  };
}

function describeSigner(file: ReturnType<typeof readSigner>): TaskResult {
  if (file === undefined) return { ok: true, text: '', message: 'there is no signer state' };
  return { ok: true, text: file.text, message: `${file.path} is ${describeSignerState(file.state)}` };
}

function maybe(height: number | undefined): { readonly height?: number } {
  return height === undefined ? {} : { height };
}
