// Adds up what test runs report.

export interface Counts {
  readonly passed: number;
  readonly failed: number;
  readonly skipped: number;
  /** One line for each failure that a report names: repeated at the end, where a log that was cut short still has it. */
  readonly failures?: readonly string[];
}

export const NOTHING: Counts = { passed: 0, failed: 0, skipped: 0 };
export const PASSED: Counts = { ...NOTHING, passed: 1 };
export const FAILED: Counts = { ...NOTHING, failed: 1 };
export const SKIPPED: Counts = { ...NOTHING, skipped: 1 };

export function sum(a: Counts, b: Counts): Counts {
  return {
    passed: a.passed + b.passed,
    failed: a.failed + b.failed,
    skipped: a.skipped + b.skipped,
    failures: [...(a.failures ?? []), ...(b.failures ?? [])],
  };
}

/** `12 passed, 0 failed`, with `, 1 skipped` when any was. */
export function line(counts: Counts): string {
  const skipped = counts.skipped > 0 ? `, ${counts.skipped} skipped` : '';
  return `${counts.passed} passed, ${counts.failed} failed${skipped}`;
}

interface Report {
  readonly numPassedTests: number;
  readonly numFailedTests: number;
  readonly numPendingTests: number;
  readonly numTodoTests: number;
  readonly testResults: readonly {
    /** Path of the file. */
    readonly name: string;
    readonly status: string;
    /** Why the file could not be loaded. */
    readonly message?: string;
    readonly assertionResults: readonly TestResult[];
  }[];
}

interface TestResult {
  readonly status: string;
  readonly fullName: string;
  readonly failureMessages?: readonly string[];
}

/**
 * Counts of a vitest JSON report (undefined when none was written) and its exit code. A file that could not be loaded
 * is one failure, and so is a run that failed for a reason no test shows.
 */
export function countsOf(report: string | undefined, exitCode: number): Counts {
  if (report === undefined) return FAILED;
  const parsed = JSON.parse(report) as Report;
  const broken = parsed.testResults.filter(
    ({ status, assertionResults }) => status === 'failed' && !assertionResults.some((test) => test.status === 'failed'),
  );
  const failed = parsed.numFailedTests + broken.length;
  const failures = [
    ...broken.map(({ name, message = '' }) => failureLine(name, message)),
    ...parsed.testResults.flatMap(({ name, assertionResults }) =>
      assertionResults
        .filter(({ status }) => status === 'failed')
        .map(({ fullName, failureMessages = [] }) => failureLine(`${name} > ${fullName}`, failureMessages[0] ?? '')),
    ),
  ];
  return {
    passed: parsed.numPassedTests,
    failed: failed === 0 && exitCode !== 0 ? 1 : failed,
    skipped: parsed.numPendingTests + parsed.numTodoTests,
    failures,
  };
}

/** The place, and the first line of the reason. */
function failureLine(place: string, reason: string): string {
  const [first = ''] = reason.split('\n', 1);
  return `${place}: ${first.slice(0, 300)}`;
}
