// A kind's fields as Markdown tables, for the reference in the documentation.

import type { z } from 'zod';

import { toJsonSchema, type JsonSchema } from './json-schema.ts';

interface Row {
  readonly field: string;
  readonly type: string;
  readonly required: boolean;
  readonly schema: JsonSchema;
}

/** One table with a row per field, nested fields by dotted path; `<name>` stands for any key, `[]` for any item. */
export function toDocsTable(schema: z.ZodType, root = 'spec'): string {
  const rows = rowsOf(toJsonSchema(schema, 'draft-7'), root);
  const lines = rows.map(({ field, type, required, schema: { default: preset, description = '' } }) => {
    const fallback = preset === undefined ? '' : `\`${JSON.stringify(preset)}\``;
    return `| \`${field}\`${required ? ' *' : ''} | ${type} | ${fallback} | ${cell(description)} |`;
  });
  return ['| Field | Type | Default | Meaning |', '|---|---|---|---|', ...lines, '', '\\* required', ''].join('\n');
}

function rowsOf(schema: JsonSchema, path: string): Row[] {
  const own = Object.entries(schema.properties ?? {}).flatMap(([name, field]) => {
    const required = schema.required?.includes(name) === true && field.default === undefined;
    const row = { field: `${path}.${name}`, type: typeName(field), required, schema: field };
    return [row, ...rowsOf(field, `${path}.${name}`)];
  });
  const { additionalProperties: member, items } = schema;
  const inner = typeof member === 'object' ? rowsOf(member, `${path}.<name>`) : [];
  return [...own, ...inner, ...(items === undefined ? [] : rowsOf(items, `${path}[]`))];
}

function typeName(schema: JsonSchema): string {
  if (schema.enum !== undefined) return schema.enum.map((value) => `\`${String(value)}\``).join(', ');
  if (schema.items !== undefined) return `list of ${typeName(schema.items)}`;
  if (typeof schema.additionalProperties === 'object') return `map to ${typeName(schema.additionalProperties)}`;
  const { format } = schema;
  if (schema.type === 'string') return typeof format === 'string' ? format : 'text';
  return schema.type ?? 'anything';
}

/** A cell is one line, and `|` would end it. */
function cell(text: string): string {
  return text.replaceAll(/\s+/g, ' ').replaceAll('|', '\\|');
}
