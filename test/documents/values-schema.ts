// The schema of the chart's values, with the comments of values.yaml as descriptions.

import { readFile } from 'node:fs/promises';
import { join } from 'node:path';

import { formatted, ROOT } from './sections.ts';
import { describedValues } from './values-table.ts';

export const VALUES_SCHEMA = 'charts/nodewright/values.schema.json';

export interface ValueSchema {
  readonly description?: string;
  readonly properties?: Readonly<Record<string, ValueSchema>>;
  readonly items?: ValueSchema;
}

/** Throws when a value has no schema. Only groups of values have descriptions of their own. */
export async function valuesSchema(): Promise<string> {
  const descriptions = new Map((await describedValues()).map(({ path, comment }) => [path, comment]));
  const described = describe(await readSchema(), '', descriptions);
  if (descriptions.size > 0) throw new Error(`values.schema.json lacks ${[...descriptions.keys()].join(', ')}`);
  return await formatted(VALUES_SCHEMA, JSON.stringify(described));
}

/** The file as it is committed. */
export async function readSchema(): Promise<ValueSchema> {
  return JSON.parse(await readFile(join(ROOT, VALUES_SCHEMA), 'utf8'));
}

/** Takes each description that it uses out of the map. */
function describe(schema: ValueSchema, path: string, descriptions: Map<string, string>): ValueSchema {
  const { properties, description: own, ...rest } = schema;
  const description = descriptions.get(path) ?? own;
  descriptions.delete(path);
  const members = Object.entries(properties ?? {}).map(
    ([name, member]) => [name, describe(member, path === '' ? name : `${path}.${name}`, descriptions)] as const,
  );
  return {
    ...(description === undefined ? {} : { description }),
    ...rest,
    ...(properties === undefined ? {} : { properties: Object.fromEntries(members) }),
  };
}
