// A Backup under way whose object, and perhaps whose Lease, someone deletes.

import { API_VERSION } from '../../src/api/group.ts';
import type { JobObject } from '../../src/api/job-object.ts';
import type { KubeObject, Ref } from '../../src/api/objects.ts';
import { lockOfNode } from '../../src/jobs/model/locks.ts';
import { valueAt } from '../../src/lib/json-value.ts';
import { waitFor } from '../support/wait-for.ts';
import type { ByHand } from './by-hand.ts';
import type { Fleet } from './fleet.ts';
import type { Running } from './harness.ts';

export const PATIENCE_MS = 120_000;
/** Jobs stay in the phase Stopping as long as the tests take. */
export const SETTINGS = { settings: { stopDeadlineMs: 3_600_000 } };
export const NOTE = 'validatoros.com/note';
/** Keeps the pod of a node. */
const FINALIZER = 'nodewright.test/keep';

type Place = Ref & { readonly namespace: string };

export interface LosingJobs {
  ref(kind: 'Backup' | 'Pod' | 'Job' | 'StatefulSet' | 'Lease', name: string): Place;
  job(name: string): Promise<JobObject | undefined>;
  lockOf(node: string): Promise<KubeObject | undefined>;
  noteOn(node: string): Promise<string | undefined>;
  runs(node: string): Promise<void>;
  isStopped(node: string): Promise<boolean>;
  /** Merges the file of a Backup. */
  file(name: string, node: string, annotations?: Readonly<Record<string, string>>): void;
  /** UID of the Backup, which has stopped its node; it stays so until `letGo`. */
  stops(name: string, node: string): Promise<string>;
  letGo(node: string): Promise<void>;
  /** What an attacker does who may not write in the controller's namespace. */
  lose(name: string, node?: string): Promise<void>;
}

const VERSIONS = {
  Backup: API_VERSION,
  Pod: 'v1',
  Job: 'batch/v1',
  StatefulSet: 'apps/v1',
  Lease: 'coordination.k8s.io/v1',
} as const;

/** `running`: the controllers that run now. `executorOf`: where that is not the default one. */
export function losingJobs(
  fleet: Fleet,
  hand: ByHand,
  of: { readonly running: () => readonly Running[]; readonly executorOf?: (node: string) => string },
): LosingJobs {
  const { cluster, namespace } = fleet;
  const ref: LosingJobs['ref'] = (kind, name) => ({ apiVersion: VERSIONS[kind], kind, namespace, name });
  const pod = (node: string): Place => ref('Pod', `${node}-0`);
  const own: LosingJobs = {
    ref,
    job: async (name) => (await cluster.get(ref('Backup', name))) as JobObject | undefined,
    lockOf: async (node) => await cluster.get(ref('Lease', lockOfNode(node))),
    noteOn: async (node) => (await own.lockOf(node))?.metadata.annotations?.[NOTE],
    async runs(node) {
      const isThere = async (): Promise<boolean> => {
        const live = await cluster.get(pod(node));
        return live !== undefined && live.metadata.deletionTimestamp === undefined;
      };
      await waitFor(`${node} runs`, isThere, PATIENCE_MS);
    },
    isStopped: async (node) => valueAt(await cluster.get(ref('StatefulSet', node)), ['spec', 'replicas']) === 0,
    file(name, node, annotations = {}) {
      const spec = { node, ...(of.executorOf === undefined ? {} : { executor: of.executorOf(node) }) };
      const request = { apiVersion: API_VERSION, kind: 'Backup', metadata: { name, annotations }, spec };
      fleet.commit({ [`jobs/${name}.yaml`]: JSON.stringify(request) });
      for (const { controller } of of.running()) controller.requestSync();
    },
    async stops(name, node) {
      await own.runs(node);
      await cluster.patch(pod(node), [{ op: 'add', path: '/metadata/finalizers', value: [FINALIZER] }]);
      own.file(name, node);
      await waitFor('its lock says what it stops', async () => await own.noteOn(node), PATIENCE_MS);
      await waitFor('the node is stopped', async () => await own.isStopped(node), PATIENCE_MS);
      return (await own.job(name))?.metadata.uid ?? '';
    },
    letGo: async (node) => void (await cluster.patch(pod(node), [{ op: 'remove', path: '/metadata/finalizers' }])),
    async lose(name, node) {
      await hand.patch(ref('Backup', name), { metadata: { finalizers: null } });
      await hand.remove(ref('Backup', name));
      if (node !== undefined) await hand.remove(ref('Lease', lockOfNode(node)));
    },
  };
  return own;
}
