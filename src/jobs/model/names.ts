// Names of the objects that a job makes: within Kubernetes' limits, and never equal for two requests.

import { sha256 } from '../../lib/hash.ts';

/** A Job's name becomes the value of a label on its pods. */
const MAX_NAME = 63;

/**
 * `backup-nightly-1f0c22aa`: kind, name and the start of the request's UID, so that neither two kinds with one name nor
 * a request that was deleted and filed again ever share an object.
 */
export function jobObjectName(job: JobIdentity, suffix = ''): string {
  const end = `-${shortUid(job.uid)}${suffix === '' ? '' : `-${suffix}`}`;
  return `${fit(`${job.kind.toLowerCase()}-${job.name}`, MAX_NAME - end.length)}${end}`;
}

/** Of the VolumeSnapshot or PVC for one volume: the first has the name that the other objects of the job have. */
export function madeName(job: JobIdentity, index: number): string {
  return jobObjectName(job, index === 0 ? '' : `v${index}`);
}

/** The task of a job that asks a running node: it has no Job. */
export const ASK_TASK = 'ask';

export interface JobIdentity {
  readonly kind: string;
  readonly namespace: string;
  readonly name: string;
  readonly uid: string;
}

/** `Backup novacula-system/nightly`: for messages. */
export function describeJob({ kind, namespace, name }: Omit<JobIdentity, 'uid'>): string {
  return `${kind} ${namespace}/${name}`;
}

/** `text` when it is a fitting object name of at most `max` characters, else a shortened form with a digest. */
export function fit(text: string, max: number): string {
  const plain = text.toLowerCase().replaceAll(/[^-a-z0-9]/g, '-');
  if (text === plain && text.length <= max) return text;
  const digest = sha256(text).slice(0, 8);
  return `${plain.slice(0, max - 9).replace(/-+$/, '')}-${digest}`;
}

function shortUid(uid: string): string {
  return /^[0-9a-f]{8}/.test(uid) ? uid.slice(0, 8) : sha256(uid).slice(0, 8);
}
