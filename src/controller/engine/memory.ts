// What the controller must remember over a restart, and over an outage of Git: one ConfigMap in the cluster, and a copy on the status branch.

import { FIELD_MANAGER, LABEL } from '../../api/group.ts';
import type { KubeObject, Ref } from '../../api/objects.ts';
import type { Cluster } from '../../kube/cluster.ts';
import { textsAt } from '../../lib/json-value.ts';
import { createSerial } from '../../lib/serial.ts';
import { sameJson } from '../../lib/stable-json.ts';
import { type Data, dataOf, NOTHING, readData, type ReadMemory, type Remembered } from './memory-data.ts';

export type { Remembered } from './memory-data.ts';

export interface Memory {
  readonly ref: Ref & { readonly namespace: string };
  readonly current: Remembered;
  /** The commit that was applied last before this process. */
  readonly commitAtStart: string | undefined;
  /**
   * False after the loss of the ConfigMap, or of a part of it, until the copy on the status branch was read: nothing may
   * be applied and no key may start before that.
   */
  readonly isKnown: boolean;
  /** What else the ConfigMap had when it was read: members that are written one by one. */
  readonly othersAtStart: Data;
  /** A version without copies of statuses had written it last, when it was read. */
  readonly isFromOlder: boolean;
  /** Reads the ConfigMap. `hasTraces`: objects of this executor exist, so that an absent memory is a lost one. */
  load(hasTraces?: boolean): Promise<void>;
  /** Names the cluster, once. Stored with the next change: until then the name can be found again. */
  nameCluster(name: string): void;
  /** Fills what was lost with what was found elsewhere, and stores it. */
  restore(found: Partial<Remembered>, lost: string): Promise<void>;
  /**
   * Sends no request when nothing changed. Reconcilers save side by side: `change` is called after all earlier saves have
   * ended, with what they stored.
   */
  save(change: (current: Remembered) => News): Promise<void>;
  /** Stores what is remembered once more: the ConfigMap may have been removed. */
  rewrite(): Promise<void>;
}

type News = Partial<Remembered>;

interface MemoryOptions {
  readonly cluster: Cluster;
  readonly executor: string;
  readonly namespace: string;
  readonly origin: string;
  /** The ConfigMap was deleted since it was read or written last, and the write that follows has made it again. */
  readonly onMadeAgain?: (() => void) | undefined;
}

const NAME = 'nodewright-';

/** Memory in ConfigMap `nodewright-<executor>`. */
export function createMemory(options: MemoryOptions): Memory {
  const ref = refOfMemory(options);
  let current: Remembered = { ...NOTHING, origin: options.origin };
  /** What could be read of a memory of which a part was lost. */
  let left: Partial<Remembered> | undefined;
  let commitAtStart: string | undefined;
  let atStart: Pick<ReadMemory, 'others' | 'isFromOlder'> = { others: {}, isFromOlder: false };
  const configMap = watchIdentity({ ...options, ref });
  const oneByOne = createSerial();

  async function store(next: Remembered): Promise<void> {
    if (!sameJson(next, current)) await configMap.write(dataOf(next));
    current = next;
  }

  return {
    ref,
    get current() {
      return current;
    },
    get commitAtStart() {
      return commitAtStart;
    },
    get isKnown() {
      return left === undefined;
    },
    get othersAtStart() {
      return atStart.others;
    },
    get isFromOlder() {
      return atStart.isFromOlder;
    },
    async load(hasTraces = false) {
      const { remembered, isWhole, ...rest } = readData(textsAt(await configMap.read(), ['data']));
      atStart = rest;
      current = { ...current, ...remembered };
      commitAtStart = current.appliedCommit;
      if (isWhole || !hasTraces) return;
      left = remembered;
      current = { ...current, jobs: remembered.jobs };
    },
    nameCluster: (cluster) => void (current = { ...current, cluster }),
    restore: async (found, lost) =>
      await oneByOne(async () => {
        const known = Object.fromEntries(Object.entries(left ?? {}).filter(([, value]) => !isEmpty(value)));
        await store({ ...current, ...found, ...known, lost });
        commitAtStart = current.appliedCommit;
        left = undefined;
      }),
    save: async (change) => await oneByOne(async () => await store({ ...current, ...change(current) })),
    rewrite: async () => await oneByOne(async () => await configMap.write(dataOf(current))),
  };
}

interface Stored {
  read(): Promise<KubeObject | undefined>;
  write(data: Data): Promise<void>;
}

/** No watch and no request is spent on it: what is written says whether it is still the same object. */
function watchIdentity({
  cluster,
  ref,
  onMadeAgain,
}: Pick<MemoryOptions, 'cluster' | 'onMadeAgain'> & Pick<Memory, 'ref'>): Stored {
  let uid: string | undefined;
  return {
    async read() {
      const found = await cluster.get(ref);
      uid = found?.metadata.uid;
      return found;
    },
    async write(data) {
      const before = uid;
      uid = (await write(cluster, ref, data)).metadata.uid;
      if (before !== undefined && uid !== before) onMadeAgain?.();
    },
  };
}

async function write(cluster: Pick<Cluster, 'apply'>, ref: Memory['ref'], data: Data): Promise<KubeObject> {
  const { apiVersion, kind, name, namespace } = ref;
  const labels = { [LABEL.managedBy]: 'nodewright', [LABEL.executor]: name.slice(NAME.length) };
  return await cluster.apply(
    { apiVersion, kind, metadata: { name, namespace, labels }, data },
    { fieldManager: FIELD_MANAGER, force: true },
  );
}

/** An absent list says as little as an empty one. */
function isEmpty(value: unknown): boolean {
  return value === undefined || (typeof value === 'object' && value !== null && Object.keys(value).length === 0);
}

/** What another process remembers; undefined where there is no memory. A part that cannot be read is empty. */
export async function readMemory(
  cluster: Pick<Cluster, 'get'>,
  place: Pick<MemoryOptions, 'executor' | 'namespace'>,
): Promise<Remembered | undefined> {
  const stored = await cluster.get(refOfMemory(place));
  if (stored === undefined) return undefined;
  return { ...NOTHING, origin: '', ...readData(textsAt(stored, ['data'])).remembered };
}

/** Where the memory of an executor lies. */
export function refOfMemory({ executor, namespace }: Pick<MemoryOptions, 'executor' | 'namespace'>): Memory['ref'] {
  return {
    apiVersion: 'v1',
    kind: 'ConfigMap',
    namespace,
    name: `${NAME}${executor}`,
  };
}
