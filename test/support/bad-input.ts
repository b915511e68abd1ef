// One bad file beside a good one: what every test of bad input checks.

import { expect } from 'vitest';

import type { Problem } from '../../src/desired/text/problem.ts';
import { cpuMsSince } from './cpu-time.ts';
import { nodeFile, read } from './desired-files.ts';

export interface BadInput {
  readonly because: string;
  readonly text: string;
  readonly code: string;
  /** `line:column`; undefined where it depends on the stack's size. */
  readonly at: string | undefined;
  readonly says: string | RegExp;
}

/** The problem a row demands, to be looked for among those that were found. */
export function problemOf({ code, at, says }: BadInput): unknown {
  const [line, column] = at?.split(':').map(Number) ?? [];
  return expect.objectContaining({
    code,
    message: expect.stringMatching(says),
    ...(at === undefined ? {} : { line, column }),
  });
}

/** The problems of one bad file beside a good one, which must not notice. */
export function spoiled(text: string): readonly Problem[] {
  const files = { 'nodes/a/bad.yaml': text, 'nodes/good.yaml': nodeFile('good') };
  const before = process.threadCpuUsage();
  const set = read(files);
  expect(cpuMsSince(before)).toBeLessThan(2000);
  expect([...set.nodes.keys()]).toEqual(['novacula-system/good']);
  expect(set.brokenFiles).toEqual(new Set(['nodes/a/bad.yaml']));
  expect(set.problems.filter(({ file }) => file !== 'nodes/a/bad.yaml')).toEqual([]);
  expect(Object.prototype).not.toHaveProperty('polluted');
  expect(Math.max(...set.problems.map(({ message }) => message.length))).toBeLessThan(400);
  return set.problems;
}

/** A text with one of its lines (from 1) replaced. */
export function line(text: string, number: number, by: string): string {
  return text
    .split('\n')
    .map((old, index) => (index === number - 1 ? by : old))
    .join('\n');
}

/** Appends to a file. */
export function after(text: string): (file: string) => string {
  return (file) => `${file}${text}`;
}

export const HEX = '4f'.repeat(32);
