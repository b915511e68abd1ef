// Creates the PVC for the data of a Backup or a Snapshot, once.

import type { KubeObject } from '../../api/objects.ts';
import { fail, stay, type Move, type Scope } from '../model/scope.ts';

/** A move until the PVC exists and its UID is known; then, or when none is needed, `{ ready: true }`. */
export function ensureResultPvc(scope: Scope, wanted: KubeObject | undefined): Move | { readonly ready: true } {
  if (wanted === undefined) return { ready: true };
  const { status, job } = scope;
  const { name } = wanted.metadata;
  const live = scope.observed.pvc?.name === name ? scope.observed.pvc : undefined;
  if (live === undefined) {
    if (status.claimUid !== undefined)
      return fail(scope, {
        reason: 'ClaimGone',
        message: `the PVC ${name} disappeared under the work`,
        unsafe: false,
      });
    return stay(scope, `creates the PVC ${name}`, {
      status: { claimName: name },
      effects: [{ do: 'createPvc', object: wanted }],
    });
  }
  if (live.jobUid !== job.uid)
    return fail(scope, {
      reason: 'ClaimTaken',
      message: `a PVC ${name} that this job did not make is there already`,
      unsafe: false,
    });
  if (live.phase === 'Lost')
    return fail(scope, { reason: 'ClaimLost', message: `the volume of PVC ${name} is lost`, unsafe: false });
  if (status.claimUid === undefined)
    return stay(scope, `has the PVC ${name}`, { status: { claimName: name, claimUid: live.uid } });
  if (status.claimUid !== live.uid)
    return fail(scope, {
      reason: 'ClaimGone',
      message: `the PVC ${name} was replaced under the work`,
      unsafe: false,
    });
  return { ready: true };
}
