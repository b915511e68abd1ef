// Cleans untrusted text for display: no terminal escapes, no invisible or control characters, limited length.

// Each pattern starts with a character that it cannot contain, so a long run costs one scan.
const ANSI = /(?:\u001b\[|\u009b)[0-?]*[ -/]*[@-~]?|\u001b[ -/]*[0-~]?/g;
const OSC = /\u001b[\]PX^_][^\u0007\u001b\u009c]*(?:\u0007|\u001b\\|\u009c)?/g;
const LINE_BREAK = /\r\n?|[\u0085\u2028\u2029\u000b\u000c]/g;
const CONTROL = /[\u0000-\u0008\u000e-\u001f\u007f-\u009f]/g;
// Direction overrides and zero-width characters can make text look different from its content.
const INVISIBLE = /[\u00ad\u061c\u180e\u200b\u200e\u200f\u202a-\u202e\u2060-\u2064\u2066-\u2069\ufeff\ufff9-\ufffb]/g;

/** The text without terminal escapes, control and invisible characters; line breaks become `\n`, tabs stay. */
export function stripControls(text: string): string {
  return text
    .toWellFormed()
    .replace(OSC, '')
    .replace(ANSI, '')
    .replace(LINE_BREAK, '\n')
    .replace(CONTROL, '')
    .replace(INVISIBLE, '');
}

/** Spaces of other widths and characters without a width as escapes, such as `\u200b`, where a reader must see them. */
export function showInvisible(text: string): string {
  return text.replace(
    UNLIKE_SPACE,
    (character) => `\\u${(character.codePointAt(0) ?? 0).toString(16).padStart(4, '0')}`,
  );
}

const UNLIKE_SPACE =
  /[\u00a0\u00ad\u061c\u1680\u180e\u2000-\u200f\u202a-\u202f\u205f-\u2064\u2066-\u2069\u3000\ufeff\ufff9-\ufffb]/g;

/** At most `maxLength` UTF-16 units; what was cut is shown by an ellipsis. Never cuts a character in half. */
export function capText(text: string, maxLength: number): string {
  if (text.length <= maxLength) return text;
  const kept = text.slice(0, Math.max(0, maxLength - 1));
  return `${/[\ud800-\udbff]$/.test(kept) ? kept.slice(0, -1) : kept}…`;
}

/** Several lines, cleaned and capped. */
export function cleanText(text: string, maxLength: number): string {
  return capText(stripControls(text).trim(), maxLength);
}

/** One line, cleaned and capped: every run of white space becomes one space. */
export function cleanLine(text: string, maxLength: number): string {
  return capText(stripControls(text).split(/\s+/).join(' ').trim(), maxLength);
}
/**
 * The same value with whole characters in its texts. Half of a surrogate pair, which a text that was cut can end with, would be
 * stored as another character.
 */
export function wellFormed<T>(value: T): T {
  return adjusted(value) as T;
}

function adjusted(value: unknown): unknown {
  if (typeof value === 'string') return value.toWellFormed();
  if (Array.isArray(value)) return value.map(adjusted);
  if (typeof value !== 'object' || value === null) return value;
  return Object.fromEntries(Object.entries(value).map(([name, member]) => [name, adjusted(member)]));
}
