// The kinds of one-shot job. To add one: its file, and its line here.

import { backup } from './backup.ts';
import { blockHeightFallback } from './block-height-fallback.ts';
import { changeOwner } from './change-owner.ts';
import type { JobKind } from './job-kind.ts';
import { restore } from './restore.ts';
import { snapshot } from './snapshot.ts';
import { switchover } from './switchover.ts';

export const jobKinds: readonly JobKind[] = [backup, restore, snapshot, blockHeightFallback, switchover, changeOwner];

/** The kind of that name, or undefined. */
export function findJobKind(name: string): JobKind | undefined {
  return jobKinds.find(({ kind }) => kind === name);
}
