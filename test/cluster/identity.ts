// Whether a process id still means the process it was written down for.

import { readFileSync } from 'node:fs';

/** A process id alone is reused by the system; with its start time and the boot it is unique. */
export interface Identity {
  readonly pid: number;
  /** Clock ticks after boot, field 22 of /proc/PID/stat. */
  readonly startTime: string;
  readonly boot: string;
}

/** The identity of a living process, or undefined when there is none with this id. A zombie does not count as living. */
export function identityOf(pid: number): Identity | undefined {
  const stat = read(`/proc/${pid}/stat`);
  if (stat === undefined) return undefined;
  const parsed = parseStat(stat);
  return parsed.state === 'Z' || parsed.state === 'X'
    ? undefined
    : { pid, startTime: parsed.startTime, boot: bootId() };
}

/** Whether exactly this process is still running. */
export function isAlive(identity: Identity): boolean {
  const now = identityOf(identity.pid);
  return now !== undefined && now.startTime === identity.startTime && now.boot === identity.boot;
}

/** Reads what a process wrote about itself: its /proc/self/stat line, then the boot id. */
export function parseIdentity(text: string): Identity | undefined {
  const [stat = '', boot = ''] = text.trim().split('\n');
  const pid = Number.parseInt(stat, 10);
  return Number.isInteger(pid) && boot !== '' ? { pid, startTime: parseStat(stat).startTime, boot } : undefined;
}

function parseStat(stat: string): { readonly state: string; readonly startTime: string } {
  // The second field is the program's name in parentheses and may hold spaces: count from the last parenthesis.
  const fields = stat.slice(stat.lastIndexOf(')') + 2).split(' ');
  return { state: fields[0] ?? '', startTime: fields[19] ?? '' };
}

function bootId(): string {
  return read('/proc/sys/kernel/random/boot_id')?.trim() ?? '';
}

function read(path: string): string | undefined {
  try {
    return readFileSync(path, 'utf8');
  } catch {
    return undefined;
  }
}
