// A deletion with volumes, through the plan: refused, cut off or without an answer, the node keeps its volumes and what is known
// of them, unless its object is gone.

import { describe, expect, it } from 'vitest';

import { LABEL } from '../../src/api/group.ts';
import { refOf, type KubeObject, type Ref } from '../../src/api/objects.ts';
import { createMemory, type Memory } from '../../src/controller/engine/memory.ts';
import { applyPlan } from '../../src/controller/fleet/apply-plan.ts';
import type { FailedAction } from '../../src/controller/fleet/state.ts';
import { createDeletedNodes } from '../../src/controller/fleet/deleted-nodes.ts';
import { createIdentities } from '../../src/controller/node/keys/identities.ts';
import { createVolumeRecords } from '../../src/controller/node/volumes/volume-records.ts';
import { KubeError } from '../../src/kube/kube-error.ts';
import type { Action } from '../../src/plan/action.ts';
import { aNode } from '../support/plan-scene.ts';

const KEY = `sha256:${'1'.repeat(64)}`;
const node = aNode('a');
const uid = 'node-1';
const RECORD = { chain: 'cosmos', network: 'hub', clients: {}, pvcs: { data: 'pvc-1' }, signer: 'key', prepared: true };
const deletion: Action = { do: 'delete', ref: refOf(node), uid, keepsVolumes: false, because: 'its file was removed' };

interface Fault {
  /** Instead of the deletion, or after it. */
  readonly remove?: (remove: () => void) => void;
  /** The process ends after so many writes. */
  readonly writes?: number;
  /** So many first reads of the node get no answer. */
  readonly unread?: number;
}

class Crash extends Error {}

/** The API server with a node that signs, its PVC, and the memory of a controller. */
class World {
  readonly objects = new Map<string, KubeObject>();
  #left: number;
  #unread = 0;
  #fault: Fault;
  readonly #data = new Map<string, string>();

  constructor(fault: Fault = {}) {
    this.#fault = fault;
    this.#left = fault.writes ?? Number.POSITIVE_INFINITY;
    const labels = node.metadata.labels ?? {};
    const metadata = { name: 'data-a-0', namespace: 'ns', uid: 'pvc-1', labels };
    this.#put({ ...node, metadata: { ...node.metadata, uid, resourceVersion: '1' } });
    this.#put({ apiVersion: 'v1', kind: 'PersistentVolumeClaim', metadata });
    const [volumes, signers] = [{ 'ns/a': RECORD }, { [KEY]: 'ns/a', 'ns/key': 'ns/a' }];
    for (const [name, value] of Object.entries({ volumes, signers })) this.#data.set(name, JSON.stringify(value));
    this.#data.set('origin', 'https://git.example');
  }

