// Editors, `kubectl explain` and the tables in the documentation show what a field does: so every field says it.

import { describe, expect, it } from 'vitest';

import { toEditorSchema } from '../../src/api/editor-schema.ts';
import { toJsonSchema, type JsonSchema } from '../../src/api/json-schema.ts';
import { chains } from '../../src/chains/index.ts';
import { crds } from '../../src/desired/crds.ts';
import { gitKinds, metadataOf } from '../../src/desired/kinds.ts';
import { policyKind } from '../../src/desired/policy-file.ts';
import { isObject, valueAt } from '../../src/lib/json-value.ts';
import { Verification } from '../../src/signatures/verification-file.ts';

interface Field {
  readonly path: string;
  readonly schema: JsonSchema;
}

/** Every named field below a schema, whole objects too: `*` stands for any key, `[]` for any item. */
function fieldsOf({ properties = {}, additionalProperties: member, items }: JsonSchema, path: string): Field[] {
  const named = Object.entries(properties).flatMap(([name, schema]) => [
    { path: `${path}.${name}`, schema },
    ...fieldsOf(schema, `${path}.${name}`),
  ]);
  const members = isObject(member) ? fieldsOf(member, `${path}.*`) : [];
  return [...named, ...members, ...(items === undefined ? [] : fieldsOf(items, `${path}[]`))];
}

function isSchema(value: unknown): value is JsonSchema {
  return isObject(value);
}

function crdSchemas(): { readonly name: string; readonly schema: JsonSchema }[] {
  return crds().map((crd) => {
    const schema = valueAt(crd, ['spec', 'versions', 0, 'schema', 'openAPIV3Schema']);
    if (!isSchema(schema)) throw new Error(`${crd.metadata.name} has no schema`);
    return { name: crd.metadata.name, schema };
  });
}

const SCHEMAS = [
  ...crdSchemas(),
  ...[...gitKinds, policyKind].map((gitKind) => {
    const { kind, apiVersion, name, spec } = gitKind;
    const metadata = metadataOf(gitKind);
    return {
      name: kind,
      schema: toEditorSchema({ kind, apiVersion, description: kind, metadata, name, spec: spec(chains) }),
    };
  }),
  { name: 'verification file', schema: toJsonSchema(Verification, 'draft-7') },
];

describe('every field has a description: add .describe() with what it does, its unit, default and limit', () => {
  it.each(SCHEMAS)('$name', ({ name, schema }) => {
    // The API server describes metadata itself, and refuses a description of it in a CRD.
    const fields = fieldsOf(schema, name).filter(({ path }) => !path.endsWith('.validatoros.com.metadata'));
    expect(fields.length).toBeGreaterThan(5);
    expect(fields.filter((field) => !isSentence(field.schema.description)).map(({ path }) => path)).toEqual([]);
  });
});

/** Begins with a capital, a value in code or a value such as `true:`, and ends with a full stop. */
function isSentence(text: string | undefined): boolean {
  return text !== undefined && /^(\p{Lu}|`|(true|false): \p{L})/u.test(text) && /[.)]$/.test(text);
}
