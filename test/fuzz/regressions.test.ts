// Inputs that readers once failed on, each with what was wrong.

import { afterAll, expect, it } from 'vitest';

import { failureOf } from './check.ts';
import { SECRET } from './reader.ts';
import { allReaders } from './readers.ts';
import { removeScratchFolders } from './scratch-folder.ts';

const readers = await allReaders();

interface Row {
  readonly reader: string;
  readonly because: string;
  readonly input: string;
}

const signed = (type: string): string => {
  const text = (value: string): Buffer => Buffer.concat([Buffer.from([0, 0, 0, value.length]), Buffer.from(value)]);
  const key = Buffer.concat([text(type), text('x')]);
  return Buffer.concat([
    Buffer.from('SSHSIG\0\0\0\u0001\0\0\0'),
    Buffer.from([key.length]),
    key,
    ...['git', '', 'sha512'].map(text),
    text(`${text('ssh-ed25519').toString()}${text('y').toString()}`),
  ]).toString('latin1');
};

const rows: readonly Row[] = [
  { reader: 'node-file', because: 'nested maps on one line ended the stack', input: '? '.repeat(50_000) },
  { reader: 'patch-file', because: 'nested lists ended the stack', input: `a:\n${'- '.repeat(50_000)}` },
  { reader: 'node-file', because: 'an error at each character took seconds', input: `[${'"a" '.repeat(30_000)}]` },
  { reader: 'node-file', because: 'many anchors took seconds', input: '&a '.repeat(40_000) },
  { reader: 'node-file', because: 'twenty thousand values below long keys took a gigabyte', input: longPaths() },
  { reader: 'node-file', because: 'a message was as long as the keys above it', input: `${longKeys(30)}<<: 1` },
  { reader: 'node-file', because: 'all unknown fields were compared with all known ones', input: unknownFields(9000) },
  {
    reader: 'schedule-file',
    because: 'a message repeated the whole expression',
    input: schedule(`"${'x'.repeat(60_000)}"`),
  },
  { reader: 'status-keys', because: 'keys were compared with each other', input: wideMap(10_000) },
  { reader: 'status-job', because: 'a map of many keys took minutes', input: wideMap(10_000) },
  { reader: 'status-memory', because: 'nesting ended the stack', input: '['.repeat(100_000) },
  { reader: 'kube-status', because: 'a cause was null', input: '{"kind":"Status","details":{"causes":[null]}}' },
  { reader: 'kube-status', because: 'causes were no list', input: '{"kind":"Status","details":{"causes":7}}' },
  {
    reader: 'kube-status',
    because: 'a reason was the name of a method',
    input: '{"kind":"Status","reason":"constructor"}',
  },
  { reader: 'kube-watch', because: 'an event was null', input: 'null' },
  {
    reader: 'kube-list',
    because: 'an item had no metadata',
    input: '{"kind":"ConfigMapList","metadata":{"resourceVersion":"1"},"items":[{}]}',
  },
  { reader: 'kube-discovery', because: 'a resource was null', input: '{"resources":[null],"gitVersion":"v1"}' },
  {
    reader: 'allowed-signers',
    because: 'a message repeated the file',
    input: `a ${'x'.repeat(50_000)} ssh-rsa AAAA\n`,
  },
  { reader: 'verification-file', because: 'a message showed a secret', input: `{"mode private_key=${SECRET}": 1}` },
  { reader: 'verification-file', because: 'an unknown alias had no file name', input: 'mode: *a' },
  {
    reader: 'ssh-signature',
    because: 'white space took time with its square',
    input: `-----BEGIN SSH SIGNATURE-----\n${' '.repeat(16_000)}`,
  },
  { reader: 'ssh-signature-inside', because: 'a type of key was the name of a method', input: signed('constructor') },
  { reader: 'signer-text', because: 'a height was no number', input: '{"height":"\\u001b[2J","round":0,"step":3}' },
  { reader: 'git-answer', because: 'a refusal had control characters', input: '000cERR a\u0000b\n' },
  { reader: 'git-pack-entry', because: 'a size had no end', input: `${'\u00ff'.repeat(200)}\u0001` },
  { reader: 'git-url', because: 'slashes took time with their square', input: `http://a${'/'.repeat(60_000)}b` },
  { reader: 'cron', because: 'a message repeated the whole field', input: `${'x'.repeat(20_000)} * * * *` },
  { reader: 'due-runs', because: 'each minute of a week was walked', input: '* * * * *' },
];

afterAll(removeScratchFolders);

it.each(rows)('$reader: $because', async ({ reader: name, input }) => {
  const reader = readers.find((one) => one.name === name);
  if (reader === undefined) throw new Error(`no reader ${name}`);
  expect(
    await failureOf(reader, Buffer.from(input, name.startsWith('git-') || name.startsWith('ssh-') ? 'latin1' : 'utf8')),
  ).toBeUndefined();
});

function longKeys(depth: number): string {
  return `{${'k'.repeat(1000)}: `.repeat(depth);
}

function longPaths(): string {
  return `${longKeys(40)}[${'1,'.repeat(19_000)}]${'}'.repeat(40)}`;
}

function node(spec: string): string {
  return `apiVersion: validatoros.com/v1alpha1\nkind: BlockchainNode\nmetadata: { name: x }\nspec:\n${spec}`;
}

function unknownFields(count: number): string {
  return node(Array.from({ length: count }, (_, index) => `  unknownFieldWithALongName${index}: 1\n`).join(''));
}

function schedule(expression: string): string {
  return `apiVersion: validatoros.com/v1alpha1\nkind: JobSchedule\nmetadata: { name: x }\nspec: { schedule: ${expression}, template: { kind: Backup, spec: { node: good } } }\n`;
}

function wideMap(count: number): string {
  return Array.from({ length: count }, (_, index) => `k${index}: 1\n`).join('');
}
