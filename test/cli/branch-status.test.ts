// The text of `nodewright status --from-repo`.

import { describe, expect, it } from 'vitest';

import { describeLeft } from '../../src/api/fleet.ts';
import { branchText, isWell, type BranchState, staleControllers } from '../../src/cli/branch-status.ts';
import { retiredExecutors } from '../../src/cli/retired-executors.ts';
import { renderReadme } from '../../src/status/readme.ts';
import { recentJobs } from '../../src/status/recent-jobs.ts';
import { createTreeReader } from '../../src/status/tree-nodes.ts';
import { stringify } from 'yaml';

const NOW = Date.parse('2026-11-22T12:00:00Z');
const reader = createTreeReader();

function unreadable(): never {
  throw new Error('the reader refuses the document');
}

function sync(executor: string, publishedAt: string | undefined, state = 'Synced') {
  const text = stringify({
    executor,
    controllerVersion: '1.0.0',
    state,
    summary: 'The latest commit is applied.',
    publishedAt,
  });
  return reader.sync(`${executor}/sync.yaml`, text) ?? unreadable();
}

function node(name: string, status: object) {
  const text = stringify({
    spec: { chain: 'ethereum', network: 'dev' },
    status,
    snapshot: { height: 7, takenAt: '2026-11-22T11:00:00Z' },
  });
  return reader.node(`prod/nodes/ns/${name}.yaml`, text) ?? unreadable();
}

function job(name: string, fields: object): [path: string, text: string] {
  const record = { kind: 'Backup', namespace: 'ns', name, executor: 'prod', nodes: ['eth-0'], ...fields };
  return [`prod/jobs/Backup/ns/${name}.yaml`, stringify(record)];
}

const STATE: BranchState = {
  committedAt: NOW - 60_000,
  subject: 'eth-0: Running',
  controllers: [sync('prod', '2026-11-22T11:59:00Z'), sync('idle', '2026-11-21T11:59:00Z')],
  nodes: [
    node('eth-0', {
      phase: 'Running',
      conditions: [{ type: 'Ready', status: 'True', reason: 'Running', message: '' }],
    }),
  ],
  jobs: { shown: [], left: 0 },
};

