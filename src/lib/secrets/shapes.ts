// The shapes of secrets: one list, for what may not be in Git and for what is removed from texts.

export interface SecretShape {
  /** For a message. */
  readonly kind: string;
  /** Global and linear. A named group `head` is what stays before the secret. */
  readonly pattern: RegExp;
  /**
   * Where the shape makes it a secret: `always`; `in text`, where little is lost with a public value of the same shape, and in Git
   * in a field with the name of a secret; `named`, only in such a field, because every hash has the shape.
   */
  readonly counts: 'always' | 'in text' | 'named';
}

/** Base64 with either alphabet, and the padding as Gson writes it. */
const BASE64 = String.raw`[A-Za-z0-9+/_-]`;
const PADDING = String.raw`(?:=|\\{1,4}u003d)`;
const BASE58 = '[1-9A-HJ-NP-Za-km-z]';

// A phrase has 12 to 24 words of the list of BIP 39, which has none of these; a sentence of that length has one.
const PROSE =
  '(?:the|and|for|was|not|with|from|has|but|its|are|been|were|had|does|did|which|than|while|because|cannot|could|would|should)';
const WORD = String.raw`(?!${PROSE}\b)[a-z]{3,8}(?![A-Za-z0-9])`;
const NUMBER = String.raw`(?:\d{1,2}[.):]?[ \t]{1,4})?`;

/** A digest that is called "secret hash" is none. */
const NO_DIGEST = String.raw`(?![a-z_ -]{0,12}?(?:hash|digest|sum|sha\d))`;
const NAME_OF_HEX =
  '(?:(?:priv(?:ate)?|signing|secret|ecdsa|secp256k1|ed25519|bls|node|raw)[_ -]?key(?:[_ -]?hex)?' +
  '|secret|seed|mnemonic|entropy|jwt|passphrase|passw(?:or)?d)';

