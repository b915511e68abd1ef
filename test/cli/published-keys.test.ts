// `plan --status-from` says what a node that changes its executor waits for.

import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';

import { afterAll, beforeAll, expect, it, vi } from 'vitest';

import { type CommandResult, runCommand } from '../demo/run-command.ts';
import { commitFiles, git } from '../support/git-repo.ts';

vi.setConfig({ testTimeout: 60_000, hookTimeout: 60_000 });

const MAIN = new URL('../../src/cli/main.ts', import.meta.url).pathname;
const folder = mkdtempSync(join(tmpdir(), 'nodewright-keys-'));
const repo = join(folder, 'repo');
const KEY = `sha256:${'a'.repeat(64)}`;

const POLICY = JSON.stringify({
  apiVersion: 'validatoros.com/v1alpha1',
  kind: 'Policy',
  metadata: { name: 'policy' },
  spec: {},
});

const document = (kind: string, name: string, spec: object): string =>
  JSON.stringify({ apiVersion: 'validatoros.com/v1alpha1', kind, metadata: { name }, spec });
const fleet = document('Fleet', 'fleet', {
  executors: [{ name: 'paris' }, { name: 'tokyo' }],
  defaultExecutor: 'paris',
});
const validator = (executor: string, desiredState = 'Running', name = 'val'): string =>
  document('BlockchainNode', name, {
    executor,
    desiredState,
    chain: 'cosmos',
    network: 'private-1',
    nodeType: 'validator',
    clients: { node: { name: 'cometbft' } },
    storage: { data: { size: '1Gi' } },
    genesis: { configMap: { name: 'genesis', key: 'genesis.json' } },
    identity: { secretName: 'key' },
  });
const keys = (state: string): string =>
  JSON.stringify({
    executor: 'paris',
    keys: [{ key: KEY, node: 'novacula-system/val', since: '2026-01-02T03:04:05Z', state, seal: '0'.repeat(64) }],
  });

async function plan(status: string, from = 'main'): Promise<CommandResult> {
  return await planWith(['--from', from, '--executor', 'tokyo', '--status-from', status]);
}

async function planWith(options: readonly string[]): Promise<CommandResult> {
  const args = [MAIN, 'plan', repo, ...options];
  return await runCommand(process.execPath, args, { cwd: folder, accept: [0, 1, 2], timeoutMs: 60_000 });
}

beforeAll(() => {
  mkdirSync(join(repo, 'nodes'), { recursive: true });
  git(repo, ['init', '-q', '-b', 'main']);
  commitFiles(repo, { 'fleet.yaml': fleet, 'nodes/val.yaml': validator('paris') }, { branch: 'main' });
  const waiting = { 'fleet.yaml': fleet, 'nodes/val.yaml': validator('tokyo', 'Stopped') };
  commitFiles(repo, waiting, { branch: 'arrived' });
  commitFiles(repo, { 'paris/keys.yaml': keys('Reserved') }, { branch: 'held' });
  commitFiles(repo, { 'paris/keys.yaml': keys('Released') }, { branch: 'released' });
  commitFiles(repo, { 'paris/keys.yaml': 'x: [' }, { branch: 'broken' });
  writeFileSync(join(repo, 'fleet.yaml'), fleet);
  writeFileSync(join(repo, 'nodes/val.yaml'), validator('tokyo'));
});
afterAll(() => rmSync(folder, { recursive: true, force: true }));

it('names the executor that has the key, and what to do', async () => {
  const { stdout } = await plan('held');
  expect(stdout).toContain('executor paris has reserved the signing key sha256:aaaaaaaaaaaa for its node novacula-system/val since 2026-01-02T03:04:05Z'); // prettier-ignore
  expect(stdout).toContain('Continues when paris has released the key: stop or delete novacula-system/val there.');
  expect(stdout).toMatch(/If paris is gone for good .* add the approval sha256:[0-9a-f]{64} to spec\.approvals/);
});

const HOLDS = 'which executor paris has reserved for its node novacula-system/val since 2026-01-02T03:04:05Z';

it('names the holder in the comment on a pull request, which names the status branch for the policy', async () => {
  const policies = { 'paris/policy.yaml': POLICY, 'tokyo/policy.yaml': POLICY };
  commitFiles(repo, { 'paris/keys.yaml': keys('Reserved'), ...policies }, { branch: 'published' });
  const { stdout } = await planWith(['--from', 'main', '--policy-from', 'published', '--format', 'markdown']);
  expect(stdout).toContain(`it would sign with the key sha256:aaaaaaaaaaaa, ${HOLDS}`);
});

it('says for which node of which executor a key is held that another node takes over under another name', async () => {
  const renamed = {
    'fleet.yaml': fleet,
    'nodes/val.yaml': null,
    'nodes/other.yaml': validator('tokyo', 'Running', 'other'),
  };
  git(repo, ['branch', 'renamed', 'main']);
  commitFiles(repo, renamed, { branch: 'renamed' });
  const { stdout } = await planWith(['--from', 'main', '--to', 'renamed', '--status-from', 'held']);
  expect(stdout).toContain(`it would sign with the key sha256:aaaaaaaaaaaa, ${HOLDS}`);
  expect(stdout).toContain('the Secret key is the identity of novacula-system/val of executor paris');
  const offline = await planWith(['--from', 'main', '--to', 'renamed']);
  expect(offline.stdout).toContain('who holds the key in the Secret novacula-system/key is not known here');
  expect(offline.stdout).toContain(
    'HELD by SignerState: the key in key has signed on novacula-system/val of executor paris',
  );
});

