// The kinds of the repository: the place and the schema of each.

import { z } from 'zod';

import { NodeSpecBase } from '../api/blockchain-node.ts';
import { NodeName, Labels, Name, QualifiedName } from '../api/fields.ts';
import { FleetPatchSpec, FleetSpec, FLEET_FILE } from '../api/fleet.ts';
import { API_VERSION } from '../api/group.ts';
import { JobScheduleSpec } from '../api/job-schedule.ts';
import type { Chain } from '../chains/chain.ts';
import { jobKinds } from '../jobs/kinds/index.ts';

/** How a kind is used. */
export type GitRole = 'fleet' | 'node' | 'patch' | 'request' | 'schedule' | 'policy';

export interface GitKind {
  readonly kind: string;
  readonly role: GitRole;
  readonly apiVersion: string;
  /** The one file, or the folder (with a final `/`) that holds the kind. */
  readonly place: string;
  /** Whether files may be in folders below the place. */
  readonly deep: boolean;
  readonly name: z.ZodType<string>;
  /** Fields of `metadata` that have an effect, besides the name; the reader warns of others. */
  readonly metadata: readonly (keyof Omit<GitMetadata, 'name'>)[];
  /** The schema of the spec, before defaults; some kinds are complete only with them. */
  readonly spec: (chains: readonly Chain[]) => z.ZodObject;
}

/** Every kind in Git. README.md lists the steps to add one. */
export const gitKinds: readonly GitKind[] = [
  {
    kind: 'Fleet',
    role: 'fleet',
    apiVersion: API_VERSION,
    place: FLEET_FILE,
    deep: false,
    name: Name,
    metadata: [],
    spec: () => FleetSpec,
  },
  {
    kind: 'BlockchainNode',
    role: 'node',
    apiVersion: API_VERSION,
    place: 'nodes/',
    deep: true,
    name: NodeName,
    metadata: ['namespace', 'labels', 'annotations'],
    spec: nodeSpecSchema,
  },
  {
    kind: 'FleetPatch',
    role: 'patch',
    apiVersion: API_VERSION,
    place: 'patches/',
    deep: false,
    name: Name,
    metadata: [],
    spec: () => FleetPatchSpec,
  },
  ...jobKinds.map(({ kind, spec }): GitKind => ({
    kind,
    role: 'request',
    apiVersion: API_VERSION,
    place: 'jobs/',
    deep: true,
    name: Name,
    metadata: ['namespace', 'labels', 'annotations'],
    spec: () => spec,
  })),
  {
    kind: 'JobSchedule',
    role: 'schedule',
    apiVersion: API_VERSION,
    place: 'schedules/',
    deep: false,
    name: Name,
    metadata: ['namespace'],
    spec: () => JobScheduleSpec,
  },
];

/** The kinds that belong at a path; none when nothing at that path is read. */
export function kindsAt(path: string): readonly GitKind[] {
  return gitKinds.filter(({ place, deep }) => {
    if (!place.endsWith('/')) return path === place;
    if (!/\.ya?ml$/.test(path) || path.split('/').some((part) => part.startsWith('.'))) return false;
    return path.startsWith(place) && (deep || !path.slice(place.length).includes('/'));
  });
}

/** The `metadata` that a file may have; all other fields belong to the API server. */
export const GitMetadata = z.strictObject({
  name: z.string().max(253).describe('Name of the object, unique in its kind and namespace.'),
  namespace: Name.optional().describe('Namespace of the object. Default: the default namespace of the controller.'),
  labels: Labels.optional().describe('Labels of the object, at most 64.'),
  annotations: z
    .record(QualifiedName, z.string().max(64 * 1024))
    .optional()
    .describe('Annotations of the object, each at most 65536 characters.'),
});
export type GitMetadata = z.infer<typeof GitMetadata>;

/** The fields of `metadata` that have an effect on a kind. */
export function metadataOf({ metadata }: Pick<GitKind, 'metadata'>): z.ZodObject {
  const { name } = GitMetadata.shape;
  return z.strictObject({ name, ...Object.fromEntries(metadata.map((field) => [field, GitMetadata.shape[field]])) });
}

const nodeSchemas = new WeakMap<readonly Chain[], z.ZodObject>();

/** The whole schema of a BlockchainNode's spec: the base and one optional block per chain that has options. */
export function nodeSpecSchema(chains: readonly Chain[]): z.ZodObject {
  const known = nodeSchemas.get(chains);
  if (known !== undefined) return known;
  const blocks = chains.flatMap((chain) =>
    chain.options === undefined
      ? []
      : [
          [
            chain.name,
            chain.options
              .strict()
              .optional()
              .describe(`Options of ${chain.title}; only with \`chain: ${chain.name}\`.`),
          ] as const,
        ],
  );
  const schema = NodeSpecBase.extend(Object.fromEntries(blocks));
  nodeSchemas.set(chains, schema);
  return schema;
}
