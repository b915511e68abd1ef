// The file of the policy. It belongs to the administrator, not to the repository, but is read with the same code.

import { Name } from '../api/fields.ts';
import { API_VERSION } from '../api/group.ts';
import { PolicySpec } from '../api/policy.ts';
import { clientImages } from '../chains/images.ts';
import { repositoryOf } from '../policy/images.ts';
import { createPolicy, type Policy } from '../policy/policy.ts';
import { readDocuments } from './file-content.ts';
import type { GitKind } from './kinds.ts';
import { parseFile } from './text/parse.ts';
import type { Problem } from './text/problem.ts';

/** Not in `gitKinds`: no file of a repository is read as a policy. */
export const policyKind: GitKind = {
  kind: 'Policy',
  role: 'policy',
  apiVersion: API_VERSION,
  place: 'the file of `--policy`',
  deep: false,
  name: Name,
  metadata: [],
  spec: () => PolicySpec,
};

export type PolicyRead =
  { readonly ok: true; readonly spec: PolicySpec } | { readonly ok: false; readonly problems: readonly Problem[] };

/** Reads the text of a policy file. No policy or two policies are an error: the default must never apply silently. */
export function readPolicy(file: string, text: string): PolicyRead {
  const parsed = { ...parseFile(file, text), role: policyKind.role, kinds: [policyKind] };
  const { good, problems } = readDocuments(parsed, []);
  const [only, second] = good;
  if (problems.length > 0) return { ok: false, problems };
  const place = second?.places.of(['kind']) ?? { line: 1, column: 1 };
  if (only === undefined || second !== undefined) {
    const message =
      only === undefined ? 'the file has no Policy; write one' : 'the file has more than one Policy; keep one';
    return { ok: false, problems: [{ level: 'error', code: 'NotOnePolicy', file, ...place, message }] };
  }
  return { ok: true, spec: PolicySpec.parse(only.data.spec) };
}

/** A complete policy as a file that `readPolicy` accepts. */
export function policyDocument(spec: PolicySpec, name: string): object {
  return { apiVersion: API_VERSION, kind: policyKind.kind, metadata: { name }, spec };
}

/** The policy with all defaults; `{}` for a controller without a policy file. */
export function completePolicy(
  spec: PolicySpec,
  site: {
    readonly namespace: string;
    readonly workerImage?: string;
    readonly reservedSecrets?: readonly string[];
    readonly selfUpdate?: boolean;
  },
): Policy {
  const { workerImage } = site;
  return createPolicy(spec, {
    ...site,
    clientImages,
    workerImage: workerImage === undefined ? undefined : repositoryOf(workerImage),
  });
}
