// The table of triggers: complete, and interpreted as it reads.

import { describe, expect, it } from 'vitest';

import type { JobObject } from '../../src/api/job-object.ts';
import type { BlockchainNode } from '../../src/api/blockchain-node.ts';
import type { NoticeName } from '../../src/controller/engine/notices.ts';
import { queueNames, type QueueName, type Queues } from '../../src/controller/engine/queues.ts';
import { createNotify } from '../../src/controller/engine/trigger.ts';
import { type TriggerView, TRIGGERS } from '../../src/controller/triggers.ts';
import { aNode } from '../support/plan-scene.ts';

const node = aNode('a');
const backup = {
  apiVersion: 'validatoros.com/v1alpha1',
  kind: 'Backup',
  metadata: { name: 'nightly', namespace: 'ns' },
  spec: { node: 'a' },
  status: { phase: 'Claimed', locks: ['nodewright-node-a'] },
} as const satisfies JobObject;

/** What a notice queues, as `queue key delay`. */
function setup(view: Partial<TriggerView> = {}) {
  const added: string[] = [];
  const fake = (name: QueueName) => ({
    add: (key: string, delay: number) => void added.push(`${name} ${key} ${delay}`),
    resetBackoff: (key: string) => void added.push(`${name} ${key} reset`),
  });
  const queues = Object.fromEntries(queueNames().map((name) => [name, fake(name)])) as unknown as Queues;
  const notify = createNotify({
    triggers: TRIGGERS,
    queues,
    delays: { publishDelayMs: 700, progressDelayMs: 9000 },
    view: {
      executor: 'demo',
      watches: { nodes: { list: () => [node] as readonly BlockchainNode[] } as TriggerView['watches']['nodes'] },
      jobs: { list: () => [backup] },
      observations: { isReconciled: (nodeKey) => nodeKey !== 'ns/new' },
      keyReservations: {
        waiting: new Set(['ns/w']),
        hasKeys: (nodeKey) => nodeKey === 'ns/signer',
        isLeaving: (nodeKey) => nodeKey === 'ns/leaving',
        usersOf: (secret) => (secret === 'ns/key' ? ['ns/a'] : []),
      },
      ...view,
    },
  });
  return { notify, added };
}

it.each(queueNames())('the queue %s has a trigger', (name) => {
  expect(TRIGGERS.filter(({ queue }) => queue === name)).not.toEqual([]);
});

it('no row repeats another one', () => {
  const rows = TRIGGERS.flatMap(({ on, keys, queue }) => on.map((name: NoticeName) => `${name} ${keys.name} ${queue}`));
  expect(new Set(rows).size).toBe(rows.length);
});

