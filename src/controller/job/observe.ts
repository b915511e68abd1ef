// Everything a job's next step depends on, gathered first, judged elsewhere.

import { suspendedFolder } from '../../api/fleet.ts';
import { ANNOTATION } from '../../api/group.ts';
import type { JobObject } from '../../api/job-object.ts';
import { JOB_FINALIZER, withdrawnFor, JOB_UID_LABEL, jobKeyOf } from '../../api/job-object.ts';
import { isFinal, type JobPhase } from '../../api/job-status.ts';
import type { OpenJob } from '../../jobs/model/job-kind.ts';
import { layoutOf } from '../../jobs/layouts/index.ts';
import { locksOf } from '../../jobs/model/locks.ts';
import { jobObjectName } from '../../jobs/model/names.ts';
import { UNREADABLE } from '../../jobs/requests/record.ts';
import type {
  ObservedPvc,
  ObservedLock,
  JobObservation,
  RestoreSource,
  ObservedTask,
} from '../../jobs/model/observation.ts';
import { sourceKeyOf, sourceOf } from '../../jobs/requests/restore-source.ts';
import { textAt } from '../../lib/json-value.ts';
import { complaintAbout } from './warning-events.ts';
import type { JobLocks } from './locks.ts';
import { lookAtTargets, nodeKeyIn, type TargetRooms } from './observe-nodes.ts';
import { lookAtWorks } from './observe-tasks.ts';
import type { Puller } from '../fleet/pull.ts';
import type { Records } from './records.ts';

export interface LookRooms extends TargetRooms {
  readonly locks: JobLocks;
  readonly records: Records;
  readonly puller: Puller;
  readonly answers: ReadonlyMap<string, ObservedTask>;
}

/**
 * Reads cluster, records and memory, as far as the phase asks for it: a hundred jobs may wait for the locks of others.
 * `job` is as the API server has it now; `signal` ends questions to nodes.
 */
export async function look(
  job: JobObject,
  open: OpenJob,
  rooms: LookRooms,
  signal: AbortSignal,
): Promise<JobObservation> {
  const names = (job.status?.works ?? []).map(({ name }) => name);
  const withdrawn = withdrawnFor(job);
  const mustWait = mayNotBegin(job, open, rooms);
  const need = needOf(job.status?.phase ?? 'Pending');
  const [locks, targets, works, pvc, source] = await Promise.all([
    lookAtLocks(job, open, rooms),
    need.nodes ? lookAtTargets(job, open, rooms, need.heights ? signal : undefined) : NOTHING,
    need.works ? lookAtWorks(job, rooms.cluster) : { works: NOTHING, active: 0 },
    need.works ? observePvc(job, rooms) : undefined,
    need.source ? lookAtSource(job, rooms) : undefined,
  ]);
  const answered = names.flatMap((name) => {
    const answer = rooms.answers.get(`${job.metadata.uid ?? ''}/${name}`);
    return answer === undefined ? [] : [[name, answer] as const];
  });
  return {
    deleting: job.metadata.deletionTimestamp !== undefined,
    guarded: job.metadata.finalizers?.includes(JOB_FINALIZER) === true,
    ...(withdrawn === undefined ? {} : { withdrawn }),
    ...(mustWait === undefined ? {} : { mustWait }),
    release: isReleased(job, rooms.puller),
    record: rooms.records.pushed(jobKeyOf(job)),
    locks,
    targets,
    pvc,
    tasks: new Map([...works.works, ...answered]),
    workerPods: works.active,
    identities: identitiesOf(job, open, { rooms, targets }),
    source,
  };
}

const NOTHING: ReadonlyMap<string, never> = new Map<string, never>();

interface Need {
  readonly nodes: boolean;
  readonly heights: boolean;
  readonly works: boolean;
  readonly source: boolean;
}

/**
 * Before the locks are taken nodes don't matter, but a Restore must know whether what it restores is there yet; before
 * Working no pod was made, and after Stopping heights say nothing until the nodes are started; after the end no node
 * matters.
 */
function needOf(phase: JobPhase): Need {
  if (phase === 'Pending') return { nodes: false, heights: false, works: false, source: false };
  if (phase === 'Claimed') return { nodes: false, heights: false, works: false, source: true };
  if (phase === 'Locked' || phase === 'Stopping') return { nodes: true, heights: true, works: false, source: true };
  return { nodes: !isFinal(phase), heights: phase === 'Starting', works: true, source: !isFinal(phase) };
}

