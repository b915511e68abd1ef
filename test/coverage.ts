// `npm run coverage`: runs the pure tests and prints how many branches of each pure module they reach.
// Arguments are file filters of vitest: `npm run coverage -- test/plan`.

import { spawn } from 'node:child_process';
import { mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join, relative } from 'node:path';

const ROOT = new URL('..', import.meta.url).pathname;
const MODULES = ['lib', 'api', 'chains', 'jobs', 'desired', 'policy', 'plan', 'render', 'status'];
const WORST_FILES = 10;

interface Count {
  readonly covered: number;
  readonly total: number;
}

type Summary = Readonly<Record<string, { readonly branches: Count; readonly lines: Count }>>;

const filters = process.argv.slice(2);
const named = MODULES.filter((module) => filters.some((filter) => filter.startsWith(`test/${module}`)));
/** Those that the filters name: the figures of others would say nothing. */
const measured = named.length > 0 ? named : MODULES;
const folder = mkdtempSync(join(tmpdir(), 'nodewright-coverage-'));
try {
  process.exitCode = await runTests(filters.length > 0 ? filters : MODULES.map((module) => `test/${module}/`));
  print(JSON.parse(readFileSync(join(folder, 'coverage-summary.json'), 'utf8')) as Summary);
} finally {
  rmSync(folder, { recursive: true, force: true });
}

function runTests(filters: readonly string[]): Promise<number> {
  const vitest = join(ROOT, 'node_modules', 'vitest', 'vitest.mjs');
  const coverage = [
    '--coverage.enabled',
    '--coverage.provider=v8',
    '--coverage.reporter=json-summary',
    '--coverage.reportOnFailure',
    `--coverage.reportsDirectory=${folder}`,
    ...measured.map((module) => `--coverage.include=src/${module}/**/*.ts`),
  ];
  const options = ['run', '--config', 'test/vitest.config.ts', '--project', 'pure', '--reporter=dot'];
  return new Promise((resolve, reject) => {
    const child = spawn(process.execPath, [vitest, ...options, ...coverage, ...filters], {
      cwd: ROOT,
      stdio: ['ignore', 'inherit', 'inherit'],
    });
    child.once('error', reject);
    child.once('close', (code) => resolve(code ?? 1));
  });
}

function print(summary: Summary): void {
  const files = Object.entries(summary)
    .filter(([path]) => path !== 'total')
    .map(([path, counts]) => ({ path: relative(ROOT, path), ...counts }));
  console.log('\nmodule     branches            lines');
  for (const module of MODULES) {
    const own = files.filter(({ path }) => path.startsWith(`src/${module}/`));
    if (own.length > 0)
      console.log(row(module, add(own.map((file) => file.branches)), add(own.map((file) => file.lines))));
  }
  console.log(row('all', add(files.map((file) => file.branches)), add(files.map((file) => file.lines))));
  const worst = files
    .map(({ path, branches }) => ({ path, missed: branches.total - branches.covered }))
    .filter(({ missed }) => missed > 0)
    .toSorted((a, b) => b.missed - a.missed)
    .slice(0, WORST_FILES);
  console.log('\nmost branches missed:');
  for (const { path, missed } of worst) console.log(`${String(missed).padStart(5)}  ${path}`);
}

function add(counts: readonly Count[]): Count {
  return counts.reduce((sum, { covered, total }) => ({ covered: sum.covered + covered, total: sum.total + total }), {
    covered: 0,
    total: 0,
  });
}

function row(name: string, ...counts: readonly Count[]): string {
  return `${name.padEnd(10)} ${counts.map((count) => cell(count).padEnd(20)).join('')}`.trimEnd();
}

function cell({ covered, total }: Count): string {
  const percent = total === 0 ? 100 : (100 * covered) / total;
  return `${percent.toFixed(1).padStart(5)} % ${`${covered}/${total}`.padStart(11)}`;
}
