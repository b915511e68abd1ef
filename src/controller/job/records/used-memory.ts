// How much of the ConfigMap of the memory is taken, with what the jobs under way may still need.

import type { AdmitInput } from '../../../jobs/requests/admission.ts';
import { UNREADABLE } from '../../../jobs/requests/record.ts';
import { neededFor } from '../../../jobs/requests/room.ts';
import type { Memory } from '../../engine/memory.ts';
import { dataOf } from '../../engine/memory-data.ts';
import type { KeptStatuses } from './kept-statuses.ts';
import { isOfCopies } from './status-copies.ts';

interface UsedDeps {
  readonly memory: Pick<Memory, 'current' | 'othersAtStart'>;
  readonly statuses: Pick<KeptStatuses, 'jobs' | 'sizeOf'>;
}

type Input = Pick<AdmitInput, 'open' | 'records' | 'unpushed'>;

/** In characters. */
export function usedMemory({ open, records, unpushed }: Input, { memory, statuses }: UsedDeps): number {
  const others = Object.entries(memory.othersAtStart).filter(([name]) => !isOfCopies(name));
  const members = [...Object.entries(dataOf(memory.current)), ...others].map(([, text]) => text.length);
  const ofOpen = [...open].map(([key, uid]) => {
    const record = unpushed.get(key) ?? records.get(key);
    return Math.max(statuses.sizeOf(uid) ?? 0, neededFor(record === undefined || record === UNREADABLE ? {} : record));
  });
  const uids = new Set(open.values());
  const ofLost = statuses.jobs().flatMap(({ job: { uid } }) => (uids.has(uid) ? [] : [statuses.sizeOf(uid) ?? 0]));
  return [...members, ...ofOpen, ...ofLost].reduce((sum, size) => sum + size, 0);
}
