// How the story looks on a terminal: chapters, lines, shown output, and progress that does not scroll.

import { styleText } from 'node:util';

import type { Teller } from './story.ts';

export interface Terminal extends Teller {
  chapter(title: string): void;
  done(): void;
  failed(reason: string): void;
}

/** Writes to standard output; without a terminal, progress becomes a line every ten seconds and colours are left out. */
export function createTerminal(): Terminal {
  const tty = process.stdout.isTTY;
  const started = performance.now();
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

  return {
    chapter(title) {
      const clock = `${Math.round((performance.now() - started) / 1000)} s`;
      write(`\n${colour('bold', number === 0 ? title : `${number}. ${title}`)} ${colour('dim', clock)}`);
      number += 1;
      lastWait = -1;
    },
    say: (text) => write(`   ${text}`),
    show: (text) => {
      for (const line of text.trimEnd().split('\n')) write(colour('dim', `   │ ${line}`));
    },
    waiting(seconds, last) {
      if (seconds === lastWait || seconds === 0) return;
      lastWait = seconds;
      const line = `   … ${seconds} s: ${last}`;
      if (tty) {
        process.stdout.write(`\r\u001B[K${line.slice(0, (process.stdout.columns || 80) - 1)}`);
        transient = true;
      } else if (seconds % 10 === 0) write(line);
    },
    done: () => write(colour('green', '   ✓ observed')),
    failed: (reason) => write(colour('red', `   ✗ ${reason}`)),
  };
}
