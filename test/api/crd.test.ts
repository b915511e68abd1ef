// CRDs, editor schemas and documentation are generated from one zod schema.

import { describe, expect, it } from 'vitest';
import { stringify } from 'yaml';
import { z } from 'zod';

import { celName, toCrd } from '../../src/api/crd.ts';
import { toDocsTable } from '../../src/api/docs-table.ts';
import { toEditorSchema } from '../../src/api/editor-schema.ts';
import { NodeName } from '../../src/api/fields.ts';
import { ANNOTATION } from '../../src/api/group.ts';
import { toJsonSchema, type JsonSchema } from '../../src/api/json-schema.ts';
import { toStructural } from '../../src/api/structural.ts';
import { chains } from '../../src/chains/index.ts';
import { crds } from '../../src/desired/crds.ts';
import { GitMetadata, nodeSpecSchema } from '../../src/desired/kinds.ts';
import { nodeCrd } from '../../src/desired/node-kind.ts';
import { digestOf } from '../../src/lib/hash.ts';
import { isObject, valueAt } from '../../src/lib/json-value.ts';

const structural = (schema: z.ZodType): JsonSchema => toStructural(toJsonSchema(schema, 'openapi-3.0'));

describe('toStructural', () => {
  const kept = [
    {
      because: 'an object loses additionalProperties: false',
      schema: z.strictObject({ a: z.string() }),
      is: { type: 'object', properties: { a: { type: 'string' } }, required: ['a'] },
    },
    {
      because: 'a map keeps its values and bounds, not its key pattern',
      schema: z.record(z.string().max(9), z.int().min(0)).meta({ maxProperties: 3 }),
      is: { type: 'object', additionalProperties: { type: 'integer', minimum: 0 }, maxProperties: 3 },
    },
    { because: 'the bounds of a double are no bounds', schema: z.int(), is: { type: 'integer' } },
    {
      because: 'a default makes a field optional and stays',
      schema: z.strictObject({ a: z.boolean().default(true) }),
      is: { type: 'object', properties: { a: { type: 'boolean', default: true } } },
    },
    {
      because: 'Kubernetes keywords pass through',
      schema: z.string().meta({ 'x-kubernetes-validations': [{ rule: 'true' }] }),
      is: { type: 'string', 'x-kubernetes-validations': [{ rule: 'true' }] },
    },
  ];
  it.each(kept)('$because', ({ schema, is }) => expect(structural(schema)).toEqual(is));

  const refused = [
    {
      because: 'a union',
      schema: z.strictObject({ a: z.union([z.string(), z.int()]) }),
      says: 'a: a CRD cannot have anyOf',
    },
    {
      because: 'a value of any type',
      schema: z.strictObject({ a: z.strictObject({ b: z.unknown() }) }),
      says: 'a.b: a structural schema needs a type',
    },
  ];
  it.each(refused)('throws for $because, with the path', ({ schema, says }) =>
    expect(() => structural(schema)).toThrow(says),
  );
});

it('matches the golden CRD of BlockchainNode', async () => {
  await expect(stringify(nodeCrd(chains), { aliasDuplicateObjects: false, lineWidth: 120 })).toMatchFileSnapshot(
    '../golden/crd/blockchainnodes.yaml',
  );
});

it('adds the block and the rule of a chain with options', () => {
  const [chain] = chains;
  if (chain === undefined) throw new Error('there are no chains');
  const extra = { ...chain, name: 'cita-cloud', options: z.object({ a: z.string().optional() }) };
  const text = JSON.stringify(nodeCrd([extra]));
  expect(text).toContain("!has(self.cita__dash__cloud) || self.chain == 'cita-cloud'");
  expect(celName('a__b.c/d')).toBe('a__underscores__b__dot__c__slash__d');
});

it('gives every list a list type, and puts no kind into the category all', () => {
  const lists: JsonSchema[] = [];
  JSON.stringify(crds(), (_key, value: unknown) => {
    if (isObject(value) && value['type'] === 'array') lists.push(value);
    return value;
  });
  expect(lists.length).toBeGreaterThan(10);
  expect(lists.filter((list) => list['x-kubernetes-list-type'] === undefined)).toEqual([]);
  expect(crds().flatMap((crd) => valueAt(crd, ['spec', 'names', 'categories']))).not.toContain('all');
});

