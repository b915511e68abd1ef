// What must never crash, hang or spread: every row has its own code, its exact place, and leaves the good node alone.

import { describe, expect, it } from 'vitest';

import type { Problem } from '../../src/desired/problem.ts';
import { nodeFile, read } from '../support/desired-files.ts';

const MIB = 1024 * 1024;
const line = (text: string, number: number, by: string): string =>
  text
    .split('\n')
    .map((old, index) => (index === number - 1 ? by : old))
    .join('\n');
const after = (text: string) => (file: string) => `${file}${text}`;
const HEX = '4f'.repeat(32);

interface Row {
  readonly because: string;
  readonly text: string;
  readonly code: string;
  /** `line:column` */
  readonly at: string;
  readonly says: string | RegExp;
}

const files: readonly Row[] = [
  {
    because: 'an LFS pointer is not its content',
    text: 'version https://git-lfs.github.com/spec/v1\noid sha256:00\nsize 1\n',
    code: 'LfsPointer',
    at: '1:1',
    says: 'Git LFS',
  },
  { because: 'a picture is no YAML', text: '\u0089PNG\r\n\u001a\n\0\0\0', code: 'NotText', at: '3:1', says: 'UTF-8' },
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
  { because: 'a tab is no indentation', text: 'spec:\n\tchain: x\n', code: 'BadYaml', at: '2:1', says: 'use spaces' },
  { because: 'a quote is missing', text: 'kind: "BlockchainNode\n', code: 'BadYaml', at: '2:1', says: 'missing' },
  { because: 'a bracket is missing', text: 'spec: {a: 1\n', code: 'BadYaml', at: '2:1', says: /missing|indent/ },
  {
    because: '10,000 levels of nesting',
    text: '['.repeat(10_000),
    code: 'BadYaml',
    at: '.',
    says: 'nested too deeply',
  },
  {
    because: '100 levels of nesting',
    text: `a: ${'['.repeat(100)}${']'.repeat(100)}`,
    code: 'TooDeep',
    at: '1:52',
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
    says: 'no finished anchor',
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
  { because: '1e400 is no number', text: 'a: 1e400\n', code: 'BadNumber', at: '1:4', says: '"1e400"' },
  { because: 'NaN is no number', text: 'a: .nan\n', code: 'BadNumber', at: '1:4', says: '".nan"' },
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

function laughs(): string {
  const levels = 'abcdefghi'.split('').map((name, index, all) => {
    const below = all[index - 1];
    return `${name}: &${name} [${Array.from({ length: 9 }, () => (below === undefined ? 'lol' : `*${below}`)).join(',')}]`;
  });
  return `${levels.join('\n')}\n`;
}

describe('a file that can not be trusted', () => {
  it.each(files)('$because', ({ text, code, at, says }) => {
    const found = spoiled(text);
    const problem = found.find((one) => one.code === code);
    expect(problem, JSON.stringify(found)).toBeDefined();
    if (at !== '.') expect(`${problem?.line}:${problem?.column}`).toBe(at);
    expect(problem?.message).toMatch(says);
    expect(Math.max(...found.map(({ message }) => message.length))).toBeLessThan(400);
  });
});

const documents: readonly Row[] = [
  {
    because: 'no kind',
    text: nodeFile('x', (t) => line(t, 2, '')),
    code: 'MissingField',
    at: '1:1',
    says: 'kind: is required',
  },
  {
    because: 'a kind nobody reads',
    text: nodeFile('x', (t) => line(t, 2, 'kind: ClusterRoleBinding')),
    code: 'UnknownKind',
    at: '2:7',
    says: 'nothing else is applied',
  },
  {
    because: 'a kind misspelt',
    text: nodeFile('x', (t) => line(t, 2, 'kind: BlockchianNode')),
    code: 'UnknownKind',
    at: '2:7',
    says: 'did you mean BlockchainNode',
  },
  {
    because: 'a Fleet among nodes',
    text: nodeFile('x', (t) => line(t, 2, 'kind: Fleet')),
    code: 'WrongFolder',
    at: '2:7',
    says: 'fleet.yaml',
  },
  {
    because: 'a wrong version',
    text: nodeFile('x', (t) => line(t, 1, 'apiVersion: validatoros.com/v1')),
    code: 'WrongApiVersion',
    at: '1:13',
    says: 'v1alpha1',
  },
  {
    because: 'no metadata',
    text: nodeFile('x', (t) => line(line(t, 3, ''), 4, '')),
    code: 'MissingField',
    at: '1:1',
    says: 'metadata',
  },
  { because: 'a name in capitals', text: nodeFile('Eth'), code: 'InvalidValue', at: '4:9', says: 'lower-case' },
  { because: 'a name like a path', text: nodeFile('../../etc'), code: 'InvalidValue', at: '4:9', says: 'lower-case' },
  { because: 'a name too long', text: nodeFile('n'.repeat(254)), code: 'InvalidValue', at: '4:9', says: 'at most 253' },
  {
    because: 'a name longer than a StatefulSet allows',
    text: nodeFile('n'.repeat(53)),
    code: 'InvalidValue',
    at: '4:9',
    says: 'at most 52',
  },
  {
    because: 'a namespace of Kubernetes',
    text: nodeFile('x', (t) => line(t, 4, '  name: x\n  namespace: kube-system')),
    code: 'ForbiddenNamespace',
    at: '5:14',
    says: 'belongs to Kubernetes',
  },
  ...[
    'uid: u',
    'resourceVersion: "1"',
    'ownerReferences: []',
    'finalizers: [a/b]',
    'managedFields: []',
    'generateName: x-',
  ].map((field): Row => ({
    because: `metadata.${field} is not for Git`,
    text: nodeFile('x', (t) => line(t, 4, `  name: x\n  ${field}`)),
    code: 'ForbiddenMetadata',
    at: '5:3',
    says: 'remove it',
  })),
  {
    because: 'status in Git',
    text: nodeFile('x', after('status: {phase: Running}\n')),
    code: 'ForbiddenField',
    at: '14:1',
    says: 'written by the controller',
  },
  {
    because: 'a label of ours',
    text: nodeFile('x', (t) => line(t, 4, '  name: x\n  labels: {validatoros.com/executor: other}')),
    code: 'ForbiddenMetadata',
    at: '5:12',
    says: 'set by the controller',
  },
  {
    because: 'an invalid label',
    text: nodeFile('x', (t) => line(t, 4, '  name: x\n  labels: {"a b": c}')),
    code: 'InvalidName',
    at: '5:12',
    says: 'as a name',
  },
  {
    because: '300 KB of annotations',
    text: nodeFile('x', (t) =>
      line(
        t,
        4,
        `  name: x\n  annotations:\n${Array.from({ length: 5 }, (_, i) => `    a${i}: ${'x'.repeat(60_000)}`).join('\n')}`,
      ),
    ),
    code: 'AnnotationsTooLarge',
    at: '5:3',
    says: 'more than',
  },
  {
    because: 'an unknown field',
    text: nodeFile('x', after('  restartGenration: 1\n')),
    code: 'UnknownField',
    at: '14:3',
    says: 'did you mean "restartGeneration"',
  },
  {
    because: 'an unknown field deep down',
    text: nodeFile('x', (t) => line(t, 12, '    data: { size: 2Ti, sizze: 1 }')),
    code: 'UnknownField',
    at: '12:24',
    says: 'did you mean "size"',
  },
  {
    because: 'a version without quotes is a number',
    text: nodeFile('x', (t) => line(t, 9, '    el: { name: geth, version: 1.10 }')),
    code: 'WrongType',
    at: '9:32',
    says: 'quotes',
  },
  {
    because: 'an empty value',
    text: nodeFile('x', after('  executor:\n')),
    code: 'WrongType',
    at: '14:12',
    says: 'is empty',
  },
  {
    because: 'a missing field points at its parent',
    text: nodeFile('x', (t) => line(t, 12, '    data: {}')),
    code: 'MissingField',
    at: '12:5',
    says: 'spec.storage.data.size: is required',
  },
  {
    because: 'a quantity beyond all numbers',
    text: nodeFile('x', (t) => line(t, 12, '    data: { size: "1e309" }')),
    code: 'InvalidValue',
    at: '12:19',
    says: 'quantity',
  },
  {
    because: 'a negative quantity',
    text: nodeFile('x', (t) => line(t, 12, '    data: { size: "-5Gi" }')),
    code: 'InvalidValue',
    at: '12:19',
    says: 'quantity',
  },
  {
    because: 'an enum is closed',
    text: nodeFile('x', after('  desiredState: Stoped\n')),
    code: 'InvalidValue',
    at: '14:17',
    says: 'did you mean "Stopped"',
  },
  {
    because: 'a fraction where a whole number belongs',
    text: nodeFile('x', after('  restartGeneration: 1.5\n')),
    code: 'WrongType',
    at: '14:22',
    says: 'whole number',
  },
  {
    because: 'Norway stays a text',
    text: nodeFile('x', after('  suspend: no\n')),
    code: 'WrongType',
    at: '14:12',
    says: 'true or false',
  },
  {
    because: 'an unknown chain',
    text: nodeFile('x', (t) => line(t, 6, '  chain: etherium')),
    code: 'UnknownChain',
    at: '6:10',
    says: 'did you mean "ethereum"',
  },
  {
    because: 'options of another chain',
    text: nodeFile('x', after('  cosmos: {}\n')),
    code: 'ForeignOptions',
    at: '14:3',
    says: 'chain: cosmos',
  },
  {
    because: 'an executor nobody runs',
    text: nodeFile('x', after('  executor: dmo\n')),
    code: 'UnknownExecutor',
    at: '14:13',
    says: 'did you mean "demo"',
  },
  {
    because: "a chain's own rules",
    text: nodeFile('x', (t) => line(t, 9, '    el: { name: gehth }')),
    code: 'UnknownClient',
    at: '9:17',
    says: 'spec.clients.el.name',
  },
];

describe('a document that can not be used', () => {
  it.each(documents)('$because', ({ text, code, at, says }) => {
    const found = spoiled(text);
    const problem = found.find((one) => one.code === code);
    expect(problem, JSON.stringify(found)).toBeDefined();
    expect(`${problem?.line}:${problem?.column}`).toBe(at);
    expect(problem?.message).toMatch(says);
  });
});

const secrets = [
  {
    because: 'a PEM key in a text block',
    text: nodeFile(
      'x',
      after(`  config:\n    a:\n      b: |\n        -----BEGIN EC PRIVATE KEY-----\n        ${HEX}\n`),
    ),
  },
  { because: 'a key under a telling name', text: nodeFile('x', after(`  args: { el: { nodekeyhex: "${HEX}" } }\n`)) },
  { because: 'a key with 0x', text: nodeFile('x', after(`  args: { el: { privateKey: "0x${HEX}" } }\n`)) },
  {
    because: 'a JWT secret as an environment variable',
    text: nodeFile('x', after(`  env: { el: [{ name: JWT_SECRET, value: "${HEX}" }] }\n`)),
  },
  {
    because: 'a key as a flag of a sidecar',
    text: nodeFile('x', after(`  sidecars: [{ name: s, image: i, args: ["--priv-key=${HEX}"] }]\n`)),
  },
  {
    because: 'a mnemonic',
    text: nodeFile('x', after(`  config: { a: { mnemonic: "${'abandon '.repeat(11)}about" } }\n`)),
    secret: 'abandon',
  },
  {
    because: 'a key hidden behind an anchor',
    text: nodeFile('x', after(`  config: { a: { b: &k "priv_key = ${HEX}", c: *k } }\n`)),
  },
];
it.each<{ readonly because: string; readonly text: string; readonly secret?: string }>(secrets)(
  'refuses key material and never repeats it: $because',
  ({ text, secret = HEX }) => {
    const found = spoiled(text);
    expect(found.map(({ code }) => code)).toContain('KeyMaterial');
    expect(JSON.stringify(found)).not.toContain(secret.slice(0, 12));
  },
);

const harmless = [
  { because: 'an empty file', text: '' },
  { because: 'only comments', text: '# nothing\n# here\n' },
  { because: 'only a separator', text: '---\n' },
  { because: 'a null document', text: 'null\n---\n~\n' },
  { because: 'a byte order mark', text: `\uFEFF${nodeFile('x')}` },
  { because: 'CRLF', text: nodeFile('x').replaceAll('\n', '\r\n') },
  { because: 'aliases within reason', text: nodeFile('x', after('  podLabels: &l { team: a }\n  nodeSelector: *l\n')) },
  {
    because: 'a hash is no key',
    text: nodeFile('x', after(`  genesis: { url: "https://a.example/g.json", sha256: "${HEX}" }\n`)),
  },
  {
    because: 'a conflict marker inside a text block',
    text: nodeFile('x', after('  podAnnotations:\n    note: |\n      <<<<<<< HEAD\n')),
  },
];
it.each(harmless)('accepts $because', ({ text }) => {
  const set = read({ 'nodes/x.yaml': text });
  expect(set.problems.filter(({ level }) => level === 'error')).toEqual([]);
});

/** The problems of one bad file beside a good one, which must not notice. */
function spoiled(text: string): readonly Problem[] {
  const started = performance.now();
  const set = read({ 'nodes/a/bad.yaml': text, 'nodes/good.yaml': nodeFile('good') });
  expect(performance.now() - started).toBeLessThan(2000);
  expect([...set.nodes.keys()]).toEqual(['novacula-system/good']);
  expect(set.brokenFiles).toEqual(new Set(['nodes/a/bad.yaml']));
  expect(set.problems.filter(({ file }) => file !== 'nodes/a/bad.yaml')).toEqual([]);
  expect(Object.prototype).not.toHaveProperty('polluted');
  return set.problems;
}
