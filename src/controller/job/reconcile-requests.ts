// From request files to claims and objects: nothing of a request exists in the cluster before its claim is on the branch.

import { ANNOTATION, API_VERSION, LABEL } from '../../api/group.ts';
import { JOB_FINALIZER, type JobObject, jobKeyOf, withdrawnFor } from '../../api/job-object.ts';
import type { DesiredRequest } from '../../desired/desired-set.ts';
import { admit, type Decision, type GitRequest, type LiveRequest } from '../../jobs/requests/admit.ts';
import { readRequest } from '../../jobs/kinds/index.ts';
import type { JobRecord } from '../../jobs/requests/record.ts';
import type { Cluster } from '../../kube/cluster.ts';
import type { CommitInfo, GitSource } from '../../git/engine.ts';
import { codeOf, describeError } from '../../lib/errors.ts';
import type { BranchTrust } from '../fleet/branch-trust.ts';
import { eachAtOnce } from '../engine/each-at-once.ts';
import { exchangeRequests, type ExchangeRooms } from './identity-swaps.ts';
import type { JobWorld } from './watches.ts';
import type { Pulled } from '../fleet/pull.ts';
import type { Records } from './records.ts';
import type { Runtime } from '../engine/runtime.ts';
import type { Schedules } from './schedules.ts';

/** Why a request in Git is not carried out, for the list of problems. */
export interface RequestRefusal {
  readonly file: string;
  readonly code: string;
  readonly message: string;
}

export interface RequestRooms extends ExchangeRooms {
  readonly cluster: Cluster;
  readonly jobs: JobWorld;
  readonly records: Records;
  readonly schedules: Schedules;
  readonly source: Pick<GitSource, 'lastChange' | 'commit'>;
  readonly runtime: Runtime;
}

export interface RequestOutcome {
  readonly refusals: readonly RequestRefusal[];
  /** Records changed: they must be pushed before anything follows from them. */
  readonly recordsChanged: boolean;
}

/** One pass over all requests. */
export async function passRequests(pulled: Pulled, trust: BranchTrust, rooms: RequestRooms): Promise<RequestOutcome> {
  if (!rooms.records.isLoaded) return { refusals: [], recordsChanged: false };
  const { desired } = pulled;
  const wanted = new Map([
    ...desired.requests,
    ...rooms.schedules.requests(pulled),
    ...exchangeRequests(pulled, rooms),
  ]);
  const origins = await originsOf(wanted, pulled, rooms);
  const records = rooms.records.pushedAll();
  const decisions = admit({
    requests: [...wanted].map(([key, request]) => ({
      ...toGitRequest(request, origins.get(key) ?? pulled.commit),
      ...(records.has(key) ? {} : { nodes: readRequest(request.request)?.nodes ?? [] }),
    })),
    records,
    unpushed: new Map([...wanted.keys()].flatMap((key) => recordToCome(key, rooms))),
    objects: new Map(rooms.jobs.list().map((job) => [jobKeyOf(job), liveOf(job)])),
    executor: rooms.executor,
    unreadable: desired.brokenRequests,
    brokenFiles: desired.brokenFiles,
    mayBegin: trust.mayBegin,
    trustRemovals: trust.mayRemove && !desired.fleetBroken,
    now: rooms.runtime.now(),
  });
  const refusals = decisions.flatMap((decision) =>
    decision.do === 'refuse'
      ? [{ file: decision.file, code: decision.reason, message: `${decision.key}: ${decision.message}` }]
      : [],
  );
  // All records at once, without a pause in which half of them could be pushed.
  const recorded = decisions.filter((decision) => record(decision, rooms));
  await eachAtOnce(decisions, AT_ONCE, async (decision) => await carryOut(decision, wanted, rooms));
  return { refusals, recordsChanged: recorded.length > 0 };
}

function recordToCome(key: string, { records }: RequestRooms): readonly (readonly [string, JobRecord])[] {
  const record = records.wanted(key);
  return record === undefined ? [] : [[key, record]];
}

/**
 * The commits that brought the requests nobody has claimed yet: a record names who asked, not who merged something else
 * last. Where that can't be told the tip stands for them; a schedule's run belongs to the commit it is read from.
 */
