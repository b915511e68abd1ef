// Walks through a backup by its manifest. Each entry is checked (source-tree.ts) and, where the volume has a target, built
// again (target-tree.ts). The two meet in one place: a file is copied in the same read in which it is checked.

import type { TaskContext } from '../context.ts';
import type { Dir } from '../files/dir.ts';
import type { FilePool } from '../files/file-pool.ts';
import type { FileOutcome } from '../files/file-task.ts';
import type { ManifestEntry, ManifestFoot, ManifestHead } from '../manifest/manifest.ts';
import { readManifest, type ReadEntry } from '../manifest/manifest-reader.ts';
import { toTaskError, TaskError } from '../task-error.ts';
import { SourceTree, type SourceOptions } from './source-tree.ts';
import { TargetTree, type TargetOptions } from './target-tree.ts';

export interface ReplayTarget {
  /** An empty directory. */
  readonly dir: Dir;
  /** Paths (bytes) that are left out. */
  readonly skip: (path: string) => boolean;
}

export interface Replay extends SourceOptions, TargetOptions {
  readonly pool: FilePool;
  readonly context: TaskContext;
  /** Volume → where to build it; without any, the backup is only checked. */
  readonly targets: ReadonlyMap<string, ReplayTarget>;
}

export interface Replayed {
  readonly head: ManifestHead;
  readonly foot: ManifestFoot;
  readonly sha256: string;
}

/** Computes the sha256 of every file of the backup. */
export async function replay(job: Replay): Promise<Replayed> {
  const walk = new Walk(job);
  let head: ManifestHead | undefined;
  for (const part of readManifest(job.backup)) {
    if (part.part === 'head') head = part.head;
    if (part.part === 'entry' && head !== undefined) walk.take(part, head.layout);
    if (part.part === 'foot') walk.leaveTo(0);
    await job.pool.room();
    if (part.part !== 'foot' || head === undefined) continue;
    await job.pool.finish();
    return { head, foot: part.foot, sha256: part.sha256 };
  }
  throw new TaskError('ManifestUnreadable', 'the manifest has no end');
}

class Walk {
  readonly #job: Replay;
  readonly #source: SourceTree;
  readonly #target: TargetTree;
  /** How many directories are open: the volume is one. */
  #depth = 0;

  constructor(job: Replay) {
    this.#job = job;
    this.#source = new SourceTree(job);
    this.#target = new TargetTree(job);
  }

  take(read: ReadEntry, layout: ManifestHead['layout']): void {
    const { entry, path } = read;
    const target = this.#job.targets.get(entry.volume);
    if (path === '') {
      this.leaveTo(0);
      this.#source.enterVolume(entry, layout);
      this.#target.enterVolume(target?.dir, entry);
      this.#depth = 1;
      return;
    }
    const parts = path.split('/');
    this.leaveTo(parts.length);
    // Below a directory that was left out.
    if (this.#depth < parts.length) return;
    const name = parts.at(-1) ?? '';
    const isHere = this.#source.find(name);
    if (target?.skip(path) === true) return;
    if (!isHere) this.#source.reportMissing(entry);
    if (isHere) this.#act(name, read);
    else if (entry.type === 'dir') {
      this.#source.enterMissing(path, entry);
      this.#target.enterDir(name, entry);
      this.#depth += 1;
    }
  }

  leaveTo(depth: number): void {
    if (this.#depth <= depth) return;
    this.#target.leaveTo(depth);
    this.#source.leaveTo(depth);
    this.#depth = depth;
  }

  #act(name: string, { entry, path, target }: ReadEntry): void {
    switch (entry.type) {
      case 'dir':
        this.#source.enterDir(name, path, entry);
        this.#target.enterDir(name, entry);
        this.#depth += 1;
        return;
      case 'file':
        this.#copy(name, entry);
        return;
      case 'symlink':
        this.#source.checkSymlink(name, target, entry);
        this.#target.symlink(name, target, entry);
        return;
      case 'hardlink':
        this.#source.checkHardlink(name, target, entry);
        this.#target.hardlink(name, target, entry);
    }
  }

  #copy(name: string, entry: FileEntry): void {
    const from = this.#source.place(name);
    if (from === undefined) return;
    const to = this.#target.file(name, entry);
    // One byte more than expected, so that a file that has grown does not pass.
    const task = { from, seen: { size: entry.size + 1 }, sparse: entry.stored !== undefined };
    this.#job.pool.submit(to === undefined ? task : { ...task, to }, (outcome) => this.#copied(entry, outcome));
  }

  #copied(entry: FileEntry, outcome: FileOutcome): void {
    const { onBad, context } = this.#job;
    if (outcome.ok) {
      if (outcome.size !== entry.size) onBad(entry.volume, entry.path, 'has another size');
      else if (outcome.sha256 !== entry.sha256) onBad(entry.volume, entry.path, 'has another content');
      context.onStep?.('file');
    } else if (outcome.during === 'read') {
      onBad(entry.volume, entry.path, `can't be read (${outcome.code ?? outcome.message})`);
    } else {
      const error = Object.assign(new Error(outcome.message), { code: outcome.code });
      throw toTaskError(error, `writing ${entry.volume}/${entry.path}`);
    }
  }
}

type FileEntry = Extract<ManifestEntry, { type: 'file' }>;
