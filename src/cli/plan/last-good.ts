// The older side of a plan between two revisions when it has errors: a controller keeps the last good state of what it cannot read, so
// a plan that took those files for absent would create what there is already, and not delete what goes.

import type { DesiredSet } from '../../desired/desired-set.ts';
import type { Problem } from '../../desired/text/problem.ts';

/** How many commits before it are read. */
const MAX_COMMITS = 50;

export interface OlderRevisions {
  /** As the user named it, for the message. */
  readonly name: string;
  /** The first parents of the revision, the nearest first; ends where history does, also that of a shallow clone. */
  readonly commits: AsyncIterable<string>;
  read(commit: string): Promise<DesiredSet>;
}

export interface LastGood {
  /** With the nodes, requests and schedules of broken files as they were last good. What is still broken in it is not known. */
  readonly desired: DesiredSet;
  /** Says that the revision has errors, and what is not known. */
  readonly problem?: Problem;
}

/** `base` itself when it has no errors. Each commit that is read costs what it changes. */
export async function withLastGood(base: DesiredSet, older: OlderRevisions): Promise<LastGood> {
  if (!hasErrors(base)) return { desired: base };
  let desired = base;
  let left = MAX_COMMITS;
  for await (const commit of older.commits) {
    if (left-- === 0) break;
    desired = completed(desired, await older.read(commit));
    if (!hasErrors(desired)) break;
  }
  return { desired, problem: problemOf(base, desired, older.name) };
}

function hasErrors({ fleetBroken, brokenFiles }: DesiredSet): boolean {
  return fleetBroken || brokenFiles.size > 0;
}

/** What `newer` cannot say is as `older` says it; what neither can remains broken. */
function completed(newer: DesiredSet, older: DesiredSet): DesiredSet {
  const wasBroken = (key: string, file: string): boolean =>
    newer.fleetBroken || newer.brokenFiles.has(file) || newer.brokenNodes.has(key);
  const isStill = <T>(then: ReadonlySet<T>, before: ReadonlySet<T>): ReadonlySet<T> =>
    newer.fleetBroken ? before : new Set([...then].filter((one) => older.fleetBroken || before.has(one)));
  return {
    ...newer,
    ...(newer.fleetBroken ? { fleet: older.fleet, fleetBroken: older.fleetBroken } : {}),
    nodes: merged(newer.nodes, older.nodes, (key, { file }) => wasBroken(key, file)),
    requests: merged(
      newer.requests,
      older.requests,
      (key, { file }) => newer.brokenRequests.has(key) || wasBroken(key, file),
    ),
    schedules: merged(newer.schedules, older.schedules, (key, { file }) => wasBroken(key, file)),
    brokenFiles: isStill(newer.brokenFiles, older.brokenFiles),
    brokenNodes: isStill(newer.brokenNodes, older.brokenNodes),
    brokenRequests: isStill(newer.brokenRequests, older.brokenRequests),
    unreadableFiles: isStill(newer.unreadableFiles, older.unreadableFiles),
  };
}

function merged<T>(
  newer: ReadonlyMap<string, T>,
  older: ReadonlyMap<string, T>,
  isBroken: (key: string, value: T) => boolean,
): ReadonlyMap<string, T> {
  const lastGood = [...older].filter(([key, value]) => !newer.has(key) && isBroken(key, value));
  return lastGood.length === 0 ? newer : new Map([...newer, ...lastGood]);
}

function problemOf(base: DesiredSet, { fleetBroken, brokenFiles }: DesiredSet, name: string): Problem {
  const [first] = base.problems.filter(({ level }) => level === 'error');
  const where = first ?? { file: 'fleet.yaml', line: 1, column: 1, message: 'it has an error' };
  const unknown = fleetBroken ? ['fleet.yaml'] : [...brokenFiles];
  const because = `${name}, with which this compares, has an error here: ${where.message}`;
  const rest =
    unknown.length === 0
      ? 'Of what it breaks the plan shows the change from the last good state before, which controllers keep'
      : `What ${unknown.slice(0, 3).join(', ')}${unknown.length > 3 ? ` and ${unknown.length - 3} more files` : ''} had before is not known, so the plan may show as created what there is, and may lack a deletion: compare with the cluster, or with an earlier revision (--from)`;
  const { file, line, column } = where;
  return { level: 'warning', code: 'BaseBroken', file, line, column, message: `${because}. ${rest}` };
}
