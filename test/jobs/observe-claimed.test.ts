// A job in Claimed looks at its nodes only when it could acquire a lock, and acts on what it finds.

import { expect, it } from 'vitest';

import type { JobStatus } from '../../src/api/job-status.ts';
import { keyOf } from '../../src/api/objects.ts';
import { createSuspensions } from '../../src/controller/node/suspensions.ts';
import { observeJob } from '../../src/controller/job/observe.ts';
import { completePolicy } from '../../src/desired/policy-file.ts';
import { next } from '../../src/jobs/phases/machine.ts';
import type { ObservedLock } from '../../src/jobs/model/observation.ts';
import { aNode } from '../support/plan-scene.ts';
import { kindNamed, settings, UID } from './support/fixtures.ts';
import { ago, HOLDER, NOW } from './support/step.ts';

const LOCK = 'nodewright-node-a';
const node = aNode('a', { desiredState: 'Stopped' });
const pvc = { apiVersion: 'v1', kind: 'PersistentVolumeClaim', metadata: { name: 'data-a-0' } };

/** What the job observes, its next move, and what it asked of the API server beside its lock. */
async function look(lock: ObservedLock, { pvcs = [] as object[], suspend = false } = {}) {
  const asked: string[] = [];
  const declared = { fleet: { suspend }, nodes: new Map(), requests: new Map(), schedules: new Map(), brokenNodes: new Set(), unreadableFiles: new Set() };
  const fleet = { pulled: { desired: declared } };
  const nodes = new Map([[keyOf(node), node]]);
  const deps = {
    cluster: {
      get: (ref: { kind: string }) => Promise.resolve(void asked.push(ref.kind)),
      list: (kind: { kind: string }) => Promise.resolve((asked.push(kind.kind), [])),
    },
    locks: { read: () => Promise.resolve(lock) },
    records: { pushed: () => ({ uid: UID, phase: 'Claimed' }), next: () => undefined, pushedAll: () => new Map() },
    statuses: { keeps: () => true, jobs: () => [] },
    memory: { current: { jobs: { 'Backup/ns/one': UID } } },
    fleet,
    suspensions: createSuspensions({ fleet, watches: { nodes }, memory: { current: {} }, executor: 'demo' } as never),
    watches: { nodes, owned: (_key: string, kind: string) => (kind === 'PersistentVolumeClaim' ? pvcs : []) },
    pauses: { of: () => undefined },
    identities: { of: () => undefined },
    settings: { policy: completePolicy({}, { namespace: 'ns' }), executor: 'demo' },
    answers: new Map(),
    trials: new Map(),
  };
  const kind = kindNamed('Backup');
  const spec = { node: 'a', executor: 'demo' };
  const status: JobStatus = { phase: 'Claimed', since: ago(1), locks: [LOCK] };
  const job = { kind: 'Backup', metadata: { name: 'one', namespace: 'ns', uid: UID }, spec, status };
  const observed = await observeJob({ job, open: kind.open(spec) } as never, deps as never, new AbortController().signal);
  const identity = { kind: 'Backup', namespace: 'ns', name: 'one', uid: UID };
  const move = next({ kind, job: identity, spec, status, observed, settings, now: NOW });
  return { absent: observed.absent?.map(({ reason }) => reason), asked, move };
} // prettier-ignore

it('waits without the lock for a node without volumes, and asks the API server nothing of it', async () => {
  const { absent, asked, move } = await look({});
  expect([absent, asked, move.effects]).toEqual([['ClaimMissing'], [], []]);
  expect(move.status).toMatchObject({ phase: 'Claimed', reason: 'ClaimMissing' });
});

it('acquires the lock of a node with volumes', async () => {
  const { absent, move } = await look({}, { pvcs: [pvc] });
  expect(absent).toEqual([]);
  expect(move.effects).toMatchObject([{ do: 'acquireLock', lock: LOCK }]);
});

it.each([
  { because: 'another job has the lock', lock: { holder: { uid: 'x', text: 'Restore ns/r' } }, says: `waits for Restore ns/r, which has ${LOCK}` },
  { because: 'it has the lock', lock: { holder: HOLDER }, says: `has ${LOCK}` },
  { because: 'the Fleet is suspended', lock: {}, suspend: true, says: 'waits while the Fleet is suspended' },
])('does not look at its node where $because', async ({ lock, suspend = false, says }) => {
  const { absent, move } = await look(lock, { suspend });
  expect(absent).toBeUndefined();
  expect(move.status.message).toBe(says);
}); // prettier-ignore
