// Repairs the memory in the cluster from its copy on the status branch. The branch only ever makes more actions held.

import { defined } from '../../lib/defined.ts';
import { textAt, valueAt } from '../../lib/json-value.ts';
import { memoryPath, readMemoryDocument } from '../../status/memory-document.ts';
import type { Remembered } from '../engine/memory.ts';
import type { FleetDeps } from './deps.ts';
import { clusterIn, judgeOwner, leaseUid, nameCluster } from './other-cluster.ts';

type RestoreDeps = Pick<
  FleetDeps,
  | 'branchOwner'
  | 'cluster'
  | 'events'
  | 'fleet'
  | 'memory'
  | 'notify'
  | 'runtime'
  | 'settings'
  | 'statusBranch'
  | 'watches'
>;

/** Before the first commit is read. Rejects while the branch cannot be read: until then nothing is applied. */
export async function restoreMemory(deps: RestoreDeps, signal: AbortSignal): Promise<void> {
  const { memory, statusBranch, settings } = deps;
  if (memory.isKnown) return await readOwner(deps, signal);
  const { executor } = settings;
  const files = await statusBranch?.read(executor, signal);
  const found = readMemoryDocument(files?.get(memoryPath(executor)));
  const message = messageOf(memory.ref.name, found !== undefined);
  deps.branchOwner.cluster = found?.cluster;
  await restore(found, message, deps);
  deps.runtime.log.warn({ object: objectOf(memory), restored: found !== undefined }, 'Restored lost memory');
}

/**
 * A name that was lost is that of the Lease. Where that is another one than on the branch, this may be a second cluster; one
 * without a Lease cannot know.
 */
async function restore(found: Partial<Remembered> | undefined, message: string, deps: RestoreDeps): Promise<void> {
  const { memory, cluster, settings, watches, events, notify } = deps;
  const name = memory.current.cluster ?? (await leaseUid(cluster, settings)) ?? found?.cluster;
  await memory.restore(
    { ...(found === undefined ? {} : confirmed(found, watches)), ...defined({ cluster: name }) },
    message,
  );
  await nameCluster(memory, cluster, settings);
  const { apiVersion, kind, name: object, namespace } = memory.ref;
  events.emit({
    about: { apiVersion, kind, metadata: { name: object, namespace } },
    type: 'Warning',
    reason: 'MemoryLost',
    message,
  });
  notify('MemoryRestored', {});
}

function objectOf({ ref }: RestoreDeps['memory']): string {
  return `ConfigMap ${ref.namespace}/${ref.name}`;
}

/** Only a controller that has pushed before knows whose files these are. */
async function readOwner(
  { memory, branchOwner, statusBranch, settings }: RestoreDeps,
  signal: AbortSignal,
): Promise<void> {
  if (statusBranch === undefined || branchOwner.isRead || memory.current.published !== undefined) return;
  const files = await statusBranch.read(settings.executor, signal);
  Object.assign(branchOwner, { cluster: clusterIn(files, settings.executor), isRead: true });
}

/**
 * An approval says that this cluster takes the place of the one on the branch: what that one remembered holds here as after
 * a loss of the own memory. Repeated until this cluster has pushed.
 */
export async function takeOver(deps: RestoreDeps, signal: AbortSignal): Promise<void> {
  const { memory, branchOwner, statusBranch, settings, runtime } = deps;
  const { cluster: id } = branchOwner;
  const { cluster: own, tookOver } = memory.current;
  if (id === undefined || id === own || id === tookOver || judgeOwner(id, deps) !== undefined) return;
  const files = await statusBranch?.read(settings.executor, signal);
  const found = readMemoryDocument(files?.get(memoryPath(settings.executor)));
  const message = `This cluster takes the place of the cluster ${id} by an approval; what that one remembered was read from the status branch. Deletions and starts of keys are held until a revision is applied.`;
  await restore({ ...found, tookOver: id }, message, deps);
  runtime.log.warn({ executor: settings.executor, cluster: own, before: id }, 'Taken over executor of another cluster');
}

function messageOf(name: string, isFound: boolean): string {
  const lost = `The ConfigMap ${name}, in which the controller remembers what it applied, was lost or changed by hand`;
  return isFound
    ? `${lost}; it was restored from the status branch. Deletions and starts of keys are held until a revision is applied.`
    : `${lost}, and the status branch has no copy. Deletions, starts of keys and earlier job requests are held until they are approved.`;
}

/**
 * An exchanged identity counts only where the node's StatefulSet uses it now: otherwise the branch alone would start a
 * pod with another key.
 */
function confirmed(found: Partial<Remembered>, watches: RestoreDeps['watches']): Partial<Remembered> {
  const identities = Object.entries(found.identities ?? {}).filter(([key, identity]) =>
    watches.owned(key, 'StatefulSet').some((set) => secretsOf(set).includes(identity)),
  );
  return { ...found, identities: Object.fromEntries(identities) };
}

function secretsOf(set: unknown): readonly string[] {
  const volumes = valueAt(set, ['spec', 'template', 'spec', 'volumes']);
  return Array.isArray(volumes) ? volumes.flatMap((volume) => textAt(volume, ['secret', 'secretName']) ?? []) : [];
}
