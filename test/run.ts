// `npm test`: all stages from fast to slow, one result line at the end. Names of stages as arguments run only those.

import { spawn } from 'node:child_process';
import { existsSync, mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';

import { describeError } from '../src/lib/errors.ts';
import { binary, type BinaryName } from './cluster/binaries.ts';
import { bestMode, ensureTools, removeAbandoned } from './cluster/cluster.ts';
import { BITCOIND, debianTree } from './cluster/debian.ts';
import { ensurePackages } from './cluster/packages.ts';
import { countsOf, FAILED, line, NOTHING, PASSED, SKIPPED, sum, type Counts } from './counts.ts';

const ROOT = new URL('..', import.meta.url).pathname;
const STAGE_LIMIT_MS = 60 * 60_000;

/** In this order. A stage that is no test run counts as one. */
const STAGES: Readonly<Record<string, () => Promise<Counts>>> = {
  tools: runTools,
  check: async () => ((await runProgram('npm', ['run', '--silent', 'check'])) === 0 ? PASSED : FAILED),
  pure: () => runProject('pure'),
  git: async () => {
    await tryBitcoind();
    return await runProject('git');
  },
  cluster: () => runProject('cluster'),
  pods: () => runOnPods('pods'),
};

/** Only by name: they take as long as they are asked to, or their first run builds programs for minutes. */
const SLOW: Readonly<Record<string, () => Promise<Counts>>> = {
  upgrade: () => runOnPods('upgrade'),
  product: () => runOnPods('product'),
  fight: () => runOnPods('fight'),
  kills: () => runOnPods('kills'),
  backups: () => runOnPods('backups'),
  'other-chains': async () => {
    await tryBitcoind();
    return await runOnPods('other-chains');
  },
  moving: () => runProject('moving'),
  'kubernetes-1.27': () =>
    runProject('cluster', {
      files: [
        'test/kube',
        ...['apply-objects', 'capabilities', 'chart-role', 'drift', 'own-events', 'publish'].map(
          (name) => `test/controller/${name}.test.ts`,
        ),
        'test/cluster/chart.test.ts',
      ],
      env: { NODEWRIGHT_TEST_KUBERNETES: '1.27' },
    }),
  helm3: async () => {
    const env = { NODEWRIGHT_TEST_HELM: '3' };
    const rendered = await runProject('cluster', { files: ['test/cluster/chart.test.ts'], env });
    return sum(rendered, await runOnPods('pods', { files: ['test/pods/install.test.ts'], env }));
  },
};

const ALL: Readonly<Record<string, () => Promise<Counts>>> = { ...STAGES, ...SLOW };

process.exitCode = await main(process.argv.slice(2));

async function main(wanted: readonly string[]): Promise<number> {
  const unknown = wanted.filter((name) => !(name in ALL));
  if (unknown.length > 0) {
    console.error(`no stage ${unknown.join(', ')}; there are: ${Object.keys(ALL).join(', ')}`);
    return 2;
  }
  const chosen = Object.keys(ALL).filter((name) => (wanted.length === 0 ? name in STAGES : wanted.includes(name)));
  const results: Counts[] = [];
  for (const name of chosen) results.push(await runStage(name));
  const total = results.reduce(sum, NOTHING);
  for (const failure of total.failures ?? []) console.log(`failed: ${failure}`);
  console.log(line(total));
  return total.failed > 0 || total.passed === 0 ? 1 : 0;
}

async function runStage(name: string): Promise<Counts> {
  const begin = Date.now();
  console.log(`\n=== ${name}`);
  let counts: Counts = FAILED;
  try {
    counts = (await ALL[name]?.()) ?? FAILED;
  } catch (error) {
    console.log(describeError(error));
  }
  if (counts.failed > 0 && (counts.failures ?? []).length === 0) counts = { ...counts, failures: [`stage ${name}`] };
  console.log(`=== ${name}: ${line(counts)} in ${((Date.now() - begin) / 1000).toFixed(1)} s`);
  return counts;
}

/** Gets what the later stages need, so that a missing part is named here and not by a test that fails for it. */
async function runTools(): Promise<Counts> {
  await ensurePackages('tests');
  await removeAbandoned();
  await ensureTools('simulated');
  // Tests of jobs run the first four on folders, without any cluster.
  const others: readonly BinaryName[] =
    bestMode() === 'pods'
      ? ['geth', 'cometbft', 'restic', 'versitygw', 'helm', 'kube-score']
      : ['geth', 'cometbft', 'restic', 'versitygw'];
  if (bestMode() === 'pods') await ensureTools('pods');
  for (const name of others) await binary(name);
  await tryBitcoind();
  return PASSED;
}

/** It comes from a release of Debian that changes every day: what is not there today is said, and its tests are skipped. */
async function tryBitcoind(): Promise<void> {
  try {
    await debianTree(BITCOIND);
  } catch (error) {
    console.log(`tests with bitcoind are skipped: ${describeError(error)}`);
  }
}

async function runOnPods(project: string, selection: Selection = {}): Promise<Counts> {
  if (bestMode() === 'pods') return await runProject(project, selection);
  console.log('skipped: real pods need root on Linux, with containerd, runc and CNI plugins');
  return SKIPPED;
}

interface Selection {
  /** Default: all of the project. */
  readonly files?: readonly string[];
  readonly env?: Readonly<Record<string, string>>;
}

/** One project of vitest.config.ts. What vitest reports decides; a run that ends without a report counts as one failure. */
async function runProject(project: string, { files = [], env = {} }: Selection = {}): Promise<Counts> {
  const folder = mkdtempSync(join(tmpdir(), 'nodewright-test-'));
  const report = join(folder, 'report.json');
  const vitest = join(ROOT, 'node_modules', 'vitest', 'vitest.mjs');
  const options = ['--config', 'test/vitest.config.ts', '--project', project, '--reporter=default', '--reporter=json'];
  try {
    const args = [vitest, 'run', ...options, `--outputFile.json=${report}`, ...files];
    const code = await runProgram(process.execPath, args, env);
    return countsOf(existsSync(report) ? readFileSync(report, 'utf8') : undefined, code);
  } finally {
    rmSync(folder, { recursive: true, force: true });
  }
}

function runProgram(
  program: string,
  args: readonly string[],
  env: Readonly<Record<string, string>> = {},
): Promise<number> {
  return new Promise((resolve, reject) => {
    const child = spawn(program, args, {
      cwd: ROOT,
      env: { ...process.env, ...env },
      stdio: ['ignore', 'inherit', 'inherit'],
      timeout: STAGE_LIMIT_MS,
    });
    child.once('error', reject);
    child.once('close', (code) => resolve(code ?? 1));
  });
}
