// A thread that looks at the processes of both clusters, so that nothing else in the test delays it.

import { readdirSync, readFileSync } from 'node:fs';
import { parentPort, workerData } from 'node:worker_threads';

export interface SignerSeen {
  readonly executor: string;
  /** UID of the pod. */
  readonly pod: string;
  /** Milliseconds since the epoch: the first and the last sample with it. */
  readonly from: number;
  until: number;
}

export interface Sampled {
  readonly samples: number;
  /** Longest time between two samples, in milliseconds. */
  readonly longestGapMs: number;
  /** The processes that had the key, in the order of their starts. */
  readonly signers: readonly SignerSeen[];
  readonly offences: readonly string[];
}

/** A cluster and the name of the tree of its control groups. */
export interface Group {
  readonly executor: string;
  readonly group: string;
}

interface Signing {
  readonly pid: string;
  /** Of the process, in ticks since the start of the machine. */
  readonly started: string;
  readonly executor: string;
  readonly pod: string;
}

const SAMPLE_MS = 30;
const REPORT_MS = 500;

if (parentPort !== null) sample(workerData as readonly Group[], (seen) => parentPort?.postMessage(seen));

function sample(groups: readonly Group[], report: (seen: Sampled) => void): void {
  const offences = new Set<string>();
  const signers: SignerSeen[] = [];
  let [samples, longestGapMs, last] = [0, 0, performance.now()];
  setInterval(() => {
    const now = performance.now();
    longestGapMs = Math.max(longestGapMs, Math.round(now - last));
    last = now;
    samples += 1;
    const found = signersNow(groups);
    for (const one of found) note(signers, one);
    // The look takes time. Those that are alive still were all alive at the moment of the first of these answers.
    const alive = found.filter(({ pid, started }) => startOf(pid) === started);
    if (new Set(alive.map(({ pod }) => pod)).size > 1)
      offences.add(`two processes sign: ${alive.map(({ executor, pod }) => `${executor} ${pod}`).join(', ')}`);
  }, SAMPLE_MS);
  setInterval(() => report({ samples, longestGapMs, signers, offences: [...offences] }), REPORT_MS);
}

/** All that runs as `cometbft start` in a control group of these clusters has the key. */
function signersNow(groups: readonly Group[]): readonly Signing[] {
  return readdirSync('/proc').flatMap((pid) => {
    if (!/^[0-9]+$/.test(pid) || !read(`/proc/${pid}/comm`).startsWith('cometbft')) return [];
    if (!read(`/proc/${pid}/cmdline`).split('\0').includes('start')) return [];
    const control = read(`/proc/${pid}/cgroup`);
    const owner = groups.find(({ group }) => control.includes(`/${group}/`));
    const pod = /pod([0-9a-f-]{36})/.exec(control)?.[1];
    const started = startOf(pid);
    if (owner === undefined || pod === undefined || started === undefined) return [];
    return [{ pid, started, executor: owner.executor, pod }];
  });
}

function note(signers: SignerSeen[], { executor, pod }: Signing): void {
  const now = Date.now();
  const known = signers.find((one) => one.pod === pod);
  if (known === undefined) signers.push({ executor, pod, from: now, until: now });
  else known.until = now;
}

/** Undefined for a process that has ended, also for one that its parent has not waited for. */
function startOf(pid: string): string | undefined {
  const [, rest] = read(`/proc/${pid}/stat`).split(') ');
  const fields = rest?.split(' ');
  return fields === undefined || fields[0] === 'Z' || fields[0] === 'X' ? undefined : fields[19];
}

function read(path: string): string {
  try {
    return readFileSync(path, 'utf8');
  } catch {
    return '';
  }
}
