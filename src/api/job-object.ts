// A one-shot job: its request in Git and its object in the cluster.

import { cleanLine } from '../lib/clean-text.ts';
import { ANNOTATION } from './group.ts';
import type { JobStatus } from './job-status.ts';
import type { ObjectMeta } from './objects.ts';

/** A job request in Git or in the cluster. The schema of the kind defines the spec. */
export interface JobRequest {
  readonly apiVersion: string;
  readonly kind: string;
  readonly metadata: ObjectMeta;
  readonly spec: Readonly<Record<string, unknown>>;
}

export interface JobObject extends JobRequest {
  readonly status?: JobStatus;
  readonly [field: string]: unknown;
}

/** `Backup/novacula-system/nightly`: the key of a job among all kinds. */
export function jobKeyOf(request: { readonly kind: string; readonly metadata: ObjectMeta }): string {
  return `${request.kind}/${request.metadata.namespace ?? ''}/${request.metadata.name}`;
}

/** `novacula-system/eth-0`: a node in the namespace of the job. */
export function nodeKeyIn(job: { readonly metadata: ObjectMeta }, node: string): string {
  const { namespace } = job.metadata;
  return namespace === undefined ? node : `${namespace}/${node}`;
}

/** Why the request of this job was withdrawn. The annotation is untrusted text. */
export function withdrawnFor({ metadata }: { readonly metadata: ObjectMeta }): string | undefined {
  const text = cleanLine(metadata.annotations?.[ANNOTATION.withdrawn] ?? '', 200);
  return text === '' ? undefined : text;
}

export interface PrinterColumn {
  readonly name: string;
  readonly type: 'string' | 'integer' | 'date';
  readonly jsonPath: string;
  /** 0: always shown; 1: with `-o wide`. */
  readonly priority?: number;
}

/** On every object that a job creates: the UID of the job. A job uses only objects with its own UID. */
export const JOB_UID_LABEL = 'validatoros.com/job-uid';

/** Keeps a job until it is finished and its job record is written. */
export const JOB_FINALIZER = 'validatoros.com/job';
