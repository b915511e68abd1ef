// The volumes that a backup reads: opened, refused when they hold no whole database, and described in a manifest.

import type { BackupParameters } from '../../api/worker-task.ts';
import type { TaskContext } from '../context.ts';
import { Dir } from '../files/dir.ts';
import { NO_TOTALS, sumTotals, type VolumeTotals } from '../files/totals.ts';
import { measure } from '../files/tree.ts';
import { MANIFEST_FORMAT, type ManifestHead } from '../manifest/manifest.ts';
import type { Notes } from '../notes.ts';
import { refuseUnfinished } from '../restore/journal.ts';
import { TaskError } from '../task-error.ts';
import { requireDatabase } from './require-database.ts';

type Sources = Pick<BackupParameters, 'volumes' | 'markers'>;

/** Opens every volume into `roots`, which the caller closes; gives what all of them hold. */
export async function openSources(
  { volumes, markers }: Sources,
  { context, roots }: { readonly context: TaskContext; readonly roots: Dir[] },
): Promise<VolumeTotals> {
  let total = NO_TOTALS;
  for (const { from, name } of volumes) {
    const root = Dir.openRoot(from);
    roots.push(root);
    refuseUnfinished(root, name);
    requireDatabase(root, name, markers);
    total = sumTotals(total, await measure(root, context.signal));
  }
  if (total.files === 0 || total.bytes === 0)
    throw new TaskError('EmptyBackup', 'the volumes hold no file with content; was the node ever started?');
  return total;
}

export function headOf({ origin, volumes }: Pick<BackupParameters, 'origin' | 'volumes'>): ManifestHead {
  return {
    format: MANIFEST_FORMAT,
    layout: 'volumes',
    origin,
    createdAt: new Date().toISOString(),
    volumes: volumes.map(({ name }) => name),
    ownersKept: process.getuid?.() === 0,
  };
}

export function sourceChanged(changed: Notes): TaskError {
  const first = changed.first[0];
  return new TaskError(
    'SourceChanged',
    `${changed.count} entries changed while they were copied, the first is ${first?.volume}/${first?.path}; ` +
      'something still writes to the volume: stop the node, or ask for action Direct and accept it',
  );
}
