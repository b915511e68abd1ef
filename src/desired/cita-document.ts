// Documents of the CITA-Cloud operator's API group are accepted and converted.

import { API_VERSION, CITA_API_VERSION } from '../api/group.ts';
import { errorAt, errorAtKey, type SpecProblem } from '../api/spec-problem.ts';
import { findJobKind } from '../jobs/kinds/index.ts';
import { isObject, type JsonObject } from '../lib/json-value.ts';

/** Kinds of that group that are not supported, and what to write instead. */
const NOT_HERE: ReadonlyMap<unknown, string> = new Map([
  ['CitaNode', 'write a BlockchainNode'],
  ['Duplicate', 'use a Backup: it creates its own PVC, with a checksum of every file'],
  ['Recover', 'use a Restore of a Backup'],
]);

/**
 * Converts a document of `citacloud.rivtower.com/v1` into a job request; returns any other document unchanged. The field
 * names are the same. In that group a Switchover has no `deployMethod`, because it supports only the layout cloud-config.
 */
export function fromCitaDocument(document: JsonObject): JsonObject {
  const { apiVersion, kind, spec } = document;
  if (apiVersion !== CITA_API_VERSION || typeof kind !== 'string' || findJobKind(kind) === undefined) return document;
  const complete = kind === 'Switchover' && isObject(spec) ? { deployMethod: 'cloud-config', ...spec } : spec;
  return { ...document, apiVersion: API_VERSION, ...(complete === undefined ? {} : { spec: complete }) };
}

/**
 * The problems of a document under the rules of that group; none for any other document. `deployMethod` is required
 * there, so this project's default, a managed node, cannot be intended.
 */
export function checkCitaDocument(document: JsonObject): readonly SpecProblem[] {
  const { apiVersion, kind, spec } = document;
  if (apiVersion !== CITA_API_VERSION) return [];
  const instead = NOT_HERE.get(kind);
  if (instead !== undefined) return [errorAt('UnknownKind', ['kind'], `${String(kind)} is not accepted: ${instead}`)];
  const isComplete = !isObject(spec) || kind === 'Switchover' || spec['deployMethod'] !== undefined;
  if (isComplete || findJobKind(String(kind)) === undefined) return [];
  return [
    errorAtKey(
      'MissingField',
      ['spec', 'deployMethod'],
      `is required in a document of ${CITA_API_VERSION}: cloud-config, python or helm`,
    ),
  ];
}
