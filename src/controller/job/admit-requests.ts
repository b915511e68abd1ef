// From job requests to claims and objects: nothing of a request exists in the cluster before its claim is pushed.

import { ANNOTATION, API_VERSION, LABEL } from '../../api/group.ts';
import { JOB_FINALIZER, type JobObject, jobKeyOf, withdrawnFor } from '../../api/job-object.ts';
import type { DesiredRequest } from '../../desired/desired-set.ts';
import type { AdmitInput, Decision, GitRequest, LiveRequest } from '../../jobs/requests/admission.ts';
import { admit } from '../../jobs/requests/admit.ts';
import { digestOfObject, readRequest } from '../../jobs/kinds/index.ts';
import { adoptOpen, openAfter } from '../../jobs/requests/open-jobs.ts';
import type { JobRecord } from '../../jobs/requests/record.ts';
import { withinRoom } from '../../jobs/requests/room.ts';
import type { Cluster } from '../../kube/cluster.ts';
import type { CommitInfo } from '../../git/engine.ts';
import { defined } from '../../lib/defined.ts';
import { codeOf, describeError } from '../../lib/errors.ts';
import type { BranchTrust } from '../fleet/branch-trust.ts';
import { eachAtOnce } from '../engine/each-at-once.ts';
import { isRefusal } from '../engine/refusal.ts';
import type { RequestsDeps } from './deps.ts';
import { identitySwapRequests, noteEndedSwaps } from './identity-swaps.ts';
import { learnPauses } from './records/learn-pauses.ts';
import { usedMemory } from './records/used-memory.ts';
import { ranAfter, ranUnrecorded } from './records/ran.ts';
import type { RefusedRequest } from './refused-request.ts';
import type { Pulled } from '../fleet/state.ts';

export interface Admitted {
  readonly refusals: readonly RefusedRequest[];
  /** Records changed: they must be pushed before anything follows from them. */
  readonly recordsChanged: boolean;
  /** The API server refused an object: to be tried again. */
  readonly failure: Error | undefined;
}

/** Claims, creates, binds, ends and withdraws the job requests of all files, schedules and identity swaps. */
export async function admitRequests(pulled: Pulled, trust: BranchTrust, deps: RequestsDeps): Promise<Admitted> {
  const swaps = identitySwapRequests(pulled, deps);
  noteEndedSwaps(swaps, deps);
  const requests = new Map([...pulled.desired.requests, ...deps.schedules.requests(pulled), ...swaps]);
  const input = await gatherInput(requests, { pulled, trust }, deps);
  const files = new Map([...requests].map(([key, { file }]) => [key, file]));
  const decisions = withinRoom(admit(input), { used: () => usedMemory(input, deps), files });
  // Before a claim or a binding can be pushed: what is pushed and not remembered does not act.
  await rememberOpen(decisions, input, { pulled, deps });
  // All records at once, without a pause in which half of them could be pushed.
  const recorded = decisions.filter((decision) => record(decision, deps));
  const failed: { readonly refusal: RefusedRequest; readonly error: unknown }[] = [];
  await eachAtOnce(decisions, AT_ONCE, async (decision) => {
    try {
      await carryOut(decision, requests, deps);
    } catch (error) {
      const file = requests.get(decision.key)?.file;
      if (file === undefined || !isRefusal(error)) throw error;
      failed.push({ refusal: { file, code: 'ObjectRefused', message: describeFailure(decision.key, error) }, error });
    }
  });
  return {
    refusals: [...decisions.flatMap(refusalOf), ...failed.map(({ refusal }) => refusal)],
    recordsChanged: recorded.length > 0,
    failure: failed[0] === undefined ? undefined : new Error(failed[0].refusal.message, { cause: failed[0].error }),
  };
}

interface Remembering {
  readonly pulled: Pulled;
  readonly deps: RequestsDeps;
}

async function rememberOpen(
  decisions: readonly Decision[],
  input: AdmitInput,
  { pulled, deps }: Remembering,
): Promise<void> {
  const { memory, jobs, notify, settings } = deps;
  const wasUnknown = memory.current.jobs === undefined;
  // Not those that are claimed now: a crash before the push leaves no record of them, and nothing of them has run.
  const recorded = new Set(input.records.keys());
  // Before the first claim counts: what an object says of a claim that is not bound is of someone else.
  await deps.statuses.settle(decisions.some((decision) => decision.do === 'claim'));
  await memory.save(({ jobs: open, ran }) => ({
    jobs: openAfter(open ?? adoptOpen(input), decisions, input),
    ran: ranAfter(ran, { desired: pulled.desired, executor: settings.executor, recorded }),
  }));
  await deps.statuses.settle();
  if (!wasUnknown) return;
  const nodeKeys = jobs.list().flatMap((job) => learnPauses(job, deps));
  if (nodeKeys.length > 0) notify('PausesChanged', { nodeKeys });
}

type Requests = ReadonlyMap<string, DesiredRequest>;

