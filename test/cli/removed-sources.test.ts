// `plan --status-from` refuses to restore a backup whose data was removed.

import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';

import { afterAll, beforeAll, expect, it, vi } from 'vitest';

import { runCommand } from '../demo/run-command.ts';
import { nodeFile } from '../support/desired-files.ts';
import { commitFiles, git } from '../support/git-repo.ts';

vi.setConfig({ testTimeout: 60_000, hookTimeout: 60_000 });

const MAIN = new URL('../../src/cli/main.ts', import.meta.url).pathname;
const folder = mkdtempSync(join(tmpdir(), 'nodewright-removed-'));
const repo = join(folder, 'repo');

const document = (kind: string, name: string, spec: object): string =>
  JSON.stringify({ apiVersion: 'validatoros.com/v1alpha1', kind, metadata: { name }, spec });
const record = (kind: string, name: string, more: object = {}): string =>
  JSON.stringify({
    kind,
    namespace: 'novacula-system',
    name,
    executor: 'paris',
    specDigest: 'sha256:0',
    phase: 'Complete',
    ...more,
  });
const gone = record('Backup', 'nightly-1', { dataRemoved: 'removed by Retention novacula-system/nightly-2-keep' });

beforeAll(() => {
  mkdirSync(join(repo, 'jobs'), { recursive: true });
  git(repo, ['init', '-q', '-b', 'main']);
  const fleet = document('Fleet', 'fleet', { executors: [{ name: 'paris' }], defaultExecutor: 'paris' });
  commitFiles(repo, { 'fleet.yaml': fleet }, { branch: 'main' });
  writeFileSync(join(repo, 'fleet.yaml'), fleet);
  mkdirSync(join(repo, 'nodes'));
  const node = { chain: 'ethereum', network: 'hoodi', nodeType: 'full' };
  writeFileSync(join(repo, 'nodes/a.yaml'), document('BlockchainNode', 'a', node));
  for (const [name, backup] of [
    ['late', 'nightly-1'],
    ['ran', 'nightly-1'],
    ['good', 'nightly-2'],
  ] as const)
    writeFileSync(join(repo, `jobs/${name}.yaml`), document('Restore', name, { node: 'a', backup }));
});
afterAll(() => rmSync(folder, { recursive: true, force: true }));

async function codesOf(files: Readonly<Record<string, string>>): Promise<readonly string[]> {
  commitFiles(repo, files, { branch: 'status' });
  const args = ['plan', repo, '--from', 'main', '--status-from', 'status', '--format', 'json'];
  const { stdout } = await runCommand(process.execPath, [MAIN, ...args], { accept: [0, 1, 2], timeoutMs: 60_000 });
  const { problems } = JSON.parse(stdout) as { problems: readonly { code: string; file: string; message: string }[] };
  return problems.filter(({ code }) => code === 'SourceRemoved').map(({ file, message }) => `${file}: ${message}`);
}

it('names the request and the reason, and leaves alone one that ran while the data was there', async () => {
  const jobs = 'paris/jobs';
  const found = await codesOf({
    [`${jobs}/backup/novacula-system/nightly-1.yaml`]: gone,
    [`${jobs}/backup/novacula-system/nightly-2.yaml`]: record('Backup', 'nightly-2'),
    [`${jobs}/restore/novacula-system/ran.yaml`]: record('Restore', 'ran'),
  });
  expect(found).toEqual([
    'jobs/late.yaml: the data of Backup/novacula-system/nightly-1 was removed (removed by Retention novacula-system/nightly-2-keep): name a Backup or Snapshot that still has its data',
  ]);
});

it('says by the same records which requests run, and which were used up or edited', async () => {
  const jobs = 'paris/jobs/restore/novacula-system';
  const files = { [`${jobs}/ran.yaml`]: record('Restore', 'ran'), [`${jobs}/late.yaml`]: 'no record: [' };
  const source = { 'paris/jobs/backup/novacula-system/nightly-2.yaml': record('Backup', 'nightly-2') };
  expect((await jobsOf(files))[0]).toMatch(/^refuse Restore novacula-system\/good Backup .*nightly-2 does not exist/);
  const steps = await jobsOf({ ...files, ...source });
  expect(steps).toEqual([
    expect.stringMatching(/^run Restore novacula-system\/good .*; once$/),
    expect.stringMatching(/^refuse Restore novacula-system\/late its record on the status branch cannot be read/),
    expect.stringMatching(/^refuse Restore novacula-system\/ran it was merged with other content/),
  ]);
});

async function jobsOf(files: Readonly<Record<string, string>>): Promise<readonly string[]> {
  commitFiles(repo, files, { branch: 'records' });
  writeFileSync(join(repo, 'nodes/a.yaml'), nodeFile('a'));
  const args = ['plan', repo, '--from', 'main', '--status-from', 'records', '--format', 'json'];
  const { stdout } = await runCommand(process.execPath, [MAIN, ...args], { accept: [0, 1, 2], timeoutMs: 60_000 });
  const [{ plan }] = JSON.parse(stdout).plans;
  return plan.jobs.map(
    (step: { do: string; job: string; because: string }) => `${step.do} ${step.job} ${step.because}`,
  );
}
