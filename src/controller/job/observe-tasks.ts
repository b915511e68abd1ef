// The tasks of a job: each worker Job, its pod, and what its containers reported.

import { JOB_UID_LABEL, type JobObject } from '../../api/job-object.ts';
import type { KubeObject } from '../../api/objects.ts';
import type { ObservedTask } from '../../jobs/model/observation.ts';
import { ASK_TASK } from '../../jobs/model/names.ts';
import { WORK_CONTAINER } from '../../jobs/task/render-job.ts';
import { podLike, whyInDoubt, withGivenBy } from '../../jobs/task/worker-pods.ts';
import type { Cluster } from '../../kube/cluster.ts';
import { KINDS } from '../../kube/kinds.ts';
import { defined } from '../../lib/defined.ts';
import { isObject, listAt, textAt, valueAt } from '../../lib/json-value.ts';
import { isRefusal } from '../engine/refusal.ts';
import type { JobDeps } from './deps.ts';
import { hasEnded } from '../node/living-pods.ts';
import { workerPodsOf } from './observed-pod.ts';
import { latestWarning } from './warning-events.ts';

const TAIL_LINES = 200;
/** The server counts from the first of these lines: a small limit would cut off the last one, which says the height. */
const TAIL_BYTES = 262_144;

export interface ObservedTasks {
  readonly tasks: ReadonlyMap<string, ObservedTask>;
  /** Worker pods that have not ended. */
  readonly active: number;
  /** Those of them that no Job made which is the job's own: which pod it is, and what to do about it. */
  readonly strays: readonly string[];
}

/** Reads every Job that carries the job's UID or has the name of one of its tasks, and its worker pods. */
export async function observeTasks(
  job: JobObject,
  { cluster, createdJobs }: Pick<JobDeps, 'cluster' | 'createdJobs'>,
): Promise<ObservedTasks> {
  const { uid = '', namespace = '', name } = job.metadata;
  const [labelled, listed] = await Promise.all([
    cluster.list(KINDS.Job, { namespace, labelSelector: `${JOB_UID_LABEL}=${uid}` }),
    cluster.list(KINDS.Pod, { namespace }),
  ]);
  const pods = listed.filter(workerPodsOf({ kind: job.kind, namespace, name, uid }, job.status?.works ?? []));
  const jobs = [...labelled, ...(await findUnlabelled(job, labelled, cluster))];
  const tasks = await Promise.all(
    jobs.map(async (live) => {
      const own = pods.filter((pod) => ownerOf(pod) === live.metadata.uid);
      const created = createdJobs.get(`${uid}/${live.metadata.name}`);
      const made = created === undefined ? undefined : created === live.metadata.uid;
      return [live.metadata.name, { ...(await readTask(live, own, cluster)), ...defined({ made }) }] as const;
    }),
  );
  const active = pods.filter((pod) => !hasEnded(pod));
  const uids = new Set(jobs.map((live) => live.metadata.uid));
  // One that is being deleted ends by itself, like those of a Job that was deleted.
  const strays = active.filter((pod) => pod.metadata.deletionTimestamp === undefined && !uids.has(ownerOf(pod)));
  return { tasks: new Map(tasks), active: active.length, strays: strays.map(describeStray) };
}

function describeStray({ metadata: { name, namespace = '' } }: KubeObject): string {
  return `${name} has the label or the name of this job's worker pods, and none of its Jobs owns it: end it (kubectl -n ${namespace} delete pod ${name})`;
}

/** Those that have not ended: someone may have taken the name, or taken off the label. */
async function findUnlabelled(
  { metadata: { namespace = '' }, status }: JobObject,
  labelled: readonly KubeObject[],
  cluster: Cluster,
): Promise<readonly KubeObject[]> {
  const seen = new Set([ASK_TASK, ...labelled.map(({ metadata }) => metadata.name)]);
  const missing = (status?.works ?? []).filter(({ name, outcome }) => outcome === undefined && !seen.has(name));
  const { apiVersion, kind } = KINDS.Job;
  const found = missing.map(async ({ name }) => (await cluster.get({ apiVersion, kind, namespace, name })) ?? []);
  return (await Promise.all(found)).flat();
}

