// The job requests of one schedule at this moment: the run that is due, and the runs under way.

import { ANNOTATION, API_VERSION } from '../../../api/group.ts';
import { isFinal } from '../../../api/job-phase.ts';
import type { DesiredRequest, DesiredSchedule } from '../../../desired/desired-set.ts';
import { findJobKind } from '../../../jobs/kinds/index.ts';
import type { JobRecord } from '../../../jobs/requests/record.ts';
import { supersededRuns } from '../../../jobs/requests/schedule.ts';
import { defined } from '../../../lib/defined.ts';
import { digestOf } from '../../../lib/hash.ts';
import { keyOf } from '../../../api/objects.ts';

/**
 * `runs`: its records as pushed. `pending`: the run that was filed and has none yet. A run that was claimed stays what it was
 * claimed as when its template changes.
 */
export function scheduledRequests(
  schedule: DesiredSchedule,
  runs: readonly JobRecord[],
  pending: string | undefined,
): readonly DesiredRequest[] {
  const superseded = supersededRuns(schedule.spec, runs);
  return [
    ...(pending === undefined ? [] : [requestOf(schedule, pending)]),
    ...runs
      .filter(({ phase }) => !isFinal(phase))
      .map((run) => {
        const request = asClaimed(schedule, run);
        return superseded.has(run.name)
          ? { ...request, withdrawn: 'a newer run of its schedule took its place' }
          : request;
      }),
  ];
}

function asClaimed(schedule: DesiredSchedule, run: JobRecord): DesiredRequest {
  const request = requestOf(schedule, run.name);
  if (request.request.kind === run.kind && request.specDigest === run.specDigest) return request;
  const { kind, specDigest, uid } = run;
  return {
    ...request,
    // Nothing is ever made of this: without an object the run is withdrawn, and one that has an object needs no spec.
    request: { ...request.request, kind, spec: {} },
    specDigest,
    ...(uid === undefined ? { withdrawn: 'its schedule was changed' } : {}),
  };
}

function requestOf(schedule: DesiredSchedule, name: string): DesiredRequest {
  const { kind, spec } = schedule.spec.template;
  const parsed = findJobKind(kind)?.spec.parse(spec) ?? spec;
  return {
    request: {
      apiVersion: API_VERSION,
      kind,
      metadata: { name, namespace: schedule.namespace, annotations: { [ANNOTATION.file]: schedule.file } },
      spec: { ...parsed, executor: schedule.executor },
    },
    executor: schedule.executor,
    file: schedule.file,
    line: schedule.line,
    specDigest: digestOf({ kind, spec }),
    schedule: keyOf(schedule),
    ...defined({ needsApproval: schedule.needsApproval }),
  };
}
