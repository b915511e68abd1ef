// A request for a one-shot job, in Git and in the cluster.

import { cleanLine } from '../lib/clean-text.ts';
import { ANNOTATION } from './group.ts';
import type { JobStatus } from './job-status.ts';
import type { ObjectMeta } from './objects.ts';

/** A request as it stands in Git or in the cluster. The spec belongs to the kind's schema. */
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

/** `Backup/novacula-system/nightly`: a request among all kinds. */
export function jobKeyOf(request: { readonly kind: string; readonly metadata: ObjectMeta }): string {
  return `${request.kind}/${request.metadata.namespace ?? ''}/${request.metadata.name}`;
}

/** `novacula-system/eth-0`: a node in the namespace of the job. */
export function nodeKeyIn(job: { readonly metadata: ObjectMeta }, node: string): string {
  const { namespace } = job.metadata;
  return namespace === undefined ? node : `${namespace}/${node}`;
}

/** Why nobody wants the request of this object any more, as it stands on it; anybody may have written it. */
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

/** On every object that a request made: the request's UID. Only what carries it is ever taken for the request's own. */
export const JOB_UID_LABEL = 'validatoros.com/job-uid';

/** Keeps a request's object until its life is over and recorded. */
export const JOB_FINALIZER = 'validatoros.com/job';
