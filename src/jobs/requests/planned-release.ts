// What a plan says of a request whose file releases the nodes that it keeps stopped.

import type { JobStep } from '../../api/job-step.ts';
import { listOf } from '../model/scope.ts';
import { type DesiredRequests, type PlannedRequest, type RequestSide, recordKey, stepOf } from './planned-request.ts';
import { UNREADABLE } from './record.ts';

interface Compared {
  readonly then: PlannedRequest | undefined;
  readonly now: PlannedRequest;
  readonly from: RequestSide['from'];
}

/** A cluster has no such annotation: there a node that is still kept stopped was not released. */
export function releaseStep({ then, now, from }: Compared, after: DesiredRequests): JobStep | undefined {
  if (now.isReleased !== true || then?.isReleased === true) return undefined;
  if (from === 'files' && after.records === undefined)
    return then === undefined ? undefined : stepOf('release', now, UNKNOWN);
  const ended = then?.ended ?? recordedEnd(now, after);
  if (ended.paused.length === 0) return undefined;
  return stepOf('release', now, `${effectOf(now, ended.paused, after)}, although it ended Held${reasonOf(ended)}`);
}

const UNKNOWN =
  'if it ended Held, starts the nodes that it keeps stopped, without proof that they may run (the status branch was not read: name it with --status-from)';

interface LeftPaused {
  readonly paused: readonly string[];
  readonly message?: string | undefined;
}

function reasonOf({ message }: LeftPaused): string {
  return message === undefined ? '' : `: ${message}`;
}

function recordedEnd(request: PlannedRequest, { records }: DesiredRequests): LeftPaused {
  const record = records?.get(recordKey(request));
  if (record === undefined || record === UNREADABLE || record.phase !== 'Held') return { paused: [] };
  return { paused: record.paused ?? [], message: record.message };
}

function effectOf({ namespace }: PlannedRequest, paused: readonly string[], { stopped }: DesiredRequests): string {
  const isStopped = (node: string): boolean => stopped.has(`${namespace}/${node}`);
  const [started, left] = [paused.filter((node) => !isStopped(node)), paused.filter(isStopped)];
  return [
    ...(started.length === 0 ? [] : [`starts ${listOf(started)} without proof`]),
    ...(left.length === 0 ? [] : [`lets ${listOf(left)} start later, without proof`]),
  ].join(', ');
}
