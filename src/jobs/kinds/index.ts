// The kinds of one-shot job. To add one: its file, its line here, and the steps in ../README.md.

import { backup } from './backup.ts';
import { blockHeightFallback } from './block-height-fallback.ts';
import { changeOwner } from './change-owner.ts';
import type { JobKind, OpenJob } from '../model/job-kind.ts';
import { retention } from './retention.ts';
import { restore } from './restore.ts';
import { snapshot } from './snapshot.ts';
import { switchover } from './switchover.ts';
import { digestOf } from '../../lib/hash.ts';

export const jobKinds: readonly JobKind[] = [
  backup,
  restore,
  snapshot,
  blockHeightFallback,
  switchover,
  changeOwner,
  retention,
];

/** The kind of that name, or undefined. */
export function findJobKind(name: string): JobKind | undefined {
  return jobKinds.find(({ kind }) => kind === name);
}

/** A request's kind and its spec, read; undefined for a kind that is unknown or a spec that its schema refuses. */
export function readRequest({ kind, spec }: { readonly kind: string; readonly spec: unknown }): OpenJob | undefined {
  const known = findJobKind(kind);
  return known?.spec.safeParse(spec).success === true ? known.open(spec) : undefined;
}

/** Digest of a request's spec with all defaults: equal in Git and in the cluster. Undefined for a spec that its schema refuses. */
export function digestOfObject({ kind, spec }: { readonly kind: string; readonly spec: unknown }): string | undefined {
  const read = findJobKind(kind)?.spec.safeParse(spec);
  return read?.success === true ? digestOf({ kind, spec: read.data }) : undefined;
}
