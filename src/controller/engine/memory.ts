// What the controller must remember over a restart, and over an outage of Git: one ConfigMap in the cluster.

import { z } from 'zod';

import { DEFAULT_NAMESPACE, FIELD_MANAGER, LABEL } from '../../api/group.ts';
import { VolumeRecord } from '../../api/node-volumes.ts';
import type { Ref } from '../../api/objects.ts';
import type { Cluster } from '../../kube/cluster.ts';
import { createSerial } from '../../lib/serial.ts';
import { sameJson, stableJson } from '../../lib/stable-json.ts';
import type { Releases } from '../../plan/action.ts';

const ReleasesSchema = z.record(z.string(), z.array(z.string()));
const IdentitiesSchema = z.record(z.string(), z.string());
const SkipsSchema = z.record(z.string(), z.string().max(500));
const SignersSchema = IdentitiesSchema;
const VolumesSchema = z.record(z.string(), VolumeRecord);
const SchedulesSchema = z.record(z.string(), z.number());

export interface Remembered {
  /** The commit whose content was applied last. */
  readonly appliedCommit: string | undefined;
  /** `branch@sha1:…` of it. */
  readonly appliedRevision: string | undefined;
  /** What approvals released, see plan/action.ts. */
  readonly released: Releases;
  /** The Secret that a node signs with, by `namespace/name`, where a Switchover overrides the node's file. */
  readonly identities: Readonly<Record<string, string>>;
  /**
   * Which node signed last with the key in a Secret, both as `namespace/name`; empty text when that node's volumes were
   * deleted with it.
   */
  readonly signers: Readonly<Record<string, string>>;
  /** The volumes of nodes that sign, and of nodes that are gone, by `namespace/name` of the node. */
  readonly volumes: Readonly<Record<string, VolumeRecord>>;
  /** Up to when each schedule is dealt with, milliseconds since the epoch. */
  readonly schedules: Readonly<Record<string, number>>;
  /** Why the last due run of a schedule was not filed, where that was so. */
  readonly skips: Readonly<Record<string, string>>;
  /**
   * The repository of the commit that was applied last. With another repository the memory still applies: what does not
   * descend from that commit is held.
   */
  readonly origin: string;
}

export interface Memory {
  readonly current: Remembered;
  /** Reads the ConfigMap. */
  load(): Promise<void>;
  /**
   * Sends no request when nothing changed. Reconcilers save side by side: `change` is called after all earlier saves have
   * ended, with what they stored.
   */
  save(change: (current: Remembered) => News): Promise<void>;
}

type News = Partial<Remembered>;

interface MemoryOptions {
  readonly cluster: Cluster;
  readonly executor: string;
  readonly namespace: string;
  readonly origin: string;
}

/** Memory in ConfigMap `nodewright-<executor>`. */
export function createMemory({ cluster, executor, namespace, origin }: MemoryOptions): Memory {
  const ref = refOfMemory({ executor, namespace });
  let current: Remembered = {
    appliedCommit: undefined,
    appliedRevision: undefined,
    released: {},
    identities: {},
    signers: {},
    volumes: {},
    schedules: {},
    skips: {},
    origin,
  };
  const oneByOne = createSerial();
  return {
    get current() {
      return current;
    },
    async load() {
      current = readData(stringMap((await cluster.get(ref))?.['data'])) ?? current;
    },
    save: (change) =>
      oneByOne(async () => {
        const next = { ...current, ...change(current) };
        if (sameJson(next, current)) return;
        const labels = { [LABEL.managedBy]: 'nodewright', [LABEL.executor]: executor };
        await cluster.apply(
          {
            apiVersion: 'v1',
            kind: 'ConfigMap',
            metadata: { name: ref.name, namespace: ref.namespace, labels },
            data: dataOf(next),
          },
          { fieldManager: FIELD_MANAGER, force: true },
        );
        current = next;
      }),
  };
}

type Data = Readonly<Record<string, string>>;

/** Undefined when there is no memory. */
function readData(data: Data): Remembered | undefined {
  const { appliedCommit, appliedRevision, origin } = data;
  if (origin === undefined) return undefined;
  return {
    appliedCommit,
    appliedRevision,
    released: parse(ReleasesSchema, data['released']) ?? {},
    identities: parse(IdentitiesSchema, data['identities']) ?? {},
    signers: parse(SignersSchema, data['signers']) ?? {},
    volumes: parse(VolumesSchema, data['volumes']) ?? {},
    schedules: parse(SchedulesSchema, data['schedules']) ?? {},
    skips: parse(SkipsSchema, data['skips']) ?? {},
    origin,
  };
}

function dataOf(memory: Remembered): Readonly<Record<string, string | undefined>> {
  const { origin, appliedCommit, appliedRevision, ...lists } = memory;
  const texts = Object.entries(lists).map(([name, list]) => [name, stableJson(list)]);
  return { origin, appliedCommit, appliedRevision, ...Object.fromEntries(texts) };
}

export interface SigningMemory {
  readonly identities: ReadonlyMap<string, string>;
  readonly signers: ReadonlyMap<string, string>;
  readonly volumes: ReadonlyMap<string, VolumeRecord>;
}

/** What another process remembers of identities, the last signers and their volumes; empty where there is no memory. */
export async function readSigningMemory(
  cluster: Pick<Cluster, 'get'>,
  place: Pick<MemoryOptions, 'executor' | 'namespace'>,
): Promise<SigningMemory> {
  const data = stringMap((await cluster.get(refOfMemory(place)))?.['data']);
  return {
    identities: new Map(Object.entries(parse(IdentitiesSchema, data['identities']) ?? {})),
    signers: new Map(Object.entries(parse(SignersSchema, data['signers']) ?? {})),
    volumes: new Map(Object.entries(parse(VolumesSchema, data['volumes']) ?? {})),
  };
}

function refOfMemory({
  executor,
  namespace,
}: Pick<MemoryOptions, 'executor' | 'namespace'>): Ref & { readonly namespace: string } {
  return {
    apiVersion: 'v1',
    kind: 'ConfigMap',
    namespace: namespace || DEFAULT_NAMESPACE,
    name: `nodewright-${executor}`,
  };
}

/** A memory that was edited by hand into something else counts as absent. */
function parse<T>(schema: z.ZodType<T>, text: string | undefined): T | undefined {
  try {
    return schema.parse(JSON.parse(text ?? '{}'));
  } catch {
    return undefined;
  }
}

function stringMap(value: unknown): Readonly<Record<string, string>> {
  if (typeof value !== 'object' || value === null) return {};
  return Object.fromEntries(
    Object.entries(value).filter((entry): entry is [string, string] => typeof entry[1] === 'string'),
  );
}
