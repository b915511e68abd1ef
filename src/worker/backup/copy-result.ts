// What making a backup reports.

import { NO_TOTALS, sumTotals, type VolumeTotals } from '../files/totals.ts';
import type { ManifestFoot, Noted } from '../manifest/manifest.ts';

export interface CopyResult {
  readonly ok: true;
  readonly manifestSha256: string;
  readonly bytes: number;
  readonly files: number;
  readonly volumes: Readonly<Record<string, VolumeTotals>>;
  /** Sockets, pipes, devices. */
  readonly skipped: number;
  readonly skippedSample: readonly Noted[];
  readonly changed: number;
  readonly changedSample: readonly Noted[];
  /** An earlier run of this request had finished; nothing was copied now. */
  readonly alreadyDone: boolean;
}

/** What a manifest says about the whole. */
export function copyResult(foot: ManifestFoot, manifestSha256: string): CopyResult {
  const total = Object.values(foot.totals).reduce(sumTotals, NO_TOTALS);
  return {
    ok: true,
    manifestSha256,
    bytes: total.bytes,
    files: total.files,
    volumes: foot.totals,
    skipped: foot.skippedCount,
    skippedSample: foot.skipped.slice(0, 5),
    changed: foot.changedCount,
    changedSample: foot.changedWhileCopying.slice(0, 5),
    alreadyDone: false,
  };
}
