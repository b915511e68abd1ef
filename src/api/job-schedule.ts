// JobSchedule: creates job requests at the times of a cron expression. It exists in Git only.

import { z } from 'zod';

import { Name } from './fields.ts';

const NICKNAMES: ReadonlyMap<string, string> = new Map([
  ['@hourly', '0 * * * *'],
  ['@daily', '0 0 * * *'],
  ['@midnight', '0 0 * * *'],
  ['@weekly', '0 0 * * 0'],
  ['@monthly', '0 0 1 * *'],
  ['@yearly', '0 0 1 1 *'],
  ['@annually', '0 0 1 1 *'],
]);

/** Which backups are kept. */
export const Keep = z.strictObject({
  last: z.int().min(1).max(1000).default(7).describe('How many of the newest backups are kept.'),
  daily: z.int().min(0).max(3660).default(0).describe('For how many days with a backup the newest of each is kept.'),
  weekly: z.int().min(0).max(520).default(0).describe('For how many weeks with a backup the newest of each is kept.'),
});

/** Five fields, as in crontab(5). A sixth field for seconds is refused. */
const Cron = z
  .string()
  .max(128)
  .regex(/^\S+( +\S+){4}$/, {
    error: ({ input }) => `must be five cron fields: minute, hour, day of month, month, day of week${meaningOf(input)}`,
  });

export const JobScheduleSpec = z.strictObject({
  executor: Name.optional().describe("The controller that runs the jobs. Default: the Fleet's `defaultExecutor`."),
  schedule: Cron.describe(
    'Cron expression, e.g. `0 3 * * *`. If neither day field starts with `*`, a day that matches one of them is enough. Local times that a clock change skips have no run; those that it repeats have two.',
  ),
  timeZone: z.string().min(1).max(64).default('UTC').describe('IANA name, e.g. `Europe/Berlin`.'),
  concurrencyPolicy: z
    .enum(['Allow', 'Forbid', 'Replace'])
    .default('Forbid')
    .describe(
      'When the last run is not finished: run both (they queue for the node), skip this one, or cancel the last one if it has not begun.',
    ),
  startingDeadlineSeconds: z
    .int()
    .min(10)
    .max(604_800)
    .default(3600)
    .describe('Seconds that a run may be late, from 10 to one week. A later one is skipped.'),
  suspend: z.boolean().default(false).describe('true: runs are skipped.'),
  keep: Keep.optional().describe(
    'Which backups of this schedule are kept; without it, all. The newest good one is never deleted.',
  ),
  template: z
    .strictObject({
      kind: z.string().min(1).max(63).describe('Kind of the job, e.g. `Backup`.'),
      spec: z.record(z.string(), z.unknown()).describe('Spec of the job, as in its own file.'),
    })
    .describe('The job request that each run creates.'),
});
export type JobScheduleSpec = z.infer<typeof JobScheduleSpec>;

/** What cron has other names for: https://man7.org/linux/man-pages/man5/crontab.5.html */
function meaningOf(input: unknown): string {
  const fields = typeof input === 'string' ? NICKNAMES.get(input.trim().toLowerCase()) : undefined;
  return fields === undefined ? '' : ` ("${fields}")`;
}
