// Writing status under fire: rivals, a hook that declines, a token that may only read, a branch broken by hand, a full disk.

import { execFileSync } from 'node:child_process';
import { existsSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';

import { afterEach, beforeAll, beforeEach, expect, it } from 'vitest';

import { readBranchWarning } from '../../src/cli/branch-warning.ts';
import { NOT_ROOT } from '../support/not-root.ts';
import { testCluster } from '../support/cluster.ts';
import { commitFiles, deleteBranch, git, installHook, tipOf } from '../support/git-repo.ts';
import { basic } from '../support/git-server.ts';
import { waitFor } from '../support/wait-for.ts';
import { BRANCH, type Fleet, startFleet, STATUS_BRANCH } from './fleet.ts';
import { prepare, published, runController, type Running, type RunOptions } from './harness.ts';

let kubeconfig: string;
let fleet: Fleet;
const runnings: Running[] = [];

beforeAll(async () => {
  kubeconfig = (await testCluster()).kubeconfigPath;
});
beforeEach(async () => {
  fleet = await startFleet({
    kubeconfig,
    nodes: 2,
    git: { accept: [basic('git', 'write')], readOnly: [basic('git', 'read')] },
  });
  await prepare(fleet);
});
afterEach(async () => {
  fleet.server.fault = undefined;
  installHook(fleet.repo, 'pre-receive', 'exit 0');
  for (const running of runnings.splice(0)) await running.stop();
  await fleet.close();
});

async function run(password = 'write', options: RunOptions = {}): Promise<Running> {
  const credentials = async (): ReturnType<NonNullable<RunOptions['credentials']>> =>
    await Promise.resolve({ kind: 'basic', username: 'git', password });
  const running = await runController(fleet, { credentials, ...options });
  runnings.push(running);
  return running;
}

async function synced(running: Running): Promise<void> {
  await published(fleet, running, tipOf(fleet.repo, BRANCH) ?? '');
  await waitFor('both nodes are published', () => nodeFiles().length === 2);
}

function nodeFiles(executor = fleet.executor): readonly string[] {
  if (tipOf(fleet.repo, STATUS_BRANCH) === undefined) return [];
  const listed = git(fleet.repo, ['ls-tree', '-r', '--name-only', STATUS_BRANCH, `${executor}/nodes/`]);
  return listed === '' ? [] : listed.split('\n');
}

/** The state of the node may be published a moment later, and moves the time. */
function syncWithoutTime(): string | undefined {
  return fleet.statusFile('sync.yaml')?.replace(/^publishedAt: .*\n/m, '');
}

function restart(generation: number): string {
  return fleet.commit({
    'nodes/n0.yaml': fleet.nodeFile('n0', ['desiredState: Stopped', `restartGeneration: ${generation}`]),
  });
}

it('two controllers race on one branch: both are published in full, nothing is forced, no commit is lost', async () => {
  installHook(
    fleet.repo,
    'update',
    'test "$1" != refs/heads/nodewright-status || test "$2" = 0000000000000000000000000000000000000000 || git merge-base --is-ancestor "$2" "$3" || { echo "$2 $3" >> forced; exit 1; }',
  );
  const first = await run();
  const other = `${fleet.executor}-b`;
  fleet.commit({
    'fleet.yaml': fleet
      .fleetFile()
      .replace(`[{ name: ${fleet.executor} }]`, `[{ name: ${fleet.executor} }, { name: ${other} }]`),
    'nodes/o0.yaml': fleet.nodeFile('o0', ['desiredState: Stopped', `executor: ${other}`]),
  });
  const second = await run('write', { settings: { executor: other } });
  for (let round = 1; round <= 6; round++) {
    fleet.commit({
      'nodes/n0.yaml': fleet.nodeFile('n0', ['desiredState: Stopped', `restartGeneration: ${round}`]),
      'nodes/o0.yaml': fleet.nodeFile('o0', [
        'desiredState: Stopped',
        `executor: ${other}`,
        `restartGeneration: ${round}`,
      ]),
    });
    first.controller.requestSync();
    second.controller.requestSync();
    const tip = tipOf(fleet.repo, BRANCH) ?? '';
    const shows = (executor: string): boolean =>
      git(fleet.repo, ['show', `${STATUS_BRANCH}:${executor}/sync.yaml`]).includes(`applied: ${BRANCH}@sha1:${tip}`);
    await waitFor(
      'both say that they applied it',
      () =>
        tipOf(fleet.repo, STATUS_BRANCH) !== undefined &&
        nodeFiles().length === 2 &&
        nodeFiles(other).length === 1 &&
        shows(fleet.executor) &&
        shows(other),
    );
  }
  expect(
    git(fleet.repo, ['log', '--format=%an', STATUS_BRANCH])
      .split('\n')
      .every((name) => name === 'nodewright'),
  ).toBe(true);
  expect(git(fleet.repo, ['rev-list', '--merges', STATUS_BRANCH])).toBe('');
  expect(git(fleet.repo, ['rev-list', '--max-parents=0', '--count', STATUS_BRANCH])).toBe('1');
  expect(existsSync(join(fleet.repo, 'forced'))).toBe(false);
});

it('a hook declines: the trouble is in log and metrics, the nodes continue, and afterwards the branch has everything', async () => {
  installHook(fleet.repo, 'pre-receive', 'echo "protected branch" >&2; exit 1');
  const running = await run();
  const line = await waitFor('the trouble is in the log', () =>
    running.log.find((one) => one.msg === 'Reconciliation failed' && one['queue'] === 'publish'),
  );
  expect(line['reason']).toMatch(/declin|reject|hook|protected/i);
  await waitFor('the nodes are made all the same', async () => (await fleet.nodes()).size === 2);
  expect(await running.metrics()).toMatch(/operation="push"[^}]*result="error"|result="error"[^}]*operation="push"/);
  expect(tipOf(fleet.repo, STATUS_BRANCH)).toBeUndefined();
  expect(await running.metrics()).toContain('nodewright_status_push_failing 1');
  const { cluster, namespace, executor } = fleet;
  const warning = async (): Promise<string | undefined> => await readBranchWarning(cluster, { executor, namespace });
  expect(await waitFor('the trouble is an Event', warning)).toMatch(
    /cannot write the status branch: .*protected branch/,
  );
  installHook(fleet.repo, 'pre-receive', 'exit 0');
  const commit = restart(2);
  await published(fleet, running, commit);
  await waitFor('both nodes are published', () => nodeFiles().length === 2);
  await waitFor('the metric says that it is over', async () =>
    (await running.metrics()).includes('nodewright_status_push_failing 0'),
  );
  await waitFor('the Event says that it is over', async () => (await warning()) === undefined);
});

