// The jobs of a status branch that a page or a terminal shows: of years of records only those worth reading are parsed.

import { glanceAtJob, type JobGlance, type TreeJob, type TreeReader } from './tree-nodes.ts';

export interface RecentJob {
  readonly job: TreeJob;
  /** The last time in its record; RFC 3339, empty when unknown. */
  readonly at: string;
}

export interface RecentJobs {
  /** Those that are under way or keep a node stopped, the oldest first, then those that ended, the newest first. */
  readonly shown: readonly RecentJob[];
  /** How many more there are. */
  readonly left: number;
}

export interface JobLimits {
  /** Of jobs that are under way or keep a node stopped. */
  readonly open: number;
  readonly ended: number;
}

export function recentJobs(
  files: readonly (readonly [path: string, text: string])[],
  reader: Pick<TreeReader, 'job'>,
  limits: JobLimits,
): RecentJobs {
  const { chosen, left } = chooseJobs(files, limits);
  const shown = chosen.flatMap(({ path, text, at }) => {
    const job = reader.job(path, text);
    return job === undefined ? [] : [{ job, at }];
  });
  return { shown, left };
}

/** The records worth reading. */
export function chooseJobs(
  files: readonly (readonly [path: string, text: string])[],
  limits: JobLimits,
): { readonly chosen: readonly JobGlance[]; readonly left: number } {
  const all = files.flatMap(([path, text]) => glanceAtJob(path, text) ?? []);
  const open = all.filter(({ isOpen }) => isOpen).sort((a, b) => inTime(a, b));
  const ended = all.filter(({ isOpen }) => !isOpen).sort((a, b) => inTime(b, a));
  const chosen = [...open.slice(0, limits.open), ...ended.slice(0, limits.ended)];
  return { chosen, left: all.length - chosen.length };
}

function inTime(a: JobGlance, b: JobGlance): number {
  if (a.at !== b.at) return a.at < b.at ? -1 : 1;
  return a.path < b.path ? -1 : 1;
}

/** Ends that a person has to look at. */
const NEED_ATTENTION: ReadonlySet<string> = new Set(['Failed', 'Held', 'Interrupted', 'Refused']);

interface Ended {
  readonly phase?: string | undefined;
  readonly reason?: string | undefined;
  readonly message?: string | undefined;
}

/** With the code in front of it where the job needs attention; one that says no more than the phase is left out. */
export function jobMessage({ phase = '', reason = '', message = '' }: Ended): string {
  return reason === '' || reason === phase || !NEED_ATTENTION.has(phase) ? message : `${reason}: ${message}`;
}
