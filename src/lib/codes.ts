// The shape of every list of codes, which are shown in a status, a problem or an error.

/** One code as the documentation explains it. Both are whole sentences in Markdown. */
export interface CodeDoc {
  /** What happened. */
  readonly meaning: string;
  /** What to do; for a code that needs no action, why none is needed. */
  readonly action: string;
}

/** Keeps the names of the list as a type, so that a code that is not in it does not compile. */
export function defineCodes<const Name extends string>(
  codes: Readonly<Record<Name, CodeDoc>>,
): Readonly<Record<Name, CodeDoc>> {
  return codes;
}
