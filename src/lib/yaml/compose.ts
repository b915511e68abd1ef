// YAML text to syntax trees, for text that anyone may have written: bounded in depth, in size and in time.

import { Composer, type Document, Lexer, LineCounter, type ParsedNode, Parser } from 'yaml';

export interface YamlLimits {
  readonly documents: number;
  /** Levels of nesting. */
  readonly depth: number;
  /** Keys, values, separators and brackets of one document. */
  readonly tokens: number;
}

export interface Composed {
  /** Those before the place where reading ended. */
  readonly documents: readonly Document.Parsed<ParsedNode>[];
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

/**
 * Reads the text with pauses. The library reads by recursion and compares all keys of a map with each other, so the depth is
 * limited while tokens come in, before any tree is built; callers find duplicate keys themselves. Never throws.
 */
export function* composeInSteps(
  text: string,
  limits: YamlLimits,
  lines = new LineCounter(),
): Generator<void, Composed> {
  const parser = new Parser(lines.addNewLine);
  const composer = createComposer();
  const documents: Document.Parsed<ParsedNode>[] = [];
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
): { readonly documents: readonly Document.Parsed<ParsedNode>[]; readonly errors: number } {
  const documents: Document.Parsed<ParsedNode>[] = [];
  let errors = 0;
  for (const token of tokens) {
    if (token.type === 'error') errors += 1;
    documents.push(...composer.next(token));
  }
  return { documents, errors };
}

function cut(
  documents: Composed['documents'],
  limits: YamlLimits,
  exceeded: NonNullable<Composed['exceeded']>,
): Composed {
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
