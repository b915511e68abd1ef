// The copy of a job's status in the memory: over restarts, losses and failed writes.

import { afterAll, beforeAll, expect, it } from 'vitest';

import { API_VERSION, FIELD_MANAGER } from '../../src/api/group.ts';
import { type JobObject, jobKeyOf } from '../../src/api/job-object.ts';
import type { JobStatus } from '../../src/api/job-status.ts';
import { createMemory, type Memory } from '../../src/controller/engine/memory.ts';
import { createKeptStatuses, type KeptStatuses } from '../../src/controller/job/records/kept-statuses.ts';
import type { KeptJob } from '../../src/controller/job/records/status-copies.ts';
import { type ApiCluster, connectCluster } from '../../src/kube/api-cluster.ts';
import type { Cluster } from '../../src/kube/cluster.ts';
import { KubeError } from '../../src/kube/kube-error.ts';
import { textsAt } from '../../src/lib/json-value.ts';
import { testCluster, testNamespace, type TestNamespace } from '../support/cluster.ts';

let namespace: TestNamespace;
let cluster: ApiCluster;
beforeAll(async () => {
  const shared = await testCluster();
  namespace = await testNamespace(shared, 'kept');
  cluster = connectCluster({ kubeconfig: shared.kubeconfigPath });
});
afterAll(async () => {
  await namespace?.remove();
  await cluster?.close();
});

const STOPPING: JobStatus = { phase: 'Stopping', paused: ['a'], locks: ['nodewright-node-a'] };
const WORKING: JobStatus = { ...STOPPING, phase: 'Working' };

let count = 0;
const removed: string[] = [];
interface Scene {
  readonly memory: Memory;
  readonly statuses: KeptStatuses;
  /** Another process on the same memory. */
  restart(): Promise<Omit<Scene, 'restart'>>;
}

/** A memory that has bound these jobs. */
async function begin(jobs: readonly JobObject[], patch: Cluster['patch'] = (...args) => cluster.patch(...args)) {
  const executor = `e${++count}`;
  const open = async (): Promise<Omit<Scene, 'restart'>> => {
    const memory = createMemory({ cluster, executor, namespace: namespace.name, origin: 'https://git.example/' });
    await memory.load();
    return {
      memory,
      statuses: createKeptStatuses({
        cluster: { patch, get: (object) => cluster.get(object) },
        memory,
        jobs: { list: () => jobs },
        onRemoved: (names) => void removed.push(...names),
      }),
    };
  };
  const first = await open();
  await first.memory.save(() => ({ jobs: Object.fromEntries(jobs.map((job) => [jobKeyOf(job), uidOf(job)])) }));
  return { ...first, restart: open };
}

function job(name: string, status?: JobStatus): JobObject {
  const metadata = { name, namespace: 'ns', uid: `uid-${name}` };
  return { apiVersion: API_VERSION, kind: 'Backup', metadata, spec: { node: 'a' }, ...(status && { status }) };
}

const uidOf = ({ metadata }: JobObject): string => metadata.uid ?? '';
const written = async (): Promise<void> => undefined;

async function members(memory: Memory): Promise<readonly string[]> {
  const names = Object.keys(textsAt(await cluster.get(memory.ref), ['data']));
  return names.filter((name) => name.startsWith('job.')).sort();
}

it('is what counts for another process, and not what the object says', async () => {
  const { statuses, memory, restart } = await begin([job('one'), job('two')]);
  await statuses.settle();
  await statuses.store(job('one'), STOPPING, written);
  const after = await restart();
  const own = job('one', STOPPING);
  expect(after.statuses.trusted(own)).toBe(own);
  expect(after.statuses.trusted(job('one', WORKING)).status).toEqual(STOPPING);
  expect(after.statuses.trusted(job('one')).status).toEqual(STOPPING);
  expect(after.statuses.trusted(job('two', WORKING)).status).toBeUndefined();
  const other = job('three', WORKING);
  expect(after.statuses.trusted(other)).toBe(other);
  expect(await members(memory)).toEqual(['job.uid-one']);
});

it('counts only when it was written, and the one before until then', async () => {
  let fails = false;
  const { statuses } = await begin([job('one')], async (...args) => {
    if (fails) throw new Error('no answer');
    return await cluster.patch(...args);
  });
  await statuses.store(job('one'), STOPPING, written);
  fails = true;
  await expect(statuses.store(job('one'), WORKING, written)).rejects.toThrow('no answer');
  expect(statuses.trusted(job('one', WORKING)).status).toEqual(STOPPING);
  fails = false;
  await statuses.store(job('one'), WORKING, written);
  expect(statuses.trusted(job('one', STOPPING)).status).toEqual(WORKING);
});

