// Reads schedules/, with the templates checked like job requests.

import { JobScheduleSpec } from '../api/job-schedule.ts';
import { keyOf } from '../api/objects.ts';
import type { SpecProblem } from '../api/spec-problem.ts';
import { chainJobsOf } from '../chains/index.ts';
import { neededApproval } from '../jobs/requests/approval.ts';
import { checkSchedule } from '../jobs/requests/check-schedule.ts';
import { findJobKind } from '../jobs/kinds/index.ts';
import type { CheckContext } from '../jobs/model/job-kind.ts';
import { defined } from '../lib/defined.ts';
import { digestOf } from '../lib/hash.ts';
import type { Context } from './context.ts';
import type { DesiredSchedule } from './desired-set.ts';
import { checkExecutor } from './executor.ts';
import type { GoodDocument } from './file-content.ts';
import type { Policy } from '../policy/policy.ts';
import { type JudgedRequest, judgeFileRequest } from './policy-check.ts';
import type { Problem } from './text/problem.ts';
import { toProblem } from './text/problem.ts';
import { checkSchema } from './check-schema.ts';

export interface ResolvedSchedule {
  /** `namespace/name` */
  readonly key: string;
  /** Of its runs. */
  readonly kind: string;
  readonly document: GoodDocument;
  readonly file: string;
  /** Undefined for one with an error: it creates no job request. */
  readonly schedule: DesiredSchedule | undefined;
  readonly problems: readonly Problem[];
}

/** One document. `nodes`, `others`: what a job request of the same commit may name. */
export function resolveSchedule(
  document: GoodDocument,
  file: string,
  {
    context,
    ...known
  }: Pick<CheckContext, 'nodes' | 'brokenNodes' | 'unsureFiles' | 'others'> & { readonly context: Context },
): ResolvedSchedule {
  const { data, places } = document;
  const { name, namespace = context.defaultNamespace } = data.metadata;
  const spec = JobScheduleSpec.parse(data.spec);
  const executor = checkExecutor(data.spec, context.fleet);
  const judged = judgeTemplate(spec, { namespace, file, executor: executor.name, policy: context.policy });
  const problems = [
    ...executor.problems,
    ...problemsIn(spec, { ...known, name, namespace, executor: executor.name, chainJobs: chainJobsOf }),
    ...judged.problems,
  ];
  const key = keyOf({ metadata: { name, namespace } });
  const needsApproval = neededApproval({
    key: `JobSchedule/${key}`,
    specDigest: digestOf(spec.template),
    rules: judged.exceptions,
  });
  const line = places.of(['metadata', 'name']).line;
  const isGood = executor.name !== undefined && problems.every(({ level }) => level !== 'error');
  return {
    key,
    kind: spec.template.kind,
    document,
    file,
    schedule: isGood
      ? { name, namespace, spec, executor: executor.name ?? '', file, line, ...defined({ needsApproval }) }
      : undefined,
    problems: problems.map((one) => toProblem(file, places, one)),
  };
}

/** The schema of the template is checked first: a spec that it refuses cannot be checked further. */
function problemsIn(spec: JobScheduleSpec, context: CheckContext): readonly SpecProblem[] {
  const schema = findJobKind(spec.template.kind)?.spec;
  const checked =
    schema === undefined ? undefined : checkSchema(schema, spec.template.spec, ['spec', 'template', 'spec']);
  if (checked?.ok === false) return checked.problems;
  return checkSchedule(spec, context);
}

interface Place {
  readonly namespace: string;
  readonly file: string;
  readonly executor: string | undefined;
  readonly policy: Policy;
}

/** Every run is a job request from the template, so the policy applies to the template. */
function judgeTemplate({ template }: JobScheduleSpec, { policy, ...place }: Place): JudgedRequest {
  const { kind, spec } = template;
  // Which policy it must meet is not known before its executor is.
  if (place.executor === undefined) return { problems: [], exceptions: [] };
  const { problems, exceptions } = judgeFileRequest({ kind, spec, ...place }, policy);
  const placed = problems.map((one) =>
    one.path[0] === 'metadata' ? one : { ...one, path: ['spec', 'template', ...one.path] },
  );
  return { problems: placed, exceptions };
}

/** Two of one name are both refused, because the intended one is unknown. */
export function duplicateSchedules(schedules: readonly ResolvedSchedule[]): ReadonlyMap<ResolvedSchedule, Problem> {
  const found = new Map<ResolvedSchedule, Problem>();
  const byKey = new Map<string, ResolvedSchedule[]>();
  for (const one of schedules) byKey.set(one.key, [...(byKey.get(one.key) ?? []).slice(0, 1), one]);
  for (const one of schedules) {
    const twin = byKey.get(one.key)?.find((other) => other !== one);
    if (twin === undefined) continue;
    const message = `metadata.name: ${one.key} is also in ${twin.file}; rename one of them`;
    const place = one.document.places.of(['metadata', 'name'], 'value');
    found.set(one, { level: 'error', code: 'DuplicateSchedule', file: one.file, ...place, message });
  }
  return found;
}
