// Remembers what a function made of short texts: names, reasons and sizes come up thousands of times.

/** Of longer texts there are many, and each rarely comes again. */
const MAX_LENGTH = 256;

/**
 * `make`, called once for a text of at most 256 characters as long as that is among the last ones asked for. Remembers at least
 * `count` results and at most twice as many; none that `isKept` refuses.
 */
export function rememberTexts<T>(
  make: (text: string) => T,
  { count, isKept = () => true }: { readonly count: number; readonly isKept?: (made: T, text: string) => boolean },
): (text: string) => T {
  let recent = new Map<string, T>();
  let older = new Map<string, T>();

  function keep(text: string, made: T): T {
    recent.set(text, made);
    if (recent.size >= count) [older, recent] = [recent, new Map()];
    return made;
  }

  return (text) => {
    if (text.length > MAX_LENGTH) return make(text);
    const known = recent.get(text);
    if (known !== undefined) return known;
    const before = older.get(text);
    if (before !== undefined) return keep(text, before);
    const made = make(text);
    return isKept(made, text) ? keep(text, made) : made;
  };
}