describe('a notice queues', () => {
  it('a new commit: the plan, the requests and the upgrade, without waiting for the backoff of the last commit', () => {
    const { notify, added } = setup();
    notify('CommitRead', {});
    const queues = ['sync', 'requests', 'upgrade'];
    expect(added).toEqual(queues.flatMap((name) => [`${name} ${name} reset`, `${name} ${name} 0`]));
  });

  it('a changed node: the plan, and when it is ours the node itself without backoff and its observation', () => {
    const { notify, added } = setup();
    notify('NodeChanged', { key: 'ns/a', node });
    expect(added).toEqual(['sync sync 20', 'node ns/a reset', 'node ns/a 0', 'observe ns/a 0']);
    const other = setup({ executor: 'west' });
    other.notify('NodeChanged', { key: 'ns/a', node });
    expect(other.added).toEqual(['sync sync 20']);
  });

  it('the end of a plan: the nodes that were not reconciled yet, such as those that it created', () => {
    const list = (): readonly BlockchainNode[] => [aNode('b'), aNode('new')];
    const { notify, added } = setup({ watches: { nodes: { list } as unknown as TriggerView['watches']['nodes'] } });
    notify('PlanApplied', { nodeKeys: [] });
    expect(added.filter((line) => line.startsWith('node '))).toEqual(['node ns/new 0']);
  });

  it('a changed Secret: its node without backoff; a changed Pod: who waits for a key, and the observation', () => {
    const { notify, added } = setup();
    notify('SecretChanged', { nodeKey: 'ns/a' });
    expect(added).toEqual(['node ns/a reset', 'node ns/a 20']);
    added.length = 0;
    notify('PodChanged', { nodeKey: 'ns/a' });
    expect(added).toEqual(['node ns/w 20', 'observe ns/a 0', 'report ns/a 20']);
    added.length = 0;
    notify('PodChanged', { nodeKey: 'ns/leaving' });
    expect(added).toContain('publish publish 20');
  });

  it('a changed StatefulSet: its status, and the node itself only when that has keys to give back', () => {
    const { notify, added } = setup();
    notify('StatefulSetChanged', { nodeKey: 'ns/a' });
    expect(added).toEqual(['node ns/w 20', 'report ns/a 20']);
    added.length = 0;
    notify('StatefulSetChanged', { nodeKey: 'ns/signer' });
    expect(added).toEqual(['node ns/w 20', 'node ns/signer 20', 'report ns/signer 20']);
  });

  it.each(['ConfigMapChanged', 'ServiceChanged', 'PodDisruptionBudgetChanged'] as const)(
    '%s: nothing by itself, because no status shows it',
    (name) => {
      const { notify, added } = setup();
      notify(name, { nodeKey: 'ns/a' });
      expect(added).toEqual([]);
    },
  );

  it('a released lock: the jobs that wait for it, in its namespace only', () => {
    const { notify, added } = setup();
    notify('LockReleased', { namespace: 'ns', lock: 'nodewright-node-a' });
    notify('LockReleased', { namespace: 'other', lock: 'nodewright-node-a' });
    notify('LockNoteWritten', { namespace: 'ns', lock: 'nodewright-node-a' });
    expect(added).toEqual(['jobs Backup/ns/nightly 0', 'requests requests 0']);
  });

  it('what a node without volumes gets: the jobs that wait for it, and no others that have no lock', () => {
    const { notify, added } = setup();
    const jobsOf = (phase: 'Claimed', reason: 'Claimed' | 'ClaimMissing') =>
      setup({ jobs: { list: () => [{ ...backup, status: { ...backup.status, phase, reason } }] } });
    for (const one of [jobsOf('Claimed', 'ClaimMissing'), jobsOf('Claimed', 'Claimed')]) {
      one.notify('NodeCreated', { key: 'ns/a', node });
      one.notify('StatefulSetChanged', { nodeKey: 'ns/a' });
      one.notify('PersistentVolumeClaimChanged', { nodeKey: 'ns/a' });
      one.notify('StatefulSetChanged', { nodeKey: 'ns/b' });
      added.push(one.added.filter((line) => line.startsWith('jobs ')).join(', '));
    }
    const jobs = 'jobs Backup/ns/nightly 20';
    expect(added).toEqual([`${jobs}, ${jobs}, ${jobs}`, '']);
    notify('StatefulSetChanged', { nodeKey: 'ns/a' });
    expect(added.slice(2).filter((line) => line.startsWith('jobs '))).toEqual([]);
  });

  it('a node status: a status commit after the delay of the settings, a longer one while it only proceeds', () => {
    const { notify, added } = setup();
    notify('NodeStatusWritten', { nodeKey: 'ns/a', isUrgent: true });
    expect(added).toEqual(['publish publish 9000', 'publish publish 700']);
    added.length = 0;
    notify('NodeStatusWritten', { nodeKey: 'ns/a', isUrgent: false });
    expect(added).toEqual(['publish publish 9000']);
  });

  it('a status of a node that a job works on: a status commit that collects the progress', () => {
    const working = { ...backup, status: { ...backup.status, phase: 'Working' } } as const;
    const { notify, added } = setup({ jobs: { list: () => [working] } });
    notify('NodeStatusWritten', { nodeKey: 'ns/a', isUrgent: true });
    notify('JobStatusWritten', { isUrgent: false });
    expect(added).toEqual(['publish publish 9000', 'publish publish 9000']);
  });

  it('the end of a job: a status commit that does not wait for more progress', () => {
    const { notify, added } = setup();
    notify('JobStatusWritten', { isUrgent: true });
    expect(added).toEqual(['publish publish 9000', 'publish publish 700']);
  });
});
