// The files of jobs/ and schedules/ → requests and schedules, checked as far as that goes without a cluster.

import type { BlockchainNode } from '../api/blockchain-node.ts';
import { ANNOTATION, API_VERSION } from '../api/group.ts';
import { jobKeyOf, type JobRequest } from '../api/job-object.ts';
import { JobScheduleSpec } from '../api/job-schedule.ts';
import { chainJobsOf } from '../chains/index.ts';
import { checkRequest } from '../jobs/check-request.ts';
import { digestOf } from '../lib/hash.ts';
import { toDotted } from '../lib/json-pointer.ts';
import type { JsonObject } from '../lib/json-value.ts';
import type { Context } from './context.ts';
import type { DesiredRequest, DesiredSchedule } from './desired-set.ts';
import { checkExecutor } from './executor.ts';
import { type FileContent, type GoodDocument, readDocuments } from './file-content.ts';
import type { Problem } from './problem.ts';
import { type Remark, toProblem } from './remark.ts';

export interface RequestFiles {
  readonly requests: ReadonlyMap<string, DesiredRequest>;
  readonly broken: ReadonlySet<string>;
  readonly schedules: ReadonlyMap<string, DesiredSchedule>;
  readonly problems: readonly Problem[];
}

/** Reads requests and schedules. Two requests of one kind and name are both refused: which is meant is not for us to say. */
export function readRequests(
  files: readonly FileContent[],
  context: Context,
  nodes: ReadonlyMap<string, BlockchainNode>,
): RequestFiles {
  const read = files.map((file) => ({ file, documents: readDocuments(file, context.chains) }));
  const resolved = read.flatMap(({ file, documents }) =>
    file.role === 'request' ? documents.good.map((document) => resolveRequest(document, file.path, context)) : [],
  );
  const others = new Set(resolved.map(({ key }) => key));
  const judged = resolved.map((one) => ({ ...one, problems: [...one.problems, ...judge(one, { nodes, others })] }));
  const duplicates = findDuplicates(judged);
  const isBad = ({ key, problems }: Resolved): boolean =>
    duplicates.has(key) || problems.some(({ level }) => level === 'error');
  const schedules = read.flatMap(({ file, documents }) =>
    file.role === 'schedule' ? documents.good.map((document) => resolveSchedule(document, file.path, context)) : [],
  );
  return {
    requests: new Map(judged.filter((one) => !isBad(one)).map(({ key, desired }) => [key, desired])),
    broken: new Set([
      ...judged.filter(isBad).map(({ key }) => key),
      ...read.flatMap((one) => brokenKeys(one, context)),
    ]),
    schedules: new Map(
      schedules.flatMap(({ schedule }) =>
        schedule === undefined ? [] : [[`${schedule.namespace}/${schedule.name}`, schedule]],
      ),
    ),
    problems: [
      ...read.flatMap(({ documents }) => documents.problems),
      ...judged.flatMap(({ problems }) => problems),
      ...[...duplicates.values()].flat(),
      ...schedules.flatMap(({ problems }) => problems),
    ],
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
  const executor = checkExecutor(spec, context.fleet.fleet);
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
    problems: executor.remarks.map((one) => toProblem(file, places, one)),
  };
}

interface Surroundings {
  readonly nodes: ReadonlyMap<string, BlockchainNode>;
  readonly others: ReadonlySet<string>;
}

function judge({ desired, document }: Resolved, { nodes, others }: Surroundings): Problem[] {
  const { request, file } = desired;
  const { name, namespace = '' } = request.metadata;
  const findings = checkRequest(request, { name, namespace, nodes, others, chainJobs: chainJobsOf });
  return findings.map(({ path, message, ...rest }) => {
    const dotted = toDotted(path);
    const remark: Remark = {
      ...rest,
      path,
      part: 'value',
      message: message.startsWith(dotted) ? message : `${dotted}: ${message}`,
    };
    return toProblem(file, document.places, remark);
  });
}

function findDuplicates(requests: readonly Resolved[]): ReadonlyMap<string, readonly Problem[]> {
  const found = new Map<string, Problem[]>();
  for (const { key, desired, document } of requests) {
    const twins = requests.filter((other) => other.key === key && other.document !== document);
    const [twin] = twins;
    if (twin === undefined) continue;
    const message = `metadata.name: ${key} is also in ${twin.desired.file}; a request runs once, so give one another name`;
    const place = document.places.of(['metadata', 'name'], 'value');
    const problem: Problem = { level: 'error', code: 'DuplicateRequest', file: desired.file, ...place, message };
    found.set(key, [...(found.get(key) ?? []), problem]);
  }
  return found;
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

function resolveSchedule(
  { data, places }: GoodDocument,
  file: string,
  context: Context,
): { readonly schedule: DesiredSchedule | undefined; readonly problems: readonly Problem[] } {
  const { name, namespace = context.defaultNamespace } = data.metadata;
  const executor = checkExecutor(data.spec, context.fleet.fleet);
  const problems = executor.remarks.map((one) => toProblem(file, places, one));
  const spec = JobScheduleSpec.parse(data.spec);
  const line = places.of(['metadata', 'name']).line;
  return executor.name === undefined || problems.length > 0
    ? { schedule: undefined, problems }
    : { schedule: { name, namespace, spec, executor: executor.name, file, line }, problems };
}
