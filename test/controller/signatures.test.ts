// With verification on, nothing of a revision is applied before its commits carry the signatures that are asked for.

import { mkdtempSync, readFileSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';

import { afterEach, beforeAll, beforeEach, expect, it } from 'vitest';

import type { Trust } from '../../src/signatures/verifier.ts';
import { createSshSigner } from '../../src/signatures/ssh-signer.ts';
import { readTrust } from '../../src/cli/run/signatures.ts';
import { makeSshKey, type SshKey } from '../signatures/keys.ts';
import { testCluster } from '../support/cluster.ts';
import { git, moveBranch, tipOf } from '../support/git-repo.ts';
import { waitFor } from '../support/wait-for.ts';
import { BRANCH, type Fleet, startFleet, STATUS_BRANCH } from './fleet.ts';
import { prepare, published, runController, type Running } from './harness.ts';

const ann = makeSshKey('ed25519');
const bob = makeSshKey('ed25519');
const eve = makeSshKey('ed25519');

let kubeconfig: string;
let fleet: Fleet;
let running: Running | undefined;

beforeAll(async () => {
  kubeconfig = (await testCluster()).kubeconfigPath;
});
beforeEach(async () => {
  fleet = await startFleet({ kubeconfig, nodes: 1 });
  await prepare(fleet);
  sign(ann);
});
afterEach(async () => {
  await running?.stop();
  await fleet.close();
});

/** The verification file that the controller is started with. */
async function trusting(lines: readonly string[] = []): Promise<Trust> {
  const file = join(mkdtempSync(join(tmpdir(), 'nodewright-trust-')), 'verification.yaml');
  const signers = [`ann@example.com ${ann.publicKey}`, `bob@example.com ${bob.publicKey}`];
  writeFileSync(file, ['allowedSigners: |', ...signers.map((line) => `  ${line}`), ...lines, ''].join('\n'));
  return await readTrust(file, Date.now);
}

/** Replaces the tip by the same commit with a signature; `merged` becomes its second parent. */
function sign(key: SshKey, merged?: { readonly onto: string }): string {
  const tip = tipOf(fleet.repo, BRANCH) ?? '';
  const parents =
    merged === undefined
      ? git(fleet.repo, ['rev-list', '--parents', '-n', '1', tip]).split(' ').slice(1)
      : [merged.onto, tip];
  const who = ['-c', 'user.name=A person', '-c', 'user.email=person@example.com'];
  const options = [...who, '-c', 'gpg.format=ssh', '-c', `user.signingkey=${key.file}`];
  const parentOptions = parents.flatMap((parent) => ['-p', parent]);
  const signed = git(fleet.repo, [...options, 'commit-tree', '-S', `${tip}^{tree}`, ...parentOptions, '-m', 'Change']);
  moveBranch(fleet.repo, BRANCH, signed);
  return signed;
}

async function start(trust: Trust): Promise<Running> {
  running = await runController(fleet, { trust });
  return running;
}

async function refused(because: string): Promise<string> {
  running?.controller.requestSync();
  return await waitFor(`sync.yaml says ${because}`, () => {
    const text = fleet.statusFile('sync.yaml') ?? '';
    return text.includes(because) ? text : undefined;
  });
}

async function generationOf(name: string): Promise<number | undefined> {
  return (await fleet.nodes()).get(name)?.spec.restartGeneration;
}

const restarted = (generation: number): Readonly<Record<string, string>> => ({
  'nodes/n0.yaml': fleet.nodeFile('n0', ['desiredState: Stopped', `restartGeneration: ${generation}`]),
});

it('keeps the last accepted revision applied while a commit is not signed, and repairs drift to it', async () => {
  const good = tipOf(fleet.repo, BRANCH) ?? '';
  const controller = await start(await trusting());
  await published(fleet, controller, good);

  const bad = fleet.commit(restarted(7));
  const text = await refused('is not signed');
  expect(text).toContain('state: Held');
  expect(text).toContain(`seen: main@sha1:${bad}`);
  expect(text).toContain(`applied: main@sha1:${good}`);
  const node = (await fleet.nodes()).get('n0');
  if (node === undefined) throw new Error('n0 is missing');
  await fleet.cluster.patch({ apiVersion: node.apiVersion, kind: node.kind, name: 'n0', namespace: fleet.namespace }, [
    { op: 'add', path: '/spec/restartGeneration', value: 3 },
  ]);
  await waitFor('the drift is repaired', async () => (await generationOf('n0')) === undefined);

  // A signed commit on top does not help: what lies below it is still unsigned.
  fleet.commit({ 'README.md': 'hello' });
  sign(ann);
  await refused(`commit ${bad.slice(0, 12)}: it is not signed`);
  expect(await generationOf('n0')).toBeUndefined();

  moveBranch(fleet.repo, BRANCH, good);
  fleet.commit(restarted(8));
  await published(fleet, controller, sign(bob));
  expect(await generationOf('n0')).toBe(8);
  expect(fleet.statusFile('sync.yaml')).not.toContain('not signed');
});

it('keeps the last accepted revision applied over a restart', async () => {
  const good = tipOf(fleet.repo, BRANCH) ?? '';
  await published(fleet, await start(await trusting()), good);
  await running?.stop();
  fleet.commit(restarted(7));
  sign(eve);
  const node = (await fleet.nodes()).get('n0');
  await fleet.cluster.remove(
    { apiVersion: 'validatoros.com/v1alpha1', kind: 'BlockchainNode', name: 'n0', namespace: fleet.namespace },
    { uid: node?.metadata.uid ?? '', propagation: 'Background' },
  );

  await start(await trusting());
  await refused('its SSH key is not among the accepted ones');
  const recreated = await waitFor('the node is there again', async () => {
    const found = (await fleet.nodes()).get('n0');
    return found !== undefined && found.metadata.uid !== node?.metadata.uid ? found : undefined;
  });
  expect(recreated.spec.restartGeneration).toBeUndefined();
});

it('applies nothing of a first revision that is not signed', async () => {
  fleet.commit({ 'nodes/n1.yaml': fleet.nodeFile('n1') });
  await start(await trusting());
  expect(await refused('is not signed')).toContain('Nothing is applied');
  expect(await fleet.nodes()).toEqual(new Map());
});

it('asks for two signers where a rule says so', async () => {
  const trust = await trusting(['rules:', "  - paths: ['fleet.yaml', 'jobs/**']", '    signers: 2']);
  const good = tipOf(fleet.repo, BRANCH) ?? '';
  const controller = await start(trust);
  await published(fleet, controller, good);

  fleet.commit({ 'fleet.yaml': fleet.fleetFile(['suspend: true']) });
  sign(ann);
  await refused('fleet.yaml needs 2 different signers; its change was signed by ann@example.com');
  const merged = sign(bob, { onto: good });
  await waitFor('the fleet is suspended', () => {
    controller.controller.requestSync();
    return (fleet.statusFile('sync.yaml') ?? '').includes('state: Suspended');
  });
  expect(fleet.statusFile('sync.yaml')).toContain(`seen: main@sha1:${merged}`);
});

it('signs its status commits', async () => {
  running = await runController(fleet, { sign: createSshSigner(readFileSync(ann.file, 'utf8')) });
  await published(fleet, running, tipOf(fleet.repo, BRANCH) ?? '');
  const allowed = join(mkdtempSync(join(tmpdir(), 'nodewright-allowed-')), 'signers');
  writeFileSync(allowed, `ann@example.com ${ann.publicKey}\n`);
  const verify = ['-c', `gpg.ssh.allowedSignersFile=${allowed}`, 'verify-commit', STATUS_BRANCH];
  expect(() => git(fleet.repo, verify)).not.toThrow();
});