  #put(object: KubeObject): void {
    this.objects.set(`${object.kind} ${object.metadata.name}`, object);
  }

  get(ref: Ref): Promise<KubeObject | undefined> {
    if (ref.kind === node.kind && this.#unread-- > 0) return Promise.reject(new KubeError('TIMEOUT', 'no answer'));
    const data = Object.fromEntries(this.#data);
    const memory = { apiVersion: 'v1', kind: 'ConfigMap', metadata: { name: ref.name }, data };
    return Promise.resolve(ref.kind === 'ConfigMap' ? memory : this.objects.get(`${ref.kind} ${ref.name}`));
  }

  #write(): void {
    if (this.#left-- <= 0) throw new Crash('the process ended');
  }

  async apply(object: KubeObject & { readonly data?: Readonly<Record<string, string>> }): Promise<KubeObject> {
    await Promise.resolve(this.#write());
    this.#data.clear();
    for (const [name, text] of Object.entries(object.data ?? {})) this.#data.set(name, text);
    return object;
  }

  async patch(ref: Ref, [, add]: readonly { readonly value: unknown }[]): Promise<void> {
    await Promise.resolve(this.#write());
    const live = await this.get(ref);
    if (live !== undefined)
      this.#put({ ...live, metadata: { ...live.metadata, ownerReferences: add?.value as never } });
  }

  async remove(ref: Ref): Promise<void> {
    await Promise.resolve(this.#write());
    const remove = (): void => void this.objects.delete(`${ref.kind} ${ref.name}`);
    if (this.#fault.remove === undefined) remove();
    else this.#fault.remove(remove);
  }

  /** A new process, with nothing but what is stored. */
  async run(actions: readonly Action[], fault?: Fault): Promise<readonly FailedAction[]> {
    if (fault !== undefined) [this.#fault, this.#left] = [fault, fault.writes ?? Number.POSITIVE_INFINITY];
    this.#unread = fault?.unread ?? 0;
    const cluster = this as never;
    const memory = createMemory({ cluster, executor: 'demo', namespace: 'us', origin: 'https://git.example' });
    await memory.load();
    const plan = { revision: 'r', actions, kept: [], jobs: [], heldDigest: undefined, released: {} };
    return await applyPlan(plan, this.#deps(memory) as never, new AbortController().signal);
  }

  #deps(memory: Memory): object {
    const kinds = (kind: string): readonly KubeObject[] =>
      [...this.objects.values()].filter((one) => one.kind === kind);
    const watches = {
      nodes: { get: () => this.objects.get('BlockchainNode a'), list: () => kinds('BlockchainNode') },
      owned: (_key: string, kind: string) => kinds(kind),
    };
    return {
      cluster: this, memory, watches, settings: { executor: 'demo' }, fleet: { deletedNodes: createDeletedNodes() }, notify: () => undefined,
      identities: createIdentities(memory), volumeRecords: createVolumeRecords(memory, watches),
      runtime: { log: { info: () => undefined, warn: () => undefined } },
    }; // prettier-ignore
  }

  stored(member: string): unknown {
    return JSON.parse(this.#data.get(member) ?? '{}');
  }

  get state(): object {
    const { ownerReferences = [] } = this.objects.get('PersistentVolumeClaim data-a-0')?.metadata ?? {};
    const [volumes, signers, deletions] = ['volumes', 'signers', 'deletions'].map((member) => this.stored(member));
    return { volumes, signers, deletions, owners: ownerReferences.map((owner) => owner.uid) };
  }
}

/** The node lives, so everything is as it was. */
const UNTOUCHED = {
  volumes: { 'ns/a': RECORD },
  signers: { [KEY]: 'ns/a', 'ns/key': 'ns/a' },
  deletions: {},
  owners: [],
};
/** Its volumes go with it, and its key counts as one whose record is gone. */
const FORGOTTEN = { volumes: {}, signers: { [KEY]: '', 'ns/key': '' }, deletions: {}, owners: [uid] };

const isGone = (world: World): boolean => !world.objects.has('BlockchainNode a');

it('forgets the volumes of a node that is deleted with them', async () => {
  const world = new World();
  expect(await world.run([deletion])).toEqual([]);
  expect(isGone(world)).toBe(true);
  expect(world.state).toEqual(FORGOTTEN);
});

describe('a deletion with the volumes', () => {
  const refuse = (code: 'CONFLICT' | 'FORBIDDEN') => (): void => {
    throw new KubeError(code, 'refused');
  };

  it.each(['CONFLICT', 'FORBIDDEN'] as const)('that is refused (%s) leaves everything as it was', async (code) => {
    const world = new World({ remove: refuse(code) });
    expect(await world.run([deletion])).toMatchObject([{ message: expect.stringContaining('refused') }]);
    expect(world.state).toEqual(UNTOUCHED);
  });

  it('that another executor came before leaves everything as it was', async () => {
    const world = new World({
      remove: () => {
        const live = world.objects.get('BlockchainNode a');
        Object.assign(live?.metadata.labels ?? {}, { [LABEL.executor]: 'tokyo' });
        refuse('CONFLICT')();
      },
    });
    const labels = { ...node.metadata.labels };
    world.objects.set('BlockchainNode a', {
      ...node,
      metadata: { ...node.metadata, labels, uid, resourceVersion: '1' },
    });
    expect(await world.run([deletion])).toEqual([]);
    expect(world.state).toEqual(UNTOUCHED);
  });

  it('that was carried out without an answer forgets them', async () => {
    const world = new World({
      remove: (remove) => {
        remove();
        throw new KubeError('NETWORK', 'connection reset');
      },
    });
    expect(await world.run([deletion])).toHaveLength(1);
    expect(isGone(world)).toBe(true);
    expect(world.state).toEqual(FORGOTTEN);
  });

  it('of a node whose object a finalizer keeps for a while forgets them', async () => {
    const world = new World({
      remove: () => {
        const live = world.objects.get('BlockchainNode a')!;
        const metadata = { ...live.metadata, deletionTimestamp: '2026-01-01T00:00:00Z' };
        world.objects.set('BlockchainNode a', { ...live, metadata });
      },
    });
    await world.run([deletion]);
    expect(world.state).toEqual(FORGOTTEN);
  });

  it('of a node that was created again in between leaves the records, which only hold a start', async () => {
    const world = new World({
      remove: () => {
        const live = world.objects.get('BlockchainNode a')!;
        world.objects.set('BlockchainNode a', { ...live, metadata: { ...live.metadata, uid: 'node-2' } });
      },
    });
    await world.run([deletion]);
    const { volumes, signers, deletions } = UNTOUCHED;
    expect(world.state).toMatchObject({ volumes, signers, deletions });
  });
});

describe('after the end of the process at any write', () => {
  const points = [0, 1, 2, 3, 4, 5, 6];

  it.each(points)('%i, the same plan deletes it', async (writes) => {
    const world = new World();
    await world.run([deletion], { writes });
    await world.run(isGone(world) ? [] : [deletion], {});
    expect(isGone(world)).toBe(true);
    expect(world.state).toEqual(FORGOTTEN);
  });

  it.each(points)('%i, a plan with the file back leaves a node that lives as it was', async (writes) => {
    const world = new World();
    await world.run([deletion], { writes });
    await world.run([], {});
    expect(world.state).toEqual(isGone(world) ? FORGOTTEN : UNTOUCHED);
  });

  const keeping: Action = { ...deletion, keepsVolumes: true, because: 'its executor changed' };

  it.each(points)('%i, a deletion that keeps them, after one with them that could not be settled, forgets nothing', async (writes) => {
    const world = new World();
    await world.run([deletion], { writes: 2 });
    await world.run([keeping], { writes, unread: 1 });
    await world.run(isGone(world) ? [] : [keeping], {});
    expect(isGone(world)).toBe(true);
    const { signers, deletions, owners } = UNTOUCHED;
    expect(world.state).toMatchObject({ volumes: { 'ns/a': { pvcs: RECORD.pvcs, signer: RECORD.signer } }, signers, deletions, owners });
  }); // prettier-ignore

  it('is at every one of them', async () => {
    const last = new World();
    expect(await last.run([deletion], { writes: points.at(-1)! })).toEqual([]);
    const before = new World();
    expect(await before.run([deletion], { writes: points.at(-1)! - 1 })).toHaveLength(1);
  });
});

it('settles one deletion although another cannot be settled', async () => {
  const world = new World();
  await world.run([deletion], { writes: 2 });
  const failures = await world.run([], { writes: 0 });
  expect(failures).toEqual([]);
  await world.run([], {});
  expect(world.state).toEqual(UNTOUCHED);
});
