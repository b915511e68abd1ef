// What a commit changes of requests and schedules: the part of a plan that is not about nodes.

import { describeSuspension } from '../../api/fleet.ts';
import { hasNeverRun, isFinal } from '../../api/job-phase.ts';
import type { JobStep } from '../../api/job-step.ts';
import { defined } from '../../lib/defined.ts';
import { sameJson } from '../../lib/stable-json.ts';
import { waitsWhile } from '../model/suspended.ts';
import { heldFor } from './approval.ts';
import { readRequest } from '../kinds/index.ts';
import { releaseStep } from './planned-release.ts';
import {
  type DesiredRequests,
  type KnownSchedule,
  type PlannedRecord,
  type PlannedRequest,
  type PlannedSchedule,
  type RequestSide,
  recordKey,
  stepOf,
} from './planned-request.ts';
import { whyNoSource } from './planned-source.ts';
import { whyNoVolumes } from './planned-volumes.ts';
import { UNREADABLE } from './record.ts';

/** In the order of kinds and names; empty when both sides have the same. */
export function planRequests(before: RequestSide, after: DesiredRequests): readonly JobStep[] {
  return [...requestSteps(before, after), ...scheduleSteps(before, after)];
}

function requestSteps(before: RequestSide, after: DesiredRequests): JobStep[] {
  const keys = [...new Set([...before.requests.keys(), ...after.requests.keys()])].sort();
  return keys.flatMap((key) => {
    const [then, now] = [before.requests.get(key), after.requests.get(key)];
    if (now !== undefined) {
      const refused = whyNoSource(now, before, after) ?? whyNoVolumes(now, before, after);
      const declared = { then, now, from: before.from, refused };
      return [declaredStep(declared, after), releaseStep(declared, after)].filter((step) => step !== undefined);
    }
    return then === undefined ? [] : (removedStep(key, then, after) ?? []);
  });
}

interface Declared {
  readonly then: PlannedRequest | undefined;
  readonly now: PlannedRequest;
  readonly from: RequestSide['from'];
  /** Why it is refused as soon as it is claimed. */
  readonly refused: string | undefined;
}

/** A record says more than the files: the controller judges by it. */
function declaredStep(declared: Declared, after: DesiredRequests): JobStep | undefined {
  const { then, now, from } = declared;
  const isChanged = then === undefined || isEdited(then, now);
  // What another change did is not shown again between two revisions; the cluster is compared as a whole.
  if (!isChanged && from === 'files') return undefined;
  const record = after.records?.get(recordKey(now));
  if (record !== undefined) return recordedStep({ ...declared, record });
  return isChanged ? unrecordedStep(declared, after) : undefined;
}

function unrecordedStep({ then, now, from, refused }: Declared, after: DesiredRequests): JobStep {
  const mayBeClaimed = from === 'cluster' || after.records === undefined;
  if (then !== undefined && mayBeClaimed) return stepOf('refuse', now, EDITED);
  if (refused !== undefined) return stepOf('refuse', now, refused);
  const waits = waitOf(now, after);
  const because = `${effectOf(now, after)}; ${after.records === undefined ? UNKNOWN : 'once'}${waits === undefined ? '' : `; it ${waits}`}`;
  return { ...stepOf('run', now, because), ...exceptionOf(now, after) };
}

function recordedStep({
  now,
  from,
  record,
}: Declared & { readonly record: PlannedRecord | typeof UNREADABLE }): JobStep | undefined {
  if (record === UNREADABLE) return stepOf('refuse', now, UNREADABLE_RECORD);
  if (record.specDigest !== now.specDigest) return stepOf('refuse', now, EDITED);
  if (from === 'cluster') return undefined;
  if (!isFinal(record.phase)) return undefined;
  const ended = `${record.phase}${record.endedAt === undefined ? '' : ` at ${record.endedAt}`}`;
  const because = hasNeverRun(record.phase)
    ? `it ended ${ended} and did not run, and a name is used once: file a new one under a new name`
    : `it has run already (${ended}), and a request runs once: ${NEW_NAME}`;
  return stepOf('refuse', now, because);
}

/** Nothing follows for one that has ended, or that was marked before. */
function removedStep(key: string, then: PlannedRequest, after: DesiredRequests): JobStep | undefined {
  if (then.isWithdrawn === true) return undefined;
  const record = after.records?.get(recordKey(then));
  if (after.broken.has(key) || after.brokenFiles.has(then.file)) return brokenStep(then, record, after);
  if (record === undefined) return stepOf('withdraw', then, isUnclaimed(then, after) ? UNCLAIMED : GONE);
  return record === UNREADABLE || isFinal(record.phase) ? undefined : stepOf('withdraw', then, GONE);
}

