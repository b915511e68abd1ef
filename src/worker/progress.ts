// One line every few seconds: bytes, files, percent, rate.

import { formatBytes } from '../lib/quantity.ts';
import type { TaskContext } from './context.ts';

export interface Counts {
  readonly bytes: number;
  readonly files: number;
}

export interface Progress {
  stop(): void;
}

export interface Measured {
  /** What is done with the files: `copied`. */
  readonly label: string;
  readonly count: () => Counts;
  /** What 100 % would be, when it is known. */
  readonly total?: Counts;
}

/** Prints `count()` until stopped. */
export function startProgress(context: TaskContext, { label, count, total }: Measured): Progress {
  const started = performance.now();
  const timer = setInterval(
    () => context.say(`${label}: ${line(count(), (performance.now() - started) / 1000, total)}`),
    (context.progressSeconds ?? 5) * 1000,
  );
  timer.unref();
  return { stop: () => clearInterval(timer) };
}

function line(done: Counts, seconds: number, total: Counts | undefined): string {
  const rate = `${formatBytes(Math.round(done.bytes / Math.max(seconds, 0.001)))}/s`;
  if (total === undefined) return `${formatBytes(done.bytes)} in ${done.files} files, ${rate}`;
  return `${percent(done, total)}%, ${formatBytes(done.bytes)} of ${formatBytes(total.bytes)}, ${done.files} of ${total.files} files, ${rate}`;
}

/** Many empty files are work too: the mean of both shares would mislead, so the smaller one counts. */
function percent(done: Counts, total: Counts): number {
  const bytes = total.bytes === 0 ? 1 : done.bytes / total.bytes;
  const files = total.files === 0 ? 1 : done.files / total.files;
  return Math.min(99, Math.floor(Math.min(bytes, files) * 100));
}
