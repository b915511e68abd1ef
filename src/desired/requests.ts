// Reads jobs/ and schedules/ into job requests and schedules, checked as far as possible without a cluster.

import { ANNOTATION, API_VERSION } from '../api/group.ts';
import { jobKeyOf, type JobRequest } from '../api/job-object.ts';
import { chainJobsOf } from '../chains/index.ts';
import { checkRequest } from '../jobs/kinds/check-request.ts';
import { schedulesByRun } from '../jobs/requests/schedule.ts';
import { neededApproval } from '../jobs/requests/approval.ts';
import type { CheckContext } from '../jobs/model/job-kind.ts';
import { defined } from '../lib/defined.ts';
import { mapInSteps } from '../lib/finish.ts';
import { digestOf } from '../lib/hash.ts';
import type { JsonObject } from '../lib/json-value.ts';
import type { Context } from './context.ts';
import type { DesiredRequest, DesiredSchedule } from './desired-set.ts';
import { checkExecutor } from './executor.ts';
import { type FileContent, type GoodDocument, readDocuments } from './file-content.ts';
import { type JudgedRequest, judgeFileRequest } from './policy-check.ts';
import type { Problem } from './text/problem.ts';
import { toProblem } from './text/problem.ts';
import { duplicateSchedules, type ResolvedSchedule, resolveSchedule } from './schedules.ts';

export interface RequestFiles {
  readonly requests: ReadonlyMap<string, DesiredRequest>;
  readonly broken: ReadonlySet<string>;
  readonly schedules: ReadonlyMap<string, DesiredSchedule>;
  /** Files with an error, or that need an executor which is not known: job requests and schedules that came from them are not pruned. */
  readonly brokenFiles: ReadonlySet<string>;
  readonly problems: readonly Problem[];
}

type NodesKnown = Required<Pick<CheckContext, 'nodes' | 'brokenNodes' | 'unsureFiles'>>;

/**
 * Reads job requests and schedules, with pauses. Two requests of one kind and name are both refused, because the intended one
 * is unknown.
 */
export function* readRequests(
  files: readonly FileContent[],
  context: Context,
  surroundings: NodesKnown,
): Generator<void, RequestFiles> {
  const read = yield* mapInSteps(files, (file) => ({ file, documents: readDocuments(file, context.chains) }));
  const resolved = read.flatMap(({ file, documents }) =>
    file.role === 'request' ? documents.good.map((document) => resolveRequest(document, file.path, context)) : [],
  );
  const others = new Map(resolved.map(({ key, desired }) => [key, desired.request]));
  const known = { ...surroundings, others, policy: context.policy };
  const judged = yield* mapInSteps(resolved, (one) => judge(one, known));
  const declared = read.flatMap(({ file, documents }) =>
    file.role === 'schedule' ? documents.good.map((document) => ({ file, document })) : [],
  );
  const schedules = yield* mapInSteps(declared, ({ file, document }) =>
    resolveSchedule(document, file.path, { ...known, context }),
  );
  const twins = duplicateSchedules(schedules);
  const duplicates = new Map([...findTakenNames(judged, schedules), ...findDuplicates(judged)]);
  const isBad = ({ key, desired, problems }: Resolved): boolean =>
    desired.executor === '' || duplicates.has(key) || problems.some(({ level }) => level === 'error');
  const problems = [
    ...read.flatMap(({ documents }) => documents.problems),
    ...judged.flatMap((one) => one.problems),
    ...[...duplicates.values()].flat(),
    ...schedules.flatMap((one) => one.problems),
    ...twins.values(),
  ];
  return {
    requests: new Map(judged.filter((one) => !isBad(one)).map(({ key, desired }) => [key, desired])),
    broken: new Set([
      ...judged.filter(isBad).map(({ key }) => key),
      ...read.flatMap((one) => brokenKeys(one, context)),
    ]),
    schedules: new Map(
      schedules.flatMap((one) => (one.schedule === undefined || twins.has(one) ? [] : [[one.key, one.schedule]])),
    ),
    brokenFiles: new Set([
      ...problems.filter(({ level }) => level === 'error').map(({ file }) => file),
      // Without an executor, where that is an error of fleet.yaml.
      ...judged.filter(isBad).map(({ desired }) => desired.file),
      ...schedules.filter(({ schedule }) => schedule === undefined).map(({ file }) => file),
    ]),
    problems,
  };
}

interface Resolved {
  readonly key: string;
  readonly desired: DesiredRequest;
  readonly document: GoodDocument;
  readonly problems: readonly Problem[];
}

