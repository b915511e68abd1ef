// The verification file of a controller: whose signatures the desired branch must carry. Written by the administrator, never in Git.

import { z } from 'zod';

const RulePath = z
  .string()
  .regex(/^(?!\/)(?:[^*\0]+|(?:[^*\0]+\/)?\*\*)$/, 'must be a file path, or a folder followed by /**')
  .describe('A file (`fleet.yaml`), a folder with all that is below it (`jobs/**`), or everything (`**`).');

export const VerificationRule = z.strictObject({
  paths: z.array(RulePath).min(1).max(100).describe('Files that the rule covers.'),
  signers: z
    .int()
    .min(1)
    .max(10)
    .default(1)
    .describe(
      'How many different principals must have signed a change: the commit that wrote the content and the merge commits that brought it to the branch count.',
    ),
  principals: z
    .array(z.string().min(1).max(320))
    .min(1)
    .max(1000)
    .optional()
    .describe('Only these principals count for the rule. Default: every accepted signer.'),
  orMergedBy: z
    .array(z.string().min(1).max(320))
    .min(1)
    .max(100)
    .optional()
    .describe(
      'A commit that one of these principals signed, and that wrote the content or merged it, is enough: the key of a forge that merges reviewed pull requests.',
    ),
});
export type VerificationRule = z.infer<typeof VerificationRule>;

export const Verification = z.strictObject({
  mode: z
    .enum(['tip', 'commits'])
    .default('commits')
    .describe('`commits`: every commit since the last applied one must be signed. `tip`: the newest commit alone.'),
  since: z
    .string()
    .regex(/^[0-9a-f]{40}$/, 'must be a whole commit id of 40 lower-case hex digits')
    .optional()
    .describe('A commit that is trusted with its whole history, for a branch that was not signed from its beginning.'),
  allowedSigners: z
    .string()
    .max(1024 * 1024)
    .optional()
    .describe('SSH keys in the format of `gpg.ssh.allowedSignersFile`: one line `principal type key` a key.'),
  keyRing: z
    .string()
    .max(4 * 1024 * 1024)
    .optional()
    .describe('OpenPGP keys: the output of `gpg --armor --export`.'),
  rules: z
    .array(VerificationRule)
    .max(100)
    .default([])
    .describe('More than one signature for some files. A file must meet every rule that covers it.'),
});
export type Verification = z.infer<typeof Verification>;

/** Whether a rule covers a path. Names that begin with a dot are no exception. */
export function isCovered(path: string, patterns: readonly string[]): boolean {
  return patterns.some((pattern) =>
    pattern.endsWith('**') ? path.startsWith(pattern.slice(0, -2)) : path === pattern,
  );
}
