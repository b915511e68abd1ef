// Reads a command's output line by line: mirrors it, keeps its end, and picks out markers.

import { StringDecoder } from 'node:string_decoder';

import { stripControls } from '../lib/clean-text.ts';
import { redact } from '../lib/redact.ts';

const MAX_LINE = 4096;
const TAIL_BYTES = 2048;

export interface Marker {
  readonly name: string;
  readonly pattern: string;
}

type Stream = 'stdout' | 'stderr';

export class OutputReader {
  readonly #say: (line: string) => void;
  readonly #markers: readonly { readonly name: string; readonly pattern: RegExp }[];
  readonly #found = new Map<string, string>();
  readonly #decoders = { stdout: new StringDecoder('utf8'), stderr: new StringDecoder('utf8') };
  readonly #rest: Record<Stream, string> = { stdout: '', stderr: '' };
  #tail = '';

  constructor(markers: readonly Marker[], say: (line: string) => void) {
    this.#say = say;
    this.#markers = markers.map(({ name, pattern }) => ({ name, pattern: new RegExp(pattern, 'u') }));
  }

  take(stream: Stream, chunk: Buffer): void {
    // A carriage return ends a line too: progress bars draw over themselves with it.
    const lines = (this.#rest[stream] + this.#decoders[stream].write(chunk)).split(/\r\n|\n|\r(?!$)/);
    this.#rest[stream] = lines.pop() ?? '';
    for (const line of lines) this.#line(line);
    // A line without an end is cut, so that memory stays bounded.
    if (this.#rest[stream].length <= MAX_LINE) return;
    this.#line(this.#rest[stream]);
    this.#rest[stream] = '';
  }

  /** The output is over: what has no line end counts as a line. */
  end(): void {
    for (const stream of ['stdout', 'stderr'] as const) {
      const rest = this.#rest[stream] + this.#decoders[stream].end();
      this.#rest[stream] = '';
      if (rest !== '') this.#line(rest);
    }
  }

  markers(): Record<string, string> {
    return Object.fromEntries(this.#found);
  }

  /** At most 2 KiB, redacted, beginning with a whole line where one fits. */
  tail(): string {
    const bytes = Buffer.from(redact(this.#tail).trimEnd());
    if (bytes.length <= TAIL_BYTES) return bytes.toString();
    const cut = bytes.subarray(bytes.length - TAIL_BYTES);
    const newline = cut.indexOf('\n');
    return cut
      .subarray(newline === -1 ? 0 : newline + 1)
      .toString()
      .replace(/^\ufffd+/, '');
  }

  #line(raw: string): void {
    const line = stripControls(raw.slice(0, MAX_LINE)).trimEnd();
    if (line === '') return;
    this.#say(redact(line));
    for (const { name, pattern } of this.#markers) {
      const match = pattern.exec(line);
      if (match !== null) this.#found.set(name, (match[1] ?? match[0]).slice(0, 128));
    }
    this.#tail = `${this.#tail}${line}\n`.slice(-4 * TAIL_BYTES);
  }
}
