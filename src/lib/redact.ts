// Removes secrets from text: by shape (`redact`) and by value (`createRedactor`).

import { cleanLine, stripControls } from './clean-text.ts';
import { SECRET_SHAPES } from './secrets/shapes.ts';
import { replaceValues, SECRET_NAME } from './secrets/values.ts';

export type Redactor = (text: string) => string;

export const REDACTED = '[redacted]';

/**
 * Replaces what looks like a secret, in a whole text: of one that was cut into lines, a value over several of them would stay.
 * Commit ids, image digests and transaction hashes stay: 64 hex digits count only after words such as "private key".
 * Linear in the length of the text; running it twice changes nothing more.
 */
export function redact(text: string): string {
  let result = text;
  // What one rule has removed may have hidden something from another one; twice is enough for nearly all.
  for (let pass = 0; pass < MAX_PASSES; pass++) {
    const before = result;
    result = redactOnce(before);
    if (result === before) break;
  }
  return result;
}

const MAX_PASSES = 4;
/** No shape is shorter; most texts are names. */
const MIN_SHAPE = 15;

function redactOnce(text: string): string {
  // The shapes before the rule of URLs: what follows a key may begin one only when the key is gone.
  let result = replaceValues(text, REDACTED);
  if (result.length >= MIN_SHAPE) for (const pattern of SHAPES) result = result.replace(pattern, withoutSecret);
  for (const { pattern, replace } of RULES) result = result.replace(pattern, replace);
  return result;
}

/**
 * One line of untrusted text, cleaned, redacted and capped. What is invisible goes first: in the middle of a word it would hide the
 * secret from `redact`, and be gone afterwards.
 */
export function redactedLine(text: string, maxLength: number): string {
  return cleanLine(redact(stripControls(text)), maxLength);
}

/**
 * `redact` for a process that knows its secrets: also replaces the given values, percent-encoded, JSON-escaped once or twice, and
 * inside base64 at any alignment (`Authorization: Basic` is base64 of `user:secret`). Values shorter than 4 characters
 * are ignored, because replacing them would destroy every text.
 */
export function createRedactor(secrets: readonly string[]): Redactor {
  const needles = [...new Set(secrets.flatMap(formsOf))].sort((a, b) => b.length - a.length);
  return (text) => redact(needles.reduce((rest, needle) => rest.replaceAll(needle, REDACTED), text));
}

/** Whether a member of this name holds a secret: `password`, `apiToken`; not `secretName`, which only refers to one. */
export function isSecretKey(key: string): boolean {
  return /(?:passw(?:or)?d|passphrase|token|secret|api_?key|private_?key|mnemonic|rpcauth|rpc(?:limit)?pass)$/i.test(
    key,
  );
}

const MIN_SECRET = 4;
const MIN_BASE64 = 8;

function formsOf(secret: string): string[] {
  const value = secret.trim();
  const lines = value.includes('\n') ? value.split(/\r?\n/).filter((line) => line.length >= 16) : [];
  return [value, ...lines].flatMap((text) => [
    ...[text, percentEncoded(text), encodedUrl(text), escaped(text), escaped(escaped(text))].filter(
      (form) => form.length >= MIN_SECRET,
    ),
    ...[0, 1, 2].map((offset) => base64Core(text, offset)).flatMap(bothAlphabets),
  ]);
}

/** As JSON; twice for JSON in a text of JSON, such as an answer of a server in a line of the log. */
function escaped(text: string): string {
  return JSON.stringify(text).slice(1, -1);
}

/** What a whole URL keeps: `/`, `@` and `+` stay. */
function encodedUrl(text: string): string {
  return encodeURI(text.toWellFormed());
}

function percentEncoded(text: string): string {
  return encodeURIComponent(text.toWellFormed());
}

/** The characters of base64 that depend on `text` alone when `offset` (mod 3) unknown bytes come before it. */
function base64Core(text: string, offset: number): string {
  const bytes = Buffer.concat([Buffer.alloc(offset), Buffer.from(text)]);
  return bytes.toString('base64').slice(Math.ceil((offset * 8) / 6), Math.floor((bytes.length * 8) / 6));
}

function bothAlphabets(core: string): string[] {
  if (core.length < MIN_BASE64) return [];
  return [core, core.replaceAll('+', '-').replaceAll('/', '_')];
}

interface Rule {
  readonly pattern: RegExp;
  readonly replace: (match: string, ...groups: string[]) => string;
}

