// Files that are not valid YAML: each has its own code and position, and does not affect the valid file.

import { expect, it } from 'vitest';

import { line, problemOf, spoiled, type BadInput } from '../support/bad-input.ts';
import { nodeFile } from '../support/desired-files.ts';

const MIB = 1024 * 1024;

const files: readonly BadInput[] = [
  {
    because: 'an LFS pointer is not its content',
    text: 'version https://git-lfs.github.com/spec/v1\noid sha256:00\nsize 1\n',
    code: 'LfsPointer',
    at: '1:1',
    says: 'Git LFS',
  },
  { because: 'a picture is not YAML', text: '\u0089PNG\r\n\u001a\n\0\0\0', code: 'NotText', at: '3:1', says: 'UTF-8' },
  {
    because: 'UTF-16 read as UTF-8 is full of NULs',
    text: '\uFFFD\uFFFDa\0p\0i\0',
    code: 'NotText',
    at: '1:1',
    says: 'UTF-16',
  },
  {
    because: '50 MB on one line is not parsed',
    text: `a: ${'x'.repeat(50 * MIB)}`,
    code: 'FileTooLarge',
    at: '1:1',
    says: 'split it',
  },
  {
    because: 'a merge conflict names itself',
    text: nodeFile('x', (text) => line(text, 6, '<<<<<<< HEAD\n  chain: a\n=======\n  chain: b\n>>>>>>> other')),
    code: 'MergeConflict',
    at: '6:1',
    says: 'choose one side',
  },
  { because: 'a tab is not indentation', text: 'spec:\n\tchain: x\n', code: 'BadYaml', at: '2:1', says: 'use spaces' },
  ...syntaxErrors([
    ['a quote is missing', 'kind: "BlockchainNode\nspec: 1\n', '1:7', 'no closing "'],
    ['a quote is missing, and a later line has one', 'a:\n  b: "c\n  d: "e"\n', '2:6', 'no closing "'],
    ['a single quote is missing', "kind: 'BlockchainNode\nspec: 1\n", '1:7', "no closing '"],
    ['a bracket is missing', 'spec: {a: 1\n', '1:7', '"{" is never closed: add "}"'],
    ['a bracket is missing, and fields follow', 'spec:\n  a: [b\n  c: d\n', '2:6', '"[" is never closed: add "]"'],
    ['an inner bracket is missing', 'a: { b: { c: d }\ne: f\n', '1:4', '"{" is never closed: add "}"'],
    ['a bracket of another kind closes', 'a: [b, c}\n', '1:4', '"[" is never closed: add "]"'],
    ['a bracket too many', 'a: [b]]\nc: d\n', '1:7', 'no bracket is open that "]" could close: remove it'],
    ['brackets in quotes and comments do not count', 'a: "[" # {\nb: [c\n', '2:4', '"[" is never closed'],
    ['no space after a colon', 'a: 1\nb:c\nd: 2\n', '2:3', 'a space is missing after the colon'],
    ['a line that is indented too deep', 'a: 1\n  b: 2\n', '2:3', 'indented deeper than the one before'],
    ['a second colon', 'a: b: c\n', '1:4', 'put the value in quotes'],
    ['a value that begins with @', 'a: @b\n', '1:4', 'put the value in quotes'],
    ['a no-break space after a colon', 'a: 1\nb:\u00a0c\n', '2:3', 'a no-break space (U+00A0) stands here: delete it'],
  ]),
  ...['\u00a0', '\u200b', '\ufeff', '\u3000', '\u202e'].map((character): BadInput => ({
    because: `a key with U+${character.charCodeAt(0).toString(16)}`,
    text: `a: 1\n---\n${character}b: 2\n`,
    code: 'BadKey',
    at: '3:1',
    says: asPattern(`(U+${character.charCodeAt(0).toString(16).toUpperCase().padStart(4, '0')})`),
  })),
  {
    because: '10,000 levels of nesting',
    text: '['.repeat(10_000),
    code: 'TooDeep',
    at: '1:101',
    says: 'deeper than 48',
  },
  {
    because: '100,000 levels of nested maps on one line',
    text: '? '.repeat(100_000),
    code: 'TooDeep',
    at: '1:200',
    says: 'deeper than 48',
  },
  {
    because: '100 levels of nesting',
    text: `a: ${'['.repeat(100)}${']'.repeat(100)}`,
    code: 'TooDeep',
    at: '1:103',
    says: 'deeper than 48',
  },
  {
    because: 'more values than any node has',
    text: `a: [${'1,'.repeat(30_000)}]`,
    code: 'TooManyValues',
    at: '1:40001',
    says: 'values in one document',
  },
  {
    because: '10,000 documents',
    text: '---\na: 1\n'.repeat(10_000),
    code: 'TooManyDocuments',
    at: '1:1',
    says: 'split it',
  },
  {
    because: 'an old YAML version reads "no" as false',
    text: '%YAML 1.1\n---\nkind: no\n',
    code: 'BadYaml',
    at: '2:1',
    says: '1.2',
  },
  { because: 'billion laughs', text: laughs(), code: 'TooManyAliases', at: '4:8', says: 'aliases in one document' },
  {
    because: 'many aliases',
    text: `a: &a 1\nb: [${'*a,'.repeat(500)}]\n`,
    code: 'TooManyAliases',
    at: '2:305',
    says: 'aliases',
  },
  {
    because: 'an anchor that contains itself',
    text: 'a: &x [*x]\n',
    code: 'BadAlias',
    at: '1:8',
    says: 'no complete anchor',
  },
  { because: 'an alias of nothing', text: 'a: *nowhere\n', code: 'BadAlias', at: '1:4', says: 'nowhere' },
  { because: '__proto__', text: '__proto__: {polluted: true}\n', code: 'ForbiddenKey', at: '1:1', says: '__proto__' },
  {
    because: 'constructor',
    text: 'spec:\n  constructor: {prototype: {a: 1}}\n',
    code: 'ForbiddenKey',
    at: '2:3',
    says: 'constructor',
  },
  {
    because: 'a merge key',
    text: 'a: &a {b: 1}\nc:\n  <<: *a\n',
    code: 'MergeKey',
    at: '3:3',
    says: 'defaults in fleet.yaml',
  },
  {
    because: 'a merge key with a prototype',
    text: 'c:\n  <<: {__proto__: {a: 1}}\n',
    code: 'MergeKey',
    at: '2:3',
    says: 'YAML 1.2',
  },
  {
    because: 'a function from YAML',
    text: 'a: !!js/function "function(){}"\n',
    code: 'UnknownTag',
    at: '1:18',
    says: 'not allowed',
  },
  { because: 'an ordered map', text: 'a: !!omap [a: 1]\n', code: 'UnknownTag', at: '1:11', says: 'omap' },
  { because: 'binary', text: `a: !!binary ${'A'.repeat(4000)}\n`, code: 'UnknownTag', at: '1:13', says: 'binary' },
  { because: 'a key twice', text: 'a: 1\nb: 2\na: 3\n', code: 'DuplicateKey', at: '3:1', says: 'twice' },
  {
    because: 'a key twice in another spelling',
    text: 'a: 1\n"a": 3\n',
    code: 'DuplicateKey',
    at: '2:1',
    says: 'twice',
  },
  { because: 'a list as a key', text: '? [a]\n: 1\n', code: 'BadKey', at: '1:3', says: 'must be a text' },
  { because: '1e400 is not a number', text: 'a: 1e400\n', code: 'BadNumber', at: '1:4', says: '"1e400"' },
  { because: 'NaN is not a number', text: 'a: .nan\n', code: 'BadNumber', at: '1:4', says: '".nan"' },
  {
    because: '2^63+1 loses digits',
    text: 'a: 9223372036854775809\n',
    code: 'BadNumber',
    at: '1:4',
    says: '"9223372036854775809"',
  },
  { because: 'a single value', text: 'hello\n', code: 'NotAnObject', at: '1:1', says: 'single value' },
  { because: 'a list at the top', text: '# list\n- a\n', code: 'NotAnObject', at: '2:1', says: 'a list' },
  {
    because: 'kind: List',
    text: 'apiVersion: v1\nkind: List\nitems: []\n',
    code: 'ListNotSupported',
    at: '2:7',
    says: '---',
  },
  {
    because: 'SOPS by its block',
    text: 'a: 1\nsops: {mac: x, lastmodified: y}\n',
    code: 'SopsEncrypted',
    at: '2:7',
    says: 'SOPS',
  },
  {
    because: 'SOPS by its values',
    text: 'a: ENC[AES256_GCM,data:xx,iv:yy]\n',
    code: 'SopsEncrypted',
    at: '1:4',
    says: 'SOPS',
  },
];

type Row = readonly [because: string, text: string, at: string, says: string];

function syntaxErrors(rows: readonly Row[]): readonly BadInput[] {
  return rows.map(([because, text, at, says]) => ({ because, text, code: 'BadYaml', at, says: asPattern(says) }));
}

function asPattern(text: string): string {
  return text.replaceAll(/[()[\]{}+]/g, String.raw`\$&`);
}

function laughs(): string {
  const levels = 'abcdefghi'.split('').map((name, index, all) => {
    const below = all[index - 1];
    return `${name}: &${name} [${Array.from({ length: 9 }, () => (below === undefined ? 'lol' : `*${below}`)).join(',')}]`;
  });
  return `${levels.join('\n')}\n`;
}

it.each(files)('$because', (row) => {
  expect(spoiled(row.text)).toContainEqual(problemOf(row));
});
