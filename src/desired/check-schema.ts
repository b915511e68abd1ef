// The problems that a zod schema finds in a value: what is wrong, the present value, and what to do.

import type { z } from 'zod';

import { errorAt, errorAtKey, type SpecProblem } from '../api/spec-problem.ts';
import { clip, clipJson } from '../lib/clip.ts';
import type { Path } from '../lib/json-pointer.ts';
import { isObject, valueAt } from '../lib/json-value.ts';
import { didYouMean } from '../lib/nearest.ts';
import { fieldsAt } from './schema-walk.ts';

export type Checked<T> =
  { readonly ok: true; readonly data: T } | { readonly ok: false; readonly problems: readonly SpecProblem[] };

/** Of one value. The name that was meant is looked for, which takes time for each. */
const MAX_PROBLEMS = 30;

/** The parsed value with the defaults of the schema, or the problems. `base` is the path of the value in its document. */
export function checkSchema<T>(schema: z.ZodType<T>, value: unknown, base: Path): Checked<T> {
  const result = schema.safeParse(value);
  if (result.success) return { ok: true, data: result.data };
  const problems = result.error.issues
    .slice(0, 20 * MAX_PROBLEMS)
    .flatMap((issue) => problemsOf({ schema, value, base }, issue));
  const seen = new Set<string>();
  return {
    ok: false,
    problems: problems.filter(({ path }) => isFirst(seen, JSON.stringify(path))).slice(0, MAX_PROBLEMS),
  };
}

/** One problem per position: a text that is too long often also has the wrong form. */
function isFirst(seen: Set<string>, key: string): boolean {
  const first = !seen.has(key);
  seen.add(key);
  return first;
}

interface Context {
  readonly schema: z.ZodType;
  readonly value: unknown;
  readonly base: Path;
}

type Issue = z.core.$ZodIssue;

function problemsOf(context: Context, issue: Issue): SpecProblem[] {
  const inner = issue.path.map((part) => (typeof part === 'symbol' ? String(part) : part));
  const path = [...context.base, ...inner];
  if (issue.code === 'unrecognized_keys')
    return issue.keys
      .slice(0, MAX_PROBLEMS)
      .map((key) => errorAtKey('UnknownField', [...path, clip(key, 60)], unknownField(context, inner, key)));
  const value = valueAt(context.value, inner);
  if (value === undefined && issue.code === 'invalid_type') return [errorAtKey('MissingField', path, 'is required')];
  if (issue.code === 'invalid_key') return [errorAtKey('InvalidName', path, `as a name ${firstMessage(issue.issues)}`)];
  const code = issue.code === 'invalid_type' ? 'WrongType' : 'InvalidValue';
  return [errorAt(code, path, describeIssue(issue, value))];
}

function unknownField(context: Context, path: Path, key: string): string {
  const known = fieldsAt(context.schema, path);
  const list = `known fields are ${clip(known.toSorted().join(', '), 600)}`;
  return `unknown field; ${didYouMean(key, known, known.length === 0 ? 'no field is allowed here' : list)}`;
}

function firstMessage(issues: readonly Issue[]): string {
  const [first] = issues;
  return first === undefined ? 'it is not allowed' : describeIssue(first, undefined);
}

function describeIssue(issue: Issue, value: unknown): string {
  switch (issue.code) {
    case 'invalid_type':
      return wrongType(issue.expected, value);
    case 'invalid_value':
      return oneOf(issue.values.map(String), value);
    case 'too_big':
      return `must ${limitOf(issue.origin, 'at most', Number(issue.maximum))}${received(value)}`;
    case 'too_small':
      return `must ${limitOf(issue.origin, 'at least', Number(issue.minimum))}${received(value)}`;
    default:
      return `${issue.message.startsWith('must') ? issue.message : `is not valid (${clip(issue.message, 120)})`}${received(value)}`;
  }
}

const TYPE_NAMES: Readonly<Record<string, string>> = {
  string: 'a text', number: 'a number', int: 'a whole number', boolean: 'true or false', object: 'an object', record: 'an object', array: 'a list',
}; // prettier-ignore

function wrongType(expected: string, value: unknown): string {
  const expectation = `must be ${TYPE_NAMES[expected] ?? expected}`;
  if (value === null) return `${expectation}, but is empty: give a value or remove the line`;
  if (expected === 'string' && (typeof value === 'number' || typeof value === 'boolean'))
    return `${expectation}: put it in quotes, because ${String(value)} without them is a ${typeof value}`;
  return `${expectation}, but is ${typeName(value)}`;
}

function typeName(value: unknown): string {
  if (Array.isArray(value)) return 'a list';
  if (isObject(value)) return 'an object';
  if (typeof value === 'number') return `the number ${value}`;
  return typeof value === 'string' ? `the text ${clipJson(value)}` : String(value);
}

function oneOf(values: readonly string[], value: unknown): string {
  const advice = didYouMean(value, values, '');
  return `must be ${values.length === 1 ? values[0] : `one of ${values.join(', ')}`}${received(value)}${advice === '' ? '' : `; ${advice}`}`;
}

function limitOf(origin: string, side: string, limit: number): string {
  if (origin === 'string') return `have ${side} ${limit} characters`;
  if (origin === 'array' || origin === 'set') return `have ${side} ${limit} entries`;
  return `be ${side} ${limit}`;
}

function received(value: unknown): string {
  return value === undefined || typeof value === 'object' ? '' : `, but is ${clipJson(value)}`;
}
