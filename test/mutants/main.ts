// `npm run mutants -- FOLDER… [--tests FILTER]`: which changes of the code in these folders no test notices. README.md says
// how it works and which survivors are known.

import { spawn } from 'node:child_process';
import { appendFileSync, globSync, rmSync, statSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { parseArgs } from 'node:util';

import { type Mutant, mutatedCopy } from './instrument.ts';
import { doneFor, readResults, type Result } from './results.ts';

const ROOT = new URL('../..', import.meta.url).pathname;
/** Without a result for so long, a worker hangs. */
const HANGS_MS = 300_000;
/** After so many workers without any result, one after the other, the file does not run. */
const MAX_IDLE = 3;

const { values, positionals } = parseArgs({
  allowPositionals: true,
  options: { tests: { type: 'string' }, texts: { type: 'boolean' } },
});
if (positionals.length === 0) {
  console.error('Name the folders: npm run mutants -- src/plan src/jobs/phases [--tests test/plan] [--texts]');
  process.exit(2);
}
const { folder, mutants } = await mutatedCopy(ROOT, positionals);
const results = join(folder, 'results.jsonl');
let stopWorker = (): void => {};
for (const signal of ['SIGINT', 'SIGTERM'] as const)
  process.once(signal, () => {
    stopWorker();
    console.log('Interrupted: what is called not reached may not have been tried yet.');
    report(readResults(results));
    rmSync(folder, { recursive: true, force: true });
    process.exit(130);
  });
try {
  const tests = filesOf(values.tests === undefined ? positionals.map(testsOf) : [values.tests]);
  console.log(`${mutants.length} mutants, ${tests.length} test files`);
  for (const file of tests) await runFile(file);
  report(readResults(results));
} finally {
  rmSync(folder, { recursive: true, force: true });
}

/** `src/jobs/phases` is tested in `test/jobs`. */
function testsOf(source: string): string {
  return `test/${source.split('/')[1] ?? ''}`;
}

/** Properties last: the tables have killed most of what they reach. */
function filesOf(filters: readonly string[]): readonly string[] {
  const found = new Set(
    filters.flatMap((one) => globSync(one.endsWith('.ts') ? one : `${one}/**/*.test.ts`, { cwd: ROOT })),
  );
  const isSlow = (file: string): number => (file.includes('property') ? 1 : 0);
  return [...found].sort((a, b) => isSlow(a) - isSlow(b) || (a < b ? -1 : 1));
}

/** As often as workers end early: each continues where the one before ended. On a busy machine one may not even start. */
async function runFile(file: string): Promise<void> {
  for (let [before, idle] = [0, 0]; ;) {
    const done = doneFor(file, readResults(results));
    writeFileSync(join(folder, 'done.json'), JSON.stringify(done));
    const output = await worker(file);
    const own = readResults(results).filter((one) => one.file === file);
    const last = own.at(-1);
    if (own.some((one) => 'isDone' in one)) break;
    idle = own.length === before ? idle + 1 : 0;
    if (idle === MAX_IDLE) throw new Error(`${file} does not run in the copy:\n${output}`);
    if (last !== undefined && 'begins' in last)
      appendFileSync(results, `${JSON.stringify({ file, id: last.begins, isKilled: true })}\n`);
    before = own.length;
  }
  const killed = readResults(results).filter((one) => one.file === file && 'id' in one && one.isKilled).length;
  console.log(`${file}: ${killed} killed`);
}

function worker(file: string): Promise<string> {
  const vitest = join(folder, 'node_modules', 'vitest', 'vitest.mjs');
  const child = spawn(process.execPath, [vitest, 'run', '--config', 'test/mutants/vitest.config.ts', file], {
    cwd: folder,
    detached: true,
    stdio: ['ignore', 'pipe', 'pipe'],
    env: { ...process.env, MUTANT_RESULTS: results, MUTANTS_DONE: join(folder, 'done.json') },
  });
  stopWorker = () => {
    if (child.pid !== undefined && child.exitCode === null) process.kill(-child.pid, 'SIGKILL');
  };
  const output: Buffer[] = [];
  for (const stream of [child.stdout, child.stderr]) stream.on('data', (chunk: Buffer) => output.push(chunk));
  const started = Date.now();
  const watch = setInterval(() => {
    const written = statSync(results, { throwIfNoEntry: false })?.mtimeMs ?? 0;
    if (Date.now() - Math.max(started, written) > HANGS_MS) stopWorker();
  }, 1000);
  return new Promise((resolve, reject) => {
    child.once('error', reject);
    child.once('close', () => {
      clearInterval(watch);
      resolve(Buffer.concat(output).toString());
    });
  });
}

function report(all: readonly Result[]): void {
  const ids = (isKilled: boolean) =>
    new Set(all.flatMap((one) => ('id' in one && one.isKilled === isKilled ? [one.id] : [])));
  const [killed, tried] = [ids(true), ids(false)];
  const always = new Set(all.flatMap((one) => ('always' in one ? one.always : [])));
  const fate = ({ id }: Mutant): string => {
    if (killed.has(id)) return 'killed';
    if (tried.has(id)) return 'SURVIVED';
    return always.has(id) ? 'not tried' : 'NOT REACHED';
  };
  for (const one of mutants) {
    const isShown =
      fate(one) !== 'killed' && fate(one) !== 'not tried' && (values.texts === true || one.mutator !== 'StringLiteral');
    if (isShown) console.log(`${fate(one)} ${one.file}:${one.line}:${one.column} ${clip(one.from)} → ${clip(one.to)}`);
  }
  for (const one of all) if ('notRepeatable' in one) console.log(`not repeatable: ${one.file}: ${one.notRepeatable}`);
  for (const name of positionals) {
    const own = mutants.filter(({ file }) => file.startsWith(`${name}/`));
    const counts = ['killed', 'SURVIVED', 'NOT REACHED', 'not tried'].map(
      (word) => `${own.filter((one) => fate(one) === word).length} ${word.toLowerCase()}`,
    );
    console.log(`${name}: ${own.length} mutants, ${counts.join(', ')}`);
  }
}

function clip(text: string): string {
  const line = text.replaceAll(/\s+/g, ' ');
  return line.length > 90 ? `${line.slice(0, 89)}…` : line;
}