async function originsOf(
  wanted: ReadonlyMap<string, DesiredRequest>,
  { commit }: Pulled,
  { records, source, executor: own, runtime }: RequestRooms,
): Promise<ReadonlyMap<string, CommitInfo>> {
  const claimed = records.pushedAll();
  const fresh = [...wanted].filter(
    ([key, { executor, schedule }]) => executor === own && schedule === undefined && !claimed.has(key),
  );
  const origins = new Map<string, CommitInfo>();
  await eachAtOnce(fresh, AT_ONCE, async ([key, { file }]) => {
    try {
      const oid = await source.lastChange(commit.oid, file);
      if (oid !== undefined) origins.set(key, await source.commit(oid));
    } catch (error) {
      runtime.log.debug({ job: key, reason: describeError(error) }, 'Could not tell who filed a request');
    }
  });
  return origins;
}

/** Requests to the API server side by side: two hundred requests may be merged at once. */
const AT_ONCE = 16;

/** True when a record changed. */
function record(decision: Decision, { records, runtime }: RequestRooms): boolean {
  if (decision.do !== 'claim' && decision.do !== 'bind' && decision.do !== 'end') return false;
  const { phase, reason } = decision.record;
  if (decision.do !== 'bind') runtime.log.info({ job: decision.key, reason, phase }, 'Recording request');
  records.put(decision.record);
  return true;
}

/** What a decision asks of the cluster, if anything. */
async function carryOut(
  decision: Decision,
  wanted: ReadonlyMap<string, DesiredRequest>,
  { cluster, jobs, executor }: RequestRooms,
): Promise<void> {
  const request = decision.do === 'create' ? wanted.get(decision.key) : undefined;
  if (request !== undefined) await createRequest(request, executor, cluster);
  const job = decision.do === 'mark' ? jobs.get(decision.key) : undefined;
  if (job !== undefined && decision.do === 'mark') await mark(job, decision.withdrawn, cluster);
}

async function createRequest({ request, file }: DesiredRequest, executor: string, cluster: Cluster): Promise<void> {
  const { name, namespace, labels, annotations } = request.metadata;
  const { [ANNOTATION.release]: _release, ...kept } = annotations ?? {};
  const object = {
    ...request,
    metadata: {
      name,
      ...(namespace === undefined ? {} : { namespace }),
      labels: { ...labels, [LABEL.managedBy]: 'nodewright', [LABEL.executor]: executor },
      annotations: { ...kept, [ANNOTATION.file]: file },
      finalizers: [JOB_FINALIZER],
    },
  };
  try {
    await cluster.create(object);
  } catch (error) {
    if (codeOf(error) !== 'ALREADY_EXISTS') throw error;
  }
}

async function mark(job: JobObject, withdrawn: string | undefined, cluster: Cluster): Promise<void> {
  const { [ANNOTATION.withdrawn]: _before, ...others } = job.metadata.annotations ?? {};
  const annotations = withdrawn === undefined ? others : { ...others, [ANNOTATION.withdrawn]: withdrawn };
  const { name, namespace, uid } = job.metadata;
  await cluster.patch(
    { apiVersion: API_VERSION, kind: job.kind, name, ...(namespace === undefined ? {} : { namespace }) },
    [
      { op: 'test', path: '/metadata/uid', value: uid },
      { op: 'add', path: '/metadata/annotations', value: annotations },
    ],
  );
}

function toGitRequest(
  { request, executor, file, specDigest, schedule, withdrawn }: DesiredRequest,
  commit: CommitInfo,
): GitRequest {
  const { name, namespace = '' } = request.metadata;
  return {
    key: jobKeyOf(request),
    kind: request.kind,
    namespace,
    name,
    executor,
    specDigest,
    file,
    commit: commit.oid,
    author: commit.author,
    ...(schedule === undefined ? {} : { schedule }),
    ...(withdrawn === undefined ? {} : { withdrawn }),
  };
}

function liveOf(job: JobObject): LiveRequest {
  return { uid: job.metadata.uid ?? '', phase: job.status?.phase, withdrawn: withdrawnFor(job) };
}
