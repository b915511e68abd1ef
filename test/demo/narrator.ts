// What a chapter of the demo prints to, and what a chapter is.

import type { Stage } from './stage.ts';

export interface Narrator {
  /** One line of text. */
  say(text: string): void;
  /** A command that has the same effect or shows the same output. */
  command(text: string): void;
  /** Output of a command or a file, shown as it is. */
  show(text: string): void;
  /** What is being waited for. */
  waiting(seconds: number, last: string): void;
}

export interface Chapter {
  readonly title: string;
  /** Throws when what should happen was not observed. */
  readonly run: (stage: Stage, narrator: Narrator) => Promise<void>;
}
