// ChangeOwner: gives everything on the volumes to one user and group; links themselves, never what they point to.

import type { Stats } from 'node:fs';

import type { ChownParameters } from '../api/worker-task.ts';
import { systemCodeOf } from '../lib/errors.ts';
import { breathe, type TaskContext } from './context.ts';
import { Dir } from './files/dir.ts';
import { showName } from './files/names.ts';
import { startProgress } from './progress.ts';
import { walk, type WalkStep } from './files/walk.ts';
import { throwIfStopped, toTaskError } from './task-error.ts';

export interface ChownResult {
  readonly ok: true;
  readonly changed: number;
  /** Belonged to the wanted owner already. */
  readonly unchanged: number;
  /** Gone before their turn. */
  readonly vanished: number;
  /** Other filesystems mounted in the volumes; left alone. */
  readonly mounts: number;
}

type Tally = { -readonly [Key in Exclude<keyof ChownResult, 'ok'>]: number };

/** Can be repeated at any time; a second run finds what the first one did not reach. `lost+found` stays root's. */
export async function chown(params: Omit<ChownParameters, 'verb'>, context: TaskContext): Promise<ChownResult> {
  const tally: Tally = { changed: 0, unchanged: 0, vanished: 0, mounts: 0 };
  const progress = startProgress(context, {
    label: 'owner checked',
    count: () => ({ bytes: 0, files: tally.changed + tally.unchanged }),
  });
  try {
    for (const { name, at } of params.volumes) {
      const root = Dir.openRoot(at);
      try {
        await chownTree({ root, name, params, context, tally });
      } finally {
        root.closeAll();
      }
    }
    return { ok: true, ...tally };
  } finally {
    progress.stop();
  }
}

type Owner = Pick<ChownParameters, 'uid' | 'gid'>;

interface Going {
  readonly root: Dir;
  readonly name: string;
  readonly params: Owner;
  readonly context: TaskContext;
  readonly tally: Tally;
}

async function chownTree(going: Going): Promise<void> {
  let count = 0;
  for (const step of walk(going.root, (path) => path === 'lost+found')) {
    if ((count += 1) % 256 === 0) await breathe();
    throwIfStopped(going.context.signal);
    try {
      take(going, step);
    } catch (error) {
      if (systemCodeOf(error) !== 'ENOENT') throw toTaskError(error, `owner of ${going.name}/${showName(step.path)}`);
      going.tally.vanished += 1;
    }
    going.context.onStep?.('entry');
  }
}

function take({ root, params, tally }: Going, step: WalkStep): void {
  switch (step.do) {
    case 'vanished':
      tally.vanished += 1;
      return;
    case 'mount':
      tally.mounts += 1;
      return;
    case 'enter':
    case 'entry':
      if (belongsTo(step.stats, params)) tally.unchanged += 1;
      else {
        give(step, params);
        tally.changed += 1;
      }
      return;
    case 'leave':
      if (step.dir !== root) step.dir.close();
  }
}

function belongsTo(stats: Stats, { uid, gid }: Owner): boolean {
  return stats.uid === uid && stats.gid === gid;
}

/** A directory through itself, which is open: no name is looked up again. */
function give(step: Extract<WalkStep, { do: 'enter' | 'entry' }>, { uid, gid }: Owner): void {
  if (step.do === 'enter') step.dir.chown(uid, gid);
  else step.dir.lchown(step.name, uid, gid);
}
