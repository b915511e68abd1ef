// JSON Schema (draft-07) of a kind's documents in Git, so that editors complete fields and mark mistakes.

import type { z } from 'zod';

import { toJsonSchema, type JsonSchema } from './json-schema.ts';

export interface EditorKind {
  readonly kind: string;
  readonly apiVersion: string;
  readonly description: string;
  readonly metadata: z.ZodType;
  /** Stricter than the schema of the name in `metadata`. */
  readonly name: z.ZodType;
  readonly spec: z.ZodType;
  /** Whether fields may be missing from the spec because defaults in another file provide them. */
  readonly partial?: boolean;
}

/** The schema of one document. Unknown fields are errors. */
export function toEditorSchema(kind: EditorKind): JsonSchema {
  const spec = withoutKubernetes(toJsonSchema(kind.spec, 'draft-7'));
  const { required: _required, ...partial } = spec;
  return {
    $schema: 'http://json-schema.org/draft-07/schema#',
    title: kind.kind,
    description: kind.description,
    type: 'object',
    additionalProperties: false,
    required: ['apiVersion', 'kind', 'metadata', 'spec'],
    properties: {
      apiVersion: { type: 'string', enum: [kind.apiVersion], description: 'Group and version of the API.' },
      kind: { type: 'string', enum: [kind.kind], description: 'Kind of the document.' },
      metadata: {
        description: 'Name, namespace, labels and annotations.',
        ...withName(withoutKubernetes(toJsonSchema(kind.metadata, 'draft-7')), toJsonSchema(kind.name, 'draft-7')),
      },
      spec: { description: 'Desired state: what the document asks for.', ...(kind.partial === true ? partial : spec) },
    },
  };
}

function withName(metadata: JsonSchema, name: JsonSchema): JsonSchema {
  const { description = '' } = metadata.properties?.['name'] ?? {};
  return { ...metadata, properties: { ...metadata.properties, name: { ...name, description } } };
}

/** Editors warn of keywords they do not know. */
function withoutKubernetes(schema: JsonSchema): JsonSchema {
  const text = JSON.stringify(schema, (key, value: unknown) => (key.startsWith('x-kubernetes-') ? undefined : value));
  return JSON.parse(text) as JsonSchema;
}
