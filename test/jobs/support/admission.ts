// One request, its claim and its object, for tests of admission.

import type { AdmitInput, Decision, GitRequest, LiveRequest } from '../../../src/jobs/requests/admission.ts';
import { admit } from '../../../src/jobs/requests/admit.ts';
import { UNREADABLE, type JobRecord } from '../../../src/jobs/requests/record.ts';

export const KEY = 'Backup/prod/nightly';
export const request: GitRequest = {
  key: KEY,
  kind: 'Backup',
  namespace: 'prod',
  name: 'nightly',
  executor: 'east',
  specDigest: 'sha256:1',
  file: 'jobs/nightly.yaml',
  commit: 'c'.repeat(40),
  author: 'Ada <ada@example.com>',
};
export const record: JobRecord = {
  kind: 'Backup',
  namespace: 'prod',
  name: 'nightly',
  executor: 'east',
  specDigest: 'sha256:1',
  phase: 'Claimed',
  file: request.file,
  commit: request.commit,
};
export const object: LiveRequest = { uid: 'u1', phase: undefined, withdrawn: undefined };

export interface Given {
  readonly requests?: readonly GitRequest[];
  readonly record?: JobRecord | typeof UNREADABLE;
  readonly object?: LiveRequest;
  /** What the controller remembers: the UID of the object. Default: what the record says. `null`: nothing. */
  readonly open?: string | null;
  readonly more?: Partial<AdmitInput>;
}

export function admitOne({
  requests = [request],
  record: known,
  object: live,
  open,
  more = {},
}: Given): readonly Decision[] {
  const remembered = open === undefined && known !== undefined && known !== UNREADABLE ? (known.uid ?? '') : open;
  return admit({
    requests,
    records: new Map(known === undefined ? [] : [[KEY, known]]),
    unpushed: new Map(),
    objects: new Map(live === undefined ? [] : [[KEY, live]]),
    executor: 'east',
    open: new Map(typeof remembered === 'string' ? [[KEY, remembered]] : []),
    unreadable: new Set(),
    brokenFiles: new Set(),
    mayBegin: true,
    trustRemovals: true,
    now: 1_800_000_000_000,
    ...more,
  });
}
