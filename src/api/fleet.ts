// Fleet: the settings of the whole repository. It exists in Git only.

import { z } from 'zod';

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

/** The entry of `suspendFolders` that contains the file, if any. `file`: its path in the repository. */
export function suspendedFolder(
  { suspendFolders }: Pick<FleetSpec, 'suspendFolders'>,
  file: string | undefined,
): string | undefined {
  return suspendFolders?.find((one) => file?.startsWith(`${one.replace(/\/+$/, '')}/`) === true);
}
