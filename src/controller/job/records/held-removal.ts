// A job whose file is gone, where that does not count as its removal: it continues, and says so before its work begins.

import { type JobObject, jobKeyOf } from '../../../api/job-object.ts';
import { isBeforeWork } from '../../../api/job-phase.ts';
import type { Plan } from '../../../plan/action.ts';
import { trustIn } from '../../fleet/branch-trust.ts';
import type { Pulled } from '../../fleet/state.ts';
import type { JobDeps } from '../deps.ts';

interface RemovalDeps {
  readonly fleet: Pick<JobDeps['fleet'], 'plan' | 'pulled'>;
  readonly records: Pick<JobDeps['records'], 'next'>;
}

/** Why its missing file cancels nothing, as part of a message; undefined while it has its file, and where its removal is followed. */
export function heldRemoval(job: JobObject, { fleet: { plan, pulled }, records }: RemovalDeps): string | undefined {
  if (pulled === undefined || !isBeforeWork(job.status?.phase)) return undefined;
  const file = missingFile(jobKeyOf(job), pulled.desired, records);
  if (file === undefined) return undefined;
  const why = whyHeld(pulled, plan);
  return why === undefined ? undefined : `its file ${file} is gone${why} it is cancelled, unless its work has begun`;
}

/** Runs of schedules and exchanges of identities have no file of their own. */
function missingFile(
  key: string,
  { requests, brokenRequests, brokenFiles }: Pulled['desired'],
  records: RemovalDeps['records'],
): string | undefined {
  const { file, schedule } = records.next(key) ?? {};
  if (file?.startsWith('jobs/') !== true || schedule !== undefined) return undefined;
  return requests.has(key) || brokenRequests.has(key) || brokenFiles.has(file) ? undefined : file;
}

/** And when it is followed. */
function whyHeld(pulled: Pulled, plan: Plan | undefined): string | undefined {
  if (pulled.desired.fleetBroken) return ', but fleet.yaml has an error: once that is corrected';
  if (plan?.revision !== pulled.revision) return undefined;
  const { mayBegin, mayRemove } = trustIn(pulled, plan);
  if (!mayBegin) return ', but the branch was moved or emptied, and actions are held for that: once they are approved';
  return mayRemove ? undefined : ' from a branch that was moved back or rewritten: with the next commit';
}
