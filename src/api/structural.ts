// JSON Schema → the structural subset that a CustomResourceDefinition accepts.

import { toDotted, type Path } from '../lib/json-pointer.ts';
import { isObject } from '../lib/json-value.ts';
import type { JsonSchema } from './json-schema.ts';

/** What the API server refuses in a structural schema, or cannot say: better told here than by a cluster. */
const FORBIDDEN = ['anyOf', 'oneOf', 'allOf', 'not', '$ref', 'const', 'patternProperties', 'definitions', '$defs'];
/** Harmless in JSON Schema and unknown to the API server. */
const DROPPED = new Set(['propertyNames', '$schema', 'id']);

/**
 * https://kubernetes.io/docs/tasks/extend-kubernetes/custom-resources/custom-resource-definitions/#specifying-a-structural-schema
 * Objects with fields lose `additionalProperties: false` (unknown fields are pruned, or refused under strict validation);
 * maps keep theirs. Throws for what a CRD can't say, with the path: it is a mistake in a schema of ours.
 */
export function toStructural(schema: JsonSchema, path: Path = []): JsonSchema {
  for (const keyword of FORBIDDEN)
    if (schema[keyword] !== undefined)
      throw new Error(`${toDotted(path) || 'schema'}: a CRD cannot say ${keyword}; write it without a union`);
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