async function readTask(live: KubeObject, pods: readonly KubeObject[], cluster: Cluster): Promise<ObservedTask> {
  const ended = endOf(live);
  const [pod] = pods.toSorted((a, b) =>
    (a.metadata.creationTimestamp ?? '') < (b.metadata.creationTimestamp ?? '') ? 1 : -1,
  );
  const jobUid = live.metadata.labels?.[JOB_UID_LABEL];
  const output = pod === undefined ? undefined : await outputOf(pod, cluster);
  const suspended = valueAt(live, ['spec', 'suspend']) === true;
  // Without a pod nothing but the Job's Events says that none is admitted.
  const isBare = pod === undefined && !suspended && ended.finished === undefined;
  const refused = isBare ? await latestWarning(live, cluster, 'FailedCreate') : undefined;
  return {
    ...defined({ uid: live.metadata.uid, jobUid }),
    ...(live.metadata.deletionTimestamp === undefined ? {} : { going: true }),
    suspended,
    ...ended,
    active: pods.filter((pod) => !hasEnded(pod)).length,
    ...(pod === undefined ? { running: false } : { ...readPod(pod), ...runningBeside(pod, live) }),
    ...defined({ output, refused, doubt: await doubtOf(live, pods, cluster) }),
  };
}

/** Admission may give all pods other images, such as those of a mirror, and a proxy: the API server says which by a dry run. */
async function doubtOf(live: KubeObject, pods: readonly KubeObject[], cluster: Cluster): Promise<string | undefined> {
  const why = whyInDoubt(live, pods);
  if (why === undefined) return undefined;
  try {
    return whyInDoubt(withGivenBy(live, await cluster.create(podLike(live), { dryRun: true })), pods);
  } catch (error) {
    if (isRefusal(error)) return why;
    throw error;
  }
}

function endOf(live: KubeObject): Pick<ObservedTask, 'finished' | 'finishedAt' | 'reason'> {
  const conditions = valueAt(live, ['status', 'conditions']);
  if (!Array.isArray(conditions)) return {};
  for (const condition of conditions) {
    const type = textAt(condition, ['type']);
    if (textAt(condition, ['status']) !== 'True' || (type !== 'Complete' && type !== 'Failed')) continue;
    const reason = textAt(condition, ['reason']);
    const finishedAt = textAt(condition, ['lastTransitionTime']);
    return {
      finished: type,
      ...defined({ reason, finishedAt }),
    };
  }
  return {};
}

type PodFacts = Pick<
  ObservedTask,
  'running' | 'taskEnded' | 'waiting' | 'unschedulable' | 'termination' | 'failedProgram' | 'imageDigest'
>;

function readPod(pod: KubeObject): PodFacts {
  const programs = statuses(pod, 'initContainerStatuses');
  const main = statuses(pod, 'containerStatuses').find((status) => textAt(status, ['name']) === WORK_CONTAINER);
  const all = main === undefined ? programs : [...programs, main];
  return {
    running: all.some((status) => isObject(valueAt(status, ['state', 'running']))),
    ...defined({
      taskEnded: workEndedIn(main),
      waiting: troubleIn(all),
      unschedulable: unschedulableOf(pod),
      termination: textAt(main, ['state', 'terminated', 'message']),
      failedProgram: failedIn(programs, sidecarsOf(pod)),
      imageDigest: textAt(main, ['imageID']) || undefined,
    }),
  };
}

/** Why a container cannot start. */
function troubleIn(containers: readonly unknown[]): ObservedTask['waiting'] {
  const waiting = containers
    .map((status) => valueAt(status, ['state', 'waiting']))
    .find((state) => isTrouble(textAt(state, ['reason'])));
  if (waiting === undefined) return undefined;
  return { reason: textAt(waiting, ['reason']) ?? '', message: textAt(waiting, ['message']) ?? '' };
}

