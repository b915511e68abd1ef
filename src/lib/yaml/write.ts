// JSON values as YAML. Byte for byte what the library makes of them, at a small part of its cost for plain values.

import { stringify } from 'yaml';

import { rememberTexts } from '../text-memo.ts';

const OPTIONS = { sortMapEntries: true, lineWidth: 0, aliasDuplicateObjects: false, version: '1.2' } as const;

/** YAML 1.2 with sorted keys, without anchors and folded lines. `value`: what JSON can hold; it ends with a newline. */
export function writeYaml(value: unknown): string {
  const lines: string[] = [];
  return isPlain(value) && writeLines(value, '', lines) ? `${lines.join('\n')}\n` : stringify(value, OPTIONS);
}

type Collection = Readonly<Record<string, unknown>> | readonly unknown[];

/** A document that is no list or map, or an empty one, is left to the library. */
function isPlain(value: unknown): value is Collection {
  return typeof value === 'object' && value !== null && Object.keys(value).length > 0;
}

/** False when there is something that only the library writes: a text of several lines, or a key that is no plain word. */
function writeLines(value: Collection, indent: string, lines: string[]): boolean {
  if (Array.isArray(value)) return value.every((item) => writeItem(item, indent, lines));
  // The edge: a collection that is no list is an object.
  const map = value as Readonly<Record<string, unknown>>;
  return Object.keys(map)
    .sort()
    .every((key) => PLAIN_KEY.test(key) && !RESERVED.test(key) && writeMember({ key, value: map[key] }, indent, lines));
}

interface Member {
  readonly key: string;
  readonly value: unknown;
}

function writeMember({ key, value }: Member, indent: string, lines: string[]): boolean {
  if (isPlain(value)) {
    lines.push(`${indent}${key}:`);
    return writeLines(value, `${indent}  `, lines);
  }
  return writeScalar(value, `${indent}${key}:`, lines);
}

/** The first line of a collection in a list stands behind its dash. */
function writeItem(item: unknown, indent: string, lines: string[]): boolean {
  if (!isPlain(item)) return writeScalar(item, `${indent}-`, lines);
  const first = lines.length;
  const inner = `${indent}  `;
  if (!writeLines(item, inner, lines)) return false;
  lines[first] = `${indent}- ${lines[first]?.slice(inner.length) ?? ''}`;
  return true;
}

function writeScalar(value: unknown, before: string, lines: string[]): boolean {
  const text = scalarText(value);
  if (text !== undefined) lines.push(`${before} ${text}`);
  return text !== undefined;
}

const PLAIN_KEY = /^[A-Za-z_][\w./-]*$/;
/** Words without spaces, and sentences of them, in which nothing is an indicator: no colon or number sign beside a space. */
const PLAIN_TEXT = /^[A-Za-z_/][\w./@+=~%^$&;<>()-]*(?::[\w./@+-]+)*(?: [\w./@+=~%^$;<(][\w./@+=~%^$&;<>()'",-]*)*$/;
const RESERVED = /^(?:true|false|null)$/i;
const PLAIN_TIME = /^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d(?:\.\d+)?Z$/;
const PLAIN_NUMBER = /^-?(?:0|[1-9]\d{0,14})(?:\.\d{1,6})?$/;

/** Undefined for what takes several lines, which depend on where they stand. */
function scalarText(value: unknown): string | undefined {
  if (typeof value === 'string') return isPlainText(value) ? value : textByLibrary(value);
  if (value === null || typeof value === 'boolean') return String(value);
  if (typeof value === 'object') return Array.isArray(value) ? '[]' : '{}';
  const isNumber = typeof value === 'number' && PLAIN_NUMBER.test(String(value)) && !Object.is(value, -0);
  return isNumber ? String(value) : writtenByLibrary(value);
}

function isPlainText(text: string): boolean {
  return PLAIN_TIME.test(text) || (PLAIN_TEXT.test(text) && !RESERVED.test(text));
}

/** Versions, sizes and commits are the same in many documents. */
const textByLibrary = rememberTexts(writtenByLibrary, { count: 1000 });

function writtenByLibrary(value: unknown): string | undefined {
  const written = stringify({ a: value }, OPTIONS).slice('a: '.length, -1);
  return written.includes('\n') ? undefined : written;
}
