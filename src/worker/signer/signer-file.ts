// Signer state files of one volume: read whole and checked, never through a link.

import { closeSync, constants, fstatSync, openSync, readSync } from 'node:fs';

import { SignerText } from '../../api/worker-task.ts';
import { clip } from '../../lib/clip.ts';
import type { Dir } from '../files/dir.ts';
import { nameOfText } from '../files/names.ts';
import { isNewer, parseSignerState, type SignerState } from './signer-state.ts';
import { openParent } from '../files/tree.ts';
import { toTaskError, TaskError } from '../task-error.ts';

export interface SignerFile {
  readonly path: string;
  /** The whole file. */
  readonly text: string;
  readonly state: SignerState;
}

/** Those of `paths` that exist, in the same order. Throws `SignerStateUnreadable` when one is anything but a signer state. */
export function readSignerFiles(root: Dir, paths: readonly string[]): SignerFile[] {
  return paths.flatMap((path) => {
    try {
      const text = readWhole(root, nameOfText(path), path);
      return text === undefined ? [] : [{ path, text, state: parseSignerState(text, path) }];
    } catch (error) {
      throw toTaskError(error, `reading ${clip(path)}`);
    }
  });
}

/** The one that signed last; the first where two are equal. */
export function latestOf([first, ...others]: readonly SignerFile[]): SignerFile | undefined {
  let latest = first;
  for (const file of others) if (latest !== undefined && isNewer(file.state, latest.state)) latest = file;
  return latest;
}

const MAX_BYTES = 1024;

function readWhole(root: Dir, path: string, where: string): string | undefined {
  const place = openParent(root, path);
  if (place === undefined) return undefined;
  try {
    if (!place.dir.has(place.name)) return undefined;
    const fd = openSync(place.dir.at(place.name), constants.O_RDONLY | constants.O_NOFOLLOW | constants.O_NONBLOCK);
    try {
      const buffer = Buffer.alloc(MAX_BYTES + 1);
      const count = fstatSync(fd).isFile() ? readSync(fd, buffer, 0, buffer.length, 0) : 0;
      const text = SignerText.safeParse(buffer.toString('latin1', 0, count));
      if (text.success) return text.data;
      throw new TaskError(
        'SignerStateUnreadable',
        `${clip(where)} is longer than ${MAX_BYTES} bytes, or no plain text`,
      );
    } finally {
      closeSync(fd);
    }
  } finally {
    place.dir.close();
  }
}
