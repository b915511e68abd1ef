// A restore from volumes without a manifest, as a VolumeSnapshot gives them: it is written first, and must have the content
// that was recorded when the snapshot was made.

import type { RestoreParameters } from '../api/worker-task.ts';
import { describe } from './backup/describe.ts';
import type { TaskContext } from './context.ts';
import { VOLUMES_NAME } from './manifest/manifest.ts';
import { toTaskError, TaskError } from './task-error.ts';
import { restore, type RestoreResult } from './restore/restore.ts';
import { isHalfDone } from './restore/undo.ts';

type Described = Omit<RestoreParameters, 'verb'>;

/** The same promises as `restore`. */
export async function restoreDescribed(params: Described, context: TaskContext): Promise<RestoreResult> {
  const { describe: wanted, ...rest } = params;
  if (wanted === undefined) return await restore(rest, context);
  try {
    await compare(rest, { context, ...wanted });
  } catch (error) {
    const { code, message } = toTaskError(error, 'reading the snapshot');
    // An earlier run of this request may have been killed while it exchanged the data.
    throw new TaskError(code, message, { cause: error, swapped: isHalfDone(params.volumes) });
  }
  return await restore(rest, context);
}

interface Wanted extends NonNullable<RestoreParameters['describe']> {
  readonly context: TaskContext;
}

async function compare({ from, volumes }: Described, { context, origin, contentSha256 }: Wanted): Promise<void> {
  const sources = volumes.map(({ name }) => ({ name, from: `${from}/${VOLUMES_NAME}/${name}` }));
  const { manifestSha256 } = await describe({ volumes: sources, origin, at: from }, context);
  if (manifestSha256 !== contentSha256)
    throw new TaskError(
      'ContentDiffers',
      `the content of the snapshot has the sha256 ${manifestSha256}, the job record of the backup has ${contentSha256}; use another backup`,
    );
}
