// Checks a backup against its manifest before anything is destroyed.

import type { WorkContext } from './context.ts';
import { Dir } from './dir.ts';
import { requireSpace } from './disk.ts';
import { FilePool } from './file-pool.ts';
import type { BackupMetadata, ManifestFoot, ManifestHead, Noted, VolumeTotals } from './manifest.ts';
import { readManifest } from './manifest-reader.ts';
import { Notes } from './notes.ts';
import type { Expected, VerifyParams } from './params.ts';
import { startProgress } from './progress.ts';
import { replay } from './replay.ts';
import { toWorkError, WorkError } from './work-error.ts';

export interface VerifyResult {
  readonly ok: true;
  readonly manifestSha256: string;
  readonly metadata: BackupMetadata;
  readonly bytes: number;
  readonly files: number;
  readonly volumes: Readonly<Record<string, VolumeTotals>>;
  readonly live: boolean;
  readonly extra: number;
  readonly extraSample: readonly Noted[];
}

/** Reads all of it: format, chain, network, checksums, files too many, and room on the given volumes. */
export async function verify(params: VerifyParams, context: WorkContext): Promise<VerifyResult> {
  const backup = Dir.openRoot(params.backup);
  try {
    const { head, foot, sha256 } = readExpected(backup, params.expect);
    requireRoom(params, foot);
    const extra = await checkFiles({ params, context, backup, foot, sha256 });
    return {
      ok: true,
      manifestSha256: sha256,
      metadata: head.metadata,
      ...bytesAndFiles(foot),
      volumes: foot.totals,
      live: head.live,
      extra: extra.count,
      extraSample: extra.first.slice(0, 5),
    };
  } catch (error) {
    throw toWorkError(error, 'verifying the backup');
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
      throw new WorkError(
        'manifest-changed',
        `the manifest's sha256 is ${part.sha256}, the backup's record says ${expect.manifestSha256}; somebody changed it: use another backup`,
      );
    return { head, foot: part.foot, sha256: part.sha256 };
  }
  throw new WorkError('manifest-unreadable', 'the manifest has no end');
}

function refuseOther({ metadata, id }: ManifestHead, expect: Expected): void {
  const { chain, network, chainId } = metadata;
  if (chain !== expect.chain)
    throw new WorkError('wrong-chain', `the backup is of chain ${chain}, the node's is ${expect.chain}`);
  if (network !== expect.network)
    throw new WorkError('wrong-network', `the backup is of network ${network}, the node's is ${expect.network}`);
  if (chainId !== undefined && expect.chainId !== undefined && chainId !== expect.chainId)
    throw new WorkError('wrong-chain', `the backup has chain id ${chainId}, the node's is ${expect.chainId}`);
  if (expect.id !== undefined && id !== expect.id)
    throw new WorkError('manifest-changed', `the backup is that of request ${id}, expected was ${expect.id}`);
}

function requireRoom(params: VerifyParams, foot: ManifestFoot): void {
  const dirs: Dir[] = [];
  try {
    const wanted = params.space.map(({ name, path }) => {
      const totals = foot.totals[name];
      if (totals === undefined) throw new WorkError('missing-volume', `the backup has no volume "${name}"`);
      const dir = Dir.openRoot(path);
      dirs.push(dir);
      return { dir, name, totals };
    });
    requireSpace(wanted);
  } finally {
    for (const dir of dirs) dir.close();
  }
}

interface Check {
  readonly params: VerifyParams;
  readonly context: WorkContext;
  readonly backup: Dir;
  readonly foot: ManifestFoot;
  readonly sha256: string;
}

async function checkFiles({ params, context, backup, foot, sha256 }: Check): Promise<Notes> {
  const bad = new Notes();
  const extra = new Notes();
  const pool = new FilePool(context.signal, params.threads);
  const progress = startProgress(context, 'verified', () => pool.counts(), bytesAndFiles(foot));
  try {
    const replayed = await replay({
      backup,
      pool,
      context,
      targets: new Map(),
      onBad: (volume, path, why) => bad.add({ volume, path, why }),
      onExtra: (volume, path) => extra.add({ volume, path, why: 'not in the manifest' }),
    });
    if (replayed.sha256 !== sha256)
      throw new WorkError('manifest-changed', 'the manifest changed while the backup was verified');
  } finally {
    progress.stop();
    await pool.close();
  }
  if (bad.count > 0) throw contentDiffers(bad);
  return extra;
}

export function contentDiffers(bad: Notes): WorkError {
  const first = bad.first.slice(0, 3).map(({ volume, path, why }) => `${volume}/${path} ${why}`);
  return new WorkError(
    'content-differs',
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
