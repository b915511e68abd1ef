// One-shot jobs in the tests with real pods: their files, their records on the status branch, and waiting for them.

import { parse, stringify } from 'yaml';

import type { JobRecord } from '../../src/jobs/requests/record.ts';
import { waitFor } from '../demo/wait-for.ts';
import type { PodsWorld } from './world.ts';

/** A request: kind, name and spec. */
export interface Request {
  readonly kind: string;
  readonly name: string;
  readonly spec: Readonly<Record<string, unknown>>;
}

const PATIENCE_MS = 240_000;

/** Path and text of a request's file. */
export function jobFile({ kind, name, spec }: Request): Readonly<Record<string, string>> {
  const document = { apiVersion: 'validatoros.com/v1alpha1', kind, metadata: { name }, spec };
  return { [jobPath({ kind, name })]: stringify(document) };
}

export function jobPath({ kind, name }: Pick<Request, 'kind' | 'name'>): string {
  return `jobs/${kind.toLowerCase()}/${name}.yaml`;
}

/** The job record on the status branch. Throws while there is none. */
export function recordOf(world: PodsWorld, { kind, name }: Pick<Request, 'kind' | 'name'>): JobRecord {
  return parse(world.statusFile(`jobs/${kind.toLowerCase()}/${world.namespace}/${name}.yaml`)) as JobRecord;
}

interface RecordFact {
  /** `its end` */
  readonly what: string;
  readonly fact: (record: JobRecord) => boolean;
}

/** Waits until the record on the status branch is as the fact says; the error shows how it was instead. */
export async function recorded(
  world: PodsWorld,
  request: Pick<Request, 'kind' | 'name'>,
  { what, fact }: RecordFact,
): Promise<JobRecord> {
  return await waitFor({ what: `${request.kind} ${request.name}: ${what}`, timeoutMs: PATIENCE_MS }, async () => {
    const record = recordOf(world, request);
    if (fact(record)) return record;
    if (ENDS.has(record.phase)) throw new Error(`it ended ${record.phase} ${record.reason}: ${record.message}`);
    throw new Error(`${record.phase}: ${record.message}`);
  });
}

/** Waits for the message of the object in the cluster, which is newer than the record. */
export async function says(
  world: PodsWorld,
  { kind, name }: Pick<Request, 'kind' | 'name'>,
  words: RegExp,
): Promise<string> {
  return await waitFor({ what: `${kind} ${name} to say ${words}`, timeoutMs: PATIENCE_MS }, async () => {
    const text = await world.kubectl([
      'get',
      kind.toLowerCase(),
      name,
      '-o',
      'jsonpath={.status.phase} {.status.message}',
    ]);
    if (!words.test(text)) throw new Error(text);
    return text;
  });
}

/** Commits the request's file; gives the commit. */
export function ask(world: PodsWorld, request: Request): string {
  return world.commit(`Ask for ${request.kind} ${request.name}`, jobFile(request));
}

/** Commits the request and waits for its end, good or bad. */
export async function run(world: PodsWorld, request: Request): Promise<JobRecord> {
  ask(world, request);
  return await ended(world, request);
}

/** Waits for the end of a request, good or bad. */
export async function ended(world: PodsWorld, request: Pick<Request, 'kind' | 'name'>): Promise<JobRecord> {
  return await recorded(world, request, { what: 'its end', fact: ({ phase }) => ENDS.has(phase) });
}

const ENDS: ReadonlySet<string> = new Set(['Complete', 'Failed', 'Held', 'Interrupted', 'Refused', 'Cancelled']);
