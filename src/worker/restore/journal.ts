// The journal of a restore: what the restore must move, and how far it got. It makes many renames one step.

import { closeSync, constants, fsyncSync, openSync, readFileSync, writeSync } from 'node:fs';

import { z } from 'zod';

import type { Dir } from '../files/dir.ts';
import { isRestoreDir } from '../files/reserved.ts';
import { TaskError } from '../task-error.ts';

const JOURNAL = 'journal.json';

/**
 * `staged`: the new data lies ready, the old is in place. `old-out`, `new-in`: being exchanged. `swapped`: the new is in
 * place, the old beside it. `new-out`, `old-in`: being exchanged back. `rolled-back`: the old is in place again.
 * All old entries leave before the first new one comes, so that at no time both kinds stand side by side.
 */
const Journal = z.strictObject({
  format: z.literal('nodewright-restore/1'),
  id: z.string(),
  phase: z.enum(['staged', 'old-out', 'new-in', 'swapped', 'new-out', 'old-in', 'rolled-back']),
  manifestSha256: z.string(),
  /** Names at the top of the volume, spelled by `showName`. */
  old: z.array(z.string()),
  new: z.array(z.string()),
});
export type Journal = z.infer<typeof Journal>;

/** The journal in a restore's directory; undefined before the staging was whole. Throws when it can't be understood. */
export function readJournal(dir: Dir): Journal | undefined {
  if (!dir.has(JOURNAL)) return undefined;
  const fd = openSync(dir.at(JOURNAL), constants.O_RDONLY | constants.O_NOFOLLOW);
  try {
    return Journal.parse(JSON.parse(readFileSync(fd, 'utf8')));
  } catch (error) {
    const what = 'the journal of a restore on this volume is damaged; check the volume by hand before anything starts';
    throw new TaskError('RestoreUnfinished', what, { cause: error });
  } finally {
    closeSync(fd);
  }
}

/** Replaces the journal in one step that survives a power cut. */
export function writeJournal(dir: Dir, journal: Journal): void {
  const flags = constants.O_WRONLY | constants.O_CREAT | constants.O_TRUNC | constants.O_NOFOLLOW;
  const fd = openSync(dir.at(`${JOURNAL}.new`), flags, 0o600);
  try {
    writeSync(fd, JSON.stringify(journal));
    fsyncSync(fd);
  } finally {
    closeSync(fd);
  }
  dir.rename(`${JOURNAL}.new`, dir, JOURNAL);
  dir.sync();
}

/** Whether data of two kinds, or none, may be in place: nothing may start on or copy from such a volume. */
export function isMidway(journal: Journal | undefined): boolean {
  return journal !== undefined && ['old-out', 'new-in', 'new-out', 'old-in'].includes(journal.phase);
}

/** The journals of all restores that have left something on a volume. */
export function readJournals(root: Dir): Journal[] {
  return root
    .list()
    .filter(isRestoreDir)
    .flatMap((name) => {
      const dir = root.open(name);
      try {
        return readJournal(dir) ?? [];
      } finally {
        dir.close();
      }
    });
}

/** Throws `RestoreUnfinished` when a restore was killed while it exchanged the data. */
export function refuseUnfinished(root: Dir, volume: string): void {
  const half = readJournals(root).find(isMidway);
  if (half !== undefined)
    throw new TaskError(
      'RestoreUnfinished',
      `the restore ${half.id} stopped half-way on the volume "${volume}"; request another Restore, which undoes it first`,
    );
}