it('a Git server whose disk is full: the log and the Event say so, and nothing of permissions', async () => {
  installHook(fleet.repo, 'pre-receive', 'echo "fatal: write error: No space left on device" >&2; exit 1');
  const running = await run();
  const { cluster, namespace, executor } = fleet;
  const warning = async (): Promise<string | undefined> => await readBranchWarning(cluster, { executor, namespace });
  const event = await waitFor('the trouble is an Event', warning);
  const line = running.log.find((one) => one.msg === 'Reconciliation failed' && one['queue'] === 'publish');
  for (const text of [event, String(line?.['reason'])]) {
    expect(text).toContain('free space on its disk');
    expect(text).not.toContain('allow this controller');
  }
});

it('writes the author and the message that the push rules of the server require', async () => {
  installHook(
    fleet.repo,
    'update',
    'git log -1 --format="%an <%ae> %s" "$3" | grep -q "^Ops <ops@example.org> OPS-1: " || { echo "push rule: commit message must start with OPS-" >&2; exit 1; }',
  );
  const refused = await run();
  const line = await waitFor('the trouble is in the log', () =>
    refused.log.find((one) => one.msg === 'Reconciliation failed' && one['queue'] === 'publish'),
  );
  expect(line['reason']).toMatch(/--status-author or --status-message/);
  await refused.stop();
  const statusAuthor = { name: 'Ops', email: 'ops@example.org' };
  await synced(await run('write', { settings: { statusAuthor, statusMessage: 'OPS-1: {subject}' } }));
});

it('says from its first commit on that a record cannot be read, also in the metrics', async () => {
  const path = `${fleet.executor}/jobs/backup/${fleet.namespace}/broken.yaml`;
  commitFiles(fleet.repo, { [path]: '{' }, { branch: STATUS_BRANCH });
  fleet.commit({
    'jobs/broken.yaml':
      'apiVersion: validatoros.com/v1alpha1\nkind: Backup\nmetadata: { name: broken }\nspec: { node: n0 }\n',
  });
  const running = await run();
  await waitFor('the first state', () => fleet.statusFile('sync.yaml'));
  await synced(running);
  const file = `${fleet.executor}/sync.yaml`;
  const commits = git(fleet.repo, ['log', '--format=%H', STATUS_BRANCH, '--', file]).split('\n');
  const states = commits.map((commit) => /^state: .*$/m.exec(git(fleet.repo, ['show', `${commit}:${file}`]))?.[0]);
  expect(states).not.toContain('state: Synced');
  await waitFor('the metric says so too', async () =>
    (await running.metrics()).includes('nodewright_problems{level="error"} 1'),
  );
});

it('a token that may only read: everything but the status works, and the log says so', async () => {
  const running = await run('read');
  await waitFor('the nodes are made', async () => (await fleet.nodes()).size === 2);
  const line = await waitFor('the trouble is in the log', () =>
    running.log.find((one) => one.msg === 'Reconciliation failed' && one['queue'] === 'publish'),
  );
  expect(line['reason']).toMatch(/403|permission|write|allowed|refus/i);
  restart(3);
  running.controller.requestSync();
  await waitFor(
    'changes are still carried out',
    async () => (await fleet.nodes()).get('n0')?.spec.restartGeneration === 3,
  );
});

