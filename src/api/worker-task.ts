// The contract between the controller and the worker pod: parameters in, one JSON result out.

import { z } from 'zod';

import { Name, Sha256 } from './fields.ts';
import { Height } from './job.ts';

/** Parts are never empty, "." or "..", so that each place has one spelling. */
const PART = /(?!\.{1,2}(?:\/|$))[^/\0]{1,255}/.source;
const Path = z
  .string()
  .max(1024)
  .regex(new RegExp(`^(?:/${PART})+$`), 'must be an absolute path without "." and ".."');
const Inside = z
  .string()
  .max(1024)
  .regex(new RegExp(`^${PART}(?:/${PART})*$`), 'must be a relative path without "." and ".."');
const Uid = z.int().min(0).max(4_294_967_294);

/** The source of the data, as the manifest records it. */
export const DataOrigin = z.strictObject({
  job: z.string().max(400),
  uid: z.string().max(253),
  node: z.string().max(253),
  chain: z.string().max(253),
  network: z.string().max(253).optional(),
  chainId: z.string().max(253).optional(),
  height: Height.optional(),
  images: z.array(z.string().max(512)).max(16),
  /** The source could change during the copy. */
  live: z.boolean(),
});
export type DataOrigin = z.infer<typeof DataOrigin>;

/**
 * `backup`: copy every volume into the new folder `to`, which gets its name when the copy is complete. `to` is below the
 * top of a volume. Safe to repeat: an incomplete copy is made again.
 */
export const BackupParameters = z.strictObject({
  verb: z.literal('backup'),
  volumes: z
    .array(z.strictObject({ name: Name, from: Path }))
    .min(1)
    .max(16),
  to: Path,
  origin: DataOrigin,
  /** Files that prove a database of the chain: of each marker, at least one path must exist and not be empty. */
  markers: z
    .array(z.strictObject({ volume: Name, anyOf: z.array(Inside).min(1).max(16) }))
    .max(16)
    .optional(),
});
export type BackupParameters = z.infer<typeof BackupParameters>;

/**
 * `describe`: write the manifest of the volumes below `at`, which is an empty folder of the pod; the result has the digest
 * of what they hold. Safe to repeat.
 */
export const DescribeParameters = z.strictObject({
  ...BackupParameters.omit({ verb: true, to: true }).shape,
  verb: z.literal('describe'),
  at: Path,
});
export type DescribeParameters = z.infer<typeof DescribeParameters>;

/** `seal`: a tool has filled `at` with the data of one volume; write the manifest of these files. Safe to repeat. */
export const SealParameters = z.strictObject({ verb: z.literal('seal'), volume: Name, at: Path, origin: DataOrigin });
export type SealParameters = z.infer<typeof SealParameters>;

const Expected = z.strictObject({
  chain: z.string().max(253),
  /** Network and chain id are compared where both sides know them. */
  network: z.string().max(253).optional(),
  chainId: z.string().max(253).optional(),
  manifestSha256: Sha256.optional(),
});
export type Expected = z.infer<typeof Expected>;

/**
 * `restore`: verify the manifest and free space, unpack beside the data, swap by rename. Safe to repeat and to kill: the
 * same request finishes a swap that it began, another request undoes it first.
 */
export const RestoreParameters = z.strictObject({
  verb: z.literal('restore'),
  /** UID of the job: distinguishes its own interrupted swap from that of another job. */
  id: z.string().regex(/^[A-Za-z0-9][-A-Za-z0-9]{0,62}$/),
  /** The folder that holds the manifest. */
  from: Path,
  volumes: z
    .array(z.strictObject({ name: Name, to: Path }))
    .min(1)
    .max(16),
  /** `volume`: what is not in the copy is deleted. `entries`: only top-level entries that the copy has are replaced. */
  scope: z.enum(['volume', 'entries']),
  keep: z.array(z.strictObject({ volume: Name, path: Inside })).max(64),
  signerState: z.array(z.strictObject({ volume: Name, path: Inside, format: z.enum(['cometbft']) })).max(16),
  expect: Expected,
  /** The volumes below `from` have no manifest: it is written first, and what they hold must have this digest. */
  describe: z.strictObject({ origin: DataOrigin, contentSha256: Sha256 }).optional(),
  /** Owner of all files, where the pod may change owners; otherwise the owners are those of the manifest. */
  uid: Uid.optional(),
  gid: Uid.optional(),
});
export type RestoreParameters = z.infer<typeof RestoreParameters>;

/** `check`: verify the manifest at `from` and change nothing; runs before a tool that reads it. */
export const CheckParameters = z.strictObject({
  verb: z.literal('check'),
  from: Path,
  expect: Expected,
});
export type CheckParameters = z.infer<typeof CheckParameters>;

/** `chown`: every file below each path, links not followed. Safe to repeat. */
export const ChownParameters = z.strictObject({
  verb: z.literal('chown'),
  volumes: z.array(z.strictObject({ name: Name, at: Path })).max(16),
  uid: Uid,
  gid: Uid,
});
export type ChownParameters = z.infer<typeof ChownParameters>;

/**
 * A repository of the engine in object storage. Its access key and password are in the environment of the worker pod,
 * never in the parameters.
 */
