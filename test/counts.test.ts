// The result line of `npm test` must never be better than what happened.

import { expect, it } from 'vitest';

import { countsOf, line, sum } from './counts.ts';

const passedFile = { status: 'passed', assertionResults: [{ status: 'passed' }, { status: 'passed' }] };
const failedFile = { status: 'failed', assertionResults: [{ status: 'passed' }, { status: 'failed' }] };
const unloadable = { status: 'failed', assertionResults: [] };
const numbers = { numPassedTests: 2, numFailedTests: 0, numPendingTests: 0, numTodoTests: 0 };

const rows = [
  {
    because: 'all passed',
    report: { ...numbers, testResults: [passedFile] },
    exitCode: 0,
    expected: '2 passed, 0 failed',
  },
  {
    because: 'one test failed',
    report: { ...numbers, numPassedTests: 1, numFailedTests: 1, testResults: [failedFile] },
    exitCode: 1,
    expected: '1 passed, 1 failed',
  },
  {
    because: 'a file could not be loaded',
    report: { ...numbers, testResults: [passedFile, unloadable] },
    exitCode: 1,
    expected: '2 passed, 1 failed',
  },
  {
    because: 'something failed outside every test, such as an unhandled rejection',
    report: { ...numbers, testResults: [passedFile] },
    exitCode: 1,
    expected: '2 passed, 1 failed',
  },
  {
    because: 'skipped and planned tests are named',
    report: { ...numbers, numPendingTests: 1, numTodoTests: 2, testResults: [passedFile] },
    exitCode: 0,
    expected: '2 passed, 0 failed, 3 skipped',
  },
];

it.each(rows)('$because', ({ report, exitCode, expected }) => {
  expect(line(countsOf(JSON.stringify(report), exitCode))).toBe(expected);
});

it('a run that ended without a report is a failure, for every exit code', () => {
  expect(countsOf(undefined, 0)).toEqual({ passed: 0, failed: 1, skipped: 0 });
});

it('adds up', () => {
  expect(sum({ passed: 1, failed: 2, skipped: 3 }, { passed: 10, failed: 20, skipped: 30 })).toEqual({
    passed: 11,
    failed: 22,
    skipped: 33,
  });
});
