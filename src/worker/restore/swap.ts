// Exchanges a volume's data by renaming, with a journal; every step can be repeated and undone.

import type { TaskContext } from '../context.ts';
import type { Dir } from '../files/dir.ts';
import { readName } from '../files/names.ts';
import { writeJournal, type Journal } from './journal.ts';
import { TaskError } from '../task-error.ts';

export const NEW = 'new';
export const OLD = 'old';

export interface Swap {
  /** The top of the volume. */
  readonly root: Dir;
  /** The restore's directory in it. */
  readonly work: Dir;
  readonly journal: Journal;
  readonly context: TaskContext;
}

/** Puts the new data in place, continuing an earlier run. Returns the resulting journal. */
export function swapIn(swap: Swap): Journal {
  let { journal } = swap;
  if (journal.phase === 'staged') journal = record(swap, 'old-out');
  if (journal.phase === 'old-out') {
    moveAll(swap, { names: journal.old, side: OLD, out: true });
    journal = record(swap, 'new-in');
  }
  if (journal.phase === 'new-in') {
    moveAll(swap, { names: journal.new, side: NEW, out: false });
    journal = record(swap, 'swapped');
  }
  return journal;
}

/** Puts the old data back, from any phase. */
export function swapBack(swap: Swap): Journal {
  let { journal } = swap;
  if (journal.phase === 'staged') return record(swap, 'rolled-back');
  if (journal.phase === 'new-in' || journal.phase === 'swapped') journal = record(swap, 'new-out');
  if (journal.phase === 'new-out') moveAll(swap, { names: journal.new, side: NEW, out: true });
  if (journal.phase === 'new-out' || journal.phase === 'old-out') journal = record(swap, 'old-in');
  if (journal.phase === 'old-in') {
    moveAll(swap, { names: journal.old, side: OLD, out: false });
    journal = record(swap, 'rolled-back');
  }
  return journal;
}

function record({ work, journal, context }: Swap, phase: Journal['phase']): Journal {
  const next = { ...journal, phase };
  writeJournal(work, next);
  context.onStep?.(`journal:${phase}`);
  return next;
}

interface Moves {
  readonly names: readonly string[];
  readonly side: typeof NEW | typeof OLD;
  /** From the volume into the side directory, or back. */
  readonly out: boolean;
}

/** A name that is only at its destination was moved by an earlier run. A name in both places was created by another program. */
function moveAll({ root, work, context }: Swap, { names, side, out }: Moves): void {
  const beside = work.open(side);
  const [from, to] = out ? [root, beside] : [beside, root];
  try {
    for (const text of names) {
      const name = readName(text) ?? '';
      if (!from.has(name)) continue;
      if (to.has(name))
        throw new TaskError('NameTaken', `"${text}" appeared on the volume during the restore; something else uses it`);
      from.rename(name, to);
      context.onStep?.(`${out ? 'out' : 'in'}:${text}`);
    }
    from.sync();
    to.sync();
  } finally {
    beside.close();
  }
}
