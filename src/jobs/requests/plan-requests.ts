// What a commit changes of requests and schedules: the part of a plan that is not about nodes.

import type { JobScheduleSpec } from '../../api/job-schedule.ts';
import type { JobStep } from '../../api/job-step.ts';
import { defined } from '../../lib/defined.ts';
import { sameJson } from '../../lib/stable-json.ts';
import { heldFor, type NeededApproval } from './approval.ts';
import { readRequest } from '../kinds/index.ts';

/** A request as one side of the comparison has it. `DesiredRequest` gives one, and so does an object of the cluster. */
export interface PlannedRequest {
  readonly kind: string;
  readonly namespace: string;
  readonly name: string;
  readonly executor: string;
  readonly file: string;
  /** It passed the kind's schema. */
  readonly spec: unknown;
  /** Digest of kind and spec as written; undefined for an object of the cluster, where defaults were filled in. */
  readonly specDigest?: string | undefined;
  readonly needsApproval?: NeededApproval | undefined;
}

export interface PlannedSchedule {
  readonly namespace: string;
  readonly name: string;
  readonly executor: string;
  readonly file: string;
  readonly spec: JobScheduleSpec;
  readonly needsApproval?: NeededApproval | undefined;
}

export interface RequestSide {
  /** By `Kind/namespace/name`. */
  readonly requests: ReadonlyMap<string, PlannedRequest>;
  /** By `namespace/name`. */
  readonly schedules: ReadonlyMap<string, PlannedSchedule>;
  /** A cluster has no objects for schedules, and need not have one for a request that has ended. */
  readonly from: 'files' | 'cluster';
}

export interface DesiredRequests extends RequestSide {
  /** Requests and files that can't be read: what they were about counts as unchanged. */
  readonly broken: ReadonlySet<string>;
  readonly brokenFiles: ReadonlySet<string>;
  /** By `namespace/name`: nodes whose spec says that they are stopped, which a job leaves so. */
  readonly stopped: ReadonlySet<string>;
  /** The digests that `fleet.yaml` approves. */
  readonly approvals?: ReadonlySet<string>;
}

/** In the order of kinds and names; empty when both sides have the same. */
export function planRequests(before: RequestSide, after: DesiredRequests): readonly JobStep[] {
  return [...requestSteps(before, after), ...scheduleSteps(before, after)];
}

function requestSteps(before: RequestSide, after: DesiredRequests): JobStep[] {
  const keys = [...new Set([...before.requests.keys(), ...after.requests.keys()])].sort();
  return keys.flatMap((key) => {
    const [then, now] = [before.requests.get(key), after.requests.get(key)];
    if (now !== undefined && then === undefined)
      return [{ ...stepOf('run', now, `${effectOf(now, after)}; ${ONCE[before.from]}`), ...exceptionOf(now, after) }];
    if (now !== undefined && then !== undefined && isEdited(then, now)) return [stepOf('refuse', now, EDITED)];
    if (now !== undefined || then === undefined) return [];
    if (after.broken.has(key) || after.brokenFiles.has(then.file)) return [];
    return [stepOf('withdraw', then, GONE)];
  });
}

const ONCE = { files: 'once', cluster: 'once, and not if its result is on the status branch already' } as const;
const EDITED =
  'it was merged with other content and runs, or ran, as it was then: put the file back, and file a new one under a new name';
const GONE =
  'its file is gone: cancelled if work has not begun, otherwise it runs to its end; the record of one that ended stays';

function stepOf(what: JobStep['do'], request: PlannedRequest, because: string): JobStep {
  const { kind, namespace, name, executor, file } = request;
  return { do: what, job: `${kind} ${namespace}/${name}`, executor, file, because };
}

function exceptionOf(
  { needsApproval }: Pick<PlannedRequest, 'needsApproval'>,
  { approvals }: DesiredRequests,
): Pick<JobStep, 'exceptions' | 'hold'> {
  return defined({ exceptions: needsApproval?.rules, hold: heldFor(needsApproval, approvals) });
}

function isEdited(then: PlannedRequest, now: PlannedRequest): boolean {
  return then.specDigest !== undefined && now.specDigest !== undefined && then.specDigest !== now.specDigest;
}

/** A template may still be waiting for what its schedule fills in. */
function effectOf(
  request: Pick<PlannedRequest, 'kind' | 'namespace' | 'spec'>,
  { stopped }: Pick<DesiredRequests, 'stopped'>,
): string {
  const open = readRequest(request);
  if (open === undefined) return `does what ${request.kind} is for`;
  const isManaged = open.common.deployMethod === 'managed';
  return open.effect(open.nodes.filter((node) => isManaged && stopped.has(`${request.namespace}/${node}`)));
}

function scheduleSteps(before: RequestSide, after: DesiredRequests): JobStep[] {
  if (before.from === 'cluster') return [];
  const keys = [...new Set([...before.schedules.keys(), ...after.schedules.keys()])].sort();
  return keys.flatMap((key) => {
    const [then, now] = [before.schedules.get(key), after.schedules.get(key)];
    if (now !== undefined)
      return sameJson(then?.spec, now.spec)
        ? []
        : [{ ...scheduleStep('schedule', now, scheduleWords(now, after)), ...exceptionOf(now, after) }];
    if (then === undefined || after.brokenFiles.has(then.file)) return [];
    return [scheduleStep('unschedule', then, 'its file is gone: it files nothing any more; what it made stays')];
  });
}

function scheduleStep(what: JobStep['do'], schedule: PlannedSchedule, because: string): JobStep {
  const { namespace, name, executor, file } = schedule;
  return { do: what, job: `JobSchedule ${namespace}/${name}`, executor, file, because };
}

function scheduleWords({ namespace, spec }: PlannedSchedule, after: DesiredRequests): string {
  const { schedule, timeZone, suspend, template, keep, concurrencyPolicy } = spec;
  const when = suspend ? 'is suspended; otherwise files' : 'files';
  const each = `${when} a ${template.kind} at "${schedule}" (${timeZone}, ${concurrencyPolicy}) that ${effectOf({ ...template, namespace }, after)}`;
  return keep === undefined
    ? `${each}; keeps all`
    : `${each}; keeps the last ${keep.last}, ${keep.daily} daily and ${keep.weekly} weekly`;
}
