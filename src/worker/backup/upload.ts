// Upload: a backup in object storage. The manifest is written first, then one snapshot takes it with the volumes.

import type { UploadParameters } from '../../api/worker-task.ts';
import { member } from '../../lib/json-value.ts';
import type { TaskContext } from '../context.ts';
import { manifestOf } from '../engine/manifest-of.ts';
import { openRepository, OWN_TAG, snapshotsWith, tagOf, type Snapshot } from '../engine/repository.ts';
import { parseLine, runEngine, type Engine } from '../engine/run-engine.ts';
import { Dir } from '../files/dir.ts';
import { MANIFEST_NAME, VOLUMES_NAME, type ManifestFoot } from '../manifest/manifest.ts';
import { readManifest } from '../manifest/manifest-reader.ts';
import { toTaskError, TaskError } from '../task-error.ts';
import { copyResult, type CopyResult } from './copy-result.ts';
import { describeVolumes } from './describe.ts';
import { openSources } from './sources.ts';

export interface UploadResult extends CopyResult {
  readonly snapshotId: string;
  readonly bytesAdded: number;
}

interface Upload {
  readonly params: Omit<UploadParameters, 'verb'>;
  readonly engine: Engine;
  /** The folder with the manifest; the volumes are mounted below it. */
  readonly folder: Dir;
  readonly roots: Dir[];
}

/**
 * A snapshot appears in the repository when all of its data is there, so a killed run leaves none. A second run of the
 * same request finds the snapshot of the first by its tag.
 */
export async function upload(params: Omit<UploadParameters, 'verb'>, context: TaskContext): Promise<UploadResult> {
  const astray = params.volumes.find(({ name, from }) => from !== `${params.at}/${VOLUMES_NAME}/${name}`);
  if (astray !== undefined)
    throw new TaskError('BadParameters', `${astray.from} is not below ${params.at}/${VOLUMES_NAME}`);
  const engine: Engine = { repository: params.repository, scratch: params.at, context };
  const folder = Dir.openRoot(params.at);
  const roots: Dir[] = [];
  try {
    await openRepository(engine, { create: true });
    context.onStep?.('opened');
    const job = { params, engine, folder, roots };
    return (await finishedBefore(job)) ?? (await make(job));
  } catch (error) {
    throw toTaskError(error, 'upload');
  } finally {
    for (const root of roots) root.closeAll();
    folder.closeAll();
  }
}

/** What an earlier run of this request has made, if its manifest is whole. */
async function finishedBefore({ params, engine, folder }: Upload): Promise<UploadResult | undefined> {
  const found = await snapshotsWith(engine, [tagOf.job(params.origin.uid)]);
  for (const snapshot of found) {
    const proven = await proofIn(snapshot, { engine, folder });
    if (proven !== undefined) return { ...proven, alreadyDone: true };
    engine.context.say(`removing snapshot ${snapshot.id}: it does not hold all that its manifest has`);
    await runEngine(engine, { args: ['forget', snapshot.id] });
  }
  return undefined;
}

async function make(job: Upload): Promise<UploadResult> {
  const { params, engine, folder, roots } = job;
  await openSources(params, { context: engine.context, roots });
  const described = await describeVolumes(params, { context: engine.context, folder, roots });
  engine.context.onStep?.('manifest');
  const snapshotId = await takeSnapshot(job, described.sha256);
  engine.context.onStep?.('snapshot');
  const snapshot = (await snapshotsWith(engine, [tagOf.job(params.origin.uid)])).find(({ id }) => id === snapshotId);
  if (snapshot === undefined)
    throw new TaskError(
      'SnapshotMissing',
      `the repository does not have the snapshot ${snapshotId} that was just made`,
    );
  const missing = whyIncomplete(snapshot, described.foot);
  if (missing === undefined)
    return { ...copyResult(described.foot, described.sha256), snapshotId, bytesAdded: addedBy(snapshot) };
  await runEngine(engine, { args: ['forget', snapshotId] });
  throw new TaskError('SourceChanged', `${missing}; something changed the volumes after the manifest was written`);
}

async function takeSnapshot({ params, engine }: Upload, manifestSha256: string): Promise<string> {
  const { origin, at, volumes, schedule } = params;
  const tags = [
    OWN_TAG,
    tagOf.job(origin.uid),
    tagOf.manifest(manifestSha256),
    ...(schedule === undefined ? [] : [tagOf.schedule(schedule)]),
  ];
  // At the top of a volume: what reserved.ts leaves out of every manifest.
  const reserved = volumes.flatMap(({ from }) => [`${from}/lost+found`, `${from}/.nodewright-restore-*`]);
  const args = [
    'backup',
    ...tags.flatMap((tag) => ['--tag', tag]),
    ...reserved.flatMap((pattern) => ['--exclude', pattern]),
    '--host',
    origin.node,
    '--group-by',
    'host,paths',
    '--',
    `${at}/${MANIFEST_NAME}`,
    ...volumes.map(({ from }) => from),
  ];
  let snapshotId = '';
  await runEngine(engine, {
    args,
    onLine: (line) => {
      const message = parseLine(line);
      const id = member(message, 'snapshot_id');
      if (typeof id === 'string') snapshotId = id;
      sayProgress(message, engine.context);
    },
  });
  return snapshotId;
}

function sayProgress(message: unknown, { say }: TaskContext): void {
  const done = member(message, 'percent_done');
  if (member(message, 'message_type') !== 'status' || typeof done !== 'number') return;
  say(`uploaded: ${Math.min(99, Math.floor(done * 100))}%`);
}

/** The result that a snapshot proves; undefined when it lacks something. */
async function proofIn(
  snapshot: Snapshot,
  { engine, folder }: Pick<Upload, 'engine' | 'folder'>,
): Promise<UploadResult | undefined> {
  if (!(await manifestOf(engine, snapshot, folder))) return undefined;
  for (const part of readManifest(folder)) {
    if (part.part !== 'foot') continue;
    if (!snapshot.tags.includes(tagOf.manifest(part.sha256)) || whyIncomplete(snapshot, part.foot) !== undefined)
      return undefined;
    return { ...copyResult(part.foot, part.sha256), snapshotId: snapshot.id, bytesAdded: addedBy(snapshot) };
  }
  return undefined;
}

/** The engine counts each name of a file, and the manifest itself; so it counts at least what the manifest has. */
function whyIncomplete({ summary }: Snapshot, foot: ManifestFoot): string | undefined {
  const { files, bytes } = copyResult(foot, '');
  const found = { files: summary?.total_files_processed ?? 0, bytes: summary?.total_bytes_processed ?? 0 };
  if (found.files >= files + 1 && found.bytes >= bytes) return undefined;
  return `the snapshot has ${found.files} files with ${found.bytes} bytes, the manifest ${files} with ${bytes}`;
}

function addedBy({ summary }: Snapshot): number {
  return summary?.data_added_packed ?? 0;
}