it('does not count when the object could not be written', async () => {
  const { statuses } = await begin([job('one')]);
  await statuses.store(job('one'), STOPPING, written);
  const refusal = statuses.store(job('one'), WORKING, async () => await Promise.reject(new Error('conflict')));
  await expect(refusal).rejects.toThrow('conflict');
  expect(statuses.trusted(job('one', WORKING)).status).toEqual(STOPPING);
});

it('is seen as soon as the object has it, before the memory has', async () => {
  const { statuses } = await begin([job('one')]);
  await statuses.store(job('one'), STOPPING, written);
  const next = job('one', WORKING);
  await statuses.store(job('one'), WORKING, async () => expect(statuses.trusted(next)).toBe(next));
});

it('of a memory without statuses are those of the objects, and become its own', async () => {
  const jobs = [job('one', STOPPING), job('two', WORKING)];
  const { statuses, restart } = await begin(jobs);
  for (const one of jobs) expect(statuses.trusted(one)).toBe(one);
  await statuses.settle();
  const after = await restart();
  expect(after.statuses.trusted(job('two', STOPPING)).status).toEqual(WORKING);
});

it.each(['edited by hand', 'AAAA', ''])('counts no longer, nor do others, when a member is "%s"', async (text) => {
  const { statuses, memory, restart } = await begin([job('one')]);
  await statuses.store(job('one'), STOPPING, written);
  await cluster.patch(memory.ref, [{ op: 'add', path: '/data/job.uid-one', value: text }]);
  const found = job('one', WORKING);
  expect((await restart()).statuses.trusted(found)).toBe(found);
});

it('is made whole from the object when it cannot be read, and members of no job are removed', async () => {
  const jobs = [job('one', WORKING), job('two', STOPPING)];
  const { statuses, memory, restart } = await begin(jobs);
  for (const one of jobs) await statuses.store(one, STOPPING, written);
  const edits = ['uid-one', 'uid-gone'].map((uid) => ({ op: 'add', path: `/data/job.${uid}`, value: '!' }) as const);
  await cluster.patch(memory.ref, edits);
  const next = await restart();
  await next.statuses.settle();
  expect(await members(memory)).toEqual(['job.uid-one', 'job.uid-two']);
  expect(next.statuses.trusted(job('one', STOPPING)).status).toEqual(WORKING);
  expect(removed).toContain('job.uid-gone');
});

/** As a version applies its memory that knows no copies: with a list of jobs of its own. */
async function saveAsOlder({ ref }: Memory, jobs: Readonly<Record<string, string>> | undefined): Promise<void> {
  const { name, ...place } = ref;
  const data = { origin: 'https://git.example/', ...(jobs && { jobs: JSON.stringify(jobs) }) };
  const { apiVersion, kind, namespace } = place;
  const object = { apiVersion, kind, metadata: { name, namespace }, data };
  await cluster.apply(object, { fieldManager: FIELD_MANAGER, force: true });
}

it('counts no longer when an older version has worked meanwhile', async () => {
  const { statuses, memory, restart } = await begin([job('one', WORKING)]);
  await statuses.store(job('one'), STOPPING, written);
  await statuses.change('uid-lost', {
    job: { kind: 'Backup', namespace: 'ns', name: 'lost', uid: 'uid-lost' },
    status: STOPPING,
  });
  await saveAsOlder(memory, { 'Backup/ns/one': 'uid-one' });
  const next = await restart();
  expect(next.memory.current.jobs).toEqual({ 'Backup/ns/one': 'uid-one' });
  expect(next.statuses.trusted(job('one', WORKING)).status).toEqual(WORKING);
  expect(next.statuses.jobs()).toEqual([]);
  await next.statuses.settle();
  expect(await members(memory)).toEqual(['job.uid-one']);
  expect((await restart()).statuses.trusted(job('one', STOPPING)).status).toEqual(WORKING);
});

it('counts after an older version that did nothing with jobs', async () => {
  const { statuses, memory, restart } = await begin([job('one')]);
  await statuses.store(job('one'), STOPPING, written);
  await saveAsOlder(memory, undefined);
  const next = await restart();
  expect(next.memory.current.jobs).toBeUndefined();
  await next.memory.save(() => ({ jobs: { 'Backup/ns/one': 'uid-one' } }));
  expect(next.statuses.trusted(job('one', WORKING)).status).toEqual(STOPPING);
});

