// The contract between the controller and the pod that works: parameters in, one JSON result out.

import { z } from 'zod';

import { Name, Sha256 } from './fields.ts';
import { Height } from './job.ts';

const Path = z.string().min(1).max(1024).regex(/^\//, 'must be an absolute path');
const Inside = z
  .string()
  .min(1)
  .max(1024)
  .regex(/^(?!\/)(?!(.*\/)?\.\.(\/|$)).*$/, 'must be a relative path without ".."');

const Origin = z.strictObject({
  job: z.string().max(253),
  uid: z.string().max(253),
  node: z.string().max(253),
  chain: z.string().max(253),
  network: z.string().max(253).optional(),
  chainId: z.string().max(253).optional(),
  height: Height.optional(),
  images: z.array(z.string().max(512)).max(16),
  live: z.boolean(),
});

/** `backup`: copy every volume below `to`, write the manifest last. Safe to repeat: a copy without manifest is redone. */
export const BackupParameters = z.strictObject({
  verb: z.literal('backup'),
  volumes: z.array(z.strictObject({ name: Name, from: Path })).max(16),
  to: Path,
  origin: Origin,
});

/** `seal`: a tool has filled `at`; write the manifest of what lies there. */
export const SealParameters = z.strictObject({ verb: z.literal('seal'), at: Path, origin: Origin });

/**
 * `restore`: verify the manifest and free space, unpack beside the data, swap by rename. Safe to repeat and to kill: a
 * swap that was begun is finished, never undone half way.
 */
export const RestoreParameters = z.strictObject({
  verb: z.literal('restore'),
  /** The folder that holds the manifest. */
  from: Path,
  volumes: z.array(z.strictObject({ name: Name, from: Path, to: Path })).max(16),
  /** `volume`: what is not in the copy goes. `entries`: only top-level entries that the copy has are replaced. */
  scope: z.enum(['volume', 'entries']),
  keep: z.array(z.strictObject({ volume: Name, path: Inside })).max(64),
  signerState: z.array(z.strictObject({ volume: Name, path: Inside, format: z.enum(['cometbft']) })).max(16),
  expect: z.strictObject({
    chain: z.string().max(253),
    network: z.string().max(253).optional(),
    chainId: z.string().max(253).optional(),
    manifestSha256: Sha256.optional(),
  }),
  uid: z.int().min(0).optional(),
  gid: z.int().min(0).optional(),
});

/** `check`: verify the manifest at `from` and change nothing; runs before a tool that reads it. */
export const CheckParameters = z.strictObject({
  verb: z.literal('check'),
  from: Path,
  expect: RestoreParameters.shape.expect,
});

/** `chown`: every file below each path, links not followed. Safe to repeat. */
export const ChownParameters = z.strictObject({
  verb: z.literal('chown'),
  volumes: z.array(z.strictObject({ name: Name, at: Path })).max(16),
  uid: z.int().min(0),
  gid: z.int().min(0),
});

const AskParameter = z.strictObject({
  id: z.string().max(63),
  role: z.string().max(63),
  port: z.int().min(1).max(65_535),
  method: z.enum(['GET', 'POST']),
  path: z.string().max(1024),
  body: z.unknown().optional(),
});

/** `ask`: wait until the client beside it answers, ask, then prove the height. */
export const AskParameters = z.strictObject({
  verb: z.literal('ask'),
  asks: z.array(AskParameter).max(16),
  height: z.strictObject({
    ask: AskParameter,
    at: z.array(z.union([z.string(), z.number()])).max(16),
    format: z.enum(['hex', 'decimal']),
  }),
  wanted: Height,
});

/** `done`: a tool ran before and succeeded; say so in the result. */
export const DoneParameters = z.strictObject({ verb: z.literal('done') });

/** What `nodewright job run --parameters <json>` takes. */
export const WorkParameters = z.discriminatedUnion('verb', [
  BackupParameters,
  SealParameters,
  RestoreParameters,
  CheckParameters,
  ChownParameters,
  AskParameters,
  DoneParameters,
]);
export type WorkParameters = z.infer<typeof WorkParameters>;
export type WorkOrigin = z.infer<typeof Origin>;

/** Kubernetes keeps 4096 bytes of a termination message. */
export const MAX_RESULT_BYTES = 4096;

/** The termination message. Every field but `ok` may be missing; unknown ones are ignored. */
export const WorkResult = z.object({
  ok: z.boolean(),
  /** PascalCase: `ManifestMismatch`, `NoSpace`, `WrongChain`, `SourceMissing`. */
  code: z.string().max(63).optional(),
  message: z.string().max(2048).optional(),
  bytes: z.int().min(0).optional(),
  files: z.int().min(0).optional(),
  manifestSha256: Sha256.optional(),
  height: Height.optional(),
  /** Whether the node's own data was changed; a failure with `false` leaves it as it was. */
  swapped: z.boolean().optional(),
});
export type WorkResult = z.infer<typeof WorkResult>;