/** What people asked to be left alone is not stopped for a job either. */
function mayNotBegin(job: JobObject, open: OpenJob, { puller, world }: LookRooms): string | undefined {
  const { pulled } = puller.state;
  if (pulled === undefined) return 'waits until the repository was read';
  const { fleet } = pulled.desired;
  if (fleet.suspend === true) return 'waits while the Fleet is suspended';
  if (open.common.deployMethod !== 'managed') return undefined;
  for (const name of open.nodes) {
    const node = world.nodes.get(nodeKeyIn(job, name));
    if (node?.spec.suspend === true) return `waits while ${name} is suspended`;
    const folder = suspendedFolder(fleet, node?.metadata.annotations?.[ANNOTATION.file]);
    if (folder !== undefined) return `waits while the folder ${folder} is suspended`;
  }
  return undefined;
}

/** A person's word in Git that held nodes shall be started in spite of everything. */
function isReleased(job: JobObject, { state }: Puller): boolean {
  const wanted = state.pulled?.desired.requests.get(jobKeyOf(job))?.request;
  return wanted?.metadata.annotations?.[ANNOTATION.release] === 'true';
}

async function lookAtLocks(
  job: JobObject,
  open: OpenJob,
  { locks }: LookRooms,
): Promise<ReadonlyMap<string, ObservedLock>> {
  const wanted = locksOf({ deployMethod: open.common.deployMethod, chain: open.common.chain ?? '', nodes: open.nodes });
  const names = [...new Set([...wanted, ...(job.status?.locks ?? [])])];
  const namespace = job.metadata.namespace ?? '';
  return new Map(await Promise.all(names.map(async (name) => [name, await locks.look(namespace, name)] as const)));
}

async function observePvc(job: JobObject, { cluster }: LookRooms): Promise<ObservedPvc | undefined> {
  const { namespace = '', name: own, uid = '' } = job.metadata;
  const name = job.status?.claimName ?? jobObjectName({ kind: job.kind, namespace, name: own, uid });
  const live = await cluster.get({ apiVersion: 'v1', kind: 'PersistentVolumeClaim', namespace, name });
  if (live === undefined) return undefined;
  const jobUid = live.metadata.labels?.[JOB_UID_LABEL];
  const phase = textAt(live, ['status', 'phase']) ?? 'Pending';
  const message = phase === 'Pending' ? await complaintAbout(live, cluster) : undefined;
  return {
    name,
    uid: live.metadata.uid ?? '',
    phase,
    ...(message === undefined ? {} : { message }),
    ...(jobUid === undefined ? {} : { jobUid }),
  };
}

/** What a Restore reads from: by its record, which outlives its object. */
async function lookAtSource(job: JobObject, { records, cluster }: LookRooms): Promise<RestoreSource | undefined> {
  const key = job.kind === 'Restore' ? sourceKeyOf(job) : undefined;
  const record = key === undefined ? undefined : records.pushedAll().get(key);
  if (record === undefined || record === UNREADABLE) return undefined;
  const { claimName, namespace } = record;
  const live =
    claimName === undefined
      ? undefined
      : await cluster.get({ apiVersion: 'v1', kind: 'PersistentVolumeClaim', namespace, name: claimName });
  const isThere = live !== undefined && live.metadata.deletionTimestamp === undefined;
  return sourceOf(record, new Map(isThere && claimName !== undefined ? [[claimName, live.metadata.uid ?? '']] : []));
}

interface IdentityRooms {
  readonly rooms: LookRooms;
  readonly targets: JobObservation['targets'];
}

/** Managed nodes: the Secret in force. Others: the ConfigMap that their account volume names now. */
function identitiesOf(job: JobObject, open: OpenJob, { rooms, targets }: IdentityRooms): ReadonlyMap<string, string> {
  const isForeign = layoutOf(open.common.deployMethod) !== undefined;
  return new Map(
    open.nodes.flatMap((name) => {
      const found = targets.get(name)?.found;
      const node = rooms.world.nodes.get(nodeKeyIn(job, name));
      const foreign = found?.ok === true ? found.target.identity : undefined;
      const managed = node === undefined ? undefined : rooms.identities.of(node);
      const identity = isForeign ? foreign : managed;
      return identity === undefined ? [] : [[name, identity] as const];
    }),
  );
}