it.each(crds().map((crd) => ({ name: crd.metadata.name, crd })))(
  '$name says of metadata only its type: the API server refuses a description there',
  ({ crd }) => {
    const root = ['spec', 'versions', 0, 'schema', 'openAPIV3Schema'];
    expect(valueAt(crd, [...root, 'properties', 'metadata'])).toEqual({ type: 'object' });
  },
);

/** The revision, and the CRDs without their descriptions, when SCHEMA_REVISION was raised last. */
const REVIEWED = { revision: '17', digest: 'sha256:267214473cdf87ab0306ea4fe9dd94e8d983c8899d1318a70b8e15b36f4a8a3a' };

it('has a higher SCHEMA_REVISION after a change of a CRD, so that an older controller does not undo the change', () => {
  const [first] = crds();
  const revision = first?.metadata.annotations?.[ANNOTATION.schemaRevision];
  const schemas = crds().map(({ metadata, ...rest }) => ({ name: metadata.name, ...rest }));
  const text = JSON.stringify(schemas, (key, value: unknown) =>
    key === 'description' && typeof value === 'string' ? undefined : value,
  );
  expect(
    { revision, digest: digestOf(JSON.parse(text)) },
    'The CRDs have changed: raise SCHEMA_REVISION in src/api/crd.ts, run `npm run generate`, and write the received revision and digest into REVIEWED in this test.',
  ).toEqual(REVIEWED);
});

it('writes no rules for a kind without rules', () => {
  const crd = toCrd({
    kind: 'Thing',
    shortNames: [],
    categories: [],
    description: 'd',
    maxNameLength: 63,
    spec: z.strictObject({}),
    status: z.object({}),
    columns: [],
    specRules: [],
  });
  expect(JSON.stringify(crd['spec'])).not.toContain('"spec":{"x-kubernetes-validations"');
  expect(crd.metadata.name).toBe('things.validatoros.com');
});

describe('toEditorSchema', () => {
  const schema = toEditorSchema({
    kind: 'BlockchainNode',
    apiVersion: 'validatoros.com/v1alpha1',
    description: 'A node.',
    metadata: GitMetadata,
    name: NodeName,
    spec: nodeSpecSchema(chains),
    partial: true,
  });
  it('refuses unknown fields at every level and has no Kubernetes keywords', () => {
    const spec = schema.properties?.['spec'];
    expect([schema.additionalProperties, spec?.additionalProperties]).toEqual([false, false]);
    expect(JSON.stringify(schema)).not.toContain('x-kubernetes');
  });
  it('refuses a name that the API server would refuse', () => {
    const name = schema.properties?.['metadata']?.properties?.['name'];
    expect(new RegExp(String(name?.['pattern'])).test('UPPER')).toBe(false);
    expect(name?.['maxLength']).toBe(52);
  });
  it('requires the envelope, but no field that the Fleet may provide', () => {
    expect(schema.properties?.['spec']?.required).toBeUndefined();
    expect(schema.required).toEqual(['apiVersion', 'kind', 'metadata', 'spec']);
    expect(schema.properties?.['kind']?.enum).toEqual(['BlockchainNode']);
  });
});

it('writes a table with a row per field, nested fields by path', () => {
  const schema = z.strictObject({
    name: z.string().describe('The name | title.'),
    mode: z.enum(['a', 'b']).default('a'),
    volumes: z.record(z.string(), z.strictObject({ size: z.string() })).optional(),
    ports: z.array(z.strictObject({ port: z.int() })).optional(),
  });
  expect(toDocsTable(schema).split('\n')).toEqual([
    '| Field | Type | Default | Meaning |',
    '|---|---|---|---|',
    '| `spec.name` * | text |  | The name \\| title. |',
    '| `spec.mode` | `a`, `b` | `"a"` |  |',
    '| `spec.volumes` | map to object |  |  |',
    '| `spec.volumes.<name>.size` * | text |  |  |',
    '| `spec.ports` | list of object |  |  |',
    '| `spec.ports[].port` * | integer |  |  |',
    '',
    '\\* required',
    '',
  ]);
});
