// Nodes and their jobs under a controller that is killed and started again, with an observer of every Job that was ever created.

import { createHash } from 'node:crypto';
import { readFileSync } from 'node:fs';
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';

import { parse } from 'yaml';

import { API_VERSION } from '../../src/api/group.ts';
import { JOB_FINALIZER, JOB_UID_LABEL, type JobObject } from '../../src/api/job-object.ts';
import { isFinal } from '../../src/api/job-phase.ts';
import type { KubeObject } from '../../src/api/objects.ts';
import type { JobRecord } from '../../src/jobs/requests/record.ts';
import { lockOfNode } from '../../src/jobs/model/locks.ts';
import { KINDS } from '../../src/kube/kinds.ts';
import { textAt, valueAt } from '../../src/lib/json-value.ts';
import type { ClusterState } from '../cluster/state.ts';
import { type Fleet, startFleet } from '../controller/fleet.ts';
import { prepare } from '../controller/harness.ts';
import { type Process, type ProcessOptions, startProcess } from '../controller/process.ts';
import { waitFor } from '../support/wait-for.ts';
import { processesOf, type PodProcess } from './processes.ts';
import { type Kind, openRequestObserver, type RequestObserver } from './request-observer.ts';

export interface CrashWorld extends RequestObserver {
  readonly fleet: Fleet;
  /** The controller that runs now, or ran last. */
  readonly process: () => Process;
  /** SIGKILL to the controller. */
  kill(): Promise<unknown>;
  /** Resolves when the controller that runs now has ended. */
  exited(): Promise<unknown>;
  /** The last lines of the controller's log. */
  lastLog(lines: number): Promise<string>;
  /** Starts the controller again, as the same pod; with an empty memory by default. */
  start(options?: ProcessOptions): Promise<void>;
  /** Commits a request on the first node, unless its spec names others. */
  ask(kind: Kind, name: string, spec?: Readonly<Record<string, unknown>>): void;
  /** The record on the status branch; undefined while there is none. */
  record(kind: Kind, name: string): JobRecord | undefined;
  /** Waits for a record of an ended request. */
  ended(kind: Kind, name: string): Promise<JobRecord>;
  /** Waits for a phase of the object. */
  reaches(kind: Kind, name: string, phase: string): Promise<JobObject>;
  /** The process that copies, stopped in the middle of it. */
  freezeTask(kind: Kind, name: string): Promise<{ readonly pod: string; thaw(): void }>;
  /** Pods of a node (default: the first), also ones that are going away. */
  nodePods(node?: string): readonly KubeObject[];
  /** A node's pod, for requests to its client. */
  pod(node: string): { readonly status?: { readonly podIP?: string } } | undefined;
  /** Waits until a node (default: the first) runs and no job holds its lock. */
  nodeIsWell(node?: string): Promise<void>;
  /** The folder of a PVC's volume on this host. */
  volumeFolder(claimName: string): Promise<string>;
  /** Names of the PVCs with these labels. */
  pvcs(labels: string): Promise<readonly string[]>;
  /** Digest of the manifest in a backup's volume. */
  manifestDigest(claimName: string): Promise<string>;
  /** Removes the object as a careless person does: finalizer and all. */
  forceRemove(kind: Kind, name: string): Promise<void>;
  close(): Promise<void>;
}

/** The first node's name; the others are n1, n2, … */
export const NODE = 'n0';
const SPEC = ['resources: { el: { requests: { cpu: 10m, memory: 64Mi } } }', 'args: { el: { cache: "64" } }'];
const PATIENCE_MS = 120_000;

export interface CrashOptions {
  readonly kubeconfig: string;
  readonly state: ClusterState;
  readonly image: string;
  /** How many nodes; default: one. */
  readonly nodes?: number;
}

