// Logs what is new in a list of problems: a reader of the log needs neither the status branch nor `validate`.

import type { Logger } from 'pino';

import type { ProblemView } from '../../status/fleet-view.ts';

/** A broken patch can break ten thousand nodes. */
const MAX_LINES = 20;

/** Errors first. A problem that was there before is not repeated. */
export function announceProblems(
  before: readonly ProblemView[],
  after: readonly ProblemView[],
  log: Pick<Logger, 'warn'>,
): void {
  const found = newOnes(before, after);
  const inOrder = [...found.filter(isError), ...found.filter((problem) => !isError(problem))];
  for (const { level, code, file, line, column, message } of inOrder.slice(0, MAX_LINES))
    log.warn({ severity: level, code, place: `${file}:${line}:${column}`, reason: message }, 'Found problem in file');
  if (found.length > MAX_LINES) log.warn({ more: found.length - MAX_LINES }, 'Found more problems in files');
}

/** A line that moved makes no new problem; a second one of the same words in the same file does. */
function newOnes(before: readonly ProblemView[], after: readonly ProblemView[]): readonly ProblemView[] {
  const known = new Map<string, number>();
  for (const problem of before) known.set(keyOf(problem), (known.get(keyOf(problem)) ?? 0) + 1);
  return after.filter((problem) => {
    const left = known.get(keyOf(problem)) ?? 0;
    known.set(keyOf(problem), left - 1);
    return left <= 0;
  });
}

function keyOf({ level, code, file, message }: ProblemView): string {
  return JSON.stringify([level, code, file, message]);
}

function isError({ level }: ProblemView): boolean {
  return level === 'error';
}
