// Runs in each worker: when the tests of its file have passed, it runs them again for each mutant that they reach, with that
// mutant switched on, until one fails. The modules are loaded once, which makes this a thousand times faster than a run of
// vitest for each mutant.

import { appendFileSync, existsSync, readFileSync } from 'node:fs';
import { dirname, resolve } from 'node:path';

import { afterAll, afterEach, beforeEach, expect, type RunnerTask, type RunnerTestCase, TestRunner, vi } from 'vitest';

import type { Result } from './results.ts';

/** How the code of the instrumenter asks which mutant is on, and reports which ones it reaches. */
interface Switchboard {
  activeMutant?: string | undefined;
  currentTestId?: string | undefined;
  hitCount?: number;
  hitLimit?: number;
  mutantCoverage?: { readonly static: Counts; readonly perTest: Readonly<Record<string, Counts>> };
}
type Counts = Readonly<Record<string, number>>;

const switchboard = ((globalThis as { __stryker__?: Switchboard }).__stryker__ ??= {});
const { MUTANT_RESULTS: results = '', MUTANTS_DONE: doneFile = '' } = process.env;
const TEST_TIMEOUT_MS = 15_000;

/** Enough runs of a property to notice most mutants, always the same ones, and no search for the smallest example. */
vi.mock('fast-check', async (original) => {
  const real = await original<Checker>();
  const assert: Checker['assert'] = (property, options) =>
    real.assert(property, { ...options, numRuns: Math.min(options?.numRuns ?? 100, 6), seed: 7, endOnFailure: true });
  return { ...real, assert, default: { ...real.default, assert } };
});

interface Options {
  readonly numRuns?: number;
  readonly seed?: number;
  readonly endOnFailure?: boolean;
}

interface Checker {
  readonly assert: (property: unknown, options?: Options) => unknown;
  readonly default: object;
}

/** The matcher of vitest needs a test that runs for the first time. */
expect.extend({
  toMatchFileSnapshot(received: unknown, file: string) {
    const path = resolve(dirname(this.testPath ?? ''), file);
    const golden = existsSync(path) ? readFileSync(path, 'utf8') : undefined;
    return { pass: String(received).trim() === golden?.trim(), message: () => `differs from ${file}` };
  },
});

if (results !== '') {
  beforeEach(({ task }) => {
    switchboard.currentTestId = task.id;
  });
  afterEach(() => {
    switchboard.currentTestId = undefined;
  });
  // oxlint-disable-next-line no-empty-pattern -- vitest gives the suite as the second argument, behind a pattern
  afterAll(async ({}, suite) => tryMutants(suite.file));
}

function write(result: Result): void {
  appendFileSync(results, `${JSON.stringify(result)}\n`);
}

async function tryMutants(file: RunnerTask['file']): Promise<void> {
  const { static: always, perTest } = switchboard.mutantCoverage ?? { static: {}, perTest: {} };
  const done = new Set(JSON.parse(readFileSync(doneFile, 'utf8')) as readonly string[]);
  write({ file: file.name, always: Object.keys(always) });
  const reached = reachedBy(await repeatable(testsIn(file), file.name), perTest, done);
  for (const [id, tests] of reached) {
    write({ file: file.name, begins: id });
    const killer = await killerOf(id, tests);
    write({ file: file.name, id, isKilled: killer !== undefined });
    // A test that cannot run again says nothing of the next mutants: the rest is tried in a new worker.
    if (killer !== undefined && (await failureOf(killer, undefined, Infinity)) !== undefined) return;
  }
  write({ file: file.name, isDone: true });
}

interface Reach {
  readonly test: RunnerTestCase;
  readonly hits: number;
}

/** By mutant: the tests that reach it. */
function reachedBy(
  tests: readonly RunnerTestCase[],
  perTest: Readonly<Record<string, Counts>>,
  done: ReadonlySet<string>,
): ReadonlyMap<string, readonly Reach[]> {
  const reached = new Map<string, Reach[]>();
  for (const test of tests)
    for (const [id, hits] of Object.entries(perTest[test.id] ?? {}))
      if (!done.has(id)) reached.set(id, [...(reached.get(id) ?? []), { test, hits }]);
  return reached;
}

function testsIn(task: RunnerTask): readonly RunnerTestCase[] {
  if (task.type === 'test') return task.mode === 'run' && task.result?.state === 'pass' ? [task] : [];
  return task.tasks.flatMap(testsIn);
}

/** Those that pass a second time in the same worker, the fastest first. */
async function repeatable(tests: readonly RunnerTestCase[], file: string): Promise<readonly RunnerTestCase[]> {
  const timed: { readonly test: RunnerTestCase; readonly ms: number }[] = [];
  for (const test of tests) {
    const begin = performance.now();
    const failure = await failureOf(test, undefined, Infinity);
    if (failure === undefined) timed.push({ test, ms: performance.now() - begin });
    else write({ file, notRepeatable: test.name, because: failure });
  }
  return timed.sort((a, b) => a.ms - b.ms).map(({ test }) => test);
}

async function killerOf(id: string, tests: readonly Reach[]): Promise<RunnerTestCase | undefined> {
  for (const { test, hits } of tests) if ((await failureOf(test, id, hits * 100 + 1000)) !== undefined) return test;
  return undefined;
}

/** A mutant that is reached far more often than the original has made a loop endless. */
async function failureOf(test: RunnerTestCase, mutant: string | undefined, limit: number): Promise<string | undefined> {
  Object.assign(switchboard, { activeMutant: mutant, currentTestId: 'again', hitCount: 0, hitLimit: limit });
  const timeout = Promise.withResolvers<never>();
  const timer = setTimeout(() => timeout.reject(new Error('too slow')), TEST_TIMEOUT_MS);
  try {
    await Promise.race([Promise.resolve(TestRunner.getTestFn(test)()), timeout.promise]);
    return undefined;
  } catch (error) {
    return String(error);
  } finally {
    clearTimeout(timer);
    switchboard.activeMutant = undefined;
  }
}
