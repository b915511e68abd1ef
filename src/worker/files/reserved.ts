// Names at the top of a volume that are not the node's data.

const RESTORE = '.nodewright-restore-';

/** The directory in which a restore stages, journals and keeps the old data. */
export function restoreDirName(id: string): string {
  return `${RESTORE}${id}`;
}

export function isRestoreDir(name: string): boolean {
  return name.startsWith(RESTORE);
}

/** ext4's `lost+found` and our own restore directories: never copied, moved, or changed. */
export function isReserved(path: string): boolean {
  return path === 'lost+found' || path.startsWith('lost+found/') || isRestoreDir(path);
}
