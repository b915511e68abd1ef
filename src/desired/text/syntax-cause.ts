// Finds where an error in YAML begins: a parser reports where it stopped, often lines after the missing bracket or quote.

import { CST, Lexer } from 'yaml';

import { invisibleIn } from './invisible.ts';

export interface SyntaxCause {
  readonly offset: number;
  readonly message: string;
}

/** The cause of a syntax error at `stop`, when it is one of those that lie elsewhere or that cannot be seen. Linear. */
export function syntaxCause(text: string, stop: number): SyntaxCause | undefined {
  return (
    invisibleNear(text, stop) ??
    unclosed(text, stop) ??
    missingSpace(text, stop) ??
    listItem(text, stop) ??
    deeperLine(text, stop)
  );
}

/** On the line where the parser stopped. */
function invisibleNear(text: string, stop: number): SyntaxCause | undefined {
  const line = lineAt(text, stop);
  const found = invisibleIn(line.text);
  return found === undefined
    ? undefined
    : {
        offset: line.start + found.index,
        message: `${found.name} stands here: delete it, and type a normal space where one is meant`,
      };
}

interface Open {
  readonly bracket: string;
  readonly offset: number;
}

/** The tokens of the lexer have the text in order; brackets in quotes, comments and text blocks are no tokens. */
function unclosed(text: string, stop: number): SyntaxCause | undefined {
  const open: Open[] = [];
  let offset = 0;
  let isScalar = false;
  for (const token of new Lexer().lex(text)) {
    if (MARKS.has(token)) {
      const [first] = open;
      if (token === CST.FLOW_END && first !== undefined) return unclosedBracket(open.at(-1) ?? first);
      isScalar = token === CST.SCALAR;
      continue;
    }
    const cause = isScalar ? undefined : (bracketCause(token, offset, open) ?? quoteCause({ token, offset, stop }));
    if (cause !== undefined) return cause;
    isScalar = false;
    offset += token.length;
  }
  return undefined;
}

const MARKS: ReadonlySet<string> = new Set([CST.DOCUMENT, CST.FLOW_END, CST.SCALAR]);
const CLOSING: Readonly<Record<string, string>> = { '{': '}', '[': ']' };

/** Keeps the list of open brackets; a closing one must fit the last of them. */
function bracketCause(token: string, offset: number, open: Open[]): SyntaxCause | undefined {
  if (token === '{' || token === '[') open.push({ bracket: token, offset });
  if (token !== '}' && token !== ']') return undefined;
  const last = open.pop();
  if (last === undefined) return { offset, message: `no bracket is open that "${token}" could close: remove it` };
  return CLOSING[last.bracket] === token ? undefined : unclosedBracket(last);
}

function unclosedBracket({ bracket, offset }: Open): SyntaxCause {
  return { offset, message: `"${bracket}" is never closed: add "${CLOSING[bracket]}"` };
}

interface At {
  readonly token: string;
  readonly offset: number;
  readonly stop: number;
}

/** A quote that no other closes, or that one of a later line closes, just before the parser stopped. */
function quoteCause({ token, offset, stop }: At): SyntaxCause | undefined {
  const quote = token[0] ?? '';
  if (quote !== '"' && quote !== "'") return undefined;
  const end = offset + token.length;
  const isClosed = token.length > 1 && token.endsWith(quote);
  const isSuspect = token.includes('\n') && stop >= offset && stop <= end;
  if (isClosed && !isSuspect) return undefined;
  return { offset, message: `the text that begins here with ${quote} has no closing ${quote} on its line: add it` };
}

/** `network:dev` is one text for YAML. */
function missingSpace(text: string, stop: number): SyntaxCause | undefined {
  const line = lineAt(text, stop);
  const found = /^[ \t]*(?:- )?[\w.-]{1,64}:(?=[^\s:])/.exec(line.text);
  return found === null
    ? undefined
    : { offset: line.start + found[0].length, message: 'a space is missing after the colon' };
}

/** Where the parser stops at the beginning of its line: in a block of fields. */
function listItem(text: string, stop: number): SyntaxCause | undefined {
  const line = lineAt(text, stop);
  const indent = indentOf(line.text);
  if (!/^ *-(?: |$)/.test(line.text) || stop > line.start + indent) return undefined;
  return {
    offset: line.start + indent,
    message:
      'a list item where a field is expected: indent it below the field whose list it belongs to, or write a field without "- "',
  };
}

/** A value continues on lines that are indented deeper than its key; that line looks like a field. */
function deeperLine(text: string, stop: number): SyntaxCause | undefined {
  const line = lineAt(text, stop);
  const next = lineAt(text, line.end + 1);
  const isValue = stop > line.start + indentOf(line.text);
  const isField = /^ +[\w.-]{1,64}:(?: |$)/.test(next.text);
  if (!isValue || !isField || indentOf(next.text) <= indentOf(line.text)) return undefined;
  return {
    offset: next.start + indentOf(next.text),
    message: 'this line is indented deeper than the one before, which has a value already: align both',
  };
}

function indentOf(line: string): number {
  return line.length - line.trimStart().length;
}

interface Line {
  readonly start: number;
  readonly end: number;
  readonly text: string;
}

function lineAt(text: string, offset: number): Line {
  const start = text.lastIndexOf('\n', Math.min(offset, text.length) - 1) + 1;
  const next = text.indexOf('\n', start);
  const end = next === -1 ? text.length : next;
  return { start, end, text: text.slice(start, end) };
}
