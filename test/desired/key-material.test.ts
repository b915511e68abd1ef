// Keys in Git are refused and never repeated; unusual but harmless texts are accepted.

import { expect, it } from 'vitest';

import { after, HEX, spoiled } from '../support/bad-input.ts';
import { nodeFile, read } from '../support/desired-files.ts';

const secrets = [
  {
    because: 'a PEM key in a text block',
    text: nodeFile(
      'x',
      after(`  config:\n    a:\n      b: |\n        -----BEGIN EC PRIVATE KEY-----\n        ${HEX}\n`),
    ),
  },
  {
    because: 'a key in a field with the name of a secret',
    text: nodeFile('x', after(`  args: { el: { nodekeyhex: "${HEX}" } }\n`)),
  },
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
  {
    because: 'aliases within the limit',
    text: nodeFile('x', after('  podLabels: &l { team: a }\n  nodeSelector: *l\n')),
  },
  {
    because: 'a hash is not a key',
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
