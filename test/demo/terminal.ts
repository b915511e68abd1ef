// How the story looks on a terminal: chapters, lines, shown output, and progress that does not scroll.

import { styleText } from 'node:util';

import type { Narrator } from './narrator.ts';

export interface Terminal extends Narrator {
  /** Begins what is not part of the story. */
  heading(title: string): void;
  chapter(title: string): void;
  done(): void;
  failed(reason: string): void;
}

/** Writes to standard output; without a terminal, progress becomes a line every ten seconds and colours are left out. */
export function createTerminal(): Terminal {
  const tty = process.stdout.isTTY;
  let chapterStarted = performance.now();
  let number = 0;
  let transient = false;
  let lastWait = -1;

  function write(text: string): void {
    if (transient) process.stdout.write('\r\u001B[K');
    transient = false;
    process.stdout.write(`${text}\n`);
  }

  function colour(format: Parameters<typeof styleText>[0], text: string): string {
    return styleText(format, text, { stream: process.stdout });
  }

  function secondsSince(start: number): string {
    return `${((performance.now() - start) / 1000).toFixed(1)} s`;
  }

  function heading(title: string): void {
    chapterStarted = performance.now();
    lastWait = -1;
    write(`\n${colour('bold', title)}`);
  }

  return {
    heading,
    chapter(title) {
      number += 1;
      heading(`${number}. ${title}`);
    },
    say: (text) => write(`   ${text}`),
    command: (text) => write(`   ${colour('cyan', `$ ${text}`)}`),
    show: (text) => {
      for (const line of text.trimEnd().split('\n')) write(`   ${colour('dim', '│')} ${colourLine(line, colour)}`);
    },
    waiting(seconds, last) {
      if (seconds === lastWait || seconds === 0) return;
      lastWait = seconds;
      const line = `   … ${seconds} s: ${last}`;
      if (tty) {
        process.stdout.write(`\r\u001B[K${colour('dim', line.slice(0, (process.stdout.columns || 80) - 1))}`);
        transient = true;
      } else if (seconds % 10 === 0) write(line);
    },
    done: () => write(`   ${colour('green', '✓ observed')} ${colour('dim', `after ${secondsSince(chapterStarted)}`)}`),
    failed: (reason) => write(`   ${colour('red', `✗ ${reason}`)}`),
  };
}

/** What is shown is dim, but what a plan adds and changes. */
function colourLine(line: string, colour: (format: Parameters<typeof styleText>[0], text: string) => string): string {
  if (/^\s*\+ /.test(line)) return colour('green', line);
  return line.startsWith('~ ') ? colour('yellow', line) : colour('dim', line);
}
