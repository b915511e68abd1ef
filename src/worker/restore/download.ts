// Download: a restore from a snapshot in object storage. The engine writes into the restore's own directory beside the
// data; everything there is compared with the manifest before the data is exchanged.

import type { DownloadParameters } from '../../api/worker-task.ts';
import { member } from '../../lib/json-value.ts';
import type { TaskContext } from '../context.ts';
import { manifestOf, manifestPathIn } from '../engine/manifest-of.ts';
import { openRepository, snapshotsWith, type Snapshot } from '../engine/repository.ts';
import { parseLine, runEngine, type Engine } from '../engine/run-engine.ts';
import { Dir } from '../files/dir.ts';
import { nameOfText, readName } from '../files/names.ts';
import { openParent, removeTree } from '../files/tree.ts';
import { walk } from '../files/walk.ts';
import { MANIFEST_NAME, VOLUMES_NAME } from '../manifest/manifest.ts';
import { toTaskError, TaskError } from '../task-error.ts';
import type { ReplayTarget } from './replay.ts';
import { restore, type RestoreResult } from './restore.ts';
import type { Prepare } from './target.ts';
import { isHalfDone } from './undo.ts';
import { checkFiles } from './verify.ts';

export interface DownloadResult extends RestoreResult {
  readonly snapshotId: string;
}

/** The same promises as `restore`: nothing of the old data is touched before all of the new is there and checked. */
export async function download(
  params: Omit<DownloadParameters, 'verb'>,
  context: TaskContext,
): Promise<DownloadResult> {
  const engine: Engine = { repository: params.repository, scratch: params.from, context };
  const snapshot = await fetchManifest(params, engine);
  const fill: NonNullable<Prepare['fill']> = (job, into) => fetchAndCheck({ job, into, engine, snapshot });
  const result = await restore(params, context, fill);
  return { ...result, snapshotId: snapshot.id };
}

async function fetchManifest(
  { from, snapshot, volumes }: Omit<DownloadParameters, 'verb'>,
  engine: Engine,
): Promise<Snapshot> {
  const folder = Dir.openRoot(from);
  try {
    await openRepository(engine, { create: false });
    const all = await snapshotsWith(engine, []);
    const found = snapshot === 'latest' ? all.at(-1) : all.find(({ id }) => id.startsWith(snapshot));
    if (found === undefined)
      throw new TaskError(
        'SnapshotMissing',
        `the repository in the location ${engine.repository.location} does not have the snapshot ${snapshot}; it has ${listOf(all)}`,
      );
    if (!(await manifestOf(engine, found, folder)))
      throw new TaskError('ManifestUnreadable', `the snapshot ${found.id} has no manifest; use another snapshot`);
    engine.context.say(`restoring snapshot ${found.id} of ${found.time}`);
    return found;
  } catch (error) {
    const { code, message } = toTaskError(error, 'opening the snapshot');
    // An earlier run of this request may have been killed while it exchanged the data.
    throw new TaskError(code, message, { cause: error, swapped: isHalfDone(volumes) });
  } finally {
    folder.closeAll();
  }
}

function listOf(all: readonly Snapshot[]): string {
  if (all.length === 0) return 'none';
  const newest = all.slice(-5).map(({ id, time }) => `${id.slice(0, 8)} of ${time.slice(0, 19)}`);
  return `${all.length > 5 ? `${all.length}, the newest are ` : ''}${newest.join(', ')}`;
}

interface Fetch {
  readonly job: Prepare;
  readonly into: ReadonlyMap<string, ReplayTarget>;
  readonly engine: Engine;
  readonly snapshot: Snapshot;
}

async function fetchAndCheck(fetch: Fetch): Promise<void> {
  const { job, into } = fetch;
  for (const [volume, { dir }] of into) await fetchVolume(fetch, { volume, dir });
  job.context.onStep?.('fetched');
  const extra = await checkFiles(job, (volume) => into.get(volume)?.dir.open('.'));
  for (const [volume, { dir }] of into) {
    const more = extra.first.filter((one) => one.volume === volume).map(({ path }) => readName(path) ?? '');
    if (extra.count > extra.first.length)
      throw new TaskError('ContentDiffers', `${extra.count} entries of the snapshot are not in its manifest`);
    for (const path of more) await removeAt(dir, path);
    await removeKept(job, { volume, dir });
    if (job.params.uid !== undefined && process.getuid?.() === 0) giveAll(dir, job.params);
  }
}

interface VolumeDir {
  readonly volume: string;
  readonly dir: Dir;
}

/** The working directory of the engine is the open directory itself, so no link is followed on the way to it. */
async function fetchVolume({ engine, snapshot }: Fetch, { volume, dir }: VolumeDir): Promise<void> {
  const base = (manifestPathIn(snapshot) ?? '').slice(0, -MANIFEST_NAME.length);
  await runEngine(engine, {
    args: ['restore', `${snapshot.id}:${base}${VOLUMES_NAME}/${volume}`, '--target', '.', '--sparse'],
    cwd: `/proc/${process.pid}/fd/${dir.fd}`,
    onLine: (line) => {
      const message = parseLine(line);
      const done = member(message, 'percent_done');
      if (member(message, 'message_type') === 'status' && typeof done === 'number')
        engine.context.say(`${volume}: downloaded ${Math.min(99, Math.floor(done * 100))}%`);
    },
  });
}

/** The node's own files are carried over from its data, also as absent ones. */
async function removeKept({ params }: Prepare, { volume, dir }: VolumeDir): Promise<void> {
  for (const kept of params.keep.filter((one) => one.volume === volume)) await removeAt(dir, nameOfText(kept.path));
}

async function removeAt(root: Dir, path: string): Promise<void> {
  const place = openParent(root, path);
  if (place === undefined) return;
  await removeTree(place.dir, place.name);
  place.dir.close();
}

function giveAll(root: Dir, { uid = 0, gid = 0 }: Prepare['params']): void {
  for (const step of walk(root)) {
    if (step.do === 'enter') step.dir.chown(uid, gid);
    if (step.do === 'entry') step.dir.lchown(step.name, uid, gid);
    if (step.do === 'leave' && step.dir !== root) step.dir.close();
  }
}
