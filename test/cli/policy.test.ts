// `--policy` and `--policy-from` give the same result as the controller, before a merge.

import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';

import { afterAll, beforeAll, describe, expect, it, vi } from 'vitest';

import { type CommandResult, runCommand } from '../demo/run-command.ts';
import { FLEET, nodeFile } from '../support/desired-files.ts';
import { git } from '../support/git-repo.ts';

vi.setConfig({ testTimeout: 60_000, hookTimeout: 60_000 });

const MAIN = new URL('../../src/cli/main.ts', import.meta.url).pathname;
const folder = mkdtempSync(join(tmpdir(), 'nodewright-policy-'));
const repo = join(folder, 'repo');

const HOST = `  patches:
    - target: { kind: StatefulSet }
      patch: [{ op: add, path: /spec/template/spec/hostNetwork, value: true }]
`;

const policy = (spec: string): string =>
  `apiVersion: validatoros.com/v1alpha1\nkind: Policy\nmetadata: { name: p }\nspec: ${spec}\n`;
const OPEN = policy("{ exceptions: [HostNetwork], patches: { StatefulSet: ['/**'] } }");

async function nodewright(...args: readonly string[]): Promise<CommandResult> {
  return await runCommand(process.execPath, [MAIN, ...args], { cwd: folder, accept: [0, 1, 2], timeoutMs: 60_000 });
}

function write(root: string, files: Readonly<Record<string, string>>): void {
  for (const [path, text] of Object.entries(files)) {
    mkdirSync(dirname(join(root, path)), { recursive: true });
    writeFileSync(join(root, path), text);
  }
}

const author = ['-c', 'user.name=A person', '-c', 'user.email=person@example.com'];

function commit(message: string): void {
  git(repo, ['add', '-A']);
  git(repo, [...author, 'commit', '-q', '-m', message]);
}

beforeAll(() => {
  mkdirSync(repo);
  git(repo, ['init', '-q', '-b', 'main']);
  write(repo, { 'fleet.yaml': FLEET, 'nodes/a.yaml': nodeFile('a') });
  commit('Start the fleet');
  git(repo, ['checkout', '-q', '--orphan', 'nodewright-status']);
  git(repo, ['rm', '-rq', '--cached', '.']);
  write(repo, { 'demo/policy.yaml': OPEN, 'other/policy.yaml': policy('{}') });
  git(repo, ['add', 'demo', 'other']);
  git(repo, [...author, 'commit', '-q', '-m', 'Status']);
  git(repo, ['checkout', '-qf', 'main']);
  write(repo, { 'nodes/b.yaml': nodeFile('b', (text) => text + HOST) });
  write(folder, { 'open.yaml': OPEN, 'broken.yaml': policy('{ exceptions: [Everything] }') });
});

afterAll(() => rmSync(folder, { recursive: true, force: true }));

describe('validate and plan', () => {
  it('use the default policy without an option', async () => {
    const { code, stdout } = await nodewright('validate', repo);
    expect(stdout).toContain('nodes/b.yaml:16:');
    expect(stdout).toContain(
      'error HostNetwork spec.patches[0].patch[0].path: spec.template.spec.hostNetwork of StatefulSet',
    );
    expect(code).toBe(1);
  });

  it('use the given file, and show which exceptions it allows', async () => {
    expect((await nodewright('validate', repo, '--policy', 'open.yaml')).stdout).toContain('0 errors');
    const { stdout } = await nodewright('plan', repo, '--from', 'HEAD', '--policy', 'open.yaml');
    expect(stdout).toContain('+ create BlockchainNode novacula-system/b');
    expect(stdout).toContain('    uses HostNetwork, allowed by an exception of the policy\n');
    expect(stdout).toContain('    HELD by PolicyException: the node uses HostNetwork, which only an exception');
    expect(stdout).toContain('approvals:');
  });

  it('show the same messages as problems of a plan', async () => {
    const { code, stdout } = await nodewright('plan', repo, '--from', 'HEAD');
    expect(stdout).toContain('nodes/b.yaml:16:');
    expect(stdout).toContain('The policy of the controller refuses it (HostNetwork)');
    expect(code).toBe(2);
  });

  it('use the policy that a controller published', async () => {
    const from = ['--policy-from', 'nodewright-status'];
    expect(await nodewright('validate', repo, ...from, '--executor', 'demo')).toMatchObject({ code: 0 });
    expect(await nodewright('validate', repo, ...from, '--executor', 'other')).toMatchObject({ code: 1 });
    expect((await nodewright('validate', repo, ...from)).stderr).toContain('several controllers; add --executor');
    const { code, stderr } = await nodewright('validate', repo, ...from, '--executor', 'missing');
    expect(stderr).toContain('has no policy of missing; it has: demo, other');
    expect(code).toBe(2);
  });

  it('judge the nodes of each executor by its own policy in a plan, and say by which', async () => {
    const text = await nodewright('plan', repo, '--from', 'HEAD', '--policy-from', 'nodewright-status');
    expect(text.stdout).toContain('Judged by nodewright-status:demo/policy.yaml');
    expect(text.code).toBeLessThan(2);
    const byDefault = await nodewright('plan', repo, '--from', 'HEAD');
    expect(byDefault.stdout).toContain('Judged by the default policy\n');
    expect(byDefault.code).toBe(2);
  });

  it('refuse an invalid policy, with the position of its problem', async () => {
    const { code, stderr } = await nodewright('validate', repo, '--policy', 'broken.yaml');
    expect(stderr).toContain('broken.yaml:4:');
    expect(code).toBe(2);
    expect(await nodewright('validate', repo, '--policy', 'missing.yaml')).toMatchObject({ code: 2 });
  });

  it('do not render what the policy refuses', async () => {
    expect(await nodewright('render', 'b', '--dir', repo)).toMatchObject({ code: 1, stdout: '' });
    expect((await nodewright('render', 'b', '--dir', repo, '--policy', 'open.yaml')).stdout).toContain(
      'hostNetwork: true',
    );
  });
});