it('shows a node that waits for its key although the pull request does not change it', async () => {
  const waiting = { 'fleet.yaml': fleet, 'nodes/val.yaml': validator('tokyo') };
  commitFiles(repo, waiting, { branch: 'waiting' });
  const { stdout, code } = await plan('held', 'waiting');
  expect(stdout).toContain(
    `= keep BlockchainNode novacula-system/val\n    it would sign with the key sha256:aaaaaaaaaaaa, ${HOLDS}`,
  );
  expect(code).toBe(0);
});

it('overrules a reservation by its approval, as the controller does', async () => {
  const approval = /add the approval (sha256:\w+)/.exec((await plan('held')).stdout)?.[1] ?? '';
  const approved = JSON.parse(fleet) as { readonly spec: object };
  const file = JSON.stringify({ ...approved, spec: { ...approved.spec, approvals: [{ digest: approval }] } });
  git(repo, ['branch', 'approved', 'main']);
  commitFiles(repo, { 'fleet.yaml': file, 'nodes/val.yaml': validator('tokyo') }, { branch: 'approved' });
  const { stdout } = await planWith([
    '--from',
    'main',
    '--to',
    'approved',
    '--executor',
    'tokyo',
    '--status-from',
    'held',
  ]);
  expect(stdout).not.toContain('KeyReserved');
  expect(stdout).not.toContain('UnusedApproval');
  expect(stdout).toContain('HELD by SignerState: the key in key has signed on novacula-system/val of executor paris');
});

it('compares a node with what its own executor remembers: a key that signed on a node that is gone from Git', async () => {
  const memory = {
    signers: [
      { of: 'novacula-system/key', node: 'novacula-system/old' },
      { of: KEY, node: 'novacula-system/old' },
    ],
  };
  const old = keys('Reserved').replaceAll('paris', 'tokyo').replace('novacula-system/val', 'novacula-system/old');
  commitFiles(repo, { 'tokyo/keys.yaml': old, 'tokyo/memory.yaml': JSON.stringify(memory) }, { branch: 'remembered' });
  commitFiles(repo, { 'fleet.yaml': fleet }, { branch: 'empty' });
  const { stdout } = await plan('remembered', 'empty');
  expect(stdout).toContain(
    'which executor tokyo has reserved for its node novacula-system/old since 2026-01-02T03:04:05Z; its pod starts only when novacula-system/old has stopped and its pod is gone',
  );
  expect(stdout).toContain('HELD by SignerState: the key in key has signed on novacula-system/old');
});

it('says nothing once the key is released, and warns of a file that cannot be read', async () => {
  expect((await plan('released')).stdout).not.toContain('has reserved the signing key');
  expect((await plan('broken')).stderr).toContain('broken:paris/keys.yaml cannot be read');
});

it('shows a node that moves as the new executor will: created, and held for what its key has signed', async () => {
  const { stdout } = await plan('released');
  expect(stdout).toContain('+ move BlockchainNode novacula-system/val from executor paris');
  expect(stdout).toContain('in another cluster its data does not follow by itself');
  expect(stdout).toContain('the pod val-0 starts');
  expect(stdout).toContain('HELD by SignerState: the key in key has signed on novacula-system/val of executor paris');
});

it('shows that the start of a node that moved before is held, unless its own executor reserved the key last', async () => {
  const { stdout } = await plan('released', 'arrived');
  expect(stdout).toContain('! start BlockchainNode novacula-system/val');
  expect(stdout).toContain('HELD by SignerState: its key has signed on novacula-system/val of executor paris');
  const own = keys('Released').replaceAll('paris', 'tokyo').replace('2026-01-02', '2026-01-03');
  commitFiles(repo, { 'paris/keys.yaml': keys('Released'), 'tokyo/keys.yaml': own }, { branch: 'back' });
  expect((await plan('back', 'arrived')).stdout).not.toContain('SignerState');
});

it('refuses what the executor does not support by the capabilities that it published', async () => {
  const capabilities = JSON.stringify({ chains: [{ name: 'ethereum' }], storageClasses: [{ name: 'fast' }] });
  commitFiles(repo, { 'tokyo/capabilities.yaml': capabilities }, { branch: 'older' });
  const { code, stdout } = await plan('older');
  expect(code).toBe(2);
  expect(stdout).toContain(
    'OutsideCapabilities Executor tokyo does not support the chain cosmos. It supports: ethereum.',
  );
});

it('restricts nothing where the capabilities cannot be read', async () => {
  commitFiles(repo, { 'tokyo/capabilities.yaml': 'x: [' }, { branch: 'unreadable' });
  const { stdout, stderr } = await plan('unreadable');
  expect(stdout).not.toContain('OutsideCapabilities');
  expect(stderr).toContain('unreadable:tokyo/capabilities.yaml cannot be read');
});
