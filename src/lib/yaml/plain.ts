// A reader for the YAML that most files consist of: block maps and lists of one-line values. It reads such a text into the same
// nodes at the same places as the library, and leaves any other text to it. `plain.test.ts` compares both.

import { isMap, Pair, Scalar, YAMLMap, YAMLSeq } from 'yaml';

export type PlainNode = Scalar | YAMLMap | YAMLSeq;

export interface PlainText {
  readonly contents: PlainNode;
  /** Offsets at which lines begin. */
  readonly lineStarts: readonly number[];
}

/** Tabs, carriage returns, marks of direction and byte order: rare, and often a mistake that has its own message. */
const UNUSUAL = /[^\n\u0020-\u007e\u00a1-\u1fff\u2030-\ud7ff\u{10000}-\u{10ffff}]/u;
/** Letters first: no number, no list, no indicator of YAML. */
const KEY = /[A-Za-z_][A-Za-z0-9_./-]{0,200}(?=:)/y;
const PLAIN = /[A-Za-z0-9_./+-](?:[^\n#:]|:(?=[^\s])|(?<=[^\s])#)*/y;
const PLAIN_IN_FLOW = /[A-Za-z0-9_./+-]+/y;
const QUOTED = /"[^"\\\n]*"|'[^'\n]*'(?!')/y;
const SPACES = / */y;
/** What the core schema may read as something other than text, besides true and false in lower case and short whole numbers. */
const RESOLVED =
  /^(?:~|null|true|false|[-+]?(?:0o[0-7]+|0x[0-9a-f]+|(?:\.[0-9]+|[0-9]+(?:\.[0-9]*)?)(?:e[-+]?[0-9]+)?|\.inf)|\.nan)$/i;
const WHOLE = /^(?:0|[1-9][0-9]{0,14})$/;
/** Of a plain text; a deeper one is left to the library. */
export const MAX_DEPTH = 16;

/** Undefined for a text that is not of this kind, be it valid or not. */
export function readPlain(text: string): PlainText | undefined {
  if (UNUSUAL.test(text)) return undefined;
  const reader = new PlainReader(text);
  const contents = reader.read();
  return contents === undefined ? undefined : { contents, lineStarts: reader.lineStarts };
}

class PlainReader {
  readonly lineStarts = [0];
  readonly #text: string;
  /** The line that is read next, without empty ones and comments: where its content begins and ends, and the column of that. */
  #start = 0;
  #end = -1;
  #column = -1;
  /** Where the value ends that was read last. */
  #at = 0;

  constructor(text: string) {
    this.#text = text;
  }

  read(): PlainNode | undefined {
    this.#nextLine();
    const root = this.#column === 0 ? this.#block(0) : undefined;
    return this.#isAtEnd() ? root : undefined;
  }

  #isAtEnd(): boolean {
    return this.#column === -1;
  }

  /** The column is -1 at the end of the text. */
  #nextLine(): void {
    const text = this.#text;
    for (;;) {
      const begin = this.#end + 1;
      if (begin > 0 && begin <= text.length && this.#end < text.length) this.#addLine(begin);
      if (begin >= text.length) {
        this.#column = -1;
        return;
      }
      const end = text.indexOf('\n', begin);
      this.#end = end === -1 ? text.length : end;
      this.#start = this.#match(SPACES, begin);
      if (this.#start < this.#end && text[this.#start] !== '#') {
        this.#column = this.#start - begin;
        return;
      }
    }
  }

  #addLine(begin: number): void {
    if (begin > (this.lineStarts.at(-1) ?? 0)) this.lineStarts.push(begin);
  }

  /** The end of what matches at an offset; the offset itself when nothing does. */
  #match(pattern: RegExp, at: number): number {
    pattern.lastIndex = at;
    return pattern.test(this.#text) ? pattern.lastIndex : at;
  }

  #isItem(): boolean {
    return this.#text.startsWith('- ', this.#start);
  }

  #block(depth: number): PlainNode | undefined {
    if (depth > MAX_DEPTH) return undefined;
    return this.#isItem() ? this.#list(depth) : this.#map(depth);
  }

  #list(depth: number): YAMLSeq | undefined {
    const [column, begin] = [this.#column, this.#start];
    const list = new YAMLSeq();
    while (this.#column === column && this.#isItem()) {
      const item = this.#item(depth);
      if (item === undefined) return undefined;
      list.items.push(item);
    }
    if (this.#column > column) return undefined;
    return placed(list, begin, this.#at);
  }

  /** A map may begin on the line of its item. */
  #item(depth: number): PlainNode | undefined {
    this.#start += 2;
    this.#column += 2;
    if (this.#keyEnd() === undefined) return this.#lastInLine(depth);
    return depth < MAX_DEPTH ? this.#map(depth + 1) : undefined;
  }

  /** Where the key ends that the line begins with, if there is one and its colon is not a part of a value. */
  #keyEnd(): number | undefined {
    const end = this.#match(KEY, this.#start);
    const after = this.#text[end + 1];
    const isKey = end > this.#start && (after === ' ' || after === '\n' || after === undefined);
    return isKey ? end : undefined;
  }

  #map(depth: number): YAMLMap | undefined {
    const [column, begin] = [this.#column, this.#start];
    const map = new YAMLMap();
    while (this.#column === column) {
      const pair = this.#pair(column, depth);
      // A list at the column of its key ends before the next key.
      if (pair === undefined || (this.#column === column && this.#isItem())) return undefined;
      map.items.push(pair);
    }
    return this.#column >= column ? undefined : placed(map, begin, this.#at);
  }

  #pair(column: number, depth: number): Pair | undefined {
    const end = this.#keyEnd();
    const key = end === undefined ? undefined : this.#scalar(this.#start, end);
    if (end === undefined || typeof key?.value !== 'string') return undefined;
    const value = this.#member(end + 1, column, depth);
    return value === undefined ? undefined : new Pair(key, value);
  }

  /** The value of a key, on its line or below it. */
  #member(at: number, column: number, depth: number): PlainNode | undefined {
    const begin = this.#match(SPACES, at);
    if (begin < this.#end && this.#text[begin] !== '#') {
      this.#start = begin;
      return this.#lastInLine(depth);
    }
    if (begin < this.#end && begin === at) return undefined;
    this.#nextLine();
    const isBelow = this.#column > column || (this.#column === column && this.#isItem());
    return isBelow ? this.#block(depth + 1) : undefined;
  }

  /** A value after which the line has at most a comment. A line that continues it is deeper than what may follow. */
  #lastInLine(depth: number): PlainNode | undefined {
    const value = this.#value(this.#start, depth);
    if (value === undefined) return undefined;
    const rest = this.#match(SPACES, this.#at);
    const isComment = rest > this.#at && this.#text[rest] === '#';
    if (rest !== this.#end && !isComment) return undefined;
    this.#nextLine();
    return value;
  }

  #value(at: number, depth: number): PlainNode | undefined {
    const first = this.#text[at];
    if (first === '{' || first === '[') return this.#flow(at, depth + 1);
    if (first === '"' || first === "'") return this.#quoted(at);
    const end = this.#match(PLAIN, at);
    if (end === at || (first === '-' && (end === at + 1 || this.#text[at + 1] === ' '))) return undefined;
    return this.#scalar(at, at + this.#text.slice(at, end).trimEnd().length);
  }

  #quoted(at: number): Scalar | undefined {
    const end = this.#match(QUOTED, at);
    return end === at ? undefined : this.#finish(this.#text.slice(at + 1, end - 1), at, end);
  }

  #scalar(at: number, end: number): Scalar | undefined {
    const source = this.#text.slice(at, end);
    if (source === 'true' || source === 'false') return this.#finish(source === 'true', at, end);
    if (WHOLE.test(source)) return this.#finish(Number(source), at, end);
    return RESOLVED.test(source) ? undefined : this.#finish(source, at, end);
  }

  #finish(value: string | number | boolean, at: number, end: number): Scalar {
    const scalar = new Scalar(value);
    scalar.source = String(value);
    scalar.range = [at, end, end];
    this.#at = end;
    return scalar;
  }

  /** On one line; each value is followed by a comma or the end. */
  #flow(at: number, depth: number): YAMLMap | YAMLSeq | undefined {
    if (depth > MAX_DEPTH) return undefined;
    const [node, closing] = this.#text[at] === '{' ? [new YAMLMap(), '}'] : [new YAMLSeq(), ']'];
    let next = this.#match(SPACES, at + 1);
    if (this.#text[next] === closing) return placed(node, at, (this.#at = next + 1));
    for (;;) {
      const isRead = isMap(node) ? this.#flowMember(node, next, depth) : this.#flowItem(node, next, depth);
      if (!isRead) return undefined;
      next = this.#match(SPACES, this.#at);
      if (this.#text[next] === closing) return placed(node, at, (this.#at = next + 1));
      if (this.#text[next] !== ',') return undefined;
      next = this.#match(SPACES, next + 1);
    }
  }

  #flowMember(map: YAMLMap, at: number, depth: number): boolean {
    const end = this.#match(KEY, at);
    const key = end === at || this.#text[end + 1] !== ' ' ? undefined : this.#scalar(at, end);
    if (typeof key?.value !== 'string') return false;
    const value = this.#flowValue(this.#match(SPACES, end + 1), depth);
    if (value !== undefined) map.items.push(new Pair(key, value));
    return value !== undefined;
  }

  #flowItem(list: YAMLSeq, at: number, depth: number): boolean {
    const value = this.#flowValue(at, depth);
    if (value !== undefined) list.items.push(value);
    return value !== undefined;
  }

  #flowValue(at: number, depth: number): PlainNode | undefined {
    const first = this.#text[at];
    if (first === '{' || first === '[') return this.#flow(at, depth + 1);
    if (first === '"' || first === "'") return this.#quoted(at);
    const end = this.#match(PLAIN_IN_FLOW, at);
    return end === at || (first === '-' && end === at + 1) ? undefined : this.#scalar(at, end);
  }
}

function placed<T extends YAMLMap | YAMLSeq>(node: T, begin: number, end: number): T {
  node.range = [begin, end, end];
  return node;
}
