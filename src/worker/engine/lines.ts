// Splits the output of a child process into lines.

import type { Readable } from 'node:stream';

const MAX_LINE = 1 << 20;

/** Calls `take` for each line that is not empty; the rest of a line that is too long is dropped. */
export function eachLine(stream: Readable, take: (line: string) => void): void {
  let rest = '';
  stream.setEncoding('utf8');
  stream.on('data', (chunk: string) => {
    const lines = (rest + chunk).split('\n');
    rest = (lines.pop() ?? '').slice(0, MAX_LINE);
    for (const line of lines) if (line.trim() !== '') take(line);
  });
  stream.on('end', () => {
    if (rest.trim() !== '') take(rest);
  });
}
