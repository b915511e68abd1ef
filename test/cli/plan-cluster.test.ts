// What a plan against a cluster knows beside nodes and files, without the cluster.

import { mkdirSync, mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';

import { afterAll, beforeAll, describe, expect, it } from 'vitest';

import type { BlockchainNode } from '../../src/api/blockchain-node.ts';
import type { JobObject } from '../../src/api/job-object.ts';
import type { KubeObject } from '../../src/api/objects.ts';
import { readApplied } from '../../src/cli/plan/applied.ts';
import { busyNodes } from '../../src/cli/plan/busy-nodes.ts';
import type { Memories } from '../../src/cli/plan/facts.ts';
import { jobsAgainstCluster } from '../../src/cli/plan/jobs.ts';
import { withoutKnownSources } from '../../src/cli/plan/known-sources.ts';
import { createUses } from '../../src/cli/plan/unusable.ts';
import { NOTHING } from '../../src/controller/engine/memory-data.ts';
import { KubeError } from '../../src/kube/kube-error.ts';
import { nodeFile, read } from '../support/desired-files.ts';
import { commitFiles, git } from '../support/git-repo.ts';
import { aNode } from '../support/plan-scene.ts';

describe('jobs of the cluster', () => {
  const job = (name: string, status: JobObject['status'], spec: JobObject['spec'] = { node: 'a' }): JobObject => ({
    apiVersion: 'v',
    kind: 'Backup',
    metadata: { name, namespace: 'ns' },
    spec,
    ...(status === undefined ? {} : { status }),
  });
  const busy = (...jobs: readonly JobObject[]) => busyNodes(jobs, []).get('ns/a');

  it('are at work on their nodes until they end', () => {
    expect(busy(job('b', { phase: 'Working', paused: ['a'] }))).toEqual({
      job: 'Backup ns/b',
      phase: 'Working',
      isPaused: true,
    });
    expect(busy(job('b', { phase: 'Complete' }), job('c', {}))).toBeUndefined();
    expect(busy(job('b', { phase: 'Working' }, { node: 'a', chain: 'c', deployMethod: 'helm' }))).toBeUndefined();
  });

  it('one that keeps the node stopped counts before one that waits', () => {
    const [works, waits] = [job('b', { phase: 'Working', paused: ['a'] }), job('c', { phase: 'Claimed' })];
    for (const both of [busy(works, waits), busy(waits, works)]) expect(both).toMatchObject({ job: 'Backup ns/b' });
  });

  it('leave nodes paused, as their status says', () => {
    const node = { ...aNode('a'), status: { pause: { by: 'Backup ns/b', message: 'ended Held' } } } as BlockchainNode;
    expect(busyNodes([], [node]).get('ns/a')).toEqual({ message: 'ended Held', isPaused: true });
  });
});

describe('what a node uses', () => {
  const secret = (labels: Record<string, string> = {}): KubeObject => ({
    apiVersion: 'v1',
    kind: 'Secret',
    metadata: { name: 'k', namespace: 'ns', labels },
  });
  const signing = aNode('a', { identity: { secretName: 'k' } });
  async function usesWith(answer: () => KubeObject | undefined, runs?: BlockchainNode) {
    const uses = createUses();
    await uses.note(signing, runs, { get: async () => await Promise.resolve(answer()) });
    return uses;
  }
  const label = 'kubectl -n ns label secret k validatoros.com/allow-nodes=true';

  it('is missing, or not labelled, and is named with the command', async () => {
    expect((await usesWith(() => undefined)).unusable.get('ns/a')).toMatch(
      new RegExp(`^Secret k, which the node uses, does not exist in namespace ns\\. .*run: ${label}$`),
    );
    expect((await usesWith(() => secret())).unusable.get('ns/a')).toMatch(
      new RegExp(`^Secret k does not say that nodes may use it\\. .*run: ${label}$`),
    );
    expect((await usesWith(() => secret({ 'validatoros.com/allow-nodes': 'true' }))).unusable.size).toBe(0);
  });

  it('does not stop a pod that runs with it', async () => {
    expect((await usesWith(() => secret(), signing)).unusable.size).toBe(0);
    expect((await usesWith(() => secret(), aNode('a'))).unusable.size).toBe(1);
  });

  it('is not known where it may not be read', async () => {
    const { unusable, unread } = await usesWith(() => {
      throw new KubeError('FORBIDDEN', 'no');
    });
    expect([...unread, ...unusable.keys()]).toEqual(['ns/a']);
  });
});

const NODE = { 'nodes/a.yaml': nodeFile('a') };

const schedule = (name: string, time = '0 3 * * *'): string =>
  JSON.stringify({
    apiVersion: 'validatoros.com/v1alpha1',
    kind: 'JobSchedule',
    metadata: { name, namespace: 'novacula-system' },
    spec: { schedule: time, template: { kind: 'Backup', spec: { node: 'a' } } },
  });

describe('what was applied last', () => {
  const folder = mkdtempSync(join(tmpdir(), 'nodewright-applied-'));
  const repo = join(folder, 'repo');
  let first: string;
  let second: string;
  beforeAll(() => {
    mkdirSync(repo);
    git(repo, ['init', '-q', '-b', 'main']);
    first = commitFiles(repo, { 'schedules/old.yaml': schedule('old'), 'schedules/same.yaml': schedule('same') });
    second = commitFiles(repo, { 'nodes/x.yaml': 'x' });
  });
  afterAll(() => rmSync(folder, { recursive: true, force: true }));

  const memory = (appliedCommit: string): Memories =>
    new Map([
      [
        'demo',
        { ...NOTHING, origin: '', appliedCommit, appliedRevision: `main@sha1:${appliedCommit}`, schedules: { 'novacula-system/old': 1, 'novacula-system/same': 1 } },
      ],
    ]); // prettier-ignore
  const desired = read({
    ...NODE,
    'schedules/same.yaml': schedule('same', '0 4 * * *'),
    'schedules/new.yaml': schedule('new'),
  });
  const before = read({ ...NODE, 'schedules/old.yaml': schedule('old'), 'schedules/same.yaml': schedule('same') });
  const appliedIn = async (dir: string, memories: Memories) =>
    await readApplied(dir, { executors: ['demo'], memories, desired, read: async () => await Promise.resolve(before) });
  async function steps(dir: string, memories: Memories): Promise<readonly string[]> {
    const { schedules } = await appliedIn(dir, memories);
    return jobsAgainstCluster([], desired, { schedules }).map((step) => `${step.do} ${step.job}`);
  }

  it('decides whether the branch was moved back', async () => {
    git(repo, ['update-ref', 'refs/heads/main', first]);
    const { facts, unknown } = await appliedIn(repo, memory(second));
    expect(facts.get('demo')).toMatchObject({ ancestry: 'rewound', lastApplied: `main@sha1:${second}` });
    expect(unknown).toEqual([]);
    git(repo, ['update-ref', 'refs/heads/main', second]);
    expect((await appliedIn(repo, memory(first))).facts.get('demo')).toMatchObject({ ancestry: 'forward' });
  });

  it('is said to be rewritten with what that means for a branch that is behind', async () => {
    const other = commitFiles(repo, { 'nodes/y.yaml': 'y' }, { branch: 'other' });
    const { facts, unknown } = await appliedIn(repo, memory(other));
    expect(facts.get('demo')).toMatchObject({ ancestry: 'rewritten' });
    expect(unknown).toEqual([expect.stringMatching(/does not contain main@.*merge or rebase first$/)]);
  });

  it.each([
    { because: 'no repository', dir: folder, says: /is not known.*no Git repository/ },
    { because: 'a clone that lacks the commit', dir: repo, says: /is not known.*fetch the branch/ },
  ])('is not known in $because', async ({ dir, says }) => {
    const { facts, unknown } = await appliedIn(dir, memory('0'.repeat(40)));
    expect(facts.get('demo')?.ancestry).toBeUndefined();
    expect(unknown).toEqual([expect.stringMatching(says)]);
  });

  it('has the schedules that are compared, with their content where the commit is here', async () => {
    const ended = 'unschedule JobSchedule novacula-system/old';
    const [added, changed] = ['schedule JobSchedule novacula-system/new', 'schedule JobSchedule novacula-system/same'];
    expect(await steps(repo, memory(first))).toEqual([added, ended, changed]);
    expect(await steps(folder, memory(first))).toEqual([added, ended]);
    expect(await steps(folder, new Map([['demo', 'nothing']]))).toEqual([added, changed]);
  });

  it('without its memory says that schedules are not compared', async () => {
    expect(await steps(repo, new Map())).toEqual([]);
    const { unknown } = await appliedIn(repo, new Map());
    expect(unknown).toEqual(['which schedules executor demo has is not known: the 2 of the files are not compared']);
  });
});

describe('a source that no file declares any more', () => {
  const restore = JSON.stringify({
    apiVersion: 'validatoros.com/v1alpha1',
    kind: 'Restore',
    metadata: { name: 'r', namespace: 'novacula-system' },
    spec: { node: 'a', backup: 'b-e' },
  });
  const desired = read({ ...NODE, 'jobs/r.yaml': restore });
  const codes = (known: Parameters<typeof withoutKnownSources>[1]): readonly string[] =>
    withoutKnownSources(desired, known).problems.map(({ code }) => code);
  const record = { phase: 'Working', specDigest: 'x' } as const;

  it('is not called unknown when its record or its object is there', () => {
    expect(codes({ records: undefined })).toContain('UnknownSource');
    expect(codes({ records: new Map(), objects: new Set(['Backup/novacula-system/b-c']) })).toContain('UnknownSource');
    expect(codes({ records: new Map([['demo/Backup/novacula-system/b-e', record]]) })).not.toContain('UnknownSource');
    expect(codes({ records: undefined, objects: new Set(['Backup/novacula-system/b-e']) })).not.toContain(
      'UnknownSource',
    );
  });
});
