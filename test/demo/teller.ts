// Who tells the story, and what it is made of.

import type { Stage } from './stage.ts';

export interface Teller {
  /** A line of the story. */
  say(text: string): void;
  /** What a person would type to do or to see this. */
  command(text: string): void;
  /** Output of a command or a file, shown as it is. */
  show(text: string): void;
  /** What is being waited for. */
  waiting(seconds: number, last: string): void;
}

export interface Chapter {
  readonly title: string;
  /** Throws when what should happen was not observed. */
  readonly tell: (stage: Stage, teller: Teller) => Promise<void>;
}
