// Repairs the memory in the cluster from its copy on the status branch. The branch only ever makes more actions held.

import { textAt, valueAt } from '../../lib/json-value.ts';
import { readMemoryDocument } from '../../status/memory-document.ts';
import type { Remembered } from '../engine/memory.ts';
import type { FleetDeps } from './deps.ts';

type RestoreDeps = Pick<
  FleetDeps,
  'memory' | 'statusBranch' | 'settings' | 'watches' | 'runtime' | 'events' | 'notify'
>;

/** Before the first commit is read. Rejects while the branch cannot be read: until then nothing is applied. */
export async function restoreMemory(deps: RestoreDeps, signal: AbortSignal): Promise<void> {
  const { memory, statusBranch, settings, runtime, events, notify, watches } = deps;
  if (memory.isKnown) return;
  const { executor } = settings;
  const files = await statusBranch?.read(executor, signal);
  const found = readMemoryDocument(files?.get(`${executor}/memory.yaml`));
  const message = messageOf(memory.ref.name, found !== undefined);
  await memory.restore(found === undefined ? {} : confirmed(found, watches), message);
  runtime.log.warn(
    { object: `ConfigMap ${memory.ref.namespace}/${memory.ref.name}`, restored: found !== undefined },
    'Restored lost memory',
  );
  const { apiVersion, kind, name, namespace } = memory.ref;
  events.emit({
    about: { apiVersion, kind, metadata: { name, namespace } },
    type: 'Warning',
    reason: 'MemoryLost',
    message,
  });
  notify('MemoryRestored', {});
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
