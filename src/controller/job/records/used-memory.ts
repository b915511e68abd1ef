// How much of the ConfigMap of the memory is taken, with what the jobs under way may still need.

import type { AdmitInput } from '../../../jobs/requests/admission.ts';
import { UNREADABLE } from '../../../jobs/requests/record.ts';
import { neededFor, type Used } from '../../../jobs/requests/room.ts';
import { sizeOfForeign } from '../../../keys/retention.ts';
import type { Memory } from '../../engine/memory.ts';
import { defined } from '../../../lib/defined.ts';
import { dataOf, type Remembered } from '../../engine/memory-data.ts';
import type { KeptStatuses } from './kept-statuses.ts';
import { isOfCopies } from './status-copies.ts';

interface UsedDeps {
  readonly memory: Pick<Memory, 'current' | 'othersAtStart'>;
  readonly statuses: Pick<KeptStatuses, 'jobs' | 'sizeOf'>;
}

type Input = Pick<AdmitInput, 'open' | 'records' | 'unpushed'>;

export function usedMemory({ open, records, unpushed }: Input, { memory, statuses }: UsedDeps): Used {
  const others = Object.entries(memory.othersAtStart).filter(([name]) => !isOfCopies(name));
  const members = [...Object.entries(dataOf(memory.current)), ...others].map(
    ([name, { length }]) => [name, length] as const,
  );
  const ofOpen = [...open].map(([key, uid]) => {
    const record = unpushed.get(key) ?? records.get(key);
    return Math.max(statuses.sizeOf(uid) ?? 0, neededFor(record === undefined || record === UNREADABLE ? {} : record));
  });
  const uids = new Set(open.values());
  const ofLost = statuses.jobs().flatMap(({ job: { uid } }) => (uids.has(uid) ? [] : [statuses.sizeOf(uid) ?? 0]));
  const sizes = [...members.map(([, size]) => size), ...ofOpen, ...ofLost];
  const largest = largestOf(members, memory.current);
  return { total: sizes.reduce((sum, size) => sum + size, 0), ...defined({ largest }) };
}

/** Of the reservations of keys it says whose they are. */
function largestOf(
  members: readonly (readonly [name: string, size: number])[],
  { keys }: Pick<Remembered, 'keys'>,
): Used['largest'] {
  const [largest] = [...members].sort(([, a], [, b]) => b - a);
  if (largest === undefined) return undefined;
  const [name, size] = largest;
  if (name !== 'keys') return { name: `its member ${name}`, size };
  const foreign = sizeOfForeign(keys);
  return foreign * 2 > size
    ? { name: 'what other executors have reserved (foreign and signed of its member keys)', size: foreign }
    : { name: 'what this executor has reserved (own of its member keys)', size: size - foreign };
}
