// One geth and its jobs under a controller that is killed and started again, with eyes on every Job that was ever made.

import { createHash } from 'node:crypto';
import { readFileSync } from 'node:fs';
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';

import { parse } from 'yaml';

import { API_VERSION } from '../../src/api/group.ts';
import { JOB_FINALIZER, JOB_UID_LABEL, type JobObject } from '../../src/api/job-object.ts';
import { isFinal } from '../../src/api/job-status.ts';
import type { KubeObject } from '../../src/api/objects.ts';
import type { JobRecord } from '../../src/jobs/record.ts';
import { lockOfNode } from '../../src/jobs/locks.ts';
import type { Informer } from '../../src/kube/cluster.ts';
import { kindOf, KINDS } from '../../src/kube/kinds.ts';
import { textAt, valueAt } from '../../src/lib/json-value.ts';
import type { ClusterState } from '../cluster/state.ts';
import { type Fleet, startFleet, STATUS_BRANCH } from '../loops/fleet.ts';
import { prepare } from '../loops/harness.ts';
import { type Process, type ProcessOptions, startProcess } from '../loops/process.ts';
import { git } from '../support/git-repo.ts';
import { waitFor } from '../support/wait-for.ts';
import { processesOf, type PodProcess } from './processes.ts';

export type Kind = 'Backup' | 'Restore';

export interface CrashWorld {
  readonly fleet: Fleet;
  /** The controller that runs now, or ran last. */
  readonly process: () => Process;
  /** Starts the controller again, as the same pod; with an empty memory unless it is told otherwise. */
  start(options?: ProcessOptions): Promise<void>;
  /** Called with every new phase of a request the moment the watch tells it. */
  onPhase: ((key: string, phase: string) => void) | undefined;
  /** Commits a request on the node. */
  ask(kind: Kind, name: string, spec?: Readonly<Record<string, unknown>>): void;
  /** The record on the status branch; undefined while there is none. */
  record(kind: Kind, name: string): JobRecord | undefined;
  /** Waits for a record of an ended request. */
  ended(kind: Kind, name: string): Promise<JobRecord>;
  /** The request's object as the watch knows it. */
  object(kind: Kind, name: string): JobObject | undefined;
  /** Waits for a phase of the object. */
  reaches(kind: Kind, name: string, phase: string): Promise<JobObject>;
  /** UIDs of the Jobs, or the pods, that were ever made for the request's object. */
  made(what: 'Job' | 'Pod', requestUid: string): readonly string[];
  /** The objects that were ever made for the request: UID and time of creation. */
  objectsMade(kind: Kind, name: string): ReadonlyMap<string, string>;
  /** The process that copies, stopped in the middle of it. */
  freezeWork(kind: Kind, name: string): Promise<{ readonly pod: string; thaw(): void }>;
  /** Pods of the node, also ones that are going away. */
  nodePods(): readonly KubeObject[];
  /** Waits until the node runs and nobody holds its lock. */
  nodeIsWell(): Promise<void>;
  /** Digest of the manifest in a backup's volume. */
  manifestDigest(claimName: string): Promise<string>;
  /** Removes the object as a careless person does: finalizer and all. */
  forceRemove(kind: Kind, name: string): Promise<void>;
  close(): Promise<void>;
}

/** The node's name. */
export const NODE = 'n0';
const SPEC = ['resources: { el: { requests: { cpu: 10m, memory: 64Mi } } }', 'args: { el: { cache: "64" } }'];
const PATIENCE_MS = 120_000;

export interface CrashOptions {
  readonly kubeconfig: string;
  readonly state: ClusterState;
  readonly image: string;
}