/** What has an error is never run; what was claimed before does not end with it. */
function brokenStep(
  then: PlannedRequest,
  record: PlannedRecord | typeof UNREADABLE | undefined,
  after: DesiredRequests,
): JobStep | undefined {
  if (record === UNREADABLE) return undefined;
  if (record === undefined) return isUnclaimed(then, after) ? undefined : stepOf('refuse', then, brokenWords(then));
  return isFinal(record.phase)
    ? undefined
    : stepOf('refuse', then, `${BROKEN}: it is ${record.phase}, and ${CONTINUES}`);
}

/** An object of the cluster is a job under way; of a file without its record that is not known. */
function brokenWords({ specDigest }: PlannedRequest): string {
  return specDigest === undefined
    ? `${BROKEN}: it is under way, and ${CONTINUES}`
    : `${BROKEN}: if it was claimed, it ${CONTINUES}`;
}

/** A request of the files without a record; one of the cluster has an object, which was claimed. */
function isUnclaimed({ specDigest }: PlannedRequest, { records }: DesiredRequests): boolean {
  return records !== undefined && specDigest !== undefined;
}

const UNKNOWN =
  'once, and not if its result is on the status branch already (which was not read: name it with --status-from)';
const NEW_NAME = 'to run it again, file a new one under a new name';
const EDITED =
  'it was merged with other content and runs, or ran, as it was then: put the file back, and file a new one under a new name';
const UNREADABLE_RECORD = `its record on the status branch cannot be read, so that it is not known whether it ran: ${NEW_NAME}`;
const BROKEN =
  'its file has an error, so what it says now is not run, and the job that was merged before is not cancelled by it';
const CONTINUES = 'continues as it was then: to cancel it before its work begins, remove the request';
const GONE =
  'its file is gone: cancelled if work has not begun, otherwise it runs to its end; the record of one that ended stays';
const UNCLAIMED = 'its file is gone, and by the status branch it was not claimed: it does not run';

function exceptionOf(
  { needsApproval }: Pick<PlannedRequest, 'needsApproval'>,
  { approvals }: DesiredRequests,
): Pick<JobStep, 'exceptions' | 'hold'> {
  return defined({ exceptions: needsApproval?.rules, hold: heldFor(needsApproval, approvals) });
}

/** Files are compared as written, an object with what the file would make of it. */
function isEdited(then: PlannedRequest, now: PlannedRequest): boolean {
  const [a, b] =
    then.specDigest === undefined ? [then.objectDigest, now.objectDigest] : [then.specDigest, now.specDigest];
  return a !== undefined && b !== undefined && a !== b;
}

function waitOf(
  request: Pick<PlannedRequest, 'kind' | 'namespace' | 'spec'>,
  { suspensions }: Pick<DesiredRequests, 'suspensions'>,
): string | undefined {
  const open = readRequest(request);
  return open === undefined || suspensions === undefined ? undefined : waitsWhile(open, request.namespace, suspensions);
}

/** The runs of a suspended fleet are skipped; others are filed, and wait. */
function scheduleWait(
  { namespace, spec }: Pick<PlannedSchedule, 'namespace' | 'spec'>,
  after: DesiredRequests,
): string {
  const wide = after.suspensions?.ofFleet();
  if (wide !== undefined) return `; its runs are skipped while ${describeSuspension(wide)}`;
  const waits = waitOf({ ...spec.template, namespace }, after);
  return waits === undefined ? '' : `; each run ${waits}`;
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

function scheduleStep(what: JobStep['do'], schedule: KnownSchedule, because: string): JobStep {
  const { namespace, name, executor, file } = schedule;
  return { do: what, job: `JobSchedule ${namespace}/${name}`, executor, file, because };
}

function scheduleWords(
  { namespace, spec }: Pick<PlannedSchedule, 'namespace' | 'spec'>,
  after: DesiredRequests,
): string {
  const { schedule, timeZone, suspend, template, keep, concurrencyPolicy } = spec;
  const when = suspend ? 'is suspended; otherwise files' : 'files';
  const each = `${when} a ${template.kind} at "${schedule}" (${timeZone}, ${concurrencyPolicy}) that ${effectOf({ ...template, namespace }, after)}`;
  const kept = keep === undefined ? 'all' : `the last ${keep.last}, ${keep.daily} daily and ${keep.weekly} weekly`;
  return `${each}; keeps ${kept}${scheduleWait({ namespace, spec }, after)}`;
}
