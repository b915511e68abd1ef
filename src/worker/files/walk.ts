// Walks a volume depth first, names in byte order, without following links and without leaving its filesystem.

import type { Stats } from 'node:fs';

import { hasSystemCode } from '../../lib/errors.ts';
import type { Dir } from './dir.ts';

/** Paths and names are bytes (names.ts); the root's path is ''. The receiver of `leave` closes the directory. */
export type WalkStep =
  | { readonly do: 'enter'; readonly dir: Dir; readonly path: string; readonly stats: Stats }
  | {
      readonly do: 'entry';
      readonly dir: Dir;
      readonly name: string;
      readonly path: string;
      readonly stats: Stats;
    }
  | { readonly do: 'leave'; readonly dir: Dir; readonly path: string; readonly stats: Stats }
  | { readonly do: 'vanished'; readonly path: string }
  | { readonly do: 'mount'; readonly path: string };

interface Frame {
  readonly dir: Dir;
  readonly path: string;
  readonly stats: Stats;
  readonly names: readonly string[];
  next: number;
}

/** `skip` omits an entry and everything below it. An entry that vanishes during the walk is reported. */
export function* walk(root: Dir, skip: (path: string) => boolean = () => false): Generator<WalkStep, void> {
  const stack: Frame[] = [frameOf(root, '', root.stat())];
  const device = root.stat().dev;
  yield { do: 'enter', dir: root, path: '', stats: root.stat() };
  for (let frame = stack.at(-1); frame !== undefined; frame = stack.at(-1)) {
    const name = frame.names[frame.next];
    frame.next += 1;
    if (name === undefined) {
      stack.pop();
      yield { do: 'leave', dir: frame.dir, path: frame.path, stats: frame.stats };
      continue;
    }
    const path = frame.path === '' ? name : `${frame.path}/${name}`;
    if (skip(path)) continue;
    const step = visit({ dir: frame.dir, name, path }, device);
    if (step.do === 'enter') stack.push(frameOf(step.dir, path, step.stats));
    yield step;
  }
}

function frameOf(dir: Dir, path: string, stats: Stats): Frame {
  return { dir, path, stats, names: dir.list(), next: 0 };
}

interface Place {
  readonly dir: Dir;
  readonly name: string;
  readonly path: string;
}

function visit({ dir, name, path }: Place, device: number): WalkStep {
  const stats = dir.lstat(name);
  if (stats === undefined) return { do: 'vanished', path };
  if (!stats.isDirectory()) return { do: 'entry', dir, name, path, stats };
  if (stats.dev !== device) return { do: 'mount', path };
  try {
    return { do: 'enter', dir: dir.open(name), path, stats };
  } catch (error) {
    // Gone, or replaced by something else, between the two calls.
    if (hasSystemCode(error, 'ENOENT', 'ENOTDIR', 'ELOOP')) return { do: 'vanished', path };
    throw error;
  }
}