/** Resolves when the nodes run. */
export async function startCrashWorld({ kubeconfig, state, image, nodes = 1 }: CrashOptions): Promise<CrashWorld> {
  const fleet = await startFleet({ kubeconfig, nodes, spec: SPEC });
  await prepare(fleet);
  const { namespace, cluster, executor } = fleet;
  const folder = await mkdtemp(join(tmpdir(), 'nodewright-crash-'));
  const ending = new AbortController();
  const observer = openRequestObserver(fleet, ending.signal);
  const defaults: ProcessOptions = { podName: `controller-${executor}`, image, dataDir: join(folder, 'data') };
  let process = await startProcess(fleet, defaults);
  const processes = [process];
  const show = (path: string): string | undefined => fleet.statusFile(path);
  const ref = (kind: Kind, name: string) => ({ apiVersion: API_VERSION, kind, namespace, name });
  const nodePods = (node = NODE): readonly KubeObject[] =>
    observer.pods().filter(({ metadata }) => metadata.name === `${node}-0`);

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
    ...observer,
    fleet,
    process: () => process,
    kill: async () => await process.kill(),
    exited: async () => await process.ended,
    lastLog: async (lines) => await process.lastLog(lines),
    async start(options = {}) {
      process = await startProcess(fleet, { ...defaults, ...options });
      processes.push(process);
    },
    ask(kind, name, spec = {}) {
      const whole = 'nodes' in spec ? spec : { node: NODE, ...spec };
      const document = { apiVersion: API_VERSION, kind, metadata: { name }, spec: whole };
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
    reaches: async (kind, name, phase) =>
      await fact(`${kind} ${name} is ${phase}`, () => {
        const found = observer.object(kind, name);
        return found?.status?.phase === phase && found;
      }),
    async freezeTask(kind, name) {
      const { pod, process: worker } = await fact(`${kind} ${name} has a process at work`, () => {
        const uid = observer.object(kind, name)?.metadata.uid;
        for (const found of observer.pods()) {
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
    pod(node) {
      const podIP = textAt(nodePods(node)[0], ['status', 'podIP']);
      return podIP === undefined ? undefined : { status: { podIP } };
    },
    async nodeIsWell(name = NODE) {
      const lock = { apiVersion: 'coordination.k8s.io/v1', kind: 'Lease', namespace, name: lockOfNode(name) };
      await fact(`${name} runs and its lock is free`, async () => {
        const lease = await cluster.get(lock);
        const node = (await fleet.nodes()).get(name);
        const isFree = lease === undefined || textAt(lease, ['spec', 'holderIdentity']) === undefined;
        return isFree && nodePods(name).length === 1 && node?.status?.phase === 'Running';
      });
    },
    async volumeFolder(claimName) {
      const pvc = await cluster.get({ apiVersion: 'v1', kind: 'PersistentVolumeClaim', namespace, name: claimName });
      return join(state.directory, 'volumes', String(valueAt(pvc, ['spec', 'volumeName'])));
    },
    async pvcs(labelSelector) {
      const found = await cluster.list(KINDS.PersistentVolumeClaim, { namespace, labelSelector });
      return found.map(({ metadata }) => metadata.name);
    },
    async manifestDigest(claimName) {
      const path = join(await world.volumeFolder(claimName), 'backup', 'manifest.json');
      return createHash('sha256').update(readFileSync(path)).digest('hex');
    },
    async forceRemove(kind, name) {
      const live = await cluster.get(ref(kind, name));
      await cluster.remove(ref(kind, name), { uid: live?.metadata.uid ?? '', propagation: 'Background' });
      if (live?.metadata.finalizers?.includes(JOB_FINALIZER) === true)
        await cluster.patch(ref(kind, name), [{ op: 'remove', path: '/metadata/finalizers' }]);
      await fact(`${kind} ${name} is gone`, () => observer.object(kind, name) === undefined);
    },
    async close() {
      ending.abort();
      // The last one runs, and may have its data in the folder of an earlier one.
      for (const one of processes.toReversed()) await one.cleanUp();
      await fleet.close();
      await rm(folder, { recursive: true, force: true });
    },
  };
  const names = Array.from({ length: nodes }, (_, index) => `n${index}`);
  await Promise.all(names.map(async (name) => await world.nodeIsWell(name))).catch(async (error: unknown) => {
    await world.close();
    throw error;
  });
  return world;
}

/** The program of the container `work`, once it has been started. */
function workerOf(podUid: string): PodProcess | undefined {
  return processesOf(podUid, 'node')[0];
}
