// Requests that may have run although neither a record nor an object says so: the status branch was lost, or records were removed.

import { digestOf } from '../../lib/hash.ts';
import type { AdmitInput, GitRequest } from './admission.ts';

/** Why the request does not run, and what lets it run; undefined when it may. */
export function whyUnrecorded(
  request: Pick<GitRequest, 'key' | 'specDigest'>,
  { unrecorded, approvals }: Pick<AdmitInput, 'unrecorded' | 'approvals'>,
): string | undefined {
  if (unrecorded?.has(request.key) !== true) return undefined;
  const digest = runDigest(request);
  if (approvals?.has(digest) === true) return undefined;
  return `its record is no longer on the status branch, so whether it ran is unknown. Remove the file, or let it run by adding the digest ${digest} to spec.approvals in fleet.yaml`;
}

/** An approval is for this request with this content. */
export function runDigest({ key, specDigest }: Pick<GitRequest, 'key' | 'specDigest'>): string {
  return digestOf({ do: 'run', request: key, spec: specDigest });
}
