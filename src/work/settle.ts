// After a restore: `rollback` puts the old data back, `finish` removes it.

import type { WorkContext } from './context.ts';
import { Dir } from './dir.ts';
import type { SettleParams } from './params.ts';
import { isMidway, readJournal } from './restore-journal.ts';
import { removeWorkDir } from './restore-target.ts';
import { swapBack } from './restore-swap.ts';
import { restoreDirName } from './reserved.ts';
import { toWorkError, WorkError } from './work-error.ts';

export interface SettleResult {
  readonly ok: true;
  /** Volumes on which something was left to do. */
  readonly settled: readonly string[];
}

/** Puts the old data back on every volume, wherever the restore stopped, and removes what it had staged. */
export async function rollback(params: SettleParams, context: WorkContext): Promise<SettleResult> {
  return settle(params, 'rolling back', async (root) => {
    const name = restoreDirName(params.id);
    const work = root.open(name);
    const journal = readJournal(work);
    // Without a journal nothing had been moved.
    if (journal !== undefined) swapBack({ root, work, journal, context });
    work.close();
    await removeWorkDir(root, name);
  });
}

/** Removes the old data of a restore that is complete; refuses while the exchange is not. */
export async function finish(params: SettleParams): Promise<SettleResult> {
  return settle(params, 'finishing', async (root, volume) => {
    const name = restoreDirName(params.id);
    const work = root.open(name);
    const journal = readJournal(work);
    work.close();
    if (isMidway(journal))
      throw new WorkError(
        'restore-unfinished',
        `the restore stopped half-way on "${volume}"; run it again or roll it back`,
      );
    await removeWorkDir(root, name);
  });
}

async function settle(
  params: SettleParams,
  what: string,
  act: (root: Dir, volume: string) => Promise<void>,
): Promise<SettleResult> {
  const settled: string[] = [];
  for (const { name, path } of params.volumes) {
    const root = Dir.openRoot(path);
    try {
      if (!root.has(restoreDirName(params.id))) continue;
      await act(root, name);
      settled.push(name);
    } catch (error) {
      throw toWorkError(error, `${what} the restore on "${name}"`);
    } finally {
      root.closeAll();
    }
  }
  return { ok: true, settled };
}
