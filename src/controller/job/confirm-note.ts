// Whether the record of a job confirms a note on a lock.

import { judgeNote, type NoteVerdict, recordKeyOf } from '../../jobs/requests/confirm-note.ts';
import { UNREADABLE } from '../../jobs/requests/record.ts';
import type { LockNote } from '../../jobs/model/effect.ts';
import type { Records } from './records.ts';

/**
 * As the next push writes the record: it follows only objects that a pushed record names, and Git may be down when a job
 * stops its node.
 */
export function confirmNote(note: LockNote, records: Records): NoteVerdict {
  const key = recordKeyOf(note);
  const pushed = records.pushedAll();
  const record = pushed.get(key) === UNREADABLE ? UNREADABLE : records.next(key);
  return judgeNote(note, { isLoaded: records.isLoaded, hasRecords: pushed.size > 0, record });
}
