// Creates VolumeSnapshots, or PVCs from them, each once: nothing is done with one before its UID is on record.

import type { FailureReason } from '../../api/codes/job-reasons.ts';
import type { JobVolume, MadeObject, VolumeSnapshotCopy } from '../../api/job-status.ts';
import type { KubeObject } from '../../api/objects.ts';
import { textAt } from '../../lib/json-value.ts';
import { DEADLINE, inWords } from '../model/deadlines.ts';
import type { Effect } from '../model/effect.ts';
import type { ObservedMade } from '../model/observation.ts';
import { elapsed, fail, listOf, stay, type Move, type Scope } from '../model/scope.ts';

/** A move until all of them exist, are on record and can be used; then `{ ready: true }`. */
export function ensureMade(scope: Scope, wanted: readonly KubeObject[]): Move | { readonly ready: true } {
  const found = wanted.map((object) => ({ object, ...lookUp(scope, object) }));
  const trouble = found.flatMap((one) => whyUnfit(scope, one) ?? [])[0];
  if (trouble !== undefined) return fail(scope, { ...trouble, unsafe: false });
  const missing = found.filter(({ live }) => live === undefined).map(({ object }) => object);
  if (missing.length > 0)
    return stay(scope, `creates ${listOf(missing.map(nameOf))}`, { effects: missing.map(creationOf) });
  const fresh = found.flatMap(({ live, known }) => (known === undefined && live !== undefined ? [onRecord(live)] : []));
  if (fresh.length > 0)
    return stay(scope, `has ${listOf(wanted.map(nameOf))}`, {
      status: { made: [...(scope.status.made ?? []), ...fresh] },
    });
  return snapshotsReady(scope, wanted);
}

interface Found {
  readonly object: KubeObject;
  readonly live: ObservedMade | undefined;
  readonly known: MadeObject | undefined;
}

function lookUp({ status, observed }: Scope, { kind, metadata }: KubeObject): Pick<Found, 'live' | 'known'> {
  const live = observed.made?.get(metadata.name);
  return {
    live: live?.kind === kind ? live : undefined,
    known: status.made?.find((one) => one.kind === kind && one.name === metadata.name),
  };
}

interface Unfit {
  readonly reason: FailureReason;
  readonly message: string;
}

function whyUnfit({ job }: Scope, { object, live, known }: Found): Unfit | undefined {
  const isSnapshot = object.kind === 'VolumeSnapshot';
  if (known !== undefined && known.uid !== live?.uid)
    return {
      reason: isSnapshot ? 'SnapshotGone' : 'ClaimGone',
      message: `the ${nameOf(object)} was ${live === undefined ? 'deleted' : 'replaced'} under the work`,
    };
  if (live !== undefined && (live.jobUid !== job.uid || live.source !== sourceOfMade(object)))
    return {
      reason: isSnapshot ? 'SnapshotTaken' : 'ClaimTaken',
      message: `a ${nameOf(object)} that this job did not make is there already`,
    };
  return undefined;
}

/** The PVC that a VolumeSnapshot is of, or what a PVC is filled from. Labels alone can be put on an object of other data. */
export function sourceOfMade({ kind, spec }: KubeObject): string | undefined {
  return textAt(spec, kind === 'VolumeSnapshot' ? ['source', 'persistentVolumeClaimName'] : ['dataSource', 'name']);
}

function nameOf({ kind, metadata: { name } }: KubeObject): string {
  return `${kind} ${name}`;
}

function creationOf(object: KubeObject): Effect {
  return object.kind === 'VolumeSnapshot' ? { do: 'createSnapshot', object } : { do: 'createPvc', object };
}

function onRecord({ kind, name, uid }: ObservedMade): MadeObject {
  return { kind, name, uid };
}

/** A PVC may get its volume only when a pod uses it. */
function snapshotsReady(scope: Scope, wanted: readonly KubeObject[]): Move | { readonly ready: true } {
  const snapshots = wanted.filter(({ kind }) => kind === 'VolumeSnapshot');
  const waiting = snapshots.filter(({ metadata }) => scope.observed.made?.get(metadata.name)?.ready !== true);
  if (waiting.length > 0) return awaitReady(scope, waiting);
  if (snapshots.length === 0 || scope.status.volumeSnapshots !== undefined) return { ready: true };
  const copies = snapshots.flatMap((object) => copyOf(scope, object) ?? []);
  return stay(scope, `can restore ${listOf(snapshots.map(nameOf))}`, { status: { volumeSnapshots: copies } });
}

function awaitReady(scope: Scope, waiting: readonly KubeObject[]): Move {
  const errors = waiting.flatMap(({ metadata }) => scope.observed.made?.get(metadata.name)?.message ?? []);
  const what = listOf(waiting.map(nameOf));
  const limit = Math.min(
    errors.length === 0 ? DEADLINE.snapshot : DEADLINE.snapshotError,
    scope.open.common.deadlineSeconds * 1000,
  );
  const because = errors.length === 0 ? '' : `: ${errors[0]}`;
  if (elapsed(scope) <= limit) return stay(scope, `waits until the CSI driver has made ${what}${because}`);
  const message = `the CSI driver did not make ${what} within ${inWords(limit)}${because}`;
  return fail(scope, { reason: 'SnapshotFailed', message, unsafe: false });
}

function copyOf({ status, observed }: Scope, { metadata, spec }: KubeObject): VolumeSnapshotCopy | undefined {
  const live = observed.made?.get(metadata.name);
  const volume = volumeOf(status.targets?.[0]?.volumes ?? [], textAt(spec, ['source', 'persistentVolumeClaimName']));
  if (live === undefined || volume === undefined) return undefined;
  const { name, storageClass } = volume;
  const copy = { volume: name, name: live.name, uid: live.uid, ...live.figures };
  return storageClass === undefined ? copy : { ...copy, storageClass };
}

function volumeOf(volumes: readonly JobVolume[], claim: string | undefined): JobVolume | undefined {
  return volumes.find((one) => one.claim === claim);
}
