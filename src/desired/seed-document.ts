// Documents of the second seed's group are accepted as they stand and become ours.

import { API_VERSION, SEED_API_VERSION } from '../api/group.ts';
import { findJobKind } from '../jobs/index.ts';
import { isObject, type JsonObject } from '../lib/json-value.ts';

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
