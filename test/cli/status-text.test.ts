// The text of `nodewright status`.

import { describe, expect, it } from 'vitest';

import { describeLeft, type Suspension } from '../../src/api/fleet.ts';
import { API_VERSION } from '../../src/api/group.ts';
import type { JobObject } from '../../src/api/job-object.ts';
import type { JobStatus } from '../../src/api/job-status.ts';
import { statusText } from '../../src/cli/status-text.ts';
import { ago, aNode, NOW } from '../status/builders.ts';

interface Made {
  readonly kind?: string;
  readonly status?: JobStatus;
}

function aJob(name: string, age: number, { kind = 'Backup', ...made }: Made = {}): JobObject {
  const metadata = { name, namespace: 'prod', creationTimestamp: ago(age) };
  return { apiVersion: API_VERSION, kind, metadata, spec: {}, ...made };
}

function linesOf(...jobs: readonly JobObject[]): readonly string[] {
  return statusText({ nodes: [], jobs, now: NOW }).split('\n').slice(2);
}

describe('status', () => {
  it('shows only nodes when there are no jobs or no permission to read them', () => {
    const node = { ...aNode(), status: { phase: 'Running' as const, synced: true, height: 7, peers: 3 } };
    const table = [
      'NODE                    CHAIN     NETWORK  PHASE    SYNCED  HEIGHT  PEERS  WHAT',
      'novacula-system/eth-0   ethereum  hoodi    Running  yes     7       3',
      'novacula-system/eth-10  ethereum  hoodi    Pending  -       -       -',
    ].join('\n');
    const nodes = [node, aNode({}, { name: 'eth-10' })];
    expect(statusText({ nodes, jobs: [], now: NOW })).toBe(table);
    expect(statusText({ nodes, jobs: undefined, now: NOW })).toBe(table);
    expect(statusText({ nodes: [], jobs: undefined, now: NOW })).toBe('There are no nodes.');
  });

  it('shows the trouble of a node besides the change of it that is held', () => {
    const hold = { reason: 'Protected', message: 'protect: true.' };
    const condition = (status: 'True' | 'False') =>
      ({ type: 'Ready', status, reason: 'DiskFull', message: 'full', lastTransitionTime: ago(1) }) as const;
    const whatOf = (status: 'True' | 'False'): string | undefined =>
      statusText({
        nodes: [{ ...aNode(), status: { phase: 'Error', hold, conditions: [condition(status)] } }],
        jobs: [],
        now: NOW,
      })
        .split('\n')
        .at(-1)
        ?.replace(/.* {2}/, '');
    expect(whatOf('False')).toBe('DiskFull: full; held: protect: true.');
    expect(whatOf('True')).toBe('held: protect: true.');
  });

  it('shows once which job keeps a node paused, and beside it what is held', () => {
    const pause = { by: 'Backup ns/b', message: 'Paused by Backup ns/b while it works' };
    const hold = { reason: 'Protected', message: 'protect: true.' };
    const ready = { type: 'Ready', status: 'False', reason: 'Paused', message: pause.message, lastTransitionTime: ago(1) } as const; // prettier-ignore
    const status = { phase: 'Stopped', pause, hold, conditions: [ready] } as const;
    const text = statusText({ nodes: [{ ...aNode(), status }], jobs: [], now: NOW });
    expect(text).toMatch(/ {2}Paused by Backup ns\/b while it works; held: protect: true\.$/);
    const stopping = { ...ready, reason: 'Stopping', message: 'shuts down' } as const;
    const nodes = [{ ...aNode(), status: { ...status, conditions: [stopping] } }];
    expect(statusText({ nodes, jobs: [], now: NOW })).toMatch(/ {2}Stopping: shuts down; Paused by Backup /);
  });

  it('shows why a change is held as a whole', () => {
    const message = `Removed from Git. Held: ${'more nodes than the budget allows. '.repeat(8)}Undo the change.`;
    const nodes = [{ ...aNode(), status: { phase: 'Running' as const, hold: { reason: 'DeletionBudget', message } } }];
    expect(statusText({ nodes, jobs: [], now: NOW })).toContain(message);
  });

  it('shows data at risk of a node that is ready', () => {
    const ready = {
      type: 'Ready',
      status: 'True',
      reason: 'Running',
      message: 'geth runs.',
      lastTransitionTime: ago(1),
    } as const;
    const risk = {
      ...ready,
      type: 'DataAtRisk',
      reason: 'VolumeTerminating',
      message: 'The PVC was deleted.',
    } as const;
    const node = { ...aNode(), status: { phase: 'Running' as const, conditions: [ready, risk] } };
    expect(statusText({ nodes: [node], jobs: [], now: NOW })).toMatch(/geth runs\. The PVC was deleted\.$/);
  });

  it('says of each node by what it is suspended, and warns of a suspended fleet and folders', () => {
    const of = (suspension: Suspension, name: string) => {
      const message = describeLeft(suspension);
      const suspended = { type: 'Suspended', status: 'True', reason: 'Suspended', message, lastTransitionTime: ago(1) } as const; // prettier-ignore
      return { ...aNode({}, { name }), status: { phase: 'Running' as const, conditions: [suspended] } };
    };
    const fleet = { by: 'Fleet' } as const;
    const nodes = [
      of(fleet, 'a'),
      of(fleet, 'b'),
      of({ by: 'Folder', folder: 'nodes/x' }, 'c'),
      of({ by: 'Node' }, 'd'),
    ];
    const lines = statusText({ nodes, jobs: [], now: NOW }).split('\n');
    expect(lines.slice(0, 2)).toEqual([
      'warning: the Fleet is suspended: 2 nodes are left as they are, with what is changed by hand, and no job begins there',
      'warning: the folder nodes/x is suspended: 1 node is left as it is, with what is changed by hand, and no job begins there',
    ]);
    const said = lines.slice(-4).map((line) => line.replace(/.* {2}/, ''));
    expect(said).toEqual(['the Fleet is suspended', 'the Fleet is suspended', 'the folder nodes/x is suspended', 'the node is suspended']); // prettier-ignore
  });

  it('shows whether each controller works, and how old the figures of its nodes are', () => {
    const running = { phase: 'Running' as const, synced: true, height: 7, peers: 3, observedAt: ago(10_800) };
    const nodes = [
      { ...aNode({ executor: 'a' }), status: running },
      { ...aNode({ executor: 'b' }, { name: 'eth-1' }), status: running },
      { ...aNode({ executor: 'b' }, { name: 'eth-2' }), status: { ...running, observedAt: ago(60) } },
    ];
    const controllers = [
      { executor: 'a', state: 'Alive', holder: 'pod-a', renewedAt: NOW - 2000 },
      { executor: 'b', state: 'Dead', holder: 'pod-b', renewedAt: NOW - 600_000, warning: 'b is dead.' },
    ] as const;
    expect(statusText({ controllers, nodes, jobs: [], now: NOW }).split('\n')).toEqual([
      'warning: b is dead.',
      '',
      'CONTROLLER  STATE  HOLDER  RENEWED',
      'a           Alive  pod-a   2s ago',
      'b           Dead   pod-b   10m ago',
      '',
      'NODE                   CHAIN     NETWORK  PHASE    SYNCED  HEIGHT  PEERS  WHAT',
      'novacula-system/eth-0  ethereum  hoodi    Running  yes     7       3      unchanged for 3h',
      'novacula-system/eth-1  ethereum  hoodi    Running  yes     7       3      last observed 3h ago',
      'novacula-system/eth-2  ethereum  hoodi    Running  yes     7       3',
    ]);
  });

  it('shows each warning of a controller in a line of its own', () => {
    const warning = `the desired branch: ${'x'.repeat(1500)}\nthe status branch: 404`;
    const controllers = [{ executor: 'a', state: 'Alive', warning }] as const;
    const [first, second] = statusText({ controllers, nodes: [], jobs: [], now: NOW }).split('\n');
    expect(first).toMatch(/^warning: the desired branch: x+…$/);
    expect(second).toBe('warning: the status branch: 404');
  });

  it('shows jobs that run or keep a node stopped, the oldest first, then finished jobs, the newest first', () => {
    const lines = linesOf(
      aJob('done', 7200, { status: { phase: 'Complete', node: 'a', height: 90, message: 'copied' } }),
      aJob('later', 86_400 * 3, { status: { phase: 'Failed', node: 'b', message: 'no space' } }),
      aJob('released', 86_400, { status: { phase: 'Held', node: 'c', paused: [], message: 'half' } }),
      aJob('held', 600, { status: { phase: 'Held', node: 'd', paused: ['d'], message: 'half' }, kind: 'Restore' }),
      aJob('new', 5),
    );
    expect(lines).toEqual([
      'JOB                   NODES  PHASE     HEIGHT  AGE  WHAT',
      'Restore prod/held     d      Held      -       10m  half',
      'Backup prod/new       -      Pending   -       5s',
      'Backup prod/done      a      Complete  90      2h   copied',
      'Backup prod/released  c      Held      -       24h  half',
      'Backup prod/later     b      Failed    -       3d   no space',
    ]);
  });

  it('shows the code of a job that needs attention, and of no other', () => {
    const message = 'its height is not known';
    const what = (phase: 'Failed' | 'Complete' | 'Interrupted', reason: JobStatus['reason']): string =>
      linesOf(aJob('back', 0, { status: { phase, reason, message } }))
        .join('')
        .replace(/.* {2}/, '');
    expect(what('Failed', 'HeightUnknown')).toBe(`HeightUnknown: ${message}`);
    expect(what('Complete', 'Verified')).toBe(message);
    expect(what('Interrupted', 'Interrupted')).toBe(message);
  });

  it('shows the last ten finished jobs and the number of others', () => {
    const jobs = Array.from({ length: 12 }, (_, index) =>
      aJob(`n${index}`, 1000 - index, { status: { phase: 'Complete' } }),
    );
    const lines = linesOf(...jobs, aJob('open', 2000, { status: { phase: 'Working' } }));
    expect(lines.slice(1).map((line) => line.split(' ')[1])).toEqual([
      'prod/open',
      ...Array.from({ length: 10 }, (_, index) => `prod/n${11 - index}`),
      'more',
    ]);
    expect(lines.at(-1)).toBe('2 more have ended.');
  });

  it('prints texts of objects in one line, without control characters', () => {
    const [, line] = linesOf(
      aJob('x', 1, { status: { phase: 'Failed', node: 'a', message: `one\ntwo\u001b[31m${'.'.repeat(1800)}` } }),
    );
    expect(line).toMatch(/^Backup prod\/x {2}a {6}Failed {2}- {7}1s {3}one two/);
    expect(line).not.toContain('\u001b');
    expect(line?.length).toBeLessThan(1260);
  });

  it('shows the first twenty notes of what is left, and the number of others', () => {
    const left = Array.from({ length: 22 }, (_, index) => `PVC ${index}`);
    const lines = statusText({ nodes: [], jobs: [], left, now: NOW })
      .split('\n')
      .filter((line) => line.startsWith('note: '));
    expect([lines.length, lines[0], lines.at(-1)]).toEqual([
      21,
      'note: PVC 0',
      'note: and 2 more; --format json has all',
    ]);
    expect(statusText({ nodes: [], jobs: [], left: left.slice(0, 20), now: NOW })).not.toContain('more');
  });

  it('shows what is lost and left of the volumes of a node', () => {
    const conditions = [{ type: 'DataAtRisk' as const, status: 'True' as const, reason: 'VolumeReplaced' as const, message: 'The volume was replaced.', lastTransitionTime: '' }]; // prettier-ignore
    const volumes = [{ name: 'data-x-1', claim: 'data-x-1', phase: 'Bound', message: 'The PVC data-x-1 is left.' }];
    const node = { ...aNode(), status: { phase: 'Syncing' as const, conditions, volumes } };
    expect(statusText({ nodes: [node], jobs: [], now: NOW })).toContain(
      'The volume was replaced. The PVC data-x-1 is left.',
    );
  });
});
