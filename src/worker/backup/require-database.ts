// Whether a volume holds the database that its chain says it has.

import { dirname, basename } from 'node:path';

import type { BackupParameters } from '../../api/worker-task.ts';
import type { Dir } from '../files/dir.ts';
import { nameOfText } from '../files/names.ts';
import { TaskError } from '../task-error.ts';

/** Throws `EmptyBackup` when the volume lacks every path of one of its markers. Links are not followed. */
export function requireDatabase(root: Dir, volume: string, markers: BackupParameters['markers'] = []): void {
  for (const { volume: of, anyOf } of markers) {
    if (of !== volume || anyOf.some((path) => hasContent(root, path))) continue;
    throw new TaskError(
      'EmptyBackup',
      `the volume ${volume} has no database of the node's client: ${anyOf.join(' or ')} is missing or empty. Start the node once and let it synchronize`,
    );
  }
}

function hasContent(root: Dir, path: string): boolean {
  const parent = openFolder(root, dirname(path));
  if (parent === undefined) return false;
  const name = nameOfText(basename(path));
  const found = parent.lstat(name);
  if (found === undefined) return false;
  if (!found.isDirectory()) return found.isFile() && found.size > 0;
  const folder = parent.open(name);
  try {
    return folder.list().length > 0;
  } finally {
    folder.close();
  }
}

/** The folder below the volume, opened part by part; undefined when a part is no folder. */
function openFolder(root: Dir, path: string): Dir | undefined {
  let dir = root;
  for (const part of path === '.' ? [] : path.split('/')) {
    const name = nameOfText(part);
    if (dir.lstat(name)?.isDirectory() !== true) return undefined;
    dir = dir.open(name);
  }
  return dir;
}
