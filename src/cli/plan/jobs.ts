// Both sides of the comparison of job requests and schedules, for `nodewright plan`.

import { suspensionOfFleet } from '../../api/fleet.ts';
import { ANNOTATION, LABEL } from '../../api/group.ts';
import { jobKeyOf, type JobObject, withdrawnFor } from '../../api/job-object.ts';
import { isFinal } from '../../api/job-phase.ts';
import type { JobStep } from '../../api/job-step.ts';
import type { DesiredRequest, DesiredSet } from '../../desired/desired-set.ts';
import { planRequests } from '../../jobs/requests/plan-requests.ts';
import {
  recordKey,
  type RequestSide,
  type PlannedRequest,
  type DesiredRequests,
} from '../../jobs/requests/planned-request.ts';
import { sourceOfRequest } from '../../jobs/requests/planned-source.ts';
import { recordPath } from '../../jobs/requests/record.ts';
import { digestOfObject } from '../../jobs/kinds/index.ts';
import { declaredSuspension } from './suspended.ts';

export type PublishedRecords = DesiredRequests['records'];

/** Between two revisions; `records`: what the status branch says of the requests of both, when it is read. */
export function jobsBetween(before: DesiredSet, desired: DesiredSet, records?: PublishedRecords): readonly JobStep[] {
  return stepsFrom(requestsOf(before), desired, { records, withoutVolumes: newAndStopped(before, desired) });
}

/** Stopped nodes that the older side did not declare, and may not have declared in a file that cannot be used. */
function newAndStopped(before: DesiredSet, desired: DesiredSet): ReadonlyMap<string, string> {
  if (before.fleetBroken || before.unreadableFiles.size > 0) return new Map();
  const isNew = (key: string): boolean => !before.nodes.has(key) && !before.brokenNodes.has(key);
  const keys = stoppedIn(desired).filter(isNew);
  return new Map(keys.map((key) => [key, `${key.slice(key.indexOf('/') + 1)} ${NEW}`]));
}

const NEW = 'is new and stopped, and has no volumes, unless an earlier node of its name left some';

/** Where each request of the files, and what it restores, has its record. */
export function recordsAsked(...sides: readonly DesiredSet[]): ReadonlyMap<string, string> {
  const requests = sides.flatMap((side) => [...requestsOf(side).requests.values()]);
  const sources = requests.flatMap((request) => sourceOfRequest(request)?.record ?? []);
  return new Map([...requests, ...sources].map((one) => [recordKey(one), recordPath(one)]));
}

/**
 * Compares with the jobs of the cluster. A job that `desired` does not declare counts only while it runs and when it came
 * from a file in `jobs/`: schedules and identity swaps create jobs too.
 */
export function jobsAgainstCluster(
  objects: readonly JobObject[] | undefined,
  desired: DesiredSet,
  { schedules = desired.schedules, ...known }: KnownOfJobs & KnownSchedules,
): readonly JobStep[] {
  if (objects === undefined)
    return stepsFrom({ from: 'cluster', requests: new Map(), schedules }, { ...desired, requests: new Map() }, known);
  const found = objects.map((object) => [jobKeyOf(object), object] as const);
  const counted = found.filter(([key, object]) => desired.requests.has(key) || isUnderWay(object));
  const requests = new Map(counted.map(([key, object]) => [key, fromObject(object)]));
  const all = new Set(found.map(([key]) => key));
  return stepsFrom({ from: 'cluster', requests, schedules, objects: all }, desired, known);
}

interface KnownSchedules {
  /** Those that the controllers have; without it they count as the same. */
  readonly schedules?: RequestSide['schedules'];
}

type KnownOfJobs = Pick<DesiredRequests, 'records' | 'withoutVolumes'>;

/** An error in fleet.yaml stops all changes, also of job requests. */
function stepsFrom(before: RequestSide, desired: DesiredSet, known: KnownOfJobs): readonly JobStep[] {
  return desired.fleetBroken ? [] : planRequests(before, { ...requestsOf(desired), ...known });
}

/** The job requests and schedules of one side. */
function requestsOf(desired: DesiredSet): DesiredRequests {
  return {
    from: 'files',
    requests: new Map([...desired.requests].map(([key, request]) => [key, fromFile(request)])),
    schedules: desired.schedules,
    broken: desired.brokenRequests,
    brokenFiles: desired.brokenFiles,
    stopped: new Set(stoppedIn(desired)),
    suspensions: {
      ofFleet: () => suspensionOfFleet(desired.fleet),
      of: (key) => declaredSuspension(desired, key),
    },
    approvals: new Set(desired.fleet.approvals?.map(({ digest }) => digest)),
  };
}

function stoppedIn({ nodes }: DesiredSet): readonly string[] {
  return [...nodes].flatMap(([key, { node }]) => (node.spec.desiredState === 'Stopped' ? [key] : []));
}

function fromFile({ request, executor, file, specDigest, needsApproval }: DesiredRequest): PlannedRequest {
  const { kind, metadata, spec } = request;
  return {
    kind,
    namespace: metadata.namespace ?? '',
    name: metadata.name,
    executor,
    file,
    spec,
    specDigest,
    isReleased: metadata.annotations?.[ANNOTATION.release] === 'true',
    objectDigest: digestOfObject(request),
    needsApproval,
  };
}

function isUnderWay({ metadata, status }: JobObject): boolean {
  const isFiled = metadata.annotations?.[ANNOTATION.file]?.startsWith('jobs/') === true;
  return isFiled && (status?.phase === undefined || !isFinal(status.phase));
}

function fromObject(object: JobObject): PlannedRequest {
  const { kind, metadata, spec, status } = object;
  return {
    ...(status?.phase === 'Held' ? { ended: { paused: status.paused ?? [], message: status.message } } : {}),
    objectDigest: digestOfObject(object),
    isWithdrawn: withdrawnFor(object) !== undefined,
    kind,
    namespace: metadata.namespace ?? '',
    name: metadata.name,
    executor: metadata.labels?.[LABEL.executor] ?? '',
    file: metadata.annotations?.[ANNOTATION.file] ?? '',
    spec,
  };
}