// A quoted value (escaped quotes inside, or quotes that are escaped themselves) with what is glued to it, as shells join both;
// else everything to the next space or `&`. What is redacted already ends where it ends, so that running twice changes nothing.
const GLUED = String.raw`[^\s"',;)}\]&]`;
const QUOTED = String.raw`"(?:[^"\\]|\\.)*"|'[^']*'|\\"[^"]*"`;
const VALUE = String.raw`(?:\[redacted\](?!${GLUED})|(?:${QUOTED})${GLUED}*|[^\s&]+)`;

// "watch Secret: the connection broke": a verb and the kind, then prose; the kind's name is no key of a value.
const KIND_IN_PROSE = String.raw`(?<=(?-i:\b(?:get|list|watch|create|apply|patch|replace|delete) Secret))(?-i:: [a-z']+,? )`;

const SHAPES = SECRET_SHAPES.filter(({ counts }) => counts !== 'named').map(({ pattern }) => pattern);

/** The last argument has the named groups, where there are some. */
function withoutSecret(_match: string, ...rest: readonly unknown[]): string {
  const groups = rest.at(-1);
  return typeof groups === 'object' ? `${(groups as { head?: string }).head ?? ''}${REDACTED}` : REDACTED;
}

const RULES: readonly Rule[] = [
  // A block without its end was cut off: everything after its start is removed.
  {
    pattern: /-----BEGIN [A-Z0-9 ]{1,64}-----[\s\S]*?(?:-----END [A-Z0-9 ]{1,64}-----|$)/g,
    replace: () => REDACTED,
  },
  { pattern: /\b([a-z][a-z0-9+.-]{0,31}:\/\/)[^\s/?#"'<>]*@/gi, replace: (_, scheme = '') => `${scheme}${REDACTED}@` },
  // A password with an unescaped slash; `host:8080/path@x` is none.
  {
    pattern: /\b([a-z][a-z0-9+.-]{0,31}:\/\/)[^\s/?#"'<>@:[]{0,128}:(?!\d{0,5}[/?#])[^\s"'<>@]{1,256}@/gi,
    replace: (_, scheme = '') => `${scheme}${REDACTED}@`,
  },
  {
    pattern: /\b(authorization\\?["']?\s{0,8}[:=]\s{0,8}\\?["']?(?:[a-z]{4,16} {1,8})?)[^\s"'\\,;]+/gi,
    replace: (_, head = '') => `${head}${REDACTED}`,
  },
  { pattern: /\b(basic|bearer) {1,8}([A-Za-z0-9+/=._~-]{8,})/gi, replace: schemeValue },
  {
    pattern: new RegExp(String.raw`(${SECRET_NAME}(?!${KIND_IN_PROSE})\\?["']?\s{0,4}[:=]\s{0,4})(${VALUE})`, 'gi'),
    replace: (_, head = '') => `${head}${REDACTED}`,
  },
  {
    pattern: new RegExp(String.raw`(--(?:[a-z0-9]{1,20}[._-]){0,3}${SECRET_NAME} {1,4})(${VALUE})`, 'gi'),
    replace: (_, head = '') => `${head}${REDACTED}`,
  },
  // `NAME value`, as programs print their environment.
  {
    pattern:
      /(?<![A-Za-z0-9_])([A-Z0-9_]{0,64}(?:SECRET|TOKEN|PASSWORD|PASSWD|PASSPHRASE|MNEMONIC|PRIVATE_KEY|PRIVKEY|ACCESS_KEY|API_KEY|APIKEY|CREDENTIALS?)(?:_KEY|_VALUE|_HEX)?[ \t]{1,8})([^\s&]+)/g,
    replace: variableValue,
  },
  // Only with a digit: "password authentication".
  {
    pattern: /\b(passw(?:or)?d|passphrase)( {1,4})(?=[A-Za-z_-]{0,64}\d)([^\s&"',;)}\]]{6,})/gi,
    replace: (_, name = '', space = '') => `${name}${space}${REDACTED}`,
  },
];

/** Of a variable that is named in prose the next word says something: "AWS_SECRET_ACCESS_KEY is not set". */
function variableValue(match: string, head = '', value = ''): string {
  const isProse = PROSE.test(value) || (!head.includes('_') && !/\d/.test(value));
  return isProse ? match : `${head}${REDACTED}`;
}

const PROSE =
  /^(?:and|are|as|at|by|can|cannot|could|does|empty|environment|for|from|has|have|in|invalid|is|isn't|may|missing|must|needs?|not|of|on|or|required|set|should|to|undefined|unset|variables?|was|were|with|without)[.,:;)]?$/i;

/** "Basic authentication failed" is prose: a plain word is not a credential. */
function schemeValue(match: string, scheme = '', value = ''): string {
  return /^[A-Z]?[a-z]+[.]?$/.test(value) ? match : `${scheme} ${REDACTED}`;
}