/** Resolves when the node runs. */
export async function startCrashWorld({ kubeconfig, state, image }: CrashOptions): Promise<CrashWorld> {
  const fleet = await startFleet({ kubeconfig, nodes: 1, spec: SPEC });
  await prepare(fleet);
  const { namespace, cluster, executor } = fleet;
  const folder = await mkdtemp(join(tmpdir(), 'nodewright-crash-'));
  const ending = new AbortController();
  const owners = { Job: new Map<string, string>(), Pod: new Map<string, string>() };
  const objects = new Map<string, Map<string, string>>();
  const { signal } = ending;
  const follow = (what: 'Job' | 'Pod'): Informer =>
    cluster.inform(KINDS[what], {
      namespace,
      signal,
      onChange({ now }) {
        const owner = now?.metadata.labels?.[JOB_UID_LABEL];
        if (owner !== undefined) owners[what].set(now?.metadata.uid ?? '', owner);
      },
    });
  const pods = follow('Pod');
  follow('Job');
  const requests = new Map(
    (['Backup', 'Restore'] as const).map((kind) => [
      kind,
      cluster.inform<JobObject>(kindOf({ apiVersion: API_VERSION, kind }), {
        namespace,
        signal,
        onChange({ old, now }) {
          if (now === undefined) return;
          const key = `${kind}/${now.metadata.name}`;
          const { uid = '', creationTimestamp = '' } = now.metadata;
          objects.set(key, new Map([...(objects.get(key) ?? []), [uid, creationTimestamp]]));
          const phase = now.status?.phase;
          if (phase !== undefined && phase !== old?.status?.phase) world.onPhase?.(key, phase);
        },
      }),
    ]),
  );
  const defaults: ProcessOptions = { podName: `controller-${executor}`, image, dataDir: join(folder, 'data') };
  let process = await startProcess(fleet, defaults);
  const show = (path: string): string | undefined => fleet.statusFile(path);
  const ref = (kind: Kind, name: string) => ({ apiVersion: API_VERSION, kind, namespace, name });
  const get = (kind: Kind, name: string): JobObject | undefined => requests.get(kind)?.get(`${namespace}/${name}`);
  const nodePods = (): readonly KubeObject[] => pods.list().filter(({ metadata }) => metadata.name === `${NODE}-0`);

  async function fact<T>(
    what: string,
    found: () => T | undefined | false | Promise<T | undefined | false>,
  ): Promise<T> {
    try {
      return await waitFor(what, found, PATIENCE_MS);
    } catch (cause) {
      throw new Error(`never came to: ${what}\n${await process.lastLog(15)}`, { cause });
    }
  }

  const world: CrashWorld = {
    fleet,
    process: () => process,
    async start(options = {}) {
      process = await startProcess(fleet, { ...defaults, ...options });
    },
    onPhase: undefined,
    ask(kind, name, spec = {}) {
      const document = { apiVersion: API_VERSION, kind, metadata: { name }, spec: { node: NODE, ...spec } };
      fleet.commit({ [`jobs/${name}.yaml`]: JSON.stringify(document) });
    },
    record(kind, name) {
      const text = show(`jobs/${kind.toLowerCase()}/${namespace}/${name}.yaml`);
      return text === undefined ? undefined : (parse(text) as JobRecord);
    },
    ended: async (kind, name) =>
      await fact(`the record of ${kind} ${name} has ended`, () => {
        const record = world.record(kind, name);
        return record !== undefined && isFinal(record.phase) && record;
      }),
    object: get,
    reaches: async (kind, name, phase) =>
      await fact(`${kind} ${name} is ${phase}`, () => {
        const found = get(kind, name);
        return found?.status?.phase === phase && found;
      }),
    made: (what, requestUid) => [...owners[what]].filter(([, owner]) => owner === requestUid).map(([uid]) => uid),
    objectsMade: (kind, name) => objects.get(`${kind}/${name}`) ?? new Map<string, string>(),
    async freezeWork(kind, name) {
      const { pod, process: worker } = await fact(`${kind} ${name} has a process at work`, () => {
        const uid = get(kind, name)?.metadata.uid;
        for (const found of pods.list()) {
          if (uid === undefined || found.metadata.labels?.[JOB_UID_LABEL] !== uid) continue;
          const worker = workerOf(found.metadata.uid ?? '');
          if (worker !== undefined) return { pod: found.metadata.name, process: worker };
        }
        return undefined;
      });
      global.process.kill(worker.pid, 'SIGSTOP');
      return { pod, thaw: () => void global.process.kill(worker.pid, 'SIGCONT') };
    },
    nodePods,
    async nodeIsWell() {
      await fact('the node runs and its lock is free', async () => {
        const lease = await cluster.get({
          apiVersion: 'coordination.k8s.io/v1',
          kind: 'Lease',
          namespace,
          name: lockOfNode(NODE),
        });
        const node = (await fleet.nodes()).get(NODE);
        const isFree = lease === undefined || textAt(lease, ['spec', 'holderIdentity']) === undefined;
        return isFree && nodePods().length === 1 && node?.status?.phase === 'Running';
      });
    },
    async manifestDigest(claimName) {
      const claim = await cluster.get({ apiVersion: 'v1', kind: 'PersistentVolumeClaim', namespace, name: claimName });
      const volume = String(valueAt(claim, ['spec', 'volumeName']));
      const path = join(state.directory, 'volumes', volume, 'backup', 'manifest.json');
      return createHash('sha256').update(readFileSync(path)).digest('hex');
    },
    async forceRemove(kind, name) {
      const live = await cluster.get(ref(kind, name));
      await cluster.remove(ref(kind, name), { uid: live?.metadata.uid ?? '', propagation: 'Background' });
      if (live?.metadata.finalizers?.includes(JOB_FINALIZER) === true)
        await cluster.patch(ref(kind, name), [{ op: 'remove', path: '/metadata/finalizers' }]);
      await fact(`${kind} ${name} is gone`, () => get(kind, name) === undefined);
    },
    async close() {
      ending.abort();
      await process.cleanUp();
      await fleet.close();
      await rm(folder, { recursive: true, force: true });
    },
  };
  await world.nodeIsWell().catch(async (error: unknown) => {
    await world.close();
    throw error;
  });
  return world;
}

/** The program of the working container, once it has been started. */
function workerOf(podUid: string): PodProcess | undefined {
  return processesOf(podUid, 'node')[0];
}

/** Commits that changed the record, oldest first, with the record as it was then. */
export function recordHistory({ fleet }: CrashWorld, kind: Kind, name: string): readonly RecordVersion[] {
  const path = `${fleet.executor}/jobs/${kind.toLowerCase()}/${fleet.namespace}/${name}.yaml`;
  const lines = git(fleet.repo, ['log', '--reverse', '--format=%H %ct', STATUS_BRANCH, '--', path]).split('\n');
  return lines.map((line) => {
    const [commit = '', seconds = ''] = line.split(' ');
    return { atSeconds: Number(seconds), record: parse(git(fleet.repo, ['show', `${commit}:${path}`])) as JobRecord };
  });
}

export interface RecordVersion {
  readonly atSeconds: number;
  readonly record: JobRecord;
}
