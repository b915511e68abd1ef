// Walks every field of a schema, so that a test can show that each of them does something.

import { expect, it } from 'vitest';
import type { z } from 'zod';

import { toJsonSchema, type JsonSchema } from '../../../src/api/json-schema.ts';
import type { Path } from '../../../src/lib/json-pointer.ts';
import { isObject, type JsonObject, valueAt } from '../../../src/lib/json-value.ts';

/** A field without fields below it. */
export interface Leaf {
  /** `storage.*.size`, `sidecars[].image`: `*` stands for any key, `[]` for any item. */
  readonly name: string;
  readonly schema: JsonSchema;
}

/** What a test needs to know of a field that it cannot find out by itself. */
export interface FieldCase {
  /** The document in which the field is changed. Default: the kind's. */
  readonly base?: JsonObject;
  /** Default: what the base has there, which may be nothing. */
  readonly from?: unknown;
  /** Default: another value of an enum, the other of true and false, the next number. */
  readonly to?: unknown;
  /** The value `to` is an error: that is what the field does in this document. */
  readonly refused?: true;
}

export type FieldCases = Readonly<Record<string, FieldCase>>;

export interface FieldTest {
  readonly schema: z.ZodType;
  readonly base: JsonObject;
  readonly cases: FieldCases;
  /** Where the cases stand, for the message about a field without one. */
  readonly file: string;
  /** Everything that follows from a document, except the document itself. */
  readonly outcome: (spec: JsonObject) => Outcome | Promise<Outcome>;
}

export interface Outcome {
  /** Errors of the document. */
  readonly errors: readonly string[];
  readonly [fact: string]: unknown;
}

/** One test a field: a change of it alone changes the outcome. Fields that are new in the schema fail without a case. */
export function testEveryField({ schema, base, cases, file, outcome }: FieldTest): void {
  const leaves = leavesOf(toJsonSchema(schema, 'draft-7'));
  it('every case is of a field that exists', () => {
    const names = new Set(leaves.map(({ name }) => name));
    expect(Object.keys(cases).filter((name) => !names.has(name))).toEqual([]);
  });
  it.each(leaves)('$name', async (leaf) => {
    const given = cases[leaf.name] ?? {};
    const { before, after } = changeOf(leaf, { given, base, file });
    expect(before).not.toEqual(after);
    const [was, is] = [await outcome(before), await outcome(after)];
    expect(was.errors).toEqual([]);
    expect(is.errors.length > 0).toBe(given.refused === true);
    expect(is).not.toEqual(was);
  });
}

interface Given extends Pick<FieldTest, 'base' | 'file'> {
  readonly given: FieldCase;
}

/** The document without and with the change of the one field. */
function changeOf({ name, schema }: Leaf, { given, base, file }: Given): { before: JsonObject; after: JsonObject } {
  const document = given.base ?? base;
  const path = placeOf(name, document);
  const from = given.from ?? valueAt(document, path);
  const to = given.to ?? another(schema, from);
  if (to === undefined)
    throw new Error(
      `${name} has no case: add one to ${file} that shows what the field does, or remove the field from the schema`,
    );
  return { before: withValue(document, path, from), after: withValue(document, path, to) };
}

/** The leaves of a schema, in its order. */
export function leavesOf(schema: JsonSchema, name = ''): readonly Leaf[] {
  const { properties = {}, additionalProperties: member, items } = schema;
  const inner: (readonly [string, JsonSchema])[] = Object.entries(properties).map(([key, field]) => [
    name === '' ? key : `${name}.${key}`,
    field,
  ]);
  if (isObject(member)) inner.push([`${name}.*`, member]);
  if (items !== undefined) inner.push([`${name}[]`, items]);
  return inner.length === 0 ? [{ name, schema }] : inner.flatMap(([key, field]) => leavesOf(field, key));
}

/** Another value that the schema accepts, where the schema alone can say one. */
function another({ enum: values, type, default: preset }: JsonSchema, from: unknown = preset): unknown {
  if (values !== undefined) return values.find((value) => value !== from);
  if (type === 'boolean') return from !== true;
  return type === 'integer' && typeof from === 'number' ? from + 1 : undefined;
}

/** `*` is the first key that the document has there, `[]` the first item. */
function placeOf(name: string, document: JsonObject): Path {
  const path: (string | number)[] = [];
  for (const part of name.replaceAll('[]', '.0').split('.')) {
    if (part !== '*') path.push(part === '0' ? 0 : part);
    else {
      const [key] = Object.keys(valueAt(document, path) ?? {});
      if (key === undefined) throw new Error(`${name}: the document of the case has no key at ${path.join('.')}`);
      path.push(key);
    }
  }
  return path;
}

function withValue(document: JsonObject, path: Path, value: unknown): JsonObject {
  if (value === undefined && valueAt(document, path) === undefined) return document;
  const copy = structuredClone(document);
  const parent = makeParent(copy, path);
  const last = path.at(-1);
  if (typeof parent !== 'object' || parent === null || last === undefined) throw new Error('there is no such place');
  if (value !== undefined) Reflect.set(parent, last, value);
  else Reflect.deleteProperty(parent, last);
  return copy;
}

/** What holds the value at `path`; made with everything above it where it is missing. */
function makeParent(document: JsonObject, path: Path): unknown {
  let current: unknown = document;
  for (const [index, part] of path.slice(0, -1).entries()) {
    const next = valueAt(current, [part]) ?? (typeof path[index + 1] === 'number' ? [] : {});
    if (typeof current === 'object' && current !== null) Reflect.set(current, part, next);
    current = next;
  }
  return current;
}