export const EngineRepository = z.strictObject({
  location: Name,
  url: z
    .string()
    .max(1024)
    .regex(/^s3:https?:\/\/[^\s@?#]+$/, 'must be s3:, the endpoint, the bucket and a path'),
  region: z.string().min(1).max(63).optional(),
  /** File with the certificate authorities of the endpoint. */
  ca: Path.optional(),
});
export type EngineRepository = z.infer<typeof EngineRepository>;

const SnapshotId = z.string().regex(/^[0-9a-f]{8,64}$/);

/**
 * `upload`: back up the volumes below `at` to a repository, with a manifest. Safe to repeat: a snapshot that this job
 * has made is found by its tag.
 */
export const UploadParameters = z.strictObject({
  ...BackupParameters.omit({ verb: true, to: true }).shape,
  verb: z.literal('upload'),
  repository: EngineRepository,
  /** A folder for the manifest and temporary files; the volumes are mounted below it. */
  at: Path,
  /** The schedule that filed the request; retention acts on its snapshots alone. */
  schedule: z.string().max(512).optional(),
});
export type UploadParameters = z.infer<typeof UploadParameters>;

/** `download`: like `restore`, from a snapshot in a repository. `from` is a folder for the manifest and temporary files. */
export const DownloadParameters = z.strictObject({
  ...RestoreParameters.omit({ verb: true, describe: true }).shape,
  verb: z.literal('download'),
  repository: EngineRepository,
  snapshot: z.union([SnapshotId, z.literal('latest')]),
});
export type DownloadParameters = z.infer<typeof DownloadParameters>;

/** `retain`: forget the snapshots of a schedule that the rule does not keep, and free their space. Safe to repeat. */
export const RetainParameters = z.strictObject({
  verb: z.literal('retain'),
  repository: EngineRepository,
  at: Path,
  schedule: z.string().min(1).max(512),
  keep: z.strictObject({ last: z.int().min(1), daily: z.int().min(0), weekly: z.int().min(0) }),
});
export type RetainParameters = z.infer<typeof RetainParameters>;

const AskParameter = z.strictObject({
  id: z.string().max(63),
  role: z.string().max(63),
  port: z.int().min(1).max(65_535),
  method: z.enum(['GET', 'POST']),
  path: z.string().max(1024).regex(/^\//, 'must begin with "/"'),
  body: z.unknown().optional(),
});

/** `ask`: wait until the client in the pod answers, query it, then prove the height. */
export const AskParameters = z.strictObject({
  verb: z.literal('ask'),
  ready: z.strictObject({ ask: AskParameter, includes: z.string().min(1).max(256) }).optional(),
  asks: z.array(AskParameter).max(16),
  height: z.strictObject({
    ask: AskParameter,
    at: z.array(z.union([z.string(), z.number()])).max(16),
    format: z.enum(['hex', 'decimal']),
  }),
  wanted: Height,
});
export type AskParameters = z.infer<typeof AskParameters>;

/**
 * A signer state, byte for byte as in its file. Empty: there is no such file. A state is a few hundred printable
 * characters; in the termination message each takes two bytes at most.
 */
export const SignerText = z
  .string()
  .max(1024)
  .regex(/^[\t\n\r\x20-\x7e]*$/, 'must be plain text');

/**
 * Files of one volume that record what a key has signed. The client reads the first; the others are copies that it may
 * restore. The latest of all counts.
 */
const SignerPaths = z.array(Inside).min(1).max(4);

/** `readSigner`: the text of the latest signer state, checked. Changes nothing. */
export const ReadSignerParameters = z.strictObject({ verb: z.literal('readSigner'), at: Path, paths: SignerPaths });
export type ReadSignerParameters = z.infer<typeof ReadSignerParameters>;

/**
 * `writeSigner`: put `text` in the place of the first file, and of the others that exist. Safe to repeat and to kill.
 * Refused when the present state is none of `expect`, because then the key has signed in the meantime.
 */
export const WriteSignerParameters = z.strictObject({
  verb: z.literal('writeSigner'),
  at: Path,
  paths: SignerPaths,
  text: SignerText.min(1),
  expect: z.array(SignerText.min(1)).min(1).max(4),
});
export type WriteSignerParameters = z.infer<typeof WriteSignerParameters>;

/** `done`: a tool ran before and succeeded; report that in the result. */
export const DoneParameters = z.strictObject({ verb: z.literal('done') });

/** What `nodewright job run --parameters <json>` takes. */
export const TaskParameters = z.discriminatedUnion('verb', [
  BackupParameters,
  DescribeParameters,
  SealParameters,
  RestoreParameters,
  CheckParameters,
  UploadParameters,
  DownloadParameters,
  RetainParameters,
  ChownParameters,
  AskParameters,
  ReadSignerParameters,
  WriteSignerParameters,
  DoneParameters,
]);
export type TaskParameters = z.infer<typeof TaskParameters>;

/** Kubernetes keeps 4096 bytes of a termination message. */
export const MAX_RESULT_BYTES = 4096;

/**
 * The termination message. Every field except `ok` is optional; unknown ones are ignored. A pod that was asked to stop
 * writes none, because its progress is unknown.
 */
export const TaskResult = z.object({
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
  /** Id of the snapshot in object storage. */
  snapshotId: z
    .string()
    .regex(/^[0-9a-f]{64}$/)
    .optional(),
  /** Bytes that the snapshot added to the repository: compressed, and without what the repository had already. */
  bytesAdded: z.int().min(0).optional(),
  /** Beginnings of the ids of all snapshots that are left in the repository; absent when they are too many for the message. */
  snapshotsLeft: z
    .array(z.string().regex(/^[0-9a-f]{16}$/))
    .max(128)
    .optional(),
  /** What `readSigner` read; empty when there is no such file. */
  text: SignerText.optional(),
});
export type TaskResult = z.infer<typeof TaskResult>;
