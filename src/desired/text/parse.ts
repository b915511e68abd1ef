// Parses the text of one file into documents with positions, or problems.

import { LineCounter } from 'yaml';

import { finish } from '../../lib/finish.ts';
import { isObject, textAt, type JsonObject } from '../../lib/json-value.ts';
import { type Composed, type ComposedDocument, composeInSteps, type YamlLimits } from '../../lib/yaml/compose.ts';
import { TOKENS } from '../../lib/yaml/read.ts';
import { Places } from './places.ts';
import { showable, type Problem } from './problem.ts';
import { syntaxProblems } from './syntax-problems.ts';
import { checkText } from './text-check.ts';
import { LIMITS, SOPS_ADVICE, toValue, type ValueProblem } from './to-value.ts';

const MAX_DOCUMENTS = 500;
const MAX_PROBLEMS = 50;

export interface ParsedDocument {
  readonly value: JsonObject;
  readonly places: Places;
}

export interface ParsedFile {
  readonly path: string;
  /** Documents without problems; none when the file as a whole cannot be used. */
  readonly documents: readonly ParsedDocument[];
  readonly problems: readonly Problem[];
  /** Names of objects in broken documents, as far as they can be read. */
  readonly brokenNames: readonly BrokenName[];
  /** The file may have objects whose names could not be read. */
  readonly unreadable: boolean;
}

export interface BrokenName {
  readonly kind: string | undefined;
  readonly namespace: string | undefined;
  readonly name: string;
  /** The first error of its document; absent where only the file as a whole has errors. */
  readonly problem?: Problem;
}

/** The same without pauses. */
export function parseFile(path: string, text: string): ParsedFile {
  return finish(parseInSteps(path, text));
}

/**
 * Reads the text of a file, with pauses. Linear in its length; never throws: all errors are returned as problems. A syntax error
 * makes the whole file unusable, because the borders of its documents are uncertain; a bad value only its document.
 */
export function* parseInSteps(path: string, text: string): Generator<void, ParsedFile> {
  const trouble = checkText(path, text);
  if (trouble !== undefined) return unreadableFile(path, trouble);
  const lines = new LineCounter();
  const found = yield* composeInSteps(text, { ...FILE_LIMITS, depth: LIMITS.depth }, lines);
  const read: ReadDocument[] = [];
  for (const document of found.documents) {
    read.push(readDocument(document, lines));
    yield;
  }
  const syntax = found.documents.flatMap((document) => syntaxProblems({ path, text, lines }, document));
  if (found.exceeded !== undefined) syntax.push(limitProblem(path, found.exceeded, lines));
  if (syntax.length > 0)
    return {
      path,
      documents: [],
      problems: syntax.slice(0, MAX_PROBLEMS),
      brokenNames: read.flatMap((one) => one.name ?? []),
      unreadable: true,
    };
  return {
    path,
    documents: read.flatMap((one) => one.document ?? []),
    problems: read.flatMap((one) => one.problems.map((problem) => ({ ...problem, file: path }))).slice(0, MAX_PROBLEMS),
    brokenNames: read.flatMap(({ name, problems: [first] }) =>
      first === undefined || name === undefined ? [] : [{ ...name, problem: { ...first, file: path } }],
    ),
    unreadable: read.some((one) => one.problems.length > 0 && one.name === undefined),
  };
}

/** A file that could not be read at all. */
export function unreadableFile(path: string, problem: Problem): ParsedFile {
  return { path, documents: [], problems: [problem], brokenNames: [], unreadable: true };
}

const FILE_LIMITS: Pick<YamlLimits, 'documents' | 'tokens'> = { documents: MAX_DOCUMENTS, tokens: TOKENS };

function limitProblem(path: string, { limit, offset }: Required<Composed>['exceeded'], lines: LineCounter): Problem {
  const at = { level: 'error', file: path, ...new Places(lines.lineStarts).position(offset) } as const;
  switch (limit) {
    case 'documents':
      return {
        ...at,
        line: 1,
        column: 1,
        code: 'TooManyDocuments',
        message: `more than ${MAX_DOCUMENTS} documents in one file; split it`,
      };
    case 'depth':
      return { ...at, code: 'TooDeep', message: `nested deeper than ${LIMITS.depth} levels` };
    case 'tokens':
      return { ...at, code: 'TooManyValues', message: `more than ${LIMITS.values} values in one document` };
  }
}

interface ReadDocument {
  readonly document?: ParsedDocument;
  readonly name?: BrokenName;
  readonly problems: readonly Omit<Problem, 'file'>[];
}

function readDocument(document: ComposedDocument, lines: LineCounter): ReadDocument {
  const places = new Places(lines.lineStarts);
  const { value, problems } = toValue(document.contents, places);
  const name = nameOf(value);
  const named = name === undefined ? {} : { name };
  const found = problems.length > 0 ? problems : checkShape(value, places);
  if (found.length > 0) {
    const problems = found.map(({ code, offset, message }) => ({
      level: 'error' as const,
      code,
      ...places.position(offset),
      message: showable(message),
    }));
    return { ...named, problems };
  }
  return isObject(value) ? { document: { value, places }, ...named, problems: [] } : { problems: [] };
}

/** Valid YAML that is not a document of a kind. */
function checkShape(value: unknown, places: Places): readonly ValueProblem[] {
  if (value === null) return [];
  if (!isObject(value)) {
    const what = Array.isArray(value) ? 'a list' : 'a single value';
    const message = `the document is ${what}, not an object with apiVersion, kind, metadata and spec`;
    return [{ code: 'NotAnObject', offset: places.offset([]), message }];
  }
  if (isObject(value['sops']) && value['sops']['mac'] !== undefined)
    return [{ code: 'SopsEncrypted', offset: places.offset(['sops']), message: SOPS_ADVICE }];
  if (typeof value['kind'] !== 'string' || !value['kind'].endsWith('List') || value['items'] === undefined) return [];
  const message = 'kind: lists are not read; write the objects as documents separated by "---"';
  return [{ code: 'ListNotSupported', offset: places.offset(['kind']), message }];
}

function nameOf(value: unknown): BrokenName | undefined {
  const name = textAt(value, ['metadata', 'name']);
  const [kind, namespace] = [textAt(value, ['kind']), textAt(value, ['metadata', 'namespace'])];
  return name === undefined ? undefined : { kind, namespace, name };
}
