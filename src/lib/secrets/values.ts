// The whole value of a member with the name of a secret: an object or a list of JSON, or an indented block of YAML, over several lines.

/** Names whose values are secrets, as a regular expression without flags of its own; for any case. */
export const SECRET_NAME =
  '(?:token|passw(?:or)?d|passphrase|pwd|secret(?:[_-]?access)?(?:[_-]?key)?|api[_-]?key|access[_-]?key' +
  '|private[_-]?key|priv[_-]?key|credentials?|mnemonic|signature|(?<=[?&;])sig|(?<=[?&;])auth|rpcauth|rpc(?:limit)?pass)';

// Also `PrivKeyEd25519{…}`, as Go prints a value with its type.
const OPENING = new RegExp(
  String.raw`(?:${SECRET_NAME}[\\"']{0,5}\s{0,16}[:=]\s{0,16}|priv_?key[a-z0-9]{0,24}[\\"']{0,5}\s{0,4}[:=]?\s{0,16})[{[](?!redacted\])`,
  'gi',
);

const BLOCK = new RegExp(
  String.raw`(${SECRET_NAME}["']?:[ \t]{0,8}[|>]?[+-]?[ \t]{0,8}\n)(?:(?:[ \t]+|- )\S[^\n]*(?:\n|$))+`,
  'gi',
);

/** Replaces such values by `mark`; what is cut off ends with the text. Linear. */
export function replaceValues(text: string, mark: string): string {
  // Most texts are names and short sentences.
  if (!/[{[\n]/.test(text)) return text;
  let result = '';
  let from = 0;
  OPENING.lastIndex = 0;
  for (let found = OPENING.exec(text); found !== null; found = OPENING.exec(text)) {
    const opening = found.index + found[0].length - 1;
    result += text.slice(from, opening) + mark;
    from = endOfValue(text, opening);
    OPENING.lastIndex = from;
  }
  return (result + text.slice(from)).replace(BLOCK, (_, head: string) => `${head}${mark}\n`);
}

/** After the bracket that closes the one at `opening`; the length of the text when none does. */
function endOfValue(text: string, opening: number): number {
  let depth = 0;
  let backslashes = 0;
  /** Backslashes before the quote that began the string: JSON in JSON has one. Undefined outside. */
  let quoted: number | undefined;
  for (let at = opening; at < text.length; at++) {
    const character = text.charAt(at);
    if (character === '"') quoted = afterQuote(quoted, backslashes);
    // No string of JSON has a line break.
    else if (character === '\n') quoted = undefined;
    else if (quoted === undefined) depth += DEPTH[character] ?? 0;
    if (depth === 0) return at + 1;
    backslashes = character === '\\' ? backslashes + 1 : 0;
  }
  return text.length;
}

const DEPTH: Readonly<Record<string, number>> = { '{': 1, '[': 1, '}': -1, ']': -1 };

function afterQuote(quoted: number | undefined, backslashes: number): number | undefined {
  if (quoted === undefined) return backslashes;
  const closes = quoted === 0 ? backslashes % 2 === 0 : backslashes === quoted;
  return closes ? undefined : quoted;
}
