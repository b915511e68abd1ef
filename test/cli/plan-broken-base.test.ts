// A pull request that corrects a branch with errors: its plan begins at what controllers keep, not at what could be read.

import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';

import { afterAll, expect, it } from 'vitest';

import { runCommand } from '../demo/run-command.ts';
import { commitFiles, createBareRepo, type FileChange, git } from '../support/git-repo.ts';
import { nodeFile } from '../support/desired-files.ts';

const MAIN = new URL('../../src/cli/main.ts', import.meta.url).pathname;
const FLEET = `apiVersion: validatoros.com/v1alpha1
kind: Fleet
metadata: { name: fleet }
spec: { executors: [{ name: demo }], defaultExecutor: demo }
`;
const JOB = `apiVersion: validatoros.com/v1alpha1
kind: Backup
metadata: { name: save }
spec: { node: a }
`;
const GOOD = {
  'fleet.yaml': FLEET,
  'jobs/save.yaml': JOB,
  ...Object.fromEntries(['a', 'b', 'c', 'd'].map((name) => [`nodes/${name}.yaml`, nodeFile(name)])),
};
const larger = (name: string): string => nodeFile(name, (text) => text.replace(/size: \w+/, 'size: 900Gi'));
const broken = (name: string): string => nodeFile(name, (text) => text.replace('clients:', 'clientz:'));

const folder = mkdtempSync(join(tmpdir(), 'nodewright-broken-base-'));
afterAll(() => rmSync(folder, { recursive: true, force: true }));

type Changes = Readonly<Record<string, FileChange>>;
interface Step {
  readonly do: string;
  readonly job?: string;
  readonly ref?: { readonly name: string };
}
interface Printed {
  readonly plans: readonly { readonly plan: { readonly actions: readonly Step[]; readonly jobs: readonly Step[] } }[];
  readonly warnings?: readonly { readonly file: string; readonly code: string; readonly message: string }[];
}

let count = 0;
/** Of the last commit, in a clone with so much history. */
async function plan(commits: readonly Changes[], depth = 100): Promise<Printed> {
  const repo = join(folder, `${count++}.git`);
  createBareRepo(repo);
  for (const changes of commits) commitFiles(repo, changes);
  const dir = join(folder, `${count++}`);
  git(folder, ['clone', '-q', '--depth', String(depth), `file://${repo}`, dir]);
  const args = ['plan', dir, '--from', 'main~1', '--to', 'main', '--format', 'json'];
  const { stdout } = await runCommand(process.execPath, [MAIN, ...args], { accept: [0, 1] });
  // The edge: the output of a command.
  return JSON.parse(stdout) as Printed;
}

function stepsOf({ plans }: Printed): readonly string[] {
  const steps = plans.flatMap(({ plan: { actions, jobs } }) => [...actions, ...jobs]);
  return steps.map((step) => `${step.do} ${step.job ?? step.ref?.name ?? ''}`);
}

const BROKEN_FLEET = { 'fleet.yaml': FLEET.replace('executors', 'executorz') };
const LAST_GOOD = 'Of what it breaks the plan shows the change from the last good state before, which controllers keep';

const rows: readonly { readonly because: string; readonly commits: readonly Changes[]; readonly steps: readonly string[]; readonly file: string }[] = [
  { because: 'corrects fleet.yaml, deletes a node and changes another', file: 'fleet.yaml', commits: [GOOD, BROKEN_FLEET, { 'fleet.yaml': FLEET, 'nodes/b.yaml': null, 'nodes/c.yaml': larger('c') }], steps: ['delete b', 'update c'] },
  { because: 'corrects fleet.yaml that was broken twice', file: 'fleet.yaml', commits: [GOOD, BROKEN_FLEET, { 'fleet.yaml': 'a: [' }, { 'fleet.yaml': FLEET, 'nodes/b.yaml': null }], steps: ['delete b'] },
  { because: 'deletes a broken file and corrects another', file: 'nodes/b.yaml', commits: [GOOD, { 'nodes/b.yaml': broken('b'), 'nodes/c.yaml': broken('c') }, { 'nodes/b.yaml': null, 'nodes/c.yaml': larger('c') }], steps: ['delete b', 'update c'] },
  { because: 'deletes a file that is no YAML', file: 'nodes/b.yaml', commits: [GOOD, { 'nodes/b.yaml': 'a: [' }, { 'nodes/b.yaml': null }], steps: ['delete b'] },
  { because: 'corrects files that were broken one after the other', file: 'nodes/b.yaml', commits: [GOOD, { 'nodes/b.yaml': broken('b') }, { 'nodes/c.yaml': broken('c') }, { 'nodes/b.yaml': null, 'nodes/c.yaml': nodeFile('c') }], steps: ['delete b'] },
  { because: 'corrects a file that was never good', file: 'nodes/b.yaml', commits: [{ ...GOOD, 'nodes/b.yaml': null }, { 'nodes/b.yaml': broken('b') }, { 'nodes/b.yaml': nodeFile('b') }], steps: ['create b'] },
  { because: 'corrects a request that was merged before it was broken', file: 'jobs/save.yaml', commits: [GOOD, { 'jobs/save.yaml': JOB.replace('node:', 'nodez:') }, { 'jobs/save.yaml': null }], steps: ['withdraw Backup novacula-system/save'] },
]; // prettier-ignore

it.each(rows)('$because', async ({ commits, steps, file }) => {
  const made = await plan(commits);
  expect(stepsOf(made)).toEqual(steps);
  expect(made.warnings).toMatchObject([{ code: 'BaseBroken', file, message: expect.stringContaining(LAST_GOOD) }]);
  expect(made.warnings?.[0]?.message).toMatch(/^main~1, with which this compares, has an error here: /);
});

it('says what is not known where the history ends', async () => {
  const { warnings } = await plan([GOOD, { 'nodes/b.yaml': broken('b') }, { 'nodes/b.yaml': null }], 2);
  expect(warnings).toMatchObject([
    { code: 'BaseBroken', message: expect.stringContaining('What nodes/b.yaml had before is not known') },
  ]);
});
