// What is not valid YAML in a document, where it begins and what to do.

import type { ErrorCode, LineCounter, YAMLParseError } from 'yaml';

import type { ComposedDocument } from '../../lib/yaml/compose.ts';
import { Places } from './places.ts';
import type { Problem } from './problem.ts';
import { syntaxCause, type SyntaxCause } from './syntax-cause.ts';

const MAX_ERRORS = 5;

export interface SourceLines {
  readonly path: string;
  readonly text: string;
  readonly lines: LineCounter;
}

export function syntaxProblems({ path, text, lines }: SourceLines, document: ComposedDocument): readonly Problem[] {
  const places = new Places(lines.lineStarts);
  return [...errorsOf(text, document), ...versionErrors(document)].map(({ offset, message }) => ({
    level: 'error',
    code: 'BadYaml',
    file: path,
    ...places.position(offset),
    message,
  }));
}

/** What follows the first error with a known cause is a consequence of it. Of several errors at one place the first counts. */
function errorsOf(text: string, { errors }: ComposedDocument): readonly SyntaxCause[] {
  const [first] = errors;
  if (first === undefined) return [];
  const cause = HAS_CAUSE.has(first.code) ? syntaxCause(text, first.pos[0]) : undefined;
  if (cause !== undefined) return [cause];
  // The rest of a text that was taken for an alias.
  if (first.code === 'BAD_ALIAS') return [asParsed(first)];
  const places = new Map(errors.toReversed().map((error) => [error.pos[0], error]));
  return [...places.values()].toReversed().slice(0, MAX_ERRORS).map(asParsed);
}

function asParsed({ code, pos: [offset] }: YAMLParseError): SyntaxCause {
  return { offset, message: SYNTAX[code] ?? 'this is not valid YAML' };
}

function versionErrors({ directives, range }: ComposedDocument): readonly SyntaxCause[] {
  const { version, explicit } = directives.yaml;
  if (explicit !== true || version === '1.2') return [];
  return [{ offset: range[0], message: `%YAML ${version} is not supported; remove the line (YAML 1.2 is read)` }];
}

/** The parser reports these where it stops, not where the error is. */
const HAS_CAUSE: ReadonlySet<ErrorCode> = new Set<ErrorCode>([
  'BAD_INDENT',
  'BLOCK_AS_IMPLICIT_KEY',
  'MISSING_CHAR',
  'MULTILINE_IMPLICIT_KEY',
  'UNEXPECTED_TOKEN',
]);

/** Own messages, because those of the library quote the text, which may contain a secret. */
const SYNTAX: Readonly<Partial<Record<ErrorCode, string>>> = {
  BAD_ALIAS:
    'a value that begins with * or & is an alias or an anchor of YAML: put a text, such as a cron expression, in quotes',
  BAD_INDENT: 'wrong indentation: entries of one block must start in the same column',
  BAD_SCALAR_START: 'a value cannot begin with this character: put the value in quotes',
  BLOCK_AS_IMPLICIT_KEY:
    'a key and a second ":" on one line: put the value in quotes, or the inner field on its own line',
  DUPLICATE_KEY: 'a key occurs twice',
  MISSING_CHAR: 'a character is missing: a closing quote or bracket, or a comma or space between entries',
  MULTILINE_IMPLICIT_KEY: 'a key must be on one line and be followed by ": "',
  RESOURCE_EXHAUSTION: 'nested too deeply',
  TAB_AS_INDENT: 'a tab is used as indentation: use spaces',
  UNEXPECTED_TOKEN: 'unexpected text: check quotes, brackets and indentation',
};
