// Puts a recorded signer state in the place of the one on a stopped node's volume.

import { closeSync, constants, fchmodSync, fchownSync, fsyncSync, openSync, writeSync, type Stats } from 'node:fs';

import type { WriteSignerParameters } from '../../api/worker-task.ts';
import { clip } from '../../lib/clip.ts';
import type { TaskContext } from '../context.ts';
import { Dir } from '../files/dir.ts';
import { nameOfText } from '../files/names.ts';
import { latestOf, readSignerFiles, type SignerFile } from './signer-file.ts';
import { describeSignerState, parseSignerState, type SignerState } from './signer-state.ts';
import { openParent } from '../files/tree.ts';
import { toTaskError, TaskError } from '../task-error.ts';

type WriteRequest = Omit<WriteSignerParameters, 'verb'>;

/**
 * The state that is in place afterwards, on disk for good. Old or new text at any moment, never a mix. Throws
 * `SignerStateChanged` when the present state is not an expected one, because the key could sign below it again.
 */
export function writeSigner(request: WriteRequest, { onStep }: Pick<TaskContext, 'onStep'>): SignerState {
  const state = parseSignerState(request.text, 'the text to write');
  const root = Dir.openRoot(request.at);
  let renamed = false;
  try {
    const files = readSignerFiles(root, request.paths);
    refuseChanged(request, latestOf(files));
    const places = new Set([...request.paths.slice(0, 1), ...files.map(({ path }) => path)]);
    for (const path of places) {
      replace(root, path, {
        text: request.text,
        step(name) {
          renamed ||= name === 'renamed';
          onStep?.(name);
        },
      });
    }
    return state;
  } catch (error) {
    const { code, message } = toTaskError(error, 'writing the signer state');
    throw new TaskError(code, message, { cause: error, swapped: renamed });
  } finally {
    root.closeAll();
  }
}

function refuseChanged({ text, expect, paths }: WriteRequest, current: SignerFile | undefined): void {
  if (current !== undefined && [text, ...expect].includes(current.text)) return;
  const found = current === undefined ? 'is gone' : `now says ${describeSignerState(current.state)}`;
  throw new TaskError(
    'SignerStateChanged',
    `${clip(current?.path ?? paths[0] ?? '')} ${found}, unlike when it was read: something else started the node meanwhile`,
  );
}

interface Content {
  readonly text: string;
  readonly step: (name: string) => void;
}

/** Beside it, onto the disk, renamed over it, the name onto the disk. */
function replace(root: Dir, path: string, { text, step }: Content): void {
  const place = openParent(root, nameOfText(path));
  if (place === undefined)
    throw new TaskError('SourceMissing', `the folder of ${clip(path)} does not exist; is it the right volume?`);
  const { dir, name } = place;
  const part = `${name}.nodewright-part`;
  if (dir.has(part)) dir.unlink(part);
  write({ dir, name: part, text, like: dir.lstat(name) ?? ownedLike(dir) });
  step('written');
  dir.rename(part, dir, name);
  step('renamed');
  dir.sync();
  step('synced');
  dir.close();
}

type Look = Pick<Stats, 'uid' | 'gid' | 'mode'>;

function ownedLike(dir: Dir): Look {
  const { uid, gid } = dir.stat();
  return { uid, gid, mode: 0o600 };
}

interface NewFile {
  readonly dir: Dir;
  readonly name: string;
  readonly text: string;
  readonly like: Look;
}

function write({ dir, name, text, like }: NewFile): void {
  const fd = openSync(dir.at(name), constants.O_WRONLY | constants.O_CREAT | constants.O_EXCL, 0o600);
  try {
    const bytes = Buffer.from(text, 'latin1');
    for (let done = 0; done < bytes.length;) done += writeSync(fd, bytes, done);
    if (process.getuid?.() === 0) fchownSync(fd, like.uid, like.gid);
    fchmodSync(fd, like.mode & 0o777);
    fsyncSync(fd);
  } finally {
    closeSync(fd);
  }
}
