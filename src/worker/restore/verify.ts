// Checks a backup against its manifest before anything is destroyed.

import type { CheckParameters, Expected } from '../../api/worker-task.ts';
import type { TaskContext } from '../context.ts';
import { Dir } from '../files/dir.ts';
import { FilePool } from '../files/file-pool.ts';
import type { VolumeTotals } from '../files/totals.ts';
import type { ManifestFoot, ManifestHead, Noted } from '../manifest/manifest.ts';
import { readManifest } from '../manifest/manifest-reader.ts';
import { Notes } from '../notes.ts';
import { startProgress } from '../progress.ts';
import { replay } from './replay.ts';
import type { SourceOptions } from './source-tree.ts';
import { toTaskError, TaskError } from '../task-error.ts';

export interface VerifyResult {
  readonly ok: true;
  readonly manifestSha256: string;
  readonly height?: number;
  readonly bytes: number;
  readonly files: number;
  readonly volumes: Readonly<Record<string, VolumeTotals>>;
  readonly extra: number;
  readonly extraSample: readonly Noted[];
}

/** Reads all of it: format, chain, network, checksums, and files too many. */
export async function verify(params: Omit<CheckParameters, 'verb'>, context: TaskContext): Promise<VerifyResult> {
  const backup = Dir.openRoot(params.from);
  try {
    const { head, foot, sha256 } = readExpected(backup, params.expect);
    const extra = await checkFiles({ context, backup, foot, sha256 });
    return {
      ok: true,
      manifestSha256: sha256,
      ...(head.origin.height === undefined ? {} : { height: head.origin.height }),
      ...bytesAndFiles(foot),
      volumes: foot.totals,
      extra: extra.count,
      extraSample: extra.first.slice(0, 5),
    };
  } catch (error) {
    throw toTaskError(error, 'verifying the backup');
  } finally {
    backup.closeAll();
  }
}

interface Expectation {
  readonly head: ManifestHead;
  readonly foot: ManifestFoot;
  readonly sha256: string;
}

/** Reads the manifest alone, to its end; throws when it is unsound or of something else than expected. */
export function readExpected(backup: Dir, expect: Expected): Expectation {
  let head: ManifestHead | undefined;
  for (const part of readManifest(backup)) {
    if (part.part === 'head') {
      head = part.head;
      refuseOther(head, expect);
    }
    if (part.part !== 'foot' || head === undefined) continue;
    if (expect.manifestSha256 !== undefined && expect.manifestSha256 !== part.sha256)
      throw new TaskError(
        'ManifestMismatch',
        `the manifest's sha256 is ${part.sha256}, the job record of the backup has ${expect.manifestSha256}; the manifest was changed: use another backup`,
      );
    return { head, foot: part.foot, sha256: part.sha256 };
  }
  throw new TaskError('ManifestUnreadable', 'the manifest has no end');
}

function refuseOther({ origin: { chain, network, chainId } }: ManifestHead, expect: Expected): void {
  if (chain !== expect.chain)
    throw new TaskError('WrongChain', `the backup is of chain ${chain}, the node's is ${expect.chain}`);
  if (network !== undefined && expect.network !== undefined && network !== expect.network)
    throw new TaskError('WrongNetwork', `the backup is of network ${network}, the node's is ${expect.network}`);
  if (chainId !== undefined && expect.chainId !== undefined && chainId !== expect.chainId)
    throw new TaskError('WrongChain', `the backup has chain id ${chainId}, the node's is ${expect.chainId}`);
}

interface Check {
  readonly context: TaskContext;
  readonly backup: Dir;
  readonly foot: ManifestFoot;
  readonly sha256: string;
}

/** Throws when an entry is not what the manifest says; gives the entries that the manifest does not have. */
export async function checkFiles(
  { context, backup, foot, sha256 }: Check,
  openVolume?: SourceOptions['openVolume'],
): Promise<Notes> {
  const bad = new Notes();
  const extra = new Notes();
  const pool = new FilePool(context.signal);
  const progress = startProgress(context, {
    label: 'verified',
    count: () => pool.counts(),
    total: bytesAndFiles(foot),
  });
  try {
    const replayed = await replay({
      backup,
      pool,
      context,
      targets: new Map(),
      openVolume,
      onBad: (volume, path, why) => bad.add({ volume, path, why }),
      onExtra: (volume, path) => extra.add({ volume, path, why: 'not in the manifest' }),
    });
    if (replayed.sha256 !== sha256)
      throw new TaskError('ManifestMismatch', 'the manifest changed while the backup was verified');
  } finally {
    progress.stop();
    await pool.close();
  }
  if (bad.count > 0) throw contentDiffers(bad);
  return extra;
}

export function contentDiffers(bad: Notes): TaskError {
  const first = bad.first.slice(0, 3).map(({ volume, path, why }) => `${volume}/${path} ${why}`);
  return new TaskError(
    'ContentDiffers',
    `${bad.count} of the backup's entries are not what its manifest says: ${first.join('; ')}; use another backup`,
  );
}

export function bytesAndFiles(foot: ManifestFoot): { bytes: number; files: number } {
  const all = Object.values(foot.totals);
  return {
    bytes: all.reduce((sum, { bytes }) => sum + bytes, 0),
    files: all.reduce((sum, { files }) => sum + files, 0),
  };
}
