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

const document = (kind: string, name: string, spec: object): string =>
  JSON.stringify({ apiVersion: 'validatoros.com/v1alpha1', kind, metadata: { name }, spec });
const fleet = document('Fleet', 'fleet', {
  executors: [{ name: 'paris' }, { name: 'tokyo' }],
  defaultExecutor: 'paris',
});
const validator = (executor: string, desiredState = 'Running'): string =>
  document('BlockchainNode', 'val', {
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
  const args = ['plan', repo, '--from', from, '--executor', 'tokyo', '--status-from', status];
  return await runCommand(process.execPath, [MAIN, ...args], { cwd: folder, accept: [0, 1, 2], timeoutMs: 60_000 });
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
