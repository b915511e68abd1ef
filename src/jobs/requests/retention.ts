// Which backups of a schedule are removed: by UID, only its own, never the newest good one.

import type { JobScheduleSpec } from '../../api/job-schedule.ts';
import { keepNewest } from '../../lib/dates/keep-newest.ts';

export interface KeptBackup {
  /** Names its record, and no other one. */
  readonly id: string;
  /** The schedule that filed its request, from the record; absent for requests that people filed. */
  readonly schedule?: string;
  /** Its request is Complete and has a manifest. */
  readonly good: boolean;
  /** Milliseconds since the epoch. */
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
 * backup that is not good is removed only when a good one is newer.
 */
export function retain(
  schedule: string,
  keep: NonNullable<JobScheduleSpec['keep']>,
  backups: readonly KeptBackup[],
): readonly Removal[] {
  const own = backups
    .filter((backup) => backup.schedule === schedule)
    .sort((a, b) => b.at - a.at || (a.id < b.id ? -1 : 1));
  const good = own.filter((backup) => backup.good);
  const [newest] = good;
  if (newest === undefined) return [];
  const kept = keepNewest(good, keep);
  return own
    .filter((backup) => !kept.has(backup) && !backup.inUse && backup.at < newest.at)
    .map(({ id }) => ({
      id,
      because: `retention of ${schedule}: last ${keep.last}, daily ${keep.daily}, weekly ${keep.weekly}`,
    }));
}
