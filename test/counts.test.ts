// The result line of `npm test` must never be better than what happened.

import { expect, it } from 'vitest';

import { countsOf, line, sum } from './counts.ts';

const passed = { status: 'passed', fullName: 'adds' };
const failed = {
  status: 'failed',
  fullName: 'takes away',
  failureMessages: ['expected 1 to be 2\n    at a.test.ts:3'],
};
const passedFile = { name: '/a.test.ts', status: 'passed', assertionResults: [passed, passed] };
const failedFile = { name: '/b.test.ts', status: 'failed', assertionResults: [passed, failed] };
const unloadable = { name: '/c.test.ts', status: 'failed', message: 'no such module', assertionResults: [] };
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

it('names each failure with the first line of its reason', () => {
  const report = { ...numbers, numFailedTests: 1, testResults: [unloadable, failedFile] };
  expect(countsOf(JSON.stringify(report), 1).failures).toEqual([
    '/c.test.ts: no such module',
    '/b.test.ts > takes away: expected 1 to be 2',
  ]);
});

it('adds up', () => {
  const a = { passed: 1, failed: 2, skipped: 3, failures: ['a'] };
  const b = { passed: 10, failed: 20, skipped: 30, failures: ['b'] };
  expect(sum(a, b)).toEqual({ passed: 11, failed: 22, skipped: 33, failures: ['a', 'b'] });
});
