// Each node that keeps its last good state has the error that is the cause.

import { expect, it } from 'vitest';

import { FLEET, nodeFile, read } from '../support/desired-files.ts';

const BAD = `${nodeFile('eth-0')}  desiredStat: Stopped\n`;
const KEY = 'novacula-system/eth-0';
const unknown = (line: number) => ({ line, message: expect.stringContaining('desiredStat') });

function causes(files: Record<string, string>): Readonly<Record<string, unknown>> {
  return Object.fromEntries(read(files).brokenBy.nodes);
}

it('is the error of its own document, not of another one in the file', () => {
  const second = BAD.replace('eth-0', 'eth-1');
  const lines = BAD.split('\n').length - 1;
  expect(causes({ 'nodes/a.yaml': `${BAD}---\n${second}` })).toMatchObject({
    'novacula-system/eth-0': { file: 'nodes/a.yaml', ...unknown(lines) },
    'novacula-system/eth-1': { file: 'nodes/a.yaml', ...unknown(2 * lines + 1) },
  });
});

it('says how many more errors its file has', () => {
  const messageOf = (text: string) =>
    Object.values(read({ 'nodes/a.yaml': text }).brokenBy.nodes.get(KEY) ?? {}).join(' ');
  expect(messageOf(BAD)).not.toContain('more error');
  expect(messageOf(`${BAD}  restartGen: 1\n`)).toContain('(1 more error in this file)');
  const { files } = read({ 'nodes/a.yaml': `${BAD}  restartGen: 1\n  executr: a\n` }).brokenBy;
  expect(files.get('nodes/a.yaml')?.message).toContain('(2 more errors in this file)');
});

it('is the error of a document whose name alone can be read', () => {
  const found = causes({ 'nodes/a.yaml': nodeFile('eth-0').replace('v1alpha1', 'v9') });
  expect(found).toMatchObject({ 'novacula-system/eth-0': { line: 1, message: expect.stringContaining('v9') } });
});

it('is the error in the patch that matches it', () => {
  const patch =
    'apiVersion: validatoros.com/v1alpha1\nkind: FleetPatch\nmetadata: { name: p }\nspec:\n  match: { names: [eth-0] }\n  patch: 7\n';
  const found = causes({ 'nodes/a.yaml': nodeFile('eth-0'), 'patches/p.yaml': patch });
  expect(found).toMatchObject({ 'novacula-system/eth-0': { file: 'patches/p.yaml', line: 6 } });
});

it('is the other node of its name', () => {
  const found = causes({ 'nodes/a.yaml': nodeFile('eth-0'), 'nodes/b.yaml': nodeFile('eth-0') });
  expect(found).toMatchObject({ 'novacula-system/eth-0': { code: 'DuplicateNode' } });
});

it('is absent of a good node, and of files the first error is known', () => {
  const set = read({
    'nodes/good.yaml': nodeFile('eth-2'),
    'nodes/torn.yaml': 'a: [',
    'fleet.yaml': `${FLEET}  unknown: 1\n`,
  });
  expect([...set.brokenBy.nodes.keys()]).toEqual([]);
  expect([...set.brokenBy.files.keys()]).toEqual(['fleet.yaml', 'nodes/torn.yaml']);
});
