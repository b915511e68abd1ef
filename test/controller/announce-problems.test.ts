// Which problems of a commit the log names.

import { expect, it } from 'vitest';

import { announceProblems } from '../../src/controller/fleet/announce-problems.ts';
import type { ProblemView } from '../../src/status/fleet-view.ts';

const problem = (file: string, more: Partial<ProblemView> = {}): ProblemView => ({
  level: 'error',
  code: 'UnknownField',
  file,
  line: 6,
  column: 3,
  message: 'spec.siez: unknown field',
  ...more,
});

function logged(before: readonly ProblemView[], after: readonly ProblemView[]): readonly unknown[] {
  const lines: unknown[] = [];
  announceProblems(before, after, { warn: (facts: object, msg?: string) => void lines.push({ ...facts, msg }) });
  return lines;
}

it('names the place, the code and the reason of a problem that is new', () => {
  expect(logged([problem('a.yaml')], [problem('a.yaml'), problem('b.yaml')])).toEqual([
    {
      msg: 'Found problem in file',
      severity: 'error',
      code: 'UnknownField',
      place: 'b.yaml:6:3',
      reason: 'spec.siez: unknown field',
    },
  ]);
});

it('does not repeat a problem whose line moved, and reports a second one of the same words', () => {
  expect(logged([problem('a.yaml')], [problem('a.yaml', { line: 9 })])).toEqual([]);
  expect(logged([problem('a.yaml')], [problem('a.yaml'), problem('a.yaml', { line: 9 })])).toMatchObject([
    { place: 'a.yaml:9:3' },
  ]);
});

it('reports a problem again that was solved meanwhile', () => {
  expect(logged([], [problem('a.yaml')])).toHaveLength(1);
  expect(logged([problem('a.yaml')], [])).toEqual([]);
});

it('names twenty, errors before warnings, and says how many more there are', () => {
  const after = Array.from({ length: 25 }, (_, index) =>
    problem(`${index}.yaml`, { level: index < 10 ? 'warning' : 'error' }),
  );
  const lines = logged([], after);
  expect(lines).toHaveLength(21);
  expect(lines[14]).toMatchObject({ severity: 'error' });
  expect(lines[15]).toMatchObject({ severity: 'warning', place: '0.yaml:6:3' });
  expect(lines[20]).toEqual({ more: 5, msg: 'Found more problems in files' });
});
