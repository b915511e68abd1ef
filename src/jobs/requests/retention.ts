// Which backups of a schedule are removed: by UID, only its own, never the newest good one.

import type { JobScheduleSpec } from '../../api/job-schedule.ts';
import { keepNewest } from '../../lib/dates/keep-newest.ts';

export interface KeptBackup {
  /** Names its record, and no other one. */
  readonly id: string;
  /** The schedule that filed its request, from the record; absent for requests that people filed. */
  readonly schedule?: string;
  /** Its object is there and says when it ended, and how. Otherwise its record says that, which others can write. */
  readonly isReported: boolean;
  /** Its request is Complete and has a manifest. */
  readonly good: boolean;
  /** When it ended, or when its data was made where no object says more. Milliseconds since the epoch. */
  readonly at: number;
  /** A Restore reads from it, or waits to. */
  readonly inUse: boolean;
}

export interface Removal {
  readonly id: string;
  readonly because: string;
}

/**
 * What `keep` does not keep. Days and weeks are UTC, weeks begin on Monday; of each the newest good backup counts. A
 * backup that is not good is removed only when a good one is newer. One without an object takes the place of no other, because only
 * its record says that it is good; and it stays as long as it would stay if it were.
 */
export function retain(
  schedule: string,
  keep: NonNullable<JobScheduleSpec['keep']>,
  backups: readonly KeptBackup[],
): readonly Removal[] {
  const own = newestFirst(backups.filter((backup) => backup.schedule === schedule));
  const good = own.filter((backup) => backup.good && backup.isReported);
  const [newest] = good;
  if (newest === undefined) return [];
  const kept = keepNewest(good, keep);
  const isKept = (backup: KeptBackup): boolean =>
    backup.isReported ? kept.has(backup) : keepNewest(newestFirst([...good, backup]), keep).has(backup);
  return own
    .filter((backup) => !backup.inUse && backup.at < newest.at && !isKept(backup))
    .map(({ id }) => ({
      id,
      because: `retention of ${schedule}: last ${keep.last}, daily ${keep.daily}, weekly ${keep.weekly}`,
    }));
}

function newestFirst(backups: readonly KeptBackup[]): readonly KeptBackup[] {
  return backups.toSorted((a, b) => b.at - a.at || (a.id < b.id ? -1 : 1));
}
