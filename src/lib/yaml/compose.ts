// YAML text to syntax trees, for text that anyone may have written: bounded in depth, in size and in time.

import { Composer, type Document, Lexer, LineCounter, type ParsedNode, Parser, type YAMLParseError } from 'yaml';

import { MAX_DEPTH, type PlainNode, readPlain } from './plain.ts';

export interface YamlLimits {
  readonly documents: number;
  /** Levels of nesting. */
  readonly depth: number;
  /** Keys, values, separators and brackets of one document. */
  readonly tokens: number;
}

/** What is read of a document: that of the library, or of the reader for plain texts. */
export interface ComposedDocument {
  readonly contents: ParsedNode | PlainNode | null;
  readonly errors: readonly YAMLParseError[];
  readonly directives: { readonly yaml: { readonly version: string; readonly explicit?: boolean } };
  readonly range: readonly [number, number, number];
}

export interface Composed<D extends ComposedDocument = ComposedDocument> {
  /** Those before the place where reading ended. */
  readonly documents: readonly D[];
  /** Which limit ended the reading, and where. */
  readonly exceeded?: { readonly limit: keyof YamlLimits; readonly offset: number };
}

/** Lexical tokens between two pauses: about a millisecond. */
const PAUSE = 2000;
/** What of the text becomes a node of the tree, or separates two: a scalar has a mark before it. A list costs as much as four. */
const COSTS: ReadonlyMap<string, number> = new Map([
  ['\u001f', 1],
  ['-', 1],
  ['?', 1],
  [':', 1],
  [',', 1],
  ['[', 4],
  ['{', 4],
]);
/** An alias, an anchor or a tag. A file has few, and each costs as much as many values. */
const MARK = /^[*&!]/;
const MARK_COST = 40;
/** Errors of syntax after which the rest is not read: there may be one at every character. */
const MAX_ERRORS = 20;

/** What a character of a plain text costs at most. */
const MAX_CHARACTER_COST = 4;
const YAML_1_2 = { yaml: { version: '1.2' } } as const;

/** Reads the text with pauses. Never throws. A text of the plain kind, which most are, takes a tenth of the library's time. */
export function* composeInSteps(
  text: string,
  limits: YamlLimits,
  lines = new LineCounter(),
): Generator<void, Composed> {
  const isSmall = text.length * MAX_CHARACTER_COST <= limits.tokens && limits.depth > MAX_DEPTH && limits.documents > 0;
  const plain = isSmall ? readPlain(text) : undefined;
  if (plain === undefined) return yield* composeByLibrary(text, limits, lines);
  for (const offset of plain.lineStarts) lines.addNewLine(offset);
  const { contents } = plain;
  return { documents: [{ contents, errors: [], directives: YAML_1_2, range: [0, text.length, text.length] }] };
}

type LibraryDocument = Document.Parsed<ParsedNode>;

/**
 * Reads any text. The library reads by recursion and compares all keys of a map with each other, so the depth is
 * limited while tokens come in, before any tree is built; callers find duplicate keys themselves.
 */
export function* composeByLibrary(
  text: string,
  limits: YamlLimits,
  lines = new LineCounter(),
): Generator<void, Composed<LibraryDocument>> {
  const parser = new Parser(lines.addNewLine);
  const composer = createComposer();
  const documents: LibraryDocument[] = [];
  let [read, tokens, errors] = [0, 0, 0];
  lines.addNewLine(0);
  for (const lexeme of new Lexer().lex(text)) {
    if (++read % PAUSE === 0) yield;
    tokens += costOf(lexeme);
    const found = compose(composer, parser.next(lexeme));
    if (found.documents.length > 0) tokens = 0;
    documents.push(...found.documents);
    errors += found.errors;
    const limit = exceeded({ documents: documents.length, depth: parser.stack.length / 2 - 2, tokens }, limits);
    if (limit !== undefined) return cut(documents, limits, { limit, offset: parser.offset });
    if (errors > MAX_ERRORS) break;
  }
  if (errors <= MAX_ERRORS) documents.push(...compose(composer, parser.end()).documents);
  documents.push(...composer.end(true, text.length));
  if (documents.length <= limits.documents) return { documents };
  return cut(documents, limits, { limit: 'documents', offset: text.length });
}

function costOf(lexeme: string): number {
  return COSTS.get(lexeme) ?? (MARK.test(lexeme) ? MARK_COST : 0);
}

function compose(
  composer: Composer,
  tokens: ReturnType<Parser['next']>,
): { readonly documents: readonly LibraryDocument[]; readonly errors: number } {
  const documents: LibraryDocument[] = [];
  let errors = 0;
  for (const token of tokens) {
    if (token.type === 'error') errors += 1;
    documents.push(...composer.next(token));
  }
  return { documents, errors };
}

function cut(
  documents: readonly LibraryDocument[],
  limits: YamlLimits,
  exceeded: NonNullable<Composed['exceeded']>,
): Composed<LibraryDocument> {
  return { documents: documents.slice(0, limits.documents), exceeded };
}

/** With a list of errors that ends: each is an Error with a stack, and a text can have one at every character. */
function createComposer(): Composer {
  const composer = new Composer({
    version: '1.2',
    schema: 'core',
    merge: false,
    uniqueKeys: false,
    prettyErrors: false,
    logLevel: 'silent',
  });
  // Not public in yaml 2.9; without it the list only gets longer.
  const report: unknown = Reflect.get(composer, 'onError');
  if (typeof report !== 'function') return composer;
  let left = MAX_ERRORS;
  Reflect.set(composer, 'onError', (...args: readonly unknown[]) => {
    if (left-- > 0) Reflect.apply(report, composer, args);
  });
  return composer;
}

function exceeded(found: YamlLimits, limits: YamlLimits): keyof YamlLimits | undefined {
  return (['documents', 'depth', 'tokens'] as const).find((limit) => found[limit] > limits[limit]);
}
