// Creates the PVC for the data of a Backup or a Snapshot, once.

import type { KubeObject } from '../../api/objects.ts';
import type { ObservedPvc } from '../model/observation.ts';
import { fail, stay, type Move, type Scope } from '../model/scope.ts';
import { MADE_BEFORE, taken, whyNotMade } from './taken.ts';

/** A move until the PVC exists and its UID is known; then, or when none is needed, `{ ready: true }`. */
export function ensureResultPvc(scope: Scope, wanted: KubeObject | undefined): Move | { readonly ready: true } {
  if (wanted === undefined) return { ready: true };
  const { name } = wanted.metadata;
  const live = scope.observed.pvc?.name === name ? scope.observed.pvc : undefined;
  return live === undefined ? create(scope, wanted) : judge(scope, wanted, live);
}

function create(scope: Scope, wanted: KubeObject): Move {
  const { name } = wanted.metadata;
  if (scope.status.claimUid !== undefined)
    return fail(scope, { reason: 'ClaimGone', message: `the PVC ${name} disappeared under the work`, unsafe: false });
  return stay(scope, `creates the PVC ${name}`, {
    status: { claimName: name },
    effects: [{ do: 'createPvc', object: wanted }],
  });
}

function judge(scope: Scope, wanted: KubeObject, live: ObservedPvc): Move | { readonly ready: true } {
  const { claimUid } = scope.status;
  const { name } = live;
  const why = whyTaken(scope, wanted, live);
  if (why !== undefined) {
    const failure = { reason: 'ClaimTaken', message: taken(wanted, why), unsafe: false } as const;
    // What is there under that name is not removed at the end of the job.
    return fail(scope, failure, claimUid === undefined ? { claimName: undefined } : {});
  }
  if (live.phase === 'Lost')
    return fail(scope, { reason: 'ClaimLost', message: `the volume of PVC ${name} is lost`, unsafe: false });
  if (claimUid === undefined)
    return stay(scope, `has the PVC ${name}`, { status: { claimName: name, claimUid: live.uid } });
  if (claimUid !== live.uid)
    return fail(scope, { reason: 'ClaimGone', message: `the PVC ${name} was replaced under the work`, unsafe: false });
  return { ready: true };
}

/** Its name is stored while it is free, and before it is created: without that it is not the job's. */
function whyTaken({ status, job }: Scope, wanted: KubeObject, live: ObservedPvc): string | undefined {
  if (live.jobUid !== job.uid) return 'it carries the label of another job, or of none';
  if (status.claimUid !== undefined) return undefined;
  return status.claimName === undefined ? MADE_BEFORE : whyNotMade(wanted, live.object);
}