it('the branch deleted by hand: whole again with the next news', async () => {
  const running = await run();
  await synced(running);
  deleteBranch(fleet.repo, STATUS_BRANCH);
  await published(fleet, running, restart(1));
  expect(nodeFiles()).toHaveLength(2);
  expect(fleet.statusFile('capabilities.yaml')).toContain('ethereum');
});

it("files of ours edited by hand, and others' files: ours are put right, theirs stay", async () => {
  const running = await run();
  await synced(running);
  commitFiles(
    fleet.repo,
    {
      [`${fleet.executor}/sync.yaml`]: 'lies: true\n',
      [`${fleet.executor}/nodes/invented.yaml`]: 'lies: true\n',
      'other/file.yaml': 'mine: true\n',
    },
    { branch: STATUS_BRANCH },
  );
  const tip = tipOf(fleet.repo, STATUS_BRANCH) ?? '';
  await published(fleet, running, restart(1));
  expect(fleet.statusFile('sync.yaml')).not.toContain('lies');
  expect(fleet.statusFile('nodes/invented.yaml')).toBeUndefined();
  expect(git(fleet.repo, ['show', `${STATUS_BRANCH}:other/file.yaml`])).toBe('mine: true');
  expect(() => git(fleet.repo, ['merge-base', '--is-ancestor', tip, STATUS_BRANCH])).not.toThrow();
});

it.each([
  {
    because: 'deleted',
    harm: (): void => deleteBranch(fleet.repo, STATUS_BRANCH),
  },
  {
    because: 'edited',
    harm: (): void =>
      void commitFiles(fleet.repo, { [`${fleet.executor}/sync.yaml`]: 'lies: true\n' }, { branch: STATUS_BRANCH }),
  },
  {
    because: 'rewound',
    harm: (): void =>
      void git(fleet.repo, [
        'update-ref',
        `refs/heads/${STATUS_BRANCH}`,
        git(fleet.repo, ['rev-list', '--max-parents=0', STATUS_BRANCH]),
      ]),
  },
])('the branch $because by hand is repaired without any news', async ({ harm }) => {
  const running = await run('write', { settings: { statusLookMs: 300 } });
  await synced(running);
  await published(fleet, running, restart(1));
  const isSettled = (): boolean => fleet.statusFile('sync.yaml')?.includes('state: Synced') === true;
  await waitFor('the node is applied as well', isSettled);
  const before = syncWithoutTime();
  harm();
  expect(syncWithoutTime()).not.toBe(before);
  await waitFor('the file is as it was', () => syncWithoutTime() === before);
  expect(nodeFiles()).toHaveLength(2);
});

it('an accepted push whose answer was lost is not recorded twice', async () => {
  const running = await run();
  await synced(running);
  const before = fleet.statusCommits().length;
  let lost = 0;
  fleet.server.fault = ({ service, method }) =>
    service === 'git-receive-pack' && method === 'POST' && lost++ === 0 ? { do: 'drop-answer' } : 'pass';
  await published(fleet, running, restart(1));
  await waitFor('the node reports the new state', () => running.log.some(({ msg }) => msg === 'Published status'));
  expect(lost).toBeGreaterThan(0);
  const trees = git(fleet.repo, ['log', '--format=%T', STATUS_BRANCH]).split('\n');
  // No commit repeats the tree before it.
  expect(trees.filter((tree, index) => tree === trees[index + 1])).toEqual([]);
  expect(fleet.statusCommits().length).toBeGreaterThan(before);
});

it.skipIf(NOT_ROOT)(
  'a data folder that is full: the nodes continue, the reason is reported, and status follows when there is room',
  async () => {
    const folder = mkdtempSync(join(tmpdir(), 'nodewright-full-'));
    execFileSync('mount', ['-t', 'tmpfs', '-o', 'size=512k', 'tmpfs', folder]);
    try {
      const running = await run('write', { dataDir: folder });
      await synced(running);
      const ballast = join(folder, 'ballast');
      try {
        writeFileSync(ballast, Buffer.alloc(1 << 20));
      } catch {
        // Full now: that is the point.
      }
      const commit = restart(5);
      running.controller.requestSync();
      await waitFor('the reason is in the log', () =>
        running.log.some((one) => one.msg === 'Reconciliation failed' && /ENOSPC|space/i.test(String(one['reason']))),
      );
      rmSync(ballast);
      await published(fleet, running, commit);
      expect((await fleet.nodes()).get('n0')?.spec.restartGeneration).toBe(5);
      await running.stop();
    } finally {
      execFileSync('umount', ['-l', folder]);
      rmSync(folder, { recursive: true, force: true });
    }
  },
);
