// zod → JSON Schema as plain data, the common ground of CRDs, editor schemas and documents.

import { z } from 'zod';

/** The part of JSON Schema that our schemas use. */
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

/** What may be written (before defaults are filled in), everything inline: neither CRDs nor people follow `$ref`. */
export function toJsonSchema(schema: z.ZodType, target: 'openapi-3.0' | 'draft-7'): JsonSchema {
  const { $schema: _, ...json } = z.toJSONSchema(schema, {
    target,
    io: 'input',
    reused: 'inline',
    unrepresentable: 'any',
  });
  return JSON.parse(JSON.stringify(json)) as JsonSchema;
}
