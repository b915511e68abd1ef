// Fleet: the settings of the whole repository. It exists in Git only.

import { z } from 'zod';

import { defined } from '../lib/defined.ts';
import { member } from '../lib/json-value.ts';
import { Name, Labels, PatchOperation } from './fields.ts';

/** The file of the Fleet. */
export const FLEET_FILE = 'fleet.yaml';

/** The executor of nodes in a repository that names no executor. */
export const DEFAULT_EXECUTOR = 'default';

/** A tag, a digest, or a tag with its digest. */
const IMAGE_VERSION = /^(?:[A-Za-z0-9_][A-Za-z0-9_.-]{0,127}(?:@sha256:[0-9a-f]{64})?|sha256:[0-9a-f]{64})$/;

const ControllerVersion = z.strictObject({
  version: z
    .string()
    .max(200)
    .regex(IMAGE_VERSION, 'must be the tag of an image such as "0.2.0", a digest "sha256:…", or both: "0.2.0@sha256:…"')
    .describe('Tag of the image, its digest, or both: `0.2.0`, `sha256:…`, `0.2.0@sha256:…`.'),
  attempt: z
    .int()
    .min(1)
    .max(1_000_000)
    .optional()
    .describe('Another number tries a version again that failed before.'),
});

export const FleetSpec = z.strictObject({
  executors: z
    .array(
      z.strictObject({
        name: Name.describe('Name of the controller, as in its option `--executor`.'),
        description: z.string().max(500).optional().describe('What the controller is for, shown in plans.'),
        controller: ControllerVersion.optional().describe(
          'The version of this controller; wins over `spec.controller`.',
        ),
      }),
    )
    .max(256)
    .optional()
    .describe('The controllers that read this repository, at most 256. A node may only name one of these.'),
  defaultExecutor: Name.optional().describe('The controller of nodes that name none.'),
  suspend: z
    .boolean()
    .optional()
    .describe(
      'true: the controllers change nothing of the fleet. Jobs that have not begun wait; schedules skip their runs.',
    ),
  suspendFolders: z
    .array(
      z
        .string()
        .min(1)
        .max(1024)
        .regex(
          /^(?!\.{0,2}\/)/,
          'must be a folder from the top of the repository, such as nodes/dev, without / or ./ before it',
        ),
    )
    .max(256)
    .optional()
    .describe(
      'Folders from the top of the repository, such as `nodes/dev`, at most 256, whose nodes are not changed; jobs on them wait.',
    ),
  defaults: z
    .strictObject({
      all: z.record(z.string(), z.unknown()).optional().describe('Spec fields for every node that does not set them.'),
      chains: z
        .record(z.string(), z.record(z.string(), z.unknown()))
        .optional()
        .describe('The same by chain; wins over `all`.'),
    })
    .optional()
    .describe('Spec fields that many nodes share.'),
  guards: z
    .strictObject({
      maxDeletions: z.int().min(0).max(100_000).default(5).describe('More deletions than this at once are held.'),
      maxDeletionPercent: z
        .int()
        .min(0)
        .max(100)
        .default(20)
        .describe(
          "A larger share of the executor's nodes than this is held; one deletion is always within it, except at 0.",
        ),
    })
    .prefault({})
    .describe('How much may be deleted without approval.'),
  approvals: z
    .array(
      z.strictObject({
        digest: z
          .string()
          .regex(/^sha256:[0-9a-f]{64}$/, 'must be "sha256:" and 64 hex digits, as `plan` shows it')
          .describe('Digest of the held actions: `sha256:` and 64 hex digits.'),
        reason: z.string().max(500).optional().describe('Why it was approved, shown in plans.'),
      }),
    )
    .max(256)
    .optional()
    .describe('Releases held actions by the digest that plan, log and status show; at most 256.'),
  controller: ControllerVersion.optional().describe(
    'The version that the controllers run, where their policy lets them upgrade themselves.',
  ),
});
export type FleetSpec = z.infer<typeof FleetSpec>;

/** What of it suspends. */
export const FleetSuspension = FleetSpec.pick({ suspend: true, suspendFolders: true });
export type FleetSuspension = Pick<FleetSpec, 'suspend' | 'suspendFolders'>;

