// The status branch is deleted, moved back or replaced while the controller works: it is written again, and says so.

import { afterEach, beforeEach, expect, it } from 'vitest';

import { KINDS } from '../../src/kube/kinds.ts';
import { testCluster } from '../support/cluster.ts';
import { commitFiles, deleteBranch, git, moveBranch, tipOf } from '../support/git-repo.ts';
import { waitFor } from '../support/wait-for.ts';
import { BRANCH, type Fleet, startFleet, STATUS_BRANCH } from './fleet.ts';
import { prepare, published, runController, type Running } from './harness.ts';

let fleet: Fleet;
let running: Running;
beforeEach(async () => {
  fleet = await startFleet({ kubeconfig: (await testCluster()).kubeconfigPath, nodes: 1 });
  await prepare(fleet);
  running = await runController(fleet, { settings: { statusLookMs: 1000 } });
  await published(fleet, running, tipOf(fleet.repo, BRANCH) ?? '');
  await published(fleet, running, fleet.commit({ 'nodes/more.yaml': fleet.nodeFile('more') }));
  const { namespace } = fleet;
  await waitFor('all is well', () => fleet.statusFile(`nodes/${namespace}/more.yaml`)?.includes('phase: Stopped'));
});
afterEach(async () => {
  await running.stop();
  await fleet.close();
});

function replace(): void {
  deleteBranch(fleet.repo, STATUS_BRANCH);
  commitFiles(fleet.repo, { 'other.txt': 'x' }, { branch: STATUS_BRANCH });
}

it.each([
  { because: 'deleted', says: 'was deleted', harm: () => deleteBranch(fleet.repo, STATUS_BRANCH) },
  {
    because: 'moved back',
    says: 'was moved back',
    harm: () => moveBranch(fleet.repo, STATUS_BRANCH, git(fleet.repo, ['rev-parse', `${STATUS_BRANCH}~1`])),
  },
  { because: 'replaced', says: 'was replaced by another history', harm: replace },
])('a status branch that is $because', async ({ says, harm }) => {
  const last = fleet.statusCommits()[0] ?? '';
  harm();
  const text = await waitFor('the new branch says it', () => {
    const sync = fleet.statusFile('sync.yaml') ?? '';
    return sync.includes('StatusBranchLost') ? sync : undefined;
  });
  expect(text).toMatch(
    new RegExp(`The status branch ${says}; this was seen at 2.*Z\\. The last commit known of it is ${last}\\.`),
  );
  expect(git(fleet.repo, ['show', `${STATUS_BRANCH}:README.md`])).toContain(`The status branch ${says}`);
  expect(running.log.filter(({ msg }) => msg === 'Lost status branch')).toHaveLength(1);
  await waitFor('an Event says it', async () =>
    (await fleet.cluster.list(KINDS.Event, { namespace: fleet.namespace })).some(
      ({ reason, type }) => reason === 'StatusBranchLost' && type === 'Warning',
    ),
  );
});

it('is not lost when another executor pushes', async () => {
  commitFiles(fleet.repo, { 'other/sync.yaml': 'x: 1' }, { branch: STATUS_BRANCH });
  await published(fleet, running, fleet.commit({ 'nodes/again.yaml': fleet.nodeFile('again') }));
  expect(git(fleet.repo, ['ls-tree', '--name-only', STATUS_BRANCH])).toContain('other');
  expect(running.log.map(({ msg }) => msg)).not.toContain('Lost status branch');
});
