// What the main thread asks a worker thread to do with a file, and what comes back.

import type { SystemCode } from '../../lib/system-codes.ts';
import type { Place } from './dir.ts';

export interface FileTarget extends Place {
  readonly mode: number;
  /** Absent: the owner is the user of this process (only root can change owners). */
  readonly owner?: { readonly uid: number; readonly gid: number };
  /** Seconds since the epoch, with a fraction. */
  readonly mtime: number;
}

/** Reads and hashes `from`; with `to` also writes it there, into a file that must not exist yet. */
export interface FileTask {
  readonly from: Place;
  /** What was seen when the directory was read: at most this many bytes are read, even when the file grows. */
  readonly seen: { readonly size: number; readonly mtimeMs?: number };
  /** Leave blocks of zeros out when writing. */
  readonly sparse: boolean;
  readonly to?: FileTarget;
}

export type FileOutcome =
  | {
      readonly ok: true;
      readonly sha256: string;
      readonly size: number;
      /** The file was written to, or replaced, between its directory's reading and the end of the copy. */
      readonly changed: boolean;
    }
  | {
      readonly ok: false;
      readonly during: 'read' | 'write';
      readonly code: SystemCode | undefined;
      readonly message: string;
    };

export interface Batch {
  readonly sequence: number;
  readonly tasks: readonly FileTask[];
}

export interface BatchReply {
  readonly sequence: number;
  readonly outcomes: readonly FileOutcome[];
}

/** Cells of the memory that all threads share. */
export const CELL = { bytes: 0, files: 1, stop: 2, count: 3 } as const;
