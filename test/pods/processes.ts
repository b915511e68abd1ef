// The processes of a pod as the host sees them: found by the control group that carries the pod's id.

import { readdirSync, readFileSync } from 'node:fs';

export interface PodProcess {
  readonly pid: number;
  /** Program and arguments, without a shell between. */
  readonly words: readonly string[];
}

/** The processes of the pod that run `program` (its file name), or all of them. */
export function processesOf(podUid: string, program?: string): readonly PodProcess[] {
  const group = `pod${podUid}`;
  return readdirSync('/proc')
    .filter((entry) => /^[0-9]+$/.test(entry))
    .filter((entry) => read(`/proc/${entry}/cgroup`).includes(group))
    .map((entry) => ({ pid: Number(entry), words: read(`/proc/${entry}/cmdline`).split('\0').slice(0, -1) }))
    .filter(({ words }) => program === undefined || (words[0] ?? '').split('/').at(-1) === program);
}

/** The only process of that program in the pod. */
export function processOf(podUid: string, program: string): PodProcess {
  const [found, ...more] = processesOf(podUid, program);
  if (found === undefined || more.length > 0)
    throw new Error(`${more.length + 1} processes ${program} in pod ${podUid}`);
  return found;
}

/** One variable of a process's environment. */
export function variableOf({ pid }: PodProcess, name: string): string | undefined {
  const entry = read(`/proc/${pid}/environ`)
    .split('\0')
    .find((one) => one.startsWith(`${name}=`));
  return entry?.slice(name.length + 1);
}

/** A process may end while it is being read. */
function read(path: string): string {
  try {
    return readFileSync(path, 'utf8');
  } catch {
    return '';
  }
}
