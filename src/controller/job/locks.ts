// The node locks of jobs: one Lease each, held by the UID of the job, also over restarts of the controller.

import { LABEL } from '../../api/group.ts';
import type { KubeObject } from '../../api/objects.ts';
import type { Holder, LockNote } from '../../jobs/model/effect.ts';
import type { ObservedLock } from '../../jobs/model/observation.ts';
import type { Cluster } from '../../kube/cluster.ts';
import { defined } from '../../lib/defined.ts';
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
      detached: z.boolean().optional(),
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

/** Every write names the version it read, so two controllers can never both take a lock. Those of the executor have its label. */
export function createJobLocks(cluster: Pick<Cluster, 'get' | 'create' | 'replace'>, executor: string): JobLocks {
  return {
    async read(namespace, lock) {
      return readLease(await cluster.get({ ...LEASE, namespace, name: lock }));
    },
    async acquire(namespace, lock, holder) {
      const live = await cluster.get({ ...LEASE, namespace, name: lock });
      if (live === undefined)
        await unlessLost(cluster.create(withHolder(newLease(namespace, lock), { holder, executor })));
      else if (readLease(live).holder === undefined)
        await unlessLost(cluster.replace(withHolder(live, { holder, executor })));
    },
    async note(namespace, lock, note) {
      const live = await cluster.get({ ...LEASE, namespace, name: lock });
      if (live === undefined || readLease(live).holder?.uid !== note.uid) return;
      await unlessLost(cluster.replace(annotate(live, { [NOTE]: JSON.stringify(note) })));
    },
    async release({ namespace, lock, uid, keepNote }) {
      const live = await cluster.get({ ...LEASE, namespace, name: lock });
      if (live === undefined || readLease(live).holder?.uid !== uid) return;
      const freed = annotate(live, { [HOLDER]: undefined, ...(keepNote ? {} : { [NOTE]: undefined }) });
      await unlessLost(cluster.replace({ ...freed, spec: {} }));
    },
  };
}

const LEASE = { apiVersion: 'coordination.k8s.io/v1', kind: 'Lease' } as const;

/** A lost race is no failure: the next read shows the holder. */
async function unlessLost(write: Promise<unknown>): Promise<void> {
  try {
    await write;
  } catch (error) {
    if (!hasCode(error, 'CONFLICT', 'ALREADY_EXISTS')) throw error;
  }
}

/** A Lease that was edited by hand into something else is held by whom it says, and its note counts as absent. */
export function readLease(lease: KubeObject | undefined): ObservedLock {
  const uid = textAt(lease, ['spec', 'holderIdentity']);
  const note = parseNote(lease?.metadata.annotations?.[NOTE]);
  const isHeld = uid !== undefined && uid !== '';
  const holder = isHeld ? { uid, text: lease?.metadata.annotations?.[HOLDER] ?? uid } : undefined;
  return defined({ holder, note });
}

function parseNote(text: string | undefined): LockNote | undefined {
  if (text === undefined) return undefined;
  try {
    const { nodes, ...rest } = Note.parse(JSON.parse(text));
    return { ...defined(rest), nodes: nodes.map(defined) };
  } catch {
    return undefined;
  }
}

function newLease(namespace: string, name: string): KubeObject {
  const labels = { [LABEL.managedBy]: 'nodewright', [LABEL.component]: 'job-lock' };
  return { ...LEASE, metadata: { name, namespace, labels } };
}

function withHolder(
  lease: KubeObject,
  { holder, executor }: { readonly holder: Holder; readonly executor: string },
): KubeObject {
  const held = annotate(lease, { [HOLDER]: holder.text });
  const labels = { ...held.metadata.labels, [LABEL.executor]: executor };
  return { ...held, metadata: { ...held.metadata, labels }, spec: { holderIdentity: holder.uid } };
}

function annotate(lease: KubeObject, values: Readonly<Record<string, string | undefined>>): KubeObject {
  const all = Object.entries({ ...lease.metadata.annotations, ...values });
  const annotations = Object.fromEntries(all.filter((entry): entry is [string, string] => entry[1] !== undefined));
  return { ...lease, metadata: { ...lease.metadata, annotations } };
}
