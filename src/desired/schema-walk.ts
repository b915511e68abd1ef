// The fields that a zod schema allows at a path.

import { z } from 'zod';

import type { Path } from '../lib/json-pointer.ts';

/** The names of the fields of the object at `path`; empty when the schema does not define it. */
export function fieldsAt(schema: z.ZodType, path: Path): readonly string[] {
  let current: z.core.$ZodType | undefined = schema;
  for (const part of path) current = current === undefined ? undefined : stepInto(unwrap(current), part);
  const last = current === undefined ? undefined : unwrap(current);
  return last instanceof z.ZodObject ? Object.keys(last.shape) : [];
}

function stepInto(schema: z.core.$ZodType, part: string | number): z.core.$ZodType | undefined {
  if (schema instanceof z.ZodObject) return Object.hasOwn(schema.shape, part) ? schema.shape[part] : undefined;
  if (schema instanceof z.ZodRecord) return schema.valueType;
  return schema instanceof z.ZodArray ? schema.element : undefined;
}

function unwrap(schema: z.core.$ZodType): z.core.$ZodType {
  if (schema instanceof z.ZodOptional || schema instanceof z.ZodNullable) return unwrap(schema.unwrap());
  if (schema instanceof z.ZodDefault || schema instanceof z.ZodPrefault) return unwrap(schema.unwrap());
  return schema;
}
