// Requests for nodes that other tools deployed: the CITA-Cloud operator's documents with a test's names, and how they ended.

import { readFileSync } from 'node:fs';

import { parse } from 'yaml';

import type { JobObject } from '../../../src/api/job-object.ts';
import { isFinal } from '../../../src/api/job-phase.ts';
import { parseRecord, UNREADABLE, type JobRecord } from '../../../src/jobs/requests/record.ts';
import { waitFor } from '../../demo/wait-for.ts';
import type { PodsWorld } from '../world.ts';

const DOCUMENTS = readFileSync(new URL('../../jobs/support/cita-documents.yaml', import.meta.url), 'utf8');

/** For a request on a busy host whose controller is killed again and again. */
const PATIENCE_MS = 400_000;

/** Replacements in a document's text, in this order. */
export type Changes = Readonly<Record<string, string>>;

/** A document of the CITA-Cloud operator by its name, with other names and figures in it; throws when one of them is not there. */
export function citaDocument(name: string, changes: Changes): string {
  const found = DOCUMENTS.split(/^---\n/m).find((text) => nameOf(text).name === name);
  if (found === undefined) throw new Error(`there is no document ${name}`);
  return Object.entries(changes).reduce((text, [from, to]) => {
    if (!text.includes(from)) throw new Error(`${name} does not say ${from}`);
    return text.replaceAll(from, to);
  }, found);
}

export interface Ended {
  /** From the status branch. */
  readonly record: JobRecord;
  /** From the cluster. */
  readonly job: JobObject;
}

/** Merges requests in one commit and waits for their results on the status branch, in the same order. */
export async function carryOut(world: PodsWorld, texts: readonly string[]): Promise<readonly Ended[]> {
  const files = texts.map((text) => [`jobs/${nameOf(text).name}.yaml`, text] as const);
  world.commit(`File ${files.map(([path]) => path).join(', ')}`, Object.fromEntries(files));
  return await Promise.all(texts.map((text) => endOf(world, nameOf(text))));
}

async function endOf(world: PodsWorld, { kind, name }: Named): Promise<Ended> {
  const path = `jobs/${kind.toLowerCase()}/${world.namespace}/${name}.yaml`;
  const record = await waitFor({ what: `the end of ${kind} ${name}`, timeoutMs: PATIENCE_MS }, async () => {
    const found = parseRecord(parse(world.statusFile(path)));
    if (found === UNREADABLE) throw new Error(`${path} can't be read`);
    if (!isFinal(found.phase)) throw new Error(`${found.phase}: ${found.message ?? ''}`);
    return found;
  });
  const live = await world.kubectl(['get', `${kind.toLowerCase()}s.validatoros.com`, name, '-o', 'json']);
  return { record, job: JSON.parse(live) as JobObject };
}

export interface Named {
  readonly kind: string;
  readonly name: string;
}

/** Which request a document is. */
export function nameOf(text: string): Named {
  const { kind, metadata } = parse(text) as { readonly kind: string; readonly metadata: { readonly name: string } };
  return { kind, name: metadata.name };
}
