// Characters that an editor shows as a space or not at all, but that YAML reads as part of a text.

export interface Invisible {
  readonly index: number;
  /** `a no-break space (U+00A0)` */
  readonly name: string;
}

/** The first such character of a text. */
export function invisibleIn(text: string): Invisible | undefined {
  const found = INVISIBLE.exec(text);
  if (found === null) return undefined;
  const code = (found[0].codePointAt(0) ?? 0).toString(16).toUpperCase().padStart(4, '0');
  return { index: found.index, name: `${NAMES[code] ?? 'an invisible character'} (U+${code})` };
}

/** Spaces of other widths, zero-width characters, direction marks, control characters but tab and line ends. */
const INVISIBLE =
  /[\u0000-\u0008\u000b\u000c\u000e-\u001f\u007f-\u00a0\u00ad\u061c\u1680\u180e\u2000-\u200f\u2028-\u202f\u205f-\u2064\u2066-\u2069\u3000\ufeff\ufff9-\ufffb]/u;

const NAMES: Readonly<Record<string, string>> = {
  '00A0': 'a no-break space',
  '200B': 'a zero-width space',
  '202F': 'a narrow no-break space',
  '3000': 'an ideographic space',
  FEFF: 'a byte order mark',
};
