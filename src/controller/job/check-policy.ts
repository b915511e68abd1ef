// Whether the policy allows a job's object as it is in the cluster: also one that was created by hand in place of a request.

import { ANNOTATION } from '../../api/group.ts';
import { type JobObject, jobKeyOf } from '../../api/job-object.ts';
import { judgeJob } from '../../policy/judge-job.ts';
import type { Allowed } from '../../policy/policy.ts';
import type { JobDeps } from './deps.ts';

export type PolicyDeps = Pick<JobDeps, 'settings' | 'fleet'>;

/** What the policy refuses, in the words of `validate`; undefined when nothing is refused. */
export function policyDenial(job: JobObject, deps: PolicyDeps): string | undefined {
  const { kind, metadata, spec } = job;
  const allowed = allowedFor(job, deps);
  const { denials } = judgeJob({ kind, namespace: metadata.namespace ?? '', spec, allowed });
  return denials.length === 0 ? undefined : denials.map(({ message }) => message).join(' ');
}

/** What the job may do, by the file of its request. */
export function allowedFor(job: JobObject, deps: PolicyDeps): Allowed {
  const file = fileOf(job, deps);
  return deps.settings.policy.allowedFor(file === undefined ? undefined : [file]);
}

/** The request's file, or that of the schedule that files it. Any other file that an annotation names counts for nothing. */
function fileOf(job: JobObject, { fleet }: Pick<JobDeps, 'fleet'>): string | undefined {
  const desired = fleet.pulled?.desired;
  const declared = desired?.requests.get(jobKeyOf(job))?.file;
  const named = job.metadata.annotations?.[ANNOTATION.file];
  const isScheduled = [...(desired?.schedules.values() ?? [])].some(({ file }) => file === named);
  return declared ?? (isScheduled ? named : undefined);
}
