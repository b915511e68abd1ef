// Whether a planned job finds volumes on its nodes.

import { isFinal } from '../../api/job-phase.ts';
import { DEADLINE, inWords } from '../model/deadlines.ts';
import { readRequest } from '../kinds/index.ts';
import type { OpenJob } from '../model/job-kind.ts';
import { type DesiredRequests, type PlannedRequest, type RequestSide, recordKey } from './planned-request.ts';
import { whyNoSource } from './planned-source.ts';
import { UNREADABLE } from './record.ts';

/** Why the controller will refuse it: a node of it stays stopped without volumes, and no request of the same side fills it. */
export function whyNoVolumes(request: PlannedRequest, before: RequestSide, after: DesiredRequests): string | undefined {
  const open = openManaged(request);
  if (open === undefined || open.fillsVolumes === true) return undefined;
  const keys = open.nodes.map((node) => `${request.namespace}/${node}`);
  const empty = keys.find((key) => after.withoutVolumes?.has(key) === true && !isFilled(key, before, after));
  const why = after.withoutVolumes?.get(empty ?? '');
  if (why === undefined) return undefined;
  return `${why}: start it, or restore a Backup into it first. The job waits ${inWords(DEADLINE.resolve)} for volumes, and is refused then`;
}

function isFilled(key: string, before: RequestSide, after: DesiredRequests): boolean {
  return [...after.requests.values()].some((request) => {
    const open = openManaged(request);
    const fills = open?.fillsVolumes === true && open.nodes.some((node) => `${request.namespace}/${node}` === key);
    return fills && mayRun(request, after) && whyNoSource(request, before, after) === undefined;
  });
}

/** One that has ended did not leave volumes there. */
function mayRun(request: PlannedRequest, { records }: DesiredRequests): boolean {
  const record = records?.get(recordKey(request));
  return record === undefined || (record !== UNREADABLE && !isFinal(record.phase));
}

function openManaged(request: PlannedRequest): OpenJob | undefined {
  const open = readRequest(request);
  return open?.common.deployMethod === 'managed' ? open : undefined;
}
