// Documents of the second seed (citacloud.rivtower.com/v1), accepted as they stand.

import { API_VERSION, SEED_API_VERSION } from '../api/group.ts';
import { isObject, type JsonObject } from '../lib/json-value.ts';
import { errorAt, type Finding } from './finding.ts';
import { findJobKind } from './index.ts';

export type Converted =
  { readonly ok: true; readonly document: JsonObject } | { readonly ok: false; readonly findings: readonly Finding[] };

/** Why kinds of the seed's group that are no jobs here are not accepted. */
const NOT_HERE: Readonly<Record<string, string>> = {
  CitaNode: 'the seed marks it "currently unavailable"; describe the node as a BlockchainNode',
  Duplicate: 'use a Backup: it makes a claim of its own, with a checksum of every file',
  Recover: 'use a Restore of a Backup',
};

/** Whether a document is one of the seed's. */
export function isSeedDocument(document: JsonObject): boolean {
  return document['apiVersion'] === SEED_API_VERSION;
}

/**
 * The same request in our group. Nothing is dropped: what the kind does not know is an error of its schema. The seed
 * requires deployMethod, and a Switchover there has none because it works with cloud-config only; so the default
 * `managed` is never taken for a document of the seed.
 */
export function fromSeed(document: JsonObject): Converted {
  const { kind, spec } = document;
  if (typeof kind !== 'string' || findJobKind(kind) === undefined) {
    const why = typeof kind === 'string' && Object.hasOwn(NOT_HERE, kind) ? `: ${NOT_HERE[kind]}` : '';
    return {
      ok: false,
      findings: [errorAt('UnknownKind', ['kind'], `${String(kind)} of ${SEED_API_VERSION} is not accepted${why}`)],
    };
  }
  if (!isObject(spec)) return { ok: false, findings: [errorAt('MissingField', ['spec'], 'is required')] };
  const converted = kind === 'Switchover' ? { deployMethod: 'cloud-config', ...spec } : spec;
  if (converted['deployMethod'] === undefined)
    return {
      ok: false,
      findings: [
        errorAt(
          'MissingField',
          ['spec', 'deployMethod'],
          'is required in a document of this group: cloud-config, python or helm',
        ),
      ],
    };
  return { ok: true, document: { ...document, apiVersion: API_VERSION, spec: converted } };
}
