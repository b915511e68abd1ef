// Removes secrets from text: by shape (`redact`) and by value (`createRedactor`).

import { cleanLine, stripControls } from './clean-text.ts';

export type Redactor = (text: string) => string;

export const REDACTED = '[redacted]';

/**
 * Replaces what looks like a secret. Commit ids, image digests and transaction hashes stay: 64 hex digits count only
 * after words such as "private key". Linear in the length of the text; running it twice changes nothing more.
 */
export function redact(text: string): string {
  let result = text;
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

const KEYWORD =
  '(?:token|passw(?:or)?d|passphrase|pwd|secret(?:[_-]?access)?(?:[_-]?key)?|api[_-]?key|access[_-]?key' +
  '|private[_-]?key|priv[_-]?key|credentials?|mnemonic|signature|(?<=[?&;])sig|(?<=[?&;])auth|rpcauth|rpc(?:limit)?pass)';
// A quoted value (escaped quotes inside, or quotes that are escaped themselves) with what is glued to it, as shells join both;
// else everything to the next space or `&`. What is redacted already ends where it ends, so that running twice changes nothing.
const GLUED = String.raw`[^\s"',;)}\]&]`;
const QUOTED = String.raw`"(?:[^"\\]|\\.)*"|'[^']*'|\\"[^"]*"`;
const VALUE = String.raw`(?:\[redacted\](?!${GLUED})|(?:${QUOTED})${GLUED}*|[^\s&]+)`;

// "watch Secret: the connection broke": a verb and the kind, then prose; the kind's name is no key of a value.
const KIND_IN_PROSE = String.raw`(?<=(?-i:\b(?:get|list|watch|create|apply|patch|replace|delete) Secret))(?-i:: [a-z']+,? )`;

const RULES: readonly Rule[] = [
  // A block without its end was cut off: everything after its start is removed.
  {
    pattern: /-----BEGIN [A-Z0-9 ]{1,64}-----[\s\S]*?(?:-----END [A-Z0-9 ]{1,64}-----|$)/g,
    replace: () => REDACTED,
  },
  // Before the rule of URLs: what follows the key may begin one only when the key is gone.
  {
    pattern:
      /((?:priv(?:ate)?[_ -]?key|secret|seed|nodekey(?:hex)?|jwt)[a-z_ -]{0,12}\\?["']?\s{0,4}[:=]?\s{0,4}\\?["']?)(?:0x)?[0-9a-f]{64}(?![0-9a-f])/gi,
    replace: (_, head = '') => `${head}${REDACTED}`,
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
    pattern: new RegExp(String.raw`(${KEYWORD}(?!${KIND_IN_PROSE})\\?["']?\s{0,4}[:=]\s{0,4})(${VALUE})`, 'gi'),
    replace: (_, head = '') => `${head}${REDACTED}`,
  },
  {
    pattern: new RegExp(String.raw`(--(?:[a-z0-9]{1,20}[._-]){0,3}${KEYWORD} {1,4})(${VALUE})`, 'gi'),
    replace: (_, head = '') => `${head}${REDACTED}`,
  },
  // GitHub, GitLab, Slack, npm, Google, HashiCorp Vault, AWS key ids.
  { pattern: /gh[pousr]_[A-Za-z0-9]{20,}|github_pat_[A-Za-z0-9_]{20,}/g, replace: () => REDACTED },
  {
    pattern: /gl[a-z]{2,8}-[A-Za-z0-9_-]{16,}|xox[a-z]-[A-Za-z0-9-]{10,}|xapp-[A-Za-z0-9-]{10,}/g,
    replace: () => REDACTED,
  },
  { pattern: /npm_[A-Za-z0-9]{30,}|AIza[0-9A-Za-z_-]{30,}|hv[sb]\.[A-Za-z0-9_-]{20,}/g, replace: () => REDACTED },
  { pattern: /\b(?:AKIA|ASIA|AROA|AIDA)[A-Z0-9]{16}\b/g, replace: () => REDACTED },
  // A JSON Web Token. The look-behind keeps "eyJeyJeyJ…" from being scanned once per repetition.
  {
    pattern: /(?<![A-Za-z0-9_-])eyJ[A-Za-z0-9_-]{8,}\.[A-Za-z0-9_-]{8,}(?:\.[A-Za-z0-9_-]*){0,3}/g,
    replace: () => REDACTED,
  },
];

/** "Basic authentication failed" is prose: a plain word is not a credential. */
function schemeValue(match: string, scheme = '', value = ''): string {
  return /^[A-Z]?[a-z]+[.]?$/.test(value) ? match : `${scheme} ${REDACTED}`;
}