export const FleetPatchSpec = z.strictObject({
  match: z
    .strictObject({
      chain: z.string().max(63).optional().describe('The `spec.chain` of the node.'),
      network: z.string().max(63).optional().describe('The `spec.network` of the node.'),
      labels: Labels.optional().describe('Labels that the node must have, with these values.'),
      names: z.array(Name).max(1000).optional().describe('Names of nodes, at most 1000, in any namespace.'),
    })
    .describe('Which nodes. All given conditions must hold; without a condition, every node.'),
  patch: z
    .array(PatchOperation)
    .min(1)
    .max(64)
    .describe("RFC 6902 operations, 1 to 64, on the node's spec, applied in their order."),
});
export type FleetPatchSpec = z.infer<typeof FleetPatchSpec>;

/** By what a node is left as it is. Nothing but the functions below reads the fields that suspend: a test checks that. */
export type Suspension =
  | { readonly by: 'Fleet' }
  /** `folder`: as `suspendFolders` has it. */
  | { readonly by: 'Folder'; readonly folder: string }
  | { readonly by: 'Node' };

export interface SuspensionInput {
  readonly fleet: FleetSuspension;
  /** Where the node is declared: its path in the repository, if any. */
  readonly file: string | undefined;
  readonly spec: { readonly suspend?: boolean | undefined };
}

/** By what the node is suspended; undefined when it is not. The widest one counts. */
export function suspensionOf({ fleet, file, spec }: SuspensionInput): Suspension | undefined {
  const wide = suspensionOfFleet(fleet);
  if (wide !== undefined) return wide;
  const folder = suspendedFolder(fleet, file);
  if (folder !== undefined) return { by: 'Folder', folder };
  return isSuspendedItself(spec) ? { by: 'Node' } : undefined;
}

/** By its own spec alone, without the Fleet. `spec`: of a node. */
export function isSuspendedItself(spec: unknown): boolean {
  return member(spec, 'suspend') === true;
}

/** Of the fleet as a whole, with all its nodes, schedules and jobs. */
export function suspensionOfFleet({ suspend }: FleetSuspension): Suspension | undefined {
  return suspend === true ? { by: 'Fleet' } : undefined;
}

/** The entry of `suspendFolders` that contains the file, if any. `file`: its path in the repository. */
export function suspendedFolder(
  { suspendFolders }: Pick<FleetSuspension, 'suspendFolders'>,
  file: string | undefined,
): string | undefined {
  return suspendFolders?.find((one) => file?.startsWith(`${one.replace(/\/+$/, '')}/`) === true);
}

/** `the Fleet is suspended`. `name`: of the node, for texts that do not stand beside it. */
export function describeSuspension(suspension: Suspension, name = 'the node'): string {
  if (suspension.by === 'Folder') return `the folder ${suspension.folder} is suspended`;
  return suspension.by === 'Fleet' ? 'the Fleet is suspended' : `${name} is suspended`;
}

/** `the Fleet is suspended. Remove spec.suspend from fleet.yaml.` */
export function whySuspended(suspension: Suspension): string {
  return `${describeSuspension(suspension)}. ${howSuspensionEnds(suspension)}`;
}

const LEFT = ': the objects of the node are left as they are';

/** The beginning of what `describeLeft` says, for tables: `the Fleet is suspended`. */
export function shownSuspension(message: string): string {
  const [what = ''] = message.split(LEFT);
  return `${what.charAt(0).toLowerCase()}${what.slice(1)}`;
}

/** What it means for a node, in sentences. */
export function describeLeft(suspension: Suspension): string {
  const why = describeSuspension(suspension);
  return `${why.charAt(0).toUpperCase()}${why.slice(1)}${LEFT}, and not compared with its file. What is changed by hand is not put back before the suspension ends. ${howSuspensionEnds(suspension)}`;
}

/** What of a Fleet suspends. */
export function suspendingPart({ suspend, suspendFolders }: FleetSuspension): FleetSuspension {
  return defined({ suspend, suspendFolders });
}

const HOW_IT_ENDS = {
  Fleet: 'Remove spec.suspend from fleet.yaml.',
  Folder: 'Remove it from spec.suspendFolders in fleet.yaml.',
  Node: 'Remove spec.suspend from its file.',
} as const;

/** How it ends, as a sentence. */
export function howSuspensionEnds({ by }: Suspension): string {
  return HOW_IT_ENDS[by];
}