/** The first program before the task that failed. */
function failedIn(
  programs: readonly unknown[],
  sidecars: ReadonlySet<string | undefined>,
): ObservedTask['failedProgram'] {
  return programs
    .map((status) => ({
      name: textAt(status, ['name']),
      exitCode: Number(valueAt(status, ['state', 'terminated', 'exitCode']) ?? 0),
    }))
    .filter(({ name }) => !sidecars.has(name))
    .map(({ name = '', exitCode }) => ({ name, exitCode }))
    .find(({ exitCode }) => exitCode !== 0);
}

/** The end of the container `work` is the end of the task, even while an injected container keeps the pod running. */
function workEndedIn(main: unknown): ObservedTask['taskEnded'] {
  const exitCode = valueAt(main, ['state', 'terminated', 'exitCode']);
  const at = textAt(main, ['state', 'terminated', 'finishedAt']);
  return typeof exitCode === 'number' ? { exitCode, ...defined({ at }) } : undefined;
}

/** What runs beside `work`: a webhook or a policy adds to pods what the Job does not name. */
function runningBeside(pod: KubeObject, live: KubeObject): Pick<ObservedTask, 'injectedRuns' | 'besideRuns'> {
  const template = ['spec', 'template', 'spec'];
  const own = new Set(
    ['initContainers', 'containers'].flatMap((field) => namesIn(valueAt(live, [...template, field]))),
  );
  const names = (field: 'containerStatuses' | 'initContainerStatuses'): readonly string[] =>
    namesIn(statuses(pod, field).filter((status) => isObject(valueAt(status, ['state', 'running']))));
  return {
    // An injected init container ends by itself once the others have ended.
    injectedRuns: names('containerStatuses').some((name) => !own.has(name)),
    besideRuns: names('initContainerStatuses').some((name) => own.has(name)),
  };
}

function namesIn(containers: unknown): readonly string[] {
  return Array.isArray(containers) ? containers.flatMap((one) => textAt(one, ['name']) ?? []) : [];
}

/** Init containers that run beside the others and are killed at the end: how they exit says nothing about the task. */
function sidecarsOf(pod: KubeObject): ReadonlySet<string | undefined> {
  const containers = valueAt(pod, ['spec', 'initContainers']);
  const found = Array.isArray(containers) ? containers : [];
  return new Set(
    found.filter((one) => textAt(one, ['restartPolicy']) === 'Always').map((one) => textAt(one, ['name'])),
  );
}

/** Waiting is normal while a pod is being made; these reasons are not. */
function isTrouble(reason: string | undefined): boolean {
  return reason !== undefined && reason !== 'ContainerCreating' && reason !== 'PodInitializing';
}

function unschedulableOf(pod: KubeObject): string | undefined {
  const conditions = valueAt(pod, ['status', 'conditions']);
  if (!Array.isArray(conditions)) return undefined;
  const found = conditions.find(
    (one) => textAt(one, ['type']) === 'PodScheduled' && textAt(one, ['status']) === 'False',
  );
  return found === undefined ? undefined : (textAt(found, ['message']) ?? 'the scheduler finds no Kubernetes node');
}

/** What the program before the task printed last: the only place where a foreign tool says the height it reached. */
async function outputOf(pod: KubeObject, cluster: Cluster): Promise<string | undefined> {
  const ended = statuses(pod, 'initContainerStatuses').filter((status) =>
    isObject(valueAt(status, ['state', 'terminated'])),
  );
  const container = textAt(ended.at(-1), ['name']);
  if (container === undefined) return undefined;
  const ref = {
    apiVersion: 'v1',
    kind: 'Pod',
    name: pod.metadata.name,
    ...defined({ namespace: pod.metadata.namespace }),
  };
  // A log that is gone with its Kubernetes node is no reason to lose sight of the rest; how long it is waited for is judged elsewhere.
  return await cluster.logs(ref, { container, tailLines: TAIL_LINES, limitBytes: TAIL_BYTES }).catch(() => undefined);
}

function statuses(pod: KubeObject, field: 'containerStatuses' | 'initContainerStatuses'): readonly unknown[] {
  return listAt(pod, ['status', field]);
}

function ownerOf(pod: KubeObject): string | undefined {
  return pod.metadata.ownerReferences?.find(({ kind }) => kind === 'Job')?.uid;
}
