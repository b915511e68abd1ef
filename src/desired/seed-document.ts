// Documents of the second seed's group are accepted as they stand and become ours.

import { API_VERSION, SEED_API_VERSION } from '../api/group.ts';
import { errorAt, errorAtKey, type SpecProblem } from '../api/spec-problem.ts';
import { findJobKind } from '../jobs/kinds/index.ts';
import { isObject, type JsonObject } from '../lib/json-value.ts';

/** Kinds of the seed's group that are no jobs here, and what to write instead. */
const NOT_HERE: ReadonlyMap<unknown, string> = new Map([
  ['CitaNode', 'the seed calls it "currently unavailable"; describe the node as a BlockchainNode'],
  ['Duplicate', 'use a Backup: it makes a claim of its own, with a checksum of every file'],
  ['Recover', 'use a Restore of a Backup'],
]);

/**
 * A request of `citacloud.rivtower.com/v1` as a request of ours; any other document as it is. The field names are the
 * same. There, a Switchover had no `deployMethod`, because it only knew the layout of cloud-config.
 */
export function fromSeed(document: JsonObject): JsonObject {
  const { apiVersion, kind, spec } = document;
  if (apiVersion !== SEED_API_VERSION || typeof kind !== 'string' || findJobKind(kind) === undefined) return document;
  const complete = kind === 'Switchover' && isObject(spec) ? { deployMethod: 'cloud-config', ...spec } : spec;
  return { ...document, apiVersion: API_VERSION, ...(complete === undefined ? {} : { spec: complete }) };
}

/**
 * What is wrong with a document of the seed's group by the seed's own rules; nothing for any other document. It
 * required `deployMethod`: our default, a node of this repository, was never meant.
 */
export function checkSeed(document: JsonObject): readonly SpecProblem[] {
  const { apiVersion, kind, spec } = document;
  if (apiVersion !== SEED_API_VERSION) return [];
  const instead = NOT_HERE.get(kind);
  if (instead !== undefined) return [errorAt('UnknownKind', ['kind'], `${String(kind)} is not accepted: ${instead}`)];
  const isComplete = !isObject(spec) || kind === 'Switchover' || spec['deployMethod'] !== undefined;
  if (isComplete || findJobKind(String(kind)) === undefined) return [];
  return [
    errorAtKey(
      'MissingField',
      ['spec', 'deployMethod'],
      `is required in a document of ${SEED_API_VERSION}: cloud-config, python or helm`,
    ),
  ];
}
