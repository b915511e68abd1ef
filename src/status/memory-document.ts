// The second copy of the memory, on the status branch: `<executor>/memory.yaml`.

import { z } from 'zod';

import { VolumeRecord } from '../api/node-volumes.ts';
import { defined } from '../lib/defined.ts';
import { readYaml } from '../lib/yaml/read.ts';

const Commit = z.string().regex(/^(?:[0-9a-f]{40}|[0-9a-f]{64})$/);

/** Lists, not maps: a name of a Secret as a key would hide its value as a secret. */
const MemoryDocument = z.object({
  origin: z.string().optional(),
  cluster: z.string().max(100).optional(),
  appliedCommit: Commit.optional(),
  appliedRevision: z.string().optional(),
  identities: z.array(z.object({ node: z.string(), identity: z.string() })).default([]),
  signers: z.array(z.object({ of: z.string(), node: z.string() })).default([]),
  volumes: z.array(z.object({ node: z.string(), record: VolumeRecord })).default([]),
  schedules: z.array(z.object({ schedule: z.string(), until: z.number() })).default([]),
  unrecorded: z.array(z.string()).default([]),
  recordsLostAt: z.string().optional(),
});

/** The part of the controller's memory that the branch has a copy of. */
export interface MemoryView {
  readonly origin: string;
  /** Which cluster writes here. */
  readonly cluster: string | undefined;
  readonly appliedCommit: string | undefined;
  readonly appliedRevision: string | undefined;
  readonly identities: Readonly<Record<string, string>>;
  readonly signers: Readonly<Record<string, string>>;
  readonly volumes: Readonly<Record<string, VolumeRecord>>;
  readonly schedules: Readonly<Record<string, number>>;
  readonly unrecorded: readonly string[];
  readonly recordsLostAt: string | undefined;
}

/** What an approval released is left out: the branch must not release anything. */
export function memoryDocument(memory: MemoryView): z.infer<typeof MemoryDocument> {
  const { origin, cluster, appliedCommit, appliedRevision, unrecorded, recordsLostAt } = memory;
  const { identities, signers, volumes, schedules } = memory;
  return {
    origin,
    ...defined({ cluster, appliedCommit, appliedRevision, recordsLostAt }),
    identities: Object.entries(identities).map(([node, identity]) => ({ node, identity })),
    signers: Object.entries(signers).map(([of, node]) => ({ of, node })),
    volumes: Object.entries(volumes).map(([node, record]) => ({ node, record })),
    schedules: Object.entries(schedules).map(([schedule, until]) => ({ schedule, until })),
    unrecorded: [...unrecorded],
  };
}

export function memoryPath(executor: string): string {
  return `${executor}/memory.yaml`;
}

/** Undefined for a file that is absent or that cannot be read: others may write to the branch. */
export function readMemoryDocument(text: string | undefined): Partial<MemoryView> | undefined {
  const document = documentOf(text);
  if (document === undefined) return undefined;
  const { identities, signers, volumes, schedules, unrecorded, ...texts } = document;
  return {
    ...defined(texts),
    identities: Object.fromEntries(identities.map(({ node, identity }) => [node, identity])),
    signers: Object.fromEntries(signers.map(({ of, node }) => [of, node])),
    volumes: Object.fromEntries(volumes.map(({ node, record }) => [node, record])),
    schedules: Object.fromEntries(schedules.map(({ schedule, until }) => [schedule, until])),
    unrecorded,
  };
}

/** Longer than any file that Git gives. Of ten thousand nodes it is large, and it is read once, when the memory is lost. */
const LIMITS = { length: 2 ** 20, tokens: 400_000 };

function documentOf(text: string | undefined): z.infer<typeof MemoryDocument> | undefined {
  return MemoryDocument.safeParse(readYaml(text ?? '', LIMITS)).data;
}