function resolveRequest(document: GoodDocument, file: string, context: Context): Resolved {
  const { kind, data, places } = document;
  const { name, namespace = context.defaultNamespace, labels, annotations } = data.metadata;
  const spec = kind.spec(context.chains).parse(data.spec) as JsonObject;
  const executor = checkExecutor(spec, context.fleet);
  const request: JobRequest = {
    apiVersion: API_VERSION,
    kind: kind.kind,
    metadata: {
      name,
      namespace,
      ...(labels === undefined ? {} : { labels }),
      annotations: { ...annotations, [ANNOTATION.file]: file },
    },
    spec: { ...spec, executor: executor.name },
  };
  const line = places.of(['metadata', 'name']).line;
  return {
    key: jobKeyOf(request),
    document,
    desired: {
      request,
      executor: executor.name ?? '',
      file,
      line,
      specDigest: digestOf({ kind: kind.kind, spec: data.spec }),
    },
    problems: executor.problems.map((one) => toProblem(file, places, one)),
  };
}

type Surroundings = Pick<CheckContext, 'nodes' | 'brokenNodes' | 'unsureFiles' | 'others'>;

function judge(one: Resolved, known: Surroundings & Pick<Context, 'policy'>): Resolved {
  const { key, desired, document } = one;
  const { request, file, specDigest } = desired;
  const { name, namespace = '' } = request.metadata;
  const problems = checkRequest(request, {
    ...known,
    name,
    namespace,
    executor: desired.executor === '' ? undefined : desired.executor,
    chainJobs: chainJobsOf,
  });
  const { kind, spec } = request;
  const judged = judgeFor({ kind, namespace, spec, file, executor: desired.executor }, known.policy);
  const needsApproval = neededApproval({ key, specDigest, rules: judged.exceptions });
  const found = [...problems, ...judged.problems].map((problem) => toProblem(file, document.places, problem));
  return {
    ...one,
    desired: { ...desired, ...defined({ needsApproval }) },
    problems: [...one.problems, ...found],
  };
}

/** Which policy it must meet is not known before its executor is. */
function judgeFor(request: Parameters<typeof judgeFileRequest>[0], policy: Context['policy']): JudgedRequest {
  return request.executor === '' ? { problems: [], exceptions: [] } : judgeFileRequest(request, policy);
}

function findDuplicates(requests: readonly Resolved[]): ReadonlyMap<string, readonly Problem[]> {
  const found = new Map<string, Problem[]>();
  const firstTwo = new Map<string, Resolved[]>();
  for (const one of requests) firstTwo.set(one.key, [...(firstTwo.get(one.key) ?? []).slice(0, 1), one]);
  for (const { key, desired, document } of requests) {
    const twin = firstTwo.get(key)?.find((other) => other.document !== document);
    if (twin === undefined) continue;
    const message = `metadata.name: ${key} is also in ${twin.desired.file}; a job request runs once, so rename one of them`;
    const place = document.places.of(['metadata', 'name'], 'value');
    const problem: Problem = { level: 'error', code: 'DuplicateRequest', file: desired.file, ...place, message };
    const before = found.get(key);
    if (before === undefined) found.set(key, [problem]);
    else before.push(problem);
  }
  return found;
}

/** Requests that have the name of a run to come: that run could not be filed any more. */
function findTakenNames(
  requests: readonly Resolved[],
  schedules: readonly ResolvedSchedule[],
): ReadonlyMap<string, readonly Problem[]> {
  const groups = Map.groupBy(schedules, ({ key, kind }) => `${kind}/${key.slice(0, key.indexOf('/'))}`);
  const finders = new Map(
    [...groups].map(([group, all]) => [group, schedulesByRun(all.map(({ key }) => key.slice(key.indexOf('/') + 1)))]),
  );
  return new Map(
    requests.flatMap(({ key, desired, document }): [string, Problem[]][] => {
      const { kind, metadata } = desired.request;
      const schedule = finders.get(`${kind}/${metadata.namespace ?? ''}`)?.(metadata.name);
      if (schedule === undefined) return [];
      const message = `metadata.name: ${metadata.name} is a name that the schedule ${schedule} gives to its runs; rename the request, or remove this file if it has run`;
      const place = document.places.of(['metadata', 'name'], 'value');
      return [[key, [{ level: 'error', code: 'NameOfRun', file: desired.file, ...place, message }]]];
    }),
  );
}

interface ReadFile {
  readonly file: FileContent;
  readonly documents: ReturnType<typeof readDocuments>;
}

function brokenKeys({ file, documents }: ReadFile, context: Context): string[] {
  if (file.role !== 'request') return [];
  return documents.brokenNames.flatMap(({ kind, name, namespace = context.defaultNamespace }) => {
    const kinds = kind === undefined ? file.kinds.map((one) => one.kind) : [kind];
    return kinds.map((one) => `${one}/${namespace}/${name}`);
  });
}
