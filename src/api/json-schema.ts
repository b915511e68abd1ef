// zod → JSON Schema as plain data, the common source of CRDs, editor schemas and documentation.

import { z } from 'zod';

/** The subset of JSON Schema that this project uses. */
export interface JsonSchema {
  readonly type?: string;
  readonly description?: string;
  readonly properties?: Readonly<Record<string, JsonSchema>>;
  readonly required?: readonly string[];
  readonly additionalProperties?: JsonSchema | boolean;
  readonly items?: JsonSchema;
  readonly enum?: readonly unknown[];
  readonly default?: unknown;
  readonly [keyword: string]: unknown;
}

/** The schema of the input (before defaults), all inline, because CRDs do not follow `$ref`. */
export function toJsonSchema(schema: z.ZodType, target: 'openapi-3.0' | 'draft-7'): JsonSchema {
  const { $schema: _, ...json } = z.toJSONSchema(schema, {
    target,
    io: 'input',
    reused: 'inline',
    unrepresentable: 'any',
  });
  return JSON.parse(JSON.stringify(json)) as JsonSchema;
}
