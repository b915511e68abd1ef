// What a reader of outside input is to the fuzzer: a function, valid inputs, and the errors that it may throw.

export interface Reader {
  /** Short, in lower case with dashes: `git-pack`. */
  readonly name: string;
  /** Valid inputs, from the repository's own examples where there are any. */
  readonly corpus: readonly (string | Buffer)[];
  /** The function under test. What it returns must be everything that others see of the input. */
  readonly read: (input: Buffer) => unknown;
  /** Whether it documents this error. Default: it documents none. */
  readonly mayThrow?: (error: unknown) => boolean;
  /** Texts of the result that are shown to people. Default: every text below `message`, `because` or `problems`. */
  readonly messages?: (result: unknown) => readonly string[];
  /** Valid inputs are JSON, or YAML, of which JSON is a part: their values are mutated too. */
  readonly isJson?: boolean;
  /** Inputs of one run of the test. A slow reader has fewer. */
  readonly cases?: number;
  /** Most bytes of an input. */
  readonly maxBytes?: number;
}

/** A text that looks like a secret. No message may show it, wherever a mutation puts it. */
export const SECRET = '4f3c2a1be09d8c7b6a594837261504f3e2d1c0bfaeadbc9d8e7f605142332415';