/** Everything that the decisions depend on. */
async function gatherInput(
  requests: Requests,
  { pulled, trust }: { readonly pulled: Pulled; readonly trust: BranchTrust },
  deps: RequestsDeps,
): Promise<AdmitInput> {
  const { desired } = pulled;
  const origins = await originsOf(requests, pulled, deps);
  const records = deps.records.pushedAll();
  const objects = new Map(deps.jobs.list().map((job) => [jobKeyOf(job), liveOf(job)]));
  const open = deps.memory.current.jobs ?? adoptOpen({ records, objects });
  return {
    requests: [...requests].map(([key, request]) => ({
      ...toGitRequest(request, origins.get(key) ?? pulled.commit),
      ...(records.has(key) ? {} : { nodes: readRequest(request.request)?.nodes ?? [] }),
    })),
    records,
    unpushed: new Map([...requests.keys()].flatMap((key) => unpushedRecord(key, deps))),
    objects,
    open: new Map(Object.entries(open)),
    executor: deps.settings.executor,
    unreadable: desired.brokenRequests,
    brokenFiles: desired.brokenFiles,
    unrecorded: unrecordedOf(desired, new Set(records.keys()), deps),
    approvals: new Set(desired.fleet.approvals?.map(({ digest }) => digest)),
    mayBegin: trust.mayBegin,
    trustRemovals: trust.mayRemove && !desired.fleetBroken,
    now: deps.runtime.now(),
  };
}

/** Of the lost branch, and of records that were removed from it. */
function unrecordedOf(
  desired: Pulled['desired'],
  recorded: ReadonlySet<string>,
  { memory, settings, records }: RequestsDeps,
): ReadonlySet<string> {
  const { unrecorded, ran } = memory.current;
  const removed = ranUnrecorded(ran, { desired, executor: settings.executor, recorded });
  // One that this process still knows is written again.
  return new Set([...unrecorded, ...removed.filter((key) => records.next(key) === undefined)]);
}

function describeFailure(key: string, error: unknown): string {
  return `${key}: the API server refuses its object, which is tried again: ${describeError(error)}`;
}

function refusalOf(decision: Decision): readonly RefusedRequest[] {
  if (decision.do !== 'refuse') return [];
  return [{ file: decision.file, code: decision.reason, message: `${decision.key}: ${decision.message}` }];
}

function unpushedRecord(key: string, { records }: RequestsDeps): readonly (readonly [string, JobRecord])[] {
  const record = records.next(key);
  return record === undefined ? [] : [[key, record]];
}

/**
 * The commits that added the requests that are not claimed yet: a record names the author of its request, not of a later
 * commit. Where that commit cannot be found the tip takes its place; a run of a schedule belongs to the tip.
 */
async function originsOf(
  requests: Requests,
  { commit }: Pulled,
  { records, source, settings, runtime }: RequestsDeps,
): Promise<ReadonlyMap<string, CommitInfo>> {
  const claimed = records.pushedAll();
  const unclaimed = [...requests].filter(
    ([key, { executor, schedule }]) => executor === settings.executor && schedule === undefined && !claimed.has(key),
  );
  const origins = new Map<string, CommitInfo>();
  await eachAtOnce(unclaimed, AT_ONCE, async ([key, { file }]) => {
    try {
      const oid = await source.lastChange(commit.oid, file);
      if (oid !== undefined) origins.set(key, await source.commit(oid));
    } catch (error) {
      runtime.log.debug({ job: key, reason: describeError(error) }, 'Looking up the author of a job request failed');
    }
  });
  return origins;
}

/** Requests to the API server side by side: two hundred requests may be merged at once. */
const AT_ONCE = 16;

/** True when a record changed. */
function record(decision: Decision, { records, runtime }: RequestsDeps): boolean {
  if (decision.do !== 'claim' && decision.do !== 'bind' && decision.do !== 'end') return false;
  const { phase, reason } = decision.record;
  if (decision.do !== 'bind') runtime.log.info({ job: decision.key, reason, phase }, 'Recording job request');
  records.put(decision.record);
  return true;
}

/** What a decision asks of the cluster, if anything. */
async function carryOut(
  decision: Decision,
  requests: Requests,
  { cluster, jobs, settings }: RequestsDeps,
): Promise<void> {
  const request = decision.do === 'create' ? requests.get(decision.key) : undefined;
  if (request !== undefined) await createRequest(request, settings.executor, cluster);
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
      ...defined({ namespace }),
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
  await cluster.patch({ apiVersion: API_VERSION, kind: job.kind, name, ...defined({ namespace }) }, [
    { op: 'test', path: '/metadata/uid', value: uid },
    { op: 'add', path: '/metadata/annotations', value: annotations },
  ]);
}

function toGitRequest(
  { request, executor, file, specDigest, schedule, withdrawn, needsApproval }: DesiredRequest,
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
    ...defined({ objectDigest: digestOfObject(request) }),
    file,
    commit: commit.oid,
    author: commit.author,
    ...(schedule === undefined ? {} : { schedule }),
    ...defined({ withdrawn, needsApproval }),
  };
}

function liveOf(job: JobObject): LiveRequest {
  return {
    uid: job.metadata.uid ?? '',
    ...defined({ objectDigest: digestOfObject(job) }),
    phase: job.status?.phase,
    withdrawn: withdrawnFor(job),
  };
}
