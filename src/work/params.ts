// The parameters of every verb: one JSON argument, checked before anything is touched.

import { z } from 'zod';

import { BackupMetadata, VolumeName } from './manifest.ts';
import { nameOfText, whyUnsafe } from './names.ts';

const Id = z
  .string()
  .regex(/^[A-Za-z0-9][A-Za-z0-9-]{0,62}$/)
  .describe("The request's UID");
const AbsolutePath = z
  .string()
  .max(4096)
  .regex(/^\/[^\0]*$/)
  .refine((path) => whyUnsafe(path.slice(1)) === undefined, 'must be absolute, without "." and ".." and empty parts');
const InnerPath = z
  .string()
  .max(4096)
  .refine((path) => whyUnsafe(nameOfText(path)) === undefined, 'must be relative to the volume, without "." and ".."');
const Sha256 = z.string().regex(/^[0-9a-f]{64}$/);
const Uid = z.int().min(0).max(0xfffffffe);
const Owner = z.strictObject({ uid: Uid, gid: Uid });
const Volume = z.strictObject({ name: VolumeName, path: AbsolutePath });

/** What a backup must be for this node; a difference is refused before anything is touched. */
const Expected = z.strictObject({
  chain: z.string(),
  network: z.string(),
  chainId: z.string().optional().describe('Compared when the backup has one too'),
  id: z.string().optional().describe('UID of the request that made the backup'),
  manifestSha256: Sha256.optional().describe("From the backup's record; proves that nobody exchanged the manifest"),
});
export type Expected = z.infer<typeof Expected>;

export const CopyParams = z.strictObject({
  id: Id,
  sources: z
    .array(Volume.extend({ exclude: z.array(InnerPath).default([]).describe('Left out, with all below') }))
    .min(1),
  destination: AbsolutePath.describe('Directory that will hold the backup; its parent exists, it does not'),
  metadata: BackupMetadata,
  live: z.boolean().default(false).describe('The node runs (action Direct): changes are listed, not refused'),
  threads: z.int().min(1).max(16).default(2),
});
export type CopyParams = z.infer<typeof CopyParams>;

export const VerifyParams = z.strictObject({
  backup: AbsolutePath,
  expect: Expected,
  space: z.array(Volume).default([]).describe('Volumes that must have room for a second copy of the data'),
  threads: z.int().min(1).max(16).default(2),
});
export type VerifyParams = z.infer<typeof VerifyParams>;

const RestoreVolume = Volume.extend({
  keep: z.array(InnerPath).default([]).describe("The node's own: stays as it is, also when it is absent"),
  signerState: z.array(InnerPath).default([]).describe('CometBFT priv_validator_state.json: the newer one wins'),
  reserved: z
    .array(z.string().regex(/^[^/\0]+$/))
    .default([])
    .describe('Names at the top that are not the data'),
});
export type RestoreVolume = z.infer<typeof RestoreVolume>;

export const RestoreParams = z.strictObject({
  id: Id,
  backup: AbsolutePath,
  expect: Expected,
  volumes: z.array(RestoreVolume).min(1),
  owner: Owner.optional().describe("Instead of the manifest's owners; needs root"),
  removeOld: z.boolean().default(false).describe('Remove the old data at the end; else finish or rollback decides'),
  threads: z.int().min(1).max(16).default(2),
});
export type RestoreParams = z.infer<typeof RestoreParams>;

/** For `rollback` (old data back in place) and `finish` (old data removed) of a restore. */
export const SettleParams = z.strictObject({ id: Id, volumes: z.array(Volume).min(1) });
export type SettleParams = z.infer<typeof SettleParams>;

export const ChownParams = z.strictObject({ volumes: z.array(Volume).min(1), uid: Uid, gid: Uid });
export type ChownParams = z.infer<typeof ChownParams>;

export const UsageParams = z.strictObject({ volumes: z.array(Volume).min(1) });
export type UsageParams = z.infer<typeof UsageParams>;

export const ExecParams = z.strictObject({
  command: z.array(z.string().max(4096)).min(1).describe('Program and arguments; no shell reads them'),
  cwd: AbsolutePath.optional(),
  env: z.record(z.string(), z.string()).default({}).describe("Added to the pod's own"),
  timeoutSeconds: z
    .number()
    .positive()
    .max(7 * 86_400),
  graceSeconds: z.number().positive().max(600).default(10).describe('From SIGTERM to SIGKILL'),
  okCodes: z.array(z.int().min(0).max(255)).default([0]),
  markers: z
    .array(
      z.strictObject({ name: z.string().max(64), pattern: z.string().max(512).refine(isPattern, 'is no pattern') }),
    )
    .max(20)
    .default([])
    .describe('For each line of output; the first group of the last match is in the result'),
});
export type ExecParams = z.infer<typeof ExecParams>;

function isPattern(text: string): boolean {
  try {
    return new RegExp(text, 'u') instanceof RegExp;
  } catch {
    return false;
  }
}
