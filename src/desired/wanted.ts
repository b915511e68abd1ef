// Which paths of a repository can matter. Everything else is never opened.

import { nearest } from '../lib/nearest.ts';

const FOLDERS = ['nodes', 'patches', 'jobs', 'schedules'];

/** Files that are read, and files that were probably meant to be: those are opened to see whether they hold an object of ours. */
export function isWanted(path: string): boolean {
  return isInPlace(path) || isSuspect(path);
}

/** `fleet.yaml` and the folders of kinds. Without case, so that `Nodes/` is reported and not silently ignored. */
export function isInPlace(path: string): boolean {
  return /^(fleet\.ya?ml$|(nodes|patches|jobs|schedules)(\/|$))/i.test(path);
}

/** Whether a folder may hold files that are wanted. */
export function mayHoldWanted(folder: string): boolean {
  if (isInPlace(`${folder}/`)) return true;
  const parts = folder.split('/');
  if (parts.some((part) => part.startsWith('.') || part === 'node_modules')) return false;
  return parts.length <= MAX_DEPTH || meantFolder(parts) !== undefined;
}

/** YAML at the top, and in a folder that is named almost like one of ours: `node/`, `clusters/one/nodes/`. */
function isSuspect(path: string): boolean {
  if (!/\.ya?ml$/i.test(path)) return false;
  const parts = path.split('/');
  if (parts.some((part) => part.startsWith('.') || part === 'node_modules')) return false;
  return parts.length === 1 || meantFolder(parts.slice(0, -1)) !== undefined;
}

/** Deeper, no folder is compared with ours. */
const MAX_DEPTH = 4;

export interface MeantFolder {
  /** Its name as it is. */
  readonly name: string;
  readonly meant: string;
  /** It is at the top of the repository. */
  readonly isTop: boolean;
}

/** Of the folders of a path: the first that has a name of ours, or almost one. */
export function meantFolder(folders: readonly string[]): MeantFolder | undefined {
  for (const [index, name] of folders.slice(0, MAX_DEPTH).entries()) {
    const meant = mightBeOurs(name) ? nearest(name, FOLDERS) : undefined;
    if (meant !== undefined) return { name, meant, isTop: index === 0 };
  }
  return undefined;
}

/** Cheap, because every path of the repository is asked. */
function mightBeOurs(name: string): boolean {
  return name.length >= 3 && name.length <= 11 && /^[njps]/i.test(name);
}
