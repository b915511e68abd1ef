// JSON Schema → the structural subset that a CustomResourceDefinition accepts.

import { toDotted, type Path } from '../lib/json-pointer.ts';
import { isObject } from '../lib/json-value.ts';
import type { JsonSchema } from './json-schema.ts';

/** What a structural schema cannot have. The error here comes before that of the API server. */
const FORBIDDEN = ['anyOf', 'oneOf', 'allOf', 'not', '$ref', 'const', 'patternProperties', 'definitions', '$defs'];
/** Keywords that the API server does not know and that can be left out. */
const DROPPED = new Set(['propertyNames', '$schema', 'id']);

/**
 * https://kubernetes.io/docs/tasks/extend-kubernetes/custom-resources/custom-resource-definitions/#specifying-a-structural-schema
 * Objects with fields lose `additionalProperties: false` (unknown fields are pruned, or refused under strict validation);
 * maps keep theirs. Throws with the path for what a CRD cannot express: that is an error in a schema of this project.
 */
export function toStructural(schema: JsonSchema, path: Path = []): JsonSchema {
  for (const keyword of FORBIDDEN)
    if (schema[keyword] !== undefined)
      throw new Error(`${toDotted(path) || 'schema'}: a CRD cannot have ${keyword}; write the schema without a union`);
  if (schema.type === undefined && schema['x-kubernetes-preserve-unknown-fields'] !== true)
    throw new Error(`${toDotted(path) || 'schema'}: a structural schema needs a type`);
  const kept = Object.entries(schema).filter(([keyword, value]) => !DROPPED.has(keyword) && !isSafeIntegerBound(value));
  return {
    // Server-side apply then knows that the manager that applies a list owns all of it.
    ...(schema.items === undefined ? {} : { 'x-kubernetes-list-type': 'atomic' }),
    ...Object.fromEntries(kept.filter(([keyword]) => !NESTED.has(keyword))),
    ...nested(schema, path),
  };
}

const NESTED = new Set(['properties', 'items', 'additionalProperties']);

function nested({ properties, items, additionalProperties }: JsonSchema, path: Path): JsonSchema {
  const fields = Object.entries(properties ?? {}).map(([name, field]) => [name, toStructural(field, [...path, name])]);
  return {
    ...(properties === undefined ? {} : { properties: Object.fromEntries(fields) as Record<string, JsonSchema> }),
    ...(items === undefined ? {} : { items: toStructural(items, [...path, 0]) }),
    ...(properties === undefined && isObject(additionalProperties)
      ? { additionalProperties: toStructural(additionalProperties, [...path, '*']) }
      : {}),
  };
}

function isSafeIntegerBound(value: unknown): boolean {
  return value === Number.MAX_SAFE_INTEGER || value === Number.MIN_SAFE_INTEGER;
}
