// The location in object storage that a job names: as the policy defines it, with a Secret that says itself that worker
// pods may use it. Found out before a node is stopped.

import { jobKeyOf, type JobObject } from '../../../api/job-object.ts';
import { ALLOW_BACKUPS_LABEL, type BackupLocation } from '../../../api/policy.ts';
import type { ObservedStorage, RestoreSource } from '../../../jobs/model/observation.ts';
import { UNREADABLE } from '../../../jobs/requests/record.ts';
import { isRunOf } from '../../../jobs/requests/schedule.ts';
import { CREDENTIALS } from '../../../jobs/task/render-job.ts';
import { defined } from '../../../lib/defined.ts';
import { member, textAt } from '../../../lib/json-value.ts';
import { matchesAny } from '../../../policy/patterns.ts';
import { allowedFor } from '../check-policy.ts';
import type { JobDeps } from '../deps.ts';

/** Undefined for a job that has nothing to do with object storage. */
export async function observeStorage(
  job: JobObject,
  source: RestoreSource | undefined,
  deps: Pick<JobDeps, 'cluster' | 'settings' | 'records' | 'fleet'>,
): Promise<ObservedStorage | undefined> {
  const name = locationOf(job, source);
  if (name === undefined) return undefined;
  const { policy, executor } = deps.settings;
  const location = policy.spec.backupLocations?.[name];
  if (location === undefined)
    return { ok: false, message: `the policy of this controller has no backup location ${name}; name one that it has` };
  // What has begun ends with what it began with: a plan that is refused in the middle would start the node under it.
  const trouble = await troubleBefore(job, { name, location }, deps);
  if (trouble !== undefined) return { ok: false, message: `the location ${name}: ${trouble}` };
  const { region, secret, caSecret } = location;
  return {
    ok: true,
    location: name,
    base: baseOf(location),
    secret,
    executor,
    ...defined({ region, caSecret, schedule: scheduleOf(job, deps) }),
  };
}

function locationOf({ spec }: JobObject, source: RestoreSource | undefined): string | undefined {
  const named = ['destination', 'source'].map((field) => textAt(spec, [field, 'objectStorage', 'name']));
  return [...named, source?.stored?.location].find((name) => name !== undefined);
}

interface NamedLocation {
  readonly name: string;
  readonly location: BackupLocation;
}

/** Nothing is known to be wrong with what is not asked: the Secrets of a job that has begun. */
async function troubleBefore(
  job: JobObject,
  { name, location }: NamedLocation,
  deps: Pick<JobDeps, 'cluster' | 'settings' | 'fleet'>,
): Promise<string | undefined> {
  if (!['Claimed', 'Locked'].includes(job.status?.phase ?? 'Pending')) return undefined;
  // Also of one that no file names, but a record.
  if (!matchesAny(allowedFor(job, deps).locations, name)) return 'the policy does not allow it';
  return await whySecretsUnusable(job.metadata.namespace ?? '', location, deps);
}

/** The form that the engine knows: https://restic.readthedocs.io/en/stable/030_preparing_a_new_repo.html */
function baseOf({ endpoint, bucket, prefix }: BackupLocation): string {
  return `s3:${[endpoint, bucket, ...(prefix === undefined ? [] : [prefix])].join('/')}`;
}

async function whySecretsUnusable(
  namespace: string,
  { secret, caSecret }: BackupLocation,
  { cluster }: Pick<JobDeps, 'cluster'>,
): Promise<string | undefined> {
  const needed = [
    { name: secret, keys: CREDENTIALS as readonly string[] },
    ...(caSecret === undefined ? [] : [{ name: caSecret, keys: ['ca.crt'] }]),
  ];
  for (const { name, keys } of needed) {
    const live = await cluster.get({ apiVersion: 'v1', kind: 'Secret', namespace, name });
    if (live === undefined)
      return `Secret ${name} does not exist in namespace ${namespace}. Create it with the label ${ALLOW_BACKUPS_LABEL}: "true"`;
    if (live.metadata.labels?.[ALLOW_BACKUPS_LABEL] !== 'true')
      return `Secret ${name} does not say that backups may use it. If they may, run: kubectl -n ${namespace} label secret ${name} ${ALLOW_BACKUPS_LABEL}=true`;
    const data = member(live, 'data');
    const missing = keys.filter((key) => (textAt(data, [key]) ?? '') === '');
    if (missing.length > 0) return `Secret ${name} lacks ${missing.join(', ')}`;
  }
  return undefined;
}

/** From the record; a record can be written by others, so the name of the run must fit the schedule too. */
function scheduleOf(job: JobObject, { records }: Pick<JobDeps, 'records'>): string | undefined {
  const record = records.pushedAll().get(jobKeyOf(job));
  const schedule = record === undefined || record === UNREADABLE ? undefined : record.schedule;
  const [namespace, name] = schedule?.split('/') ?? [];
  if (schedule === undefined || name === undefined || namespace !== job.metadata.namespace) return undefined;
  return isRunOf(name, job.metadata.name) ? schedule : undefined;
}
