// Restores that were killed while they exchanged the data: finds them, and puts the old data back.

import type { RestoreParameters } from '../../api/worker-task.ts';
import type { TaskContext } from '../context.ts';
import { Dir } from '../files/dir.ts';
import { restoreDirName } from '../files/reserved.ts';
import { isMidway, readJournal, readJournals, type Journal } from './journal.ts';
import { swapBack } from './swap.ts';
import type { Target } from './target.ts';

/**
 * A half-done exchange of another request is undone on all volumes, so that they hold data of one kind again. This
 * request's own is left to be finished, unless it was being undone when it was killed.
 */
export function undoHalfDone(targets: readonly Target[], ownId: string, context: TaskContext): void {
  const journals = targets.flatMap(({ root }) => readJournals(root));
  const wanted = new Set(journals.filter((journal) => mustUndo(journal, ownId)).map(({ id }) => id));
  for (const id of wanted)
    for (const target of targets) {
      const journal = undo(target, id, context);
      if (id === ownId) target.journal = journal;
    }
}

/** Whether a volume holds data of two kinds, or not all of one. Unreadable counts as yes. */
export function isHalfDone(volumes: RestoreParameters['volumes']): boolean {
  return volumes.some(({ to }) => {
    try {
      const root = Dir.openRoot(to);
      try {
        return readJournals(root).some(isMidway);
      } finally {
        root.closeAll();
      }
    } catch {
      return true;
    }
  });
}

function mustUndo({ id, phase }: Journal, ownId: string): boolean {
  if (phase === 'new-out' || phase === 'old-in' || phase === 'rolled-back') return true;
  return id !== ownId && (phase === 'old-out' || phase === 'new-in');
}

function undo({ root }: Target, id: string, context: TaskContext): Journal | undefined {
  const name = restoreDirName(id);
  if (!root.has(name)) return undefined;
  const work = root.open(name);
  try {
    const journal = readJournal(work);
    return journal === undefined ? undefined : swapBack({ root, work, journal, context });
  } finally {
    work.close();
  }
}
