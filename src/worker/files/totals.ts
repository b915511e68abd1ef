// What a volume holds, as sums.

import { z } from 'zod';

export const VolumeTotals = z.strictObject({
  files: z.int().min(0),
  dirs: z.int().min(0),
  links: z.int().min(0),
  /** Sum of file sizes. */
  bytes: z.int().min(0),
  /** What the files take on a disk with 4 KiB blocks. */
  stored: z.int().min(0),
});
export type VolumeTotals = z.infer<typeof VolumeTotals>;

export const NO_TOTALS: VolumeTotals = { files: 0, dirs: 0, links: 0, bytes: 0, stored: 0 };

export function sumTotals(a: VolumeTotals, b: VolumeTotals): VolumeTotals {
  return {
    files: a.files + b.files,
    dirs: a.dirs + b.dirs,
    links: a.links + b.links,
    bytes: a.bytes + b.bytes,
    stored: a.stored + b.stored,
  };
}