describe('the status of a branch', () => {
  it('says as of when it is true, and names controllers that may be down', () => {
    expect(branchText(STATE, { now: NOW, maxAgeMs: 7_200_000 })).toBe(
      [
        'As of 2026-11-22T11:59:00.000Z, 60s ago: eth-0: Running',
        '',
        'warning: the controller of executor idle committed last 24h ago. It commits when something changes: either nothing did, or it is down. `nodewright status --executor idle` with access to the cluster shows which.',
        '',
        'CONTROLLER  STATE   AS OF                 VERSION  SUMMARY',
        'prod        Synced  2026-11-22T11:59:00Z  1.0.0    The latest commit is applied.',
        'idle        Synced  2026-11-21T11:59:00Z  1.0.0    The latest commit is applied.',
        '',
        'NODE      CONTROLLER  CHAIN     NETWORK  PHASE    HEIGHT  AS OF                 WHAT',
        'ns/eth-0  prod        ethereum  dev      Running  7       2026-11-22T11:00:00Z',
      ].join('\n'),
    );
  });

  it('says once which job keeps a node paused, beside it what is held, and is not well', () => {
    const pause = { by: 'Backup ns/b', message: 'Paused by Backup ns/b while it works' };
    const hold = { reason: 'Protected', message: 'protect: true' };
    const conditions = [{ type: 'Ready', status: 'False', reason: 'Paused', message: pause.message }];
    const state = { ...STATE, nodes: [node('eth-0', { phase: 'Stopped', conditions, pause, hold })] };
    expect(branchText(state, { now: NOW, maxAgeMs: 7_200_000 })).toMatch(
      / {2}Paused by Backup ns\/b while it works; held: protect: true$/,
    );
    expect(isWell({ ...STATE, nodes: [node('eth-0', { phase: 'Running', pause })] })).toBe(false);
    expect(isWell({ ...STATE, nodes: [node('eth-0', { phase: 'Running', hold })] })).toBe(false);
    expect(isWell({ ...STATE, nodes: [node('eth-0', { phase: 'Running' })] })).toBe(true);
  });

  it('says by what a node is suspended, and so does the front page', () => {
    const conditions = [
      { type: 'Suspended', status: 'True', reason: 'Suspended', message: describeLeft({ by: 'Node' }) },
    ];
    const status = { phase: 'Running', conditions };
    const nodes = [node('eth-0', status)];
    expect(branchText({ ...STATE, nodes }, { now: NOW, maxAgeMs: 1 })).toMatch(/ {2}the node is suspended$/m);
    expect(isWell({ ...STATE, nodes })).toBe(true);
    const tree = new Map([['prod/nodes/ns/eth-0.yaml', stringify({ status })]]);
    expect(renderReadme(tree)).toContain('| the node is suspended |');
  });

  it('is not well while a file has an error, also where the fleet is suspended', () => {
    const problems = { total: 1, list: [{ level: 'error', place: 'nodes/eth-0.yaml:3:1', message: 'bad' }] };
    const suspended = sync('prod', '2026-11-22T11:59:00Z', 'Suspended');
    expect(isWell({ ...STATE, controllers: [{ ...suspended, problems }] })).toBe(false);
    expect(isWell({ ...STATE, controllers: [suspended] })).toBe(true);
  });

  it('shows a retired executor with its age, and expects nothing of it', async () => {
    const fleet =
      'apiVersion: validatoros.com/v1alpha1\nkind: Fleet\nmetadata: { name: f }\nspec: { executors: [{ name: prod }] }\n';
    const asked: string[] = [];
    const source = {
      resolve: async (branch: string) => (asked.push(branch), await Promise.resolve('1'.repeat(40))),
      fetch: async () => await Promise.resolve('1'.repeat(40)),
      list: async () => await Promise.resolve([{ path: 'fleet.yaml', oid: 'f', type: 'file' as const }]),
      read: async () => await Promise.resolve(new TextEncoder().encode(fleet)),
    };
    const controllers = STATE.controllers.map((one) => ({ ...one, branch: 'main' }));
    const retired = [...(await retiredExecutors(source, controllers, new AbortController().signal))];
    expect({ retired, asked }).toEqual({ retired: ['idle'], asked: ['main'] });
    const judgement = { now: NOW, maxAgeMs: 7_200_000 };
    expect(staleControllers({ ...STATE, retired }, judgement)).toEqual([]);
    const broken = [STATE.controllers[0] ?? unreadable(), sync('idle', '2026-11-21T11:59:00Z', 'Degraded')];
    expect([isWell({ ...STATE, controllers: broken }), isWell({ ...STATE, controllers: broken, retired })]).toEqual([
      false,
      true,
    ]);
    expect(branchText({ ...STATE, retired }, judgement)).toMatch(
      /^idle +Retired +2026-11-21T11:59:00Z +1\.0\.0 +Not in spec\.executors of fleet\.yaml, committed last 24h ago\. .*git rm -r idle;/m,
    );
    const none = { ...source, read: async () => await Promise.resolve(new TextEncoder().encode('[')) };
    expect(await retiredExecutors(none, controllers, new AbortController().signal)).toEqual(new Set());
  });

  it('shows jobs that run or keep a node stopped first, then those that ended, the newest first', () => {
    const records = [
      job('old', { phase: 'Complete', endedAt: '2026-11-20T00:00:00Z', height: 5, message: 'copied' }),
      job('new', { phase: 'Failed', endedAt: '2026-11-21T00:00:00Z', message: 'no space' }),
      job('held', { phase: 'Held', endedAt: '2026-11-19T00:00:00Z', paused: ['eth-0'], message: 'not safe' }),
      job('busy', { phase: 'Working', claimedAt: '2026-11-22T00:00:00Z', message: '' }),
      job('oldest', { phase: 'Complete', endedAt: '2026-11-18T00:00:00Z', message: '' }),
    ];
    const text = branchText(
      { ...STATE, jobs: recentJobs(records, reader, { open: 9, ended: 2 }) },
      { now: NOW, maxAgeMs: 1 },
    );
    expect(text.split('\n').slice(-6)).toEqual([
      'JOB             CONTROLLER  NODES  PHASE     HEIGHT  AS OF                 WHAT',
      'Backup ns/held  prod        eth-0  Held      -       2026-11-19T00:00:00Z  not safe',
      'Backup ns/busy  prod        eth-0  Working   -       2026-11-22T00:00:00Z',
      'Backup ns/new   prod        eth-0  Failed    -       2026-11-21T00:00:00Z  no space',
      'Backup ns/old   prod        eth-0  Complete  5       2026-11-20T00:00:00Z  copied',
      '1 more has ended.',
    ]);
  });

  it('shows the code of a job that needs attention', () => {
    const fields = { phase: 'Failed', reason: 'HeightUnknown', message: 'not known', endedAt: '2026-11-22T11:00:00Z' };
    const files = [job('back', fields)];
    const jobs = recentJobs(files, reader, { open: 10, ended: 10 });
    expect(branchText({ ...STATE, jobs }, { now: NOW, maxAgeMs: 1 })).toMatch(/ {2}HeightUnknown: not known$/);
    expect(renderReadme(new Map(files))).toContain('| HeightUnknown: not known |');
  });

  it('counts a controller without a time as one that may be down', () => {
    const state = { ...STATE, controllers: [sync('prod', undefined)] };
    expect(staleControllers(state, { now: NOW, maxAgeMs: 7_200_000 })).toHaveLength(1);
    expect(staleControllers(STATE, { now: NOW, maxAgeMs: 200_000_000 })).toEqual([]);
  });

  it('is well when all is applied and every node is ready', () => {
    expect(isWell(STATE)).toBe(true);
    expect(isWell({ ...STATE, controllers: [sync('prod', undefined, 'Degraded')] })).toBe(false);
    const broken = node('b', {
      phase: 'Error',
      conditions: [{ type: 'Ready', status: 'False', reason: 'DiskFull', message: 'full' }],
    });
    expect(isWell({ ...STATE, nodes: [broken] })).toBe(false);
    expect(branchText({ ...STATE, nodes: [broken] }, { now: NOW, maxAgeMs: 1 })).toContain('DiskFull: full');
    const conditions = [{ type: 'DataAtRisk', status: 'True', reason: 'VolumeReplaced', message: 'lost' }];
    const lossy = (phase: string) => ({ ...STATE, nodes: [node('c', { phase, conditions })] });
    expect([isWell(lossy('Running')), isWell(lossy('Stopped'))]).toEqual([false, true]);
    expect(branchText(lossy('Running'), { now: NOW, maxAgeMs: 1 })).toContain('VolumeReplaced: lost');
  });
});
