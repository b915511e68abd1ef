// The node locks of jobs: one Lease each, held by the UID of the job, also over restarts of the controller.

import { LABEL } from '../../api/group.ts';
import type { KubeObject } from '../../api/objects.ts';
import type { Holder, LockNote } from '../../jobs/model/effect.ts';
import type { ObservedLock } from '../../jobs/model/observation.ts';
import type { Cluster } from '../../kube/cluster.ts';
import { hasCode } from '../../lib/errors.ts';
import { textAt } from '../../lib/json-value.ts';
import { z } from 'zod';

const HOLDER = 'validatoros.com/holder';
const NOTE = 'validatoros.com/note';

const Note = z.object({
  uid: z.string(),
  job: z.string(),
  nodes: z.array(
    z.object({
      node: z.string(),
      workload: z.object({ apiVersion: z.string(), kind: z.string(), name: z.string() }),
      replicas: z.int().optional(),
      wasRunning: z.boolean(),
    }),
  ),
  unsafe: z.string().optional(),
  keys: z.boolean().optional(),
});

export interface JobLocks {
  read(namespace: string, lock: string): Promise<ObservedLock>;
  /** Acquires a free lock; one that another job holds stays with that job. */
  acquire(namespace: string, lock: string, holder: Holder): Promise<void>;
  note(namespace: string, lock: string, note: LockNote): Promise<void>;
  /** Releases a lock of that holder. */
  release(place: {
    readonly namespace: string;
    readonly lock: string;
    readonly uid: string;
    readonly keepNote: boolean;
  }): Promise<void>;
}

/** Every write names the version it read, so two controllers can never both take a lock. */
export function createJobLocks(cluster: Pick<Cluster, 'get' | 'create' | 'replace'>): JobLocks {
  const refOf = (
    namespace: string,
    name: string,
  ): { apiVersion: string; kind: string; namespace: string; name: string } => ({
    apiVersion: 'coordination.k8s.io/v1',
    kind: 'Lease',
    namespace,
    name,
  });

  /** A lost race is no failure: the next read shows the holder. */
  async function write(work: Promise<unknown>): Promise<void> {
    try {
      await work;
    } catch (error) {
      if (!hasCode(error, 'CONFLICT', 'ALREADY_EXISTS')) throw error;
    }
  }

  return {
    async read(namespace, lock) {
      return readLease(await cluster.get(refOf(namespace, lock)));
    },
    async acquire(namespace, lock, holder) {
      const ref = refOf(namespace, lock);
      const live = await cluster.get(ref);
      if (live === undefined) {
        const metadata = {
          name: lock,
          namespace,
          labels: { [LABEL.managedBy]: 'nodewright', [LABEL.component]: 'job-lock' },
          annotations: { [HOLDER]: holder.text },
        };
        await write(
          cluster.create({
            apiVersion: ref.apiVersion,
            kind: ref.kind,
            metadata,
            spec: { holderIdentity: holder.uid },
          }),
        );
      } else if (readLease(live).holder === undefined) {
        await write(cluster.replace(withHolder(live, holder)));
      }
    },
    async note(namespace, lock, note) {
      const live = await cluster.get(refOf(namespace, lock));
      if (live === undefined || readLease(live).holder?.uid !== note.uid) return;
      await write(cluster.replace(annotate(live, { [NOTE]: JSON.stringify(note) })));
    },
    async release({ namespace, lock, uid, keepNote }) {
      const live = await cluster.get(refOf(namespace, lock));
      if (live === undefined || readLease(live).holder?.uid !== uid) return;
      const freed = annotate(live, { [HOLDER]: undefined, ...(keepNote ? {} : { [NOTE]: undefined }) });
      await write(cluster.replace({ ...freed, spec: {} }));
    },
  };
}

/** A Lease that was edited by hand into something else is held by whom it says, and its note counts as absent. */
export function readLease(lease: KubeObject | undefined): ObservedLock {
  const uid = textAt(lease, ['spec', 'holderIdentity']);
  const note = parseNote(lease?.metadata.annotations?.[NOTE]);
  return {
    ...(uid === undefined || uid === '' ? {} : { holder: { uid, text: lease?.metadata.annotations?.[HOLDER] ?? uid } }),
    ...(note === undefined ? {} : { note }),
  };
}

function parseNote(text: string | undefined): LockNote | undefined {
  if (text === undefined) return undefined;
  try {
    const { unsafe, keys, nodes, ...rest } = Note.parse(JSON.parse(text));
    const known = nodes.map(({ replicas, ...node }) => ({ ...node, ...(replicas === undefined ? {} : { replicas }) }));
    const more = { ...(unsafe === undefined ? {} : { unsafe }), ...(keys === undefined ? {} : { keys }) };
    return { ...rest, nodes: known, ...more };
  } catch {
    return undefined;
  }
}

function withHolder(lease: KubeObject, holder: Holder): KubeObject {
  return { ...annotate(lease, { [HOLDER]: holder.text }), spec: { holderIdentity: holder.uid } };
}

function annotate(lease: KubeObject, values: Readonly<Record<string, string | undefined>>): KubeObject {
  const all = Object.entries({ ...lease.metadata.annotations, ...values });
  const annotations = Object.fromEntries(all.filter((entry): entry is [string, string] => entry[1] !== undefined));
  return { ...lease, metadata: { ...lease.metadata, annotations } };
}