it('of a job whose object is gone stays until someone has dealt with it', async () => {
  const { statuses, memory, restart } = await begin([job('one')]);
  await statuses.store(job('one'), STOPPING, written);
  const lost: KeptJob = { job: { kind: 'Backup', namespace: 'ns', name: 'lost', uid: 'uid-lost' }, status: WORKING };
  await statuses.change('uid-lost', lost);
  await memory.save(() => ({ jobs: {} }));
  await statuses.settle();
  expect((await restart()).statuses.jobs()).toEqual([lost]);
  await statuses.change('uid-lost', undefined);
  expect(await members(memory)).toEqual([]);
});

it('is what pauses follow while it is on its way', async () => {
  const { statuses } = await begin([job('one')]);
  await statuses.store(job('one'), STOPPING, written);
  const next = job('one', WORKING);
  await statuses.store(job('one'), WORKING, async () => expect(statuses.stored(next).status).toEqual(STOPPING));
  expect(statuses.stored(next)).toBe(next);
});

it('is written again, with all others, after the memory was removed by hand', async () => {
  const { statuses, memory, restart } = await begin([job('one'), job('two')]);
  await statuses.store(job('one'), STOPPING, written);
  await cluster.remove(memory.ref, {
    uid: (await cluster.get(memory.ref))?.metadata.uid ?? '',
    propagation: 'Background',
  });
  await statuses.store(job('two'), WORKING, written);
  expect(await members(memory)).toEqual(['job.uid-one', 'job.uid-two']);
  expect((await restart()).statuses.trusted(job('one')).status).toEqual(STOPPING);
});

it('is not written by a process after another one has taken its place', async () => {
  const { statuses, restart } = await begin([job('one')]);
  await statuses.store(job('one'), STOPPING, written);
  const next = await restart();
  await next.statuses.store(job('one'), WORKING, written);
  await expect(statuses.store(job('one'), STOPPING, written)).rejects.toThrow('another process of this executor');
  await next.statuses.store(job('one'), { ...WORKING, height: 7 }, written);
  expect((await restart()).statuses.trusted(job('one')).status).toEqual({ ...WORKING, height: 7 });
});

it('is compared with the UID alone after conflicts in a row, where a copy keeps other processes out', async () => {
  const { statuses } = await begin([job('one'), job('two')]);
  await statuses.store(job('one'), STOPPING, written);
  const guards: string[] = [];
  const fight = async (guard: string): Promise<void> => {
    guards.push(guard);
    if (guard === 'version') throw new KubeError('CONFLICT', 'changed');
  };
  for (const name of ['one', 'one', 'two', 'two', 'two'])
    await expect(statuses.store(job(name), WORKING, fight)).rejects.toThrow('changed');
  await statuses.store(job('one'), WORKING, fight);
  await expect(statuses.store(job('one'), STOPPING, fight)).rejects.toThrow('changed');
  expect(guards).toEqual(['version', 'version', 'version', 'version', 'version', 'uid', 'version']);
});

it('is absent also when the object has what the API server puts into each new one', async () => {
  const { statuses } = await begin([job('one')]);
  await statuses.settle();
  const fresh = job('one', { observedGeneration: -1 });
  expect(statuses.trusted(fresh)).toBe(fresh);
});

it('is none of a claim that is not bound while the memory is without statuses', async () => {
  const { statuses, memory } = await begin([]);
  const forged = job('one', WORKING);
  await memory.save(() => ({ jobs: { [jobKeyOf(forged)]: '' } }));
  await statuses.store(forged, WORKING, written);
  expect(await members(memory)).toEqual([]);
  await statuses.settle();
  expect(statuses.trusted(forged).status).toBeUndefined();
});

it('counts before the binding too', async () => {
  const { statuses, memory } = await begin([job('one')]);
  await statuses.settle();
  await memory.save(() => ({ jobs: { [jobKeyOf(job('one'))]: '' } }));
  expect(statuses.trusted(job('one', WORKING)).status).toBeUndefined();
});

it('goes with those of other jobs into few requests, and goes when its job has ended', async () => {
  const jobs = Array.from({ length: 40 }, (_, index) => job(`j${index}`));
  let patches = 0;
  const { statuses, memory } = await begin(jobs, async (...args) => {
    patches += 1;
    return await cluster.patch(...args);
  });
  await statuses.settle();
  await Promise.all(jobs.map(async (one) => await statuses.store(one, STOPPING, written)));
  expect(await members(memory)).toHaveLength(40);
  expect(patches).toBeLessThanOrEqual(3);
  // A claim without an object may be bound to the one that is there.
  await memory.save(() => ({ jobs: { 'Backup/ns/j0': 'uid-j0', 'Backup/ns/j1': '', 'Backup/ns/new': '' } }));
  await statuses.settle();
  expect(await members(memory)).toEqual(['job.uid-j0', 'job.uid-j1']);
});
