// Creates VolumeSnapshots, or PVCs from them, each once, under a name that was free when the node had stopped: nothing is done with
// one before its UID is on record.

import type { FailureReason } from '../../api/codes/job-reasons.ts';
import type { JobStatus, JobVolume, MadeObject, VolumeSnapshotCopy } from '../../api/job-status.ts';
import type { KubeObject } from '../../api/objects.ts';
import { textAt } from '../../lib/json-value.ts';
import { DEADLINE, inWords } from '../model/deadlines.ts';
import type { Effect } from '../model/effect.ts';
import type { ObservedMade } from '../model/observation.ts';
import { elapsed, fail, listOf, stay, type Move, type Scope } from '../model/scope.ts';
import { mayHaveChanged } from './has-begun.ts';
import { MADE_BEFORE, taken, whyNotMade } from './taken.ts';

/** A move until all of them exist, are on record and can be used; then `{ ready: true }`. */
export function ensureMade(scope: Scope, wanted: readonly KubeObject[]): Move | { readonly ready: true } {
  const found = wanted.map((object) => ({ object, ...lookUp(scope, object) }));
  const trouble = found.flatMap((one) => whyUnfit(one) ?? [])[0];
  if (trouble !== undefined) return failWith(scope, trouble);
  const missing = found.filter(({ live }) => live === undefined);
  if (missing.length > 0) return create(scope, missing);
  const fresh = found.flatMap(({ live, known }) => (known?.uid === undefined && live !== undefined ? [live] : []));
  if (fresh.length > 0)
    return stay(scope, `has ${listOf(wanted.map(nameOf))}`, { status: { made: withUids(scope, fresh) } });
  return snapshotsReady(scope, wanted);
}

interface Found {
  readonly object: KubeObject;
  readonly live: ObservedMade | undefined;
  readonly known: MadeObject | undefined;
}

/**
 * That the names are free is stored before anything is created: an object that is there and not on record was made by something else,
 * perhaps of the node while it ran. Whether the node has stopped was observed before the names were.
 */
function create(scope: Scope, missing: readonly Found[]): Move {
  const { made = [] } = scope.status;
  const intents = missing.flatMap(({ object, known }) => (known === undefined ? [intentOf(object)] : []));
  return stay(scope, `creates ${listOf(missing.map(({ object }) => nameOf(object)))}`, {
    status: { made: [...made, ...intents] },
    effects: missing.map(({ object }) => creationOf(object)),
  });
}

function intentOf({ kind, metadata: { name } }: KubeObject): MadeObject {
  return { kind: kind === 'VolumeSnapshot' ? kind : 'PersistentVolumeClaim', name };
}

function withUids({ status: { made = [] } }: Scope, fresh: readonly ObservedMade[]): MadeObject[] {
  return made.map((one) => {
    const live = fresh.find(({ kind, name }) => kind === one.kind && name === one.name);
    return live === undefined ? one : { ...one, uid: live.uid };
  });
}

function failWith(scope: Scope, { name, ...failure }: Unfit): Move {
  return fail(scope, { ...failure, unsafe: mayHaveChanged(scope) }, withoutIntent(scope, name));
}

/** What is there under that name is not removed at the end of the job. */
function withoutIntent({ status: { made } }: Scope, name: string): Partial<JobStatus> {
  return made === undefined ? {} : { made: made.filter((one) => one.uid !== undefined || one.name !== name) };
}

/** The node ran: what is made under these names from now on may be of it. One that is there was made before, and is judged. */
export function freeNames({ status: { made }, observed }: Scope): Partial<JobStatus> {
  if (made === undefined) return {};
  return { made: made.filter(({ uid, name }) => uid !== undefined || observed.made?.has(name) === true) };
}

function lookUp({ status, observed }: Scope, { kind, metadata }: KubeObject): Pick<Found, 'live' | 'known'> {
  const live = observed.made?.get(metadata.name);
  return {
    live: live?.kind === kind ? live : undefined,
    known: status.made?.find((one) => one.kind === kind && one.name === metadata.name),
  };
}

interface Unfit {
  readonly name: string;
  readonly reason: FailureReason;
  readonly message: string;
}

function whyUnfit({ object, live, known }: Found): Unfit | undefined {
  const isSnapshot = object.kind === 'VolumeSnapshot';
  const { name } = object.metadata;
  if (known?.uid !== undefined) {
    if (known.uid === live?.uid) return undefined;
    const message = `the ${nameOf(object)} was ${live === undefined ? 'deleted' : 'replaced'} under the work`;
    return { name, reason: isSnapshot ? 'SnapshotGone' : 'ClaimGone', message };
  }
  const why = live === undefined ? undefined : whyTaken(object, live, known);
  return why === undefined
    ? undefined
    : { name, reason: isSnapshot ? 'SnapshotTaken' : 'ClaimTaken', message: taken(object, why) };
}

function whyTaken(object: KubeObject, live: ObservedMade, intent: MadeObject | undefined): string | undefined {
  return intent === undefined ? MADE_BEFORE : whyNotMade(object, live.object);
}

function nameOf({ kind, metadata: { name } }: KubeObject): string {
  return `${kind} ${name}`;
}

function creationOf(object: KubeObject): Effect {
  return object.kind === 'VolumeSnapshot' ? { do: 'createSnapshot', object } : { do: 'createPvc', object };
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
