// `nodewright plan` against a cluster shows as held what its controller would hold of a branch that is moved back.

import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';

import { expect, it, onTestFinished } from 'vitest';

import { runCommand } from '../demo/run-command.ts';
import { testCluster } from '../support/cluster.ts';
import { git } from '../support/git-repo.ts';
import { startFleet } from './fleet.ts';
import { prepare, publishedAsSeen, runController } from './harness.ts';

const MAIN = new URL('../../src/cli/main.ts', import.meta.url).pathname;

it('by the commit that the memory of the controller names', async () => {
  const { kubeconfigPath: kubeconfig } = await testCluster();
  const fleet = await startFleet({ kubeconfig, nodes: 1 });
  await prepare(fleet);
  const running = await runController(fleet);
  const folder = mkdtempSync(join(tmpdir(), 'nodewright-rewound-'));
  onTestFinished(async () => {
    rmSync(folder, { recursive: true, force: true });
    await running.stop();
    await fleet.close();
  });
  const { repo, namespace, executor } = fleet;
  const head = fleet.commit({ 'nodes/n1.yaml': fleet.nodeFile('n1') });
  await publishedAsSeen(fleet, running, head);
  git(repo, ['clone', '-q', repo, folder]);
  const plan = async (commit: string) => {
    git(folder, ['checkout', '-q', commit]);
    const args = ['plan', folder, '--kubeconfig', kubeconfig, '--namespace', namespace, '--executor', executor];
    return await runCommand(process.execPath, [MAIN, ...args], { accept: [0, 1, 2] });
  };
  expect(await plan(head)).toMatchObject({ code: 0, stderr: '' });
  const back = await plan(`${head}~1`);
  expect(back.stdout).toMatch(/- delete BlockchainNode \S+\/n1[^]*HELD by Rewound: the branch was moved back behind /);
  expect(back.stdout).toContain(`sha1:${head}`);
});
