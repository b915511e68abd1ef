// An object that no file of Git asks for does nothing: an Event says so, instead of a status that never comes.

import { LABEL } from '../../../api/group.ts';
import { type JobObject, jobKeyOf } from '../../../api/job-object.ts';
import { readRequest } from '../../../jobs/kinds/index.ts';
import { isOwnedBy } from '../../node/owner.ts';
import type { JobDeps } from '../deps.ts';

type Deps = Pick<JobDeps, 'events' | 'jobs' | 'records' | 'settings' | 'watches'>;

const MESSAGE =
  'This object was not made from a file in Git, so nothing is done. Commit it as a file in jobs/ and delete this object.';

/** Of several controllers in one cluster the one that manages a node of it says so. False while it is not known yet. */
export function announceUnfiled(key: string, { events, jobs, ...deps }: Deps): boolean {
  const job = jobs.get(key);
  if (job === undefined || job.metadata.labels?.[LABEL.executor] !== undefined) return true;
  if (!deps.records.isLoaded) return false;
  if (isUnfiled(job, deps)) events.emit({ about: job, type: 'Warning', reason: 'NotFromGit', message: MESSAGE });
  return true;
}

function isUnfiled(job: JobObject, { records, settings, watches }: Omit<Deps, 'events' | 'jobs'>): boolean {
  if (records.next(jobKeyOf(job)) !== undefined) return false;
  const { namespace = '' } = job.metadata;
  return (readRequest(job)?.nodes ?? []).some((name) => {
    const node = watches.nodes.get(`${namespace}/${name}`);
    return node !== undefined && isOwnedBy(node, settings.executor);
  });
}
