// The plan of a change that only approves what a controller holds already.

import { mkdirSync, mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';

import { afterAll, beforeAll, describe, expect, it, vi } from 'vitest';

import { type CommandResult, runCommand } from '../demo/run-command.ts';
import { commitFiles, git } from '../support/git-repo.ts';

vi.setConfig({ testTimeout: 60_000, hookTimeout: 60_000 });

const MAIN = new URL('../../src/cli/main.ts', import.meta.url).pathname;
const folder = mkdtempSync(join(tmpdir(), 'nodewright-releases-'));
const repo = join(folder, 'repo');
const OTHER = `sha256:${'0'.repeat(64)}`;

const document = (kind: string, name: string, spec: object): string =>
  JSON.stringify({ apiVersion: 'validatoros.com/v1alpha1', kind, metadata: { name }, spec });
const fleet = (...approvals: readonly string[]): string =>
  document('Fleet', 'fleet', {
    executors: [{ name: 'paris' }, { name: 'tokyo' }],
    defaultExecutor: 'paris',
    approvals: approvals.map((digest) => ({ digest, reason: 'retired, ticket 4711' })),
  });
const node = (name: string): string =>
  document('BlockchainNode', name, {
    chain: 'ethereum',
    network: 'dev',
    clients: { el: { name: 'geth' } },
    storage: { data: { size: '1Gi' } },
  });
const NODES = ['a', 'b', 'c', 'd'];
const HELD = ['a', 'b', 'c'].map((name) => `delete BlockchainNode novacula-system/${name}`);

interface Released {
  readonly plans: readonly {
    readonly executor: string;
    readonly plan: { readonly heldDigest: string | null; readonly releasedHold: object | null };
  }[];
}

let digest: string;

async function plan(to: string, ...options: readonly string[]): Promise<CommandResult> {
  const args = [MAIN, 'plan', repo, '--from', 'held', '--to', to, ...options];
  return await runCommand(process.execPath, args, { cwd: folder, accept: [0, 1, 2], timeoutMs: 60_000 });
}
const withStatus = async (to: string, ...options: readonly string[]): Promise<CommandResult> =>
  await plan(to, '--status-from', 'status', ...options);

/** Which nodes are declared, and which approvals. */
function commit(branch: string, nodes: readonly string[], ...approvals: readonly string[]): void {
  const from = branch === 'held' || branch === 'main' ? 'main' : 'held';
  git(repo, ['checkout', '-q', '-B', branch, from]);
  const files = NODES.map((name) => [`nodes/${name}.yaml`, nodes.includes(name) ? node(name) : null] as const);
  commitFiles(repo, { 'fleet.yaml': fleet(...approvals), ...Object.fromEntries(files) }, { branch });
}

beforeAll(async () => {
  mkdirSync(repo, { recursive: true });
  git(repo, ['init', '-q', '-b', 'main']);
  commitFiles(repo, { 'fleet.yaml': fleet() }, { branch: 'main' });
  commit('main', NODES);
  commit('held', ['d']);
  const { stdout } = await runCommand(
    process.execPath,
    [MAIN, 'plan', repo, '--from', 'main', '--to', 'held', '--format', 'json'],
    { cwd: folder, accept: [1], timeoutMs: 60_000 },
  );
  digest = (JSON.parse(stdout) as Released).plans.find(({ executor }) => executor === 'paris')?.plan.heldDigest ?? '';
  const actions = HELD.map((action) => ({ action, guard: 'DeletionBudget', approvable: true }));
  const held = { digest, total: 3, truncated: false, actions };
  commitFiles(repo, { 'paris/sync.yaml': JSON.stringify({ executor: 'paris', held }) }, { branch: 'status' });
  commit('approved', ['d'], digest);
  commit('mistyped', ['d'], OTHER);
  commit('restored', NODES, digest);
  commit('more', [], digest);
});
afterAll(() => rmSync(folder, { recursive: true, force: true }));

describe('a commit that only approves what is held', () => {
  it('says what it releases, in the words of the executor that holds it', async () => {
    const { stdout, code } = await withStatus('approved');
    expect(stdout).toContain(`! releases what paris holds: ${HELD.join(', ')}\n    approved in fleet.yaml: retired, ticket 4711\n`);
    expect(stdout).toMatch(/approved@sha1:\w+: 3 held actions to release\n/);
    expect(stdout).not.toMatch(/nothing to do|UnusedApproval|Remove it/);
    expect(code).toBe(1);
  });

  it('says it as JSON', async () => {
    const { stdout } = await withStatus('approved', '--format', 'json');
    const [paris, ...others] = (JSON.parse(stdout) as Released).plans;
    expect(paris).toMatchObject({ executor: 'paris', plan: { releasedHold: { executor: 'paris', digest, actions: HELD, isCut: false } } });
    expect(others).toEqual([]);
    expect(stdout).not.toContain('UnusedApproval');
  });

  it('says it in the comment on a pull request', async () => {
    const { stdout } = await withStatus('approved', '--format', 'markdown');
    expect(stdout).toContain(`#### Released\n\n\`\`\`diff\n! releases what paris holds: ${HELD.join(', ')}\n`);
    expect(stdout).not.toMatch(/nothing to do/i);
  });

  it.each([['text'], ['markdown']])('says without the status branch that what is held was not read: %s', async (format) => {
    const { stdout, code } = await plan('approved', '--format', format);
    expect(stdout).toContain(
      `the approval ${digest}: between these revisions nothing is held; whether a controller holds it was not read (--status-from)`,
    );
    expect(stdout).not.toMatch(/Remove it|UnusedApproval|releases nothing/);
    expect(code).toBe(0);
  });
}); // prettier-ignore

describe('an approval beside what is held', () => {
  it('that names another digest is corrected', async () => {
    const { stdout, code } = await withStatus('mistyped');
    expect(stdout).toContain(`the approval ${OTHER} releases no held action; the digest of the held actions is ${digest}.`);
    expect(code).toBe(0);
  });

  it('releases nothing of what the same change takes back', async () => {
    const { stdout } = await withStatus('restored');
    expect(stdout).toContain(`the approval ${digest} releases nothing, and no action is held. Remove it`);
    expect(stdout).not.toContain('releases what');
  });

  it('may have another digest when the change deletes more', async () => {
    const { stdout } = await withStatus('more');
    expect(stdout).toMatch(/releases what paris holds: .*\n.*\n +unless the controller holds more because of this change/);
  });
}); // prettier-ignore