export const SECRET_SHAPES: readonly SecretShape[] = [
  // A block without its end was cut off: everything after its start is removed.
  {
    kind: 'a private key (PEM)',
    counts: 'always',
    pattern: /-----BEGIN [A-Z0-9 ]{0,40}PRIVATE KEY(?: BLOCK)?-----[\s\S]*?(?:-----END [A-Z0-9 ]{1,64}-----|$)/g,
  },
  // The same without its start.
  {
    kind: 'a private key (PEM)',
    counts: 'always',
    pattern: /^[\s\S]*?-----END [A-Z0-9 ]{0,40}PRIVATE KEY(?: BLOCK)?-----/g,
  },
  { kind: 'an age private key', counts: 'always', pattern: /AGE-SECRET-KEY-1[0-9A-Z]{20,}/g },
  {
    kind: 'a validator key of CometBFT',
    counts: 'always',
    pattern:
      /(?:tendermint|cometbft)\/PrivKey(?:[A-Za-z0-9]{0,32}[\\"'\s,:{}=]{1,32}value[\\"'\s:=]{1,16}[^\s"'\\,}]+)?/g,
  },
  {
    kind: 'a private key',
    counts: 'in text',
    pattern: /(?<head>PrivKey[A-Za-z0-9]{0,32}[\\"'\s,:{}=]{1,32}value[\\"'\s:=]{1,16})(?!\[redacted\])[^\s"'\\,}]+/g,
  },
  {
    kind: 'an extended private key (BIP 32)',
    counts: 'always',
    pattern: new RegExp(String.raw`\b[xyztuv]prv${BASE58}{100,112}`, 'g'),
  },
  {
    kind: 'an encrypted keystore',
    counts: 'always',
    pattern: /(?<head>"ciphertext\\{0,4}"\s{0,10}:\s{0,10}\\{0,4}")[0-9a-fA-F]{32,}/g,
  },
  {
    kind: 'a key of 32 bytes',
    counts: 'always',
    pattern: new RegExp(
      String.raw`(?<head>${NAME_OF_HEX}${NO_DIGEST}[a-z_ -]{0,12}[\\"']{0,3}\s{0,4}[:=]?\s{0,4}[\\"']{0,3})(?:0x)?[0-9a-f]{64}(?:[0-9a-f]{64})?(?![0-9a-f])`,
      'gi',
    ),
  },
  {
    kind: 'a key of 32 bytes',
    counts: 'named',
    pattern: /(?<![0-9a-fA-F])[0-9a-fA-F]{64}(?:[0-9a-fA-F]{64})?(?![0-9a-fA-F])/g,
  },
  // As numbers: a key of 32 or 64 bytes that a program prints as a list.
  {
    kind: 'a key as a list of bytes',
    counts: 'in text',
    pattern: /\[\s{0,8}(?:\d{1,3}[\s,]{1,8}){31,}\d{1,3}\s{0,8}\]/g,
  },
  {
    kind: 'a mnemonic phrase',
    counts: 'in text',
    pattern: new RegExp(String.raw`(?<![A-Za-z0-9])${WORD}(?:\s{1,4}${NUMBER}${WORD}){11,}`, 'g'),
  },
  // After its name also in quotes and with commas.
  {
    kind: 'a mnemonic phrase',
    counts: 'in text',
    pattern:
      /(?<head>(?:mnemonic|(?:seed|recovery|secret|backup)[ _-]?(?:phrase|words?))[\s\\"':=[({]{1,8})[a-z]{3,8}(?:[\s\\"',;|-]{1,8}[a-z]{3,8}(?![A-Za-z0-9])){11,}/gi,
  },
  // 32 or 64 bytes. Digests are written like this after the name of their algorithm.
  {
    kind: 'a key in base64',
    counts: 'in text',
    pattern: new RegExp(
      String.raw`(?<!${BASE64}|sha(?:256|384|512)[:-])(?:${BASE64}{86}${PADDING}{2}|${BASE64}{43}${PADDING})(?!${BASE64}|=)`,
      'gi',
    ),
  },
  // The end of one, where the text before it was cut off.
  { kind: 'a key in base64', counts: 'in text', pattern: /^[A-Za-z0-9+/]{6,}={1,2}(?=[\\"']{1,5}\s{0,32}[,}\]])/g },
  // The private member of a JSON Web Key.
  {
    kind: 'a key in base64',
    counts: 'in text',
    pattern: /(?<head>"d\\{0,4}"\s{0,4}:\s{0,4}\\{0,4}")[A-Za-z0-9_-]{43}(?![A-Za-z0-9_-])/g,
  },
  // Wallet Import Format of Bitcoin.
  {
    kind: 'a private key of Bitcoin',
    counts: 'in text',
    pattern: new RegExp(String.raw`(?<![A-Za-z0-9])(?:[59]${BASE58}{50}|[KLc]${BASE58}{51})(?![A-Za-z0-9])`, 'g'),
  },
  // GitHub, GitLab, Slack, npm, Google, HashiCorp Vault, AWS key ids.
  {
    kind: 'an access token',
    counts: 'in text',
    pattern: /gh[pousr]_[A-Za-z0-9]{20,}|github_pat_[A-Za-z0-9_]{20,}/g,
  },
  {
    kind: 'an access token',
    counts: 'in text',
    pattern: /gl[a-z]{2,8}-[A-Za-z0-9_-]{16,}|xox[a-z]-[A-Za-z0-9-]{10,}|xapp-[A-Za-z0-9-]{10,}/g,
  },
  {
    kind: 'an access token',
    counts: 'in text',
    pattern: /npm_[A-Za-z0-9]{30,}|AIza[0-9A-Za-z_-]{30,}|hv[sb]\.[A-Za-z0-9_-]{20,}/g,
  },
  { kind: 'an access token', counts: 'in text', pattern: /\b(?:AKIA|ASIA|AROA|AIDA)[A-Z0-9]{16}\b/g },
  // A JSON Web Token. The look-behind keeps "eyJeyJeyJ…" from being scanned once per repetition.
  {
    kind: 'a JSON Web Token',
    counts: 'in text',
    pattern: /(?<![A-Za-z0-9_-])eyJ[A-Za-z0-9_-]{8,}\.[A-Za-z0-9_-]{8,}(?:\.[A-Za-z0-9_-]*){0,3}/g,
  },
];
