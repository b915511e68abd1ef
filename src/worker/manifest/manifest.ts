// The words of a backup's manifest: one JSON document, one entry a line, so that it is read and written as a stream.

import { z } from 'zod';

import { DataOrigin } from '../../api/worker-task.ts';
import { VolumeTotals } from '../files/totals.ts';

/** Changes when a reader of this version could misread a newer one. */
export const MANIFEST_FORMAT = 'nodewright-backup/1';
export const MANIFEST_NAME = 'manifest.json';
/** In the backup's directory, in the layout `volumes`: `volumes/<volume>/<path>`. */
export const VOLUMES_NAME = 'volumes';

const VolumeName = z.string().regex(/^[a-z0-9]([a-z0-9.-]{0,61}[a-z0-9])?$/);

export const ManifestHead = z.strictObject({
  format: z.literal(MANIFEST_FORMAT),
  /** `volumes`: copies made here. `sealed`: the directory itself is the one volume, as a tool has filled it. */
  layout: z.enum(['volumes', 'sealed']),
  /** What the controller knows about the data. */
  origin: DataOrigin,
  createdAt: z.iso.datetime(),
  volumes: z.array(VolumeName).min(1),
  /** Whether the copies on the volume belong to the owners written here; false when the copy did not run as root. */
  ownersKept: z.boolean(),
});
export type ManifestHead = z.infer<typeof ManifestHead>;

const common = {
  volume: VolumeName,
  /** `.` is the volume itself; otherwise relative, spelled by `showName`. */
  path: z.string().min(1),
  uid: z.int().min(0).max(0xffffffff),
  gid: z.int().min(0).max(0xffffffff),
  /** Microseconds since the epoch: what a JSON number and Node's utimes keep exactly. */
  mtimeUs: z.int(),
};
const mode = z.string().regex(/^[0-7]{4}$/);

export const ManifestEntry = z.discriminatedUnion('type', [
  z.strictObject({ ...common, type: z.literal('dir'), mode }),
  z.strictObject({
    ...common,
    type: z.literal('file'),
    mode,
    size: z.int().min(0),
    sha256: z.string().regex(/^[0-9a-f]{64}$/),
    /** Bytes on disk, when the file has holes. */
    stored: z.int().min(0).optional(),
  }),
  z.strictObject({ ...common, type: z.literal('symlink'), target: z.string().min(1) }),
  z.strictObject({ ...common, type: z.literal('hardlink'), target: z.string().min(1) }),
]);
export type ManifestEntry = z.infer<typeof ManifestEntry>;

const Noted = z.strictObject({ volume: VolumeName, path: z.string(), why: z.string() });
export type Noted = z.infer<typeof Noted>;

export const ManifestFoot = z.strictObject({
  totals: z.record(VolumeName, VolumeTotals),
  /** Sockets, pipes, devices, other filesystems; the first thousand of them. */
  skipped: z.array(Noted),
  skippedCount: z.int().min(0),
  /** Files that were written to while they were copied (action Direct); the first thousand of them. */
  changedWhileCopying: z.array(Noted),
  changedCount: z.int().min(0),
});
export type ManifestFoot = z.infer<typeof ManifestFoot>;

/** Totals with one more entry. */
export function addEntry(totals: VolumeTotals, entry: ManifestEntry): VolumeTotals {
  if (entry.type === 'dir') return { ...totals, dirs: totals.dirs + 1 };
  if (entry.type !== 'file') return { ...totals, links: totals.links + 1 };
  return {
    ...totals,
    files: totals.files + 1,
    bytes: totals.bytes + entry.size,
    stored: totals.stored + (entry.stored ?? Math.ceil(entry.size / 4096) * 4096),
  };
}
