// Files that look like documents of the repository and are not read: what is said, and what becomes of what they declare.

import { expect, it } from 'vitest';

import { isWanted, mayHoldWanted } from '../../src/desired/wanted.ts';
import { readDesired } from '../../src/desired/read.ts';
import { FLEET, nodeFile, read, sources } from '../support/desired-files.ts';

const NODE = nodeFile('a');
const BACKUP = `apiVersion: validatoros.com/v1alpha1
kind: Backup
metadata: { name: b }
spec: { node: a }
`;

it.each([
  { path: 'node/a.yaml', text: NODE, says: 'did you mean nodes/? Move it to nodes/a.yaml' },
  { path: 'Nodes/a.yaml', text: NODE, says: 'did you mean nodes/? Move it to nodes/a.yaml' },
  { path: 'nodse/x/a.yml', text: NODE, says: 'did you mean nodes/? Move it to nodes/a.yaml' },
  { path: 'job/b.yaml', text: BACKUP, says: 'did you mean jobs/? Move it to jobs/b.yaml' },
  { path: 'a.yaml', text: NODE, says: 'read from nodes/ at the top of the repository' },
  {
    path: 'nodes/a.json',
    text: JSON.stringify({ apiVersion: 'validatoros.com/v1alpha1', kind: 'BlockchainNode', metadata: { name: 'a' } }),
    says: 'because its name does not end in .yaml or .yml: name it nodes/a.yaml, or let its name end in .off',
  },
  { path: 'nodes/a.txt', text: NODE, says: 'name it nodes/a.yaml' },
  { path: 'nodes/a', text: NODE, says: 'name it nodes/a.yaml' },
  { path: 'nodes/a.YAML', text: NODE, says: 'name it nodes/a.yaml' },
  { path: 'nodes/dev/a.yam', text: NODE, says: 'name it nodes/dev/a.yaml' },
  { path: 'nodes/dev/a.bak', text: NODE, says: 'name it nodes/dev/a.yaml' },
  { path: 'nodes/dev/a.yaml.old', text: NODE, says: 'name it nodes/dev/a.yaml' },
  { path: 'nodes/dev/a.yaml.bak', text: NODE, says: 'name it nodes/dev/a.yaml' },
  { path: 'nodes/dev/a.yaml~', text: NODE, says: 'name it nodes/dev/a.yaml' },
  { path: 'nodes/dev/a.off1', text: NODE, says: 'name it nodes/dev/a.off1.yaml' },
  { path: 'nodes/dev/geth-1.16', text: NODE, says: 'name it nodes/dev/geth-1.16.yaml' },
  { path: 'jobs/b.yml.orig', text: BACKUP, says: 'name it jobs/b.yaml' },
  { path: 'patches/sub/b.yam', text: NODE, says: 'from files that end in .yaml or .yml. Move it to nodes/b.yam' },
])('an object of ours in $path is an error', ({ path, text, says }) => {
  expect(isWanted(path)).toBe(true);
  const { problems } = read({ 'fleet.yaml': FLEET, [path]: text });
  expect(problems).toMatchObject([{ level: 'error', code: 'FileNotRead', file: path, line: 1 }]);
  expect(problems[0]?.message).toContain(says);
});

it('keeps the last good state of what such a file declares', () => {
  const set = read({ 'fleet.yaml': FLEET, 'node/a.yaml': NODE, 'job/b.yaml': BACKUP, 'nodes/c.yaml': nodeFile('c') });
  expect([...set.brokenNodes]).toEqual(['novacula-system/a']);
  expect([...set.brokenRequests]).toEqual(['Backup/novacula-system/b']);
  expect([...set.nodes.keys()]).toEqual(['novacula-system/c']);
  expect(read({ 'fleet.yaml': FLEET, 'a.yaml': NODE, 'nodes/a.yaml': NODE }).brokenNodes).toEqual(new Set());
});

it.each(['a.yam', 'a.bak', 'a.yaml.old', 'a.yaml.bak'])('keeps the node of a file that is now %s', (name) => {
  const set = read({ 'fleet.yaml': FLEET, [`nodes/dev/${name}`]: NODE });
  expect([...set.brokenNodes]).toEqual(['novacula-system/a']);
});

it('says of a file that was put aside that its node is deleted, unless another file declares it', () => {
  const messages = (files: Record<string, string>): readonly string[] =>
    read({ 'fleet.yaml': FLEET, 'nodes/a.yaml.off': NODE, ...files }).problems.flatMap(({ code, message }) =>
      code === 'FileNotRead' ? message : [],
    );
  const aside = 'not read, because its name ends in .off';
  const deleted =
    '. No other file declares a: its node is deleted, as far as there is one; to keep it, let the name of the file end in .yaml';
  expect(messages({})).toEqual([aside + deleted]);
  expect(messages({ 'nodes/a.yaml': NODE })).toEqual([aside]);
  expect(messages({ 'nodes/a.yaml': NODE.replace('chain:', 'chian:') })).toEqual([aside]);
  expect(messages({ 'nodes/a.yaml.off': 'notes' })).toEqual([aside]);
  expect(messages({ 'nodes/a.yaml.off': `${NODE}---\n${nodeFile('b')}` })[0]).toContain(
    'declares a, b: their nodes are deleted',
  );
});

it('changes nothing while the Fleet is in a file of another name', () => {
  const set = readDesired(sources({ 'fleet.yml': FLEET, 'nodes/a.yaml': NODE }), { defaultNamespace: 'x' });
  expect(set.fleetBroken).toBe(true);
  expect(set.problems.map(({ code, file }) => `${code} ${file}`)).toEqual([
    'FleetBroken fleet.yaml',
    'FileNotRead fleet.yml',
  ]);
  expect(read({ 'fleet.yaml': FLEET, 'old.yaml': FLEET, 'nodes/a.yaml': NODE }).fleetBroken).toBe(false);
});

it.each([
  { path: 'clusters/one/nodes/a.yaml', because: 'it may be of another tool', text: NODE },
  { path: 'nodes/a.yaml.off', because: 'it was put aside', text: NODE },
  { path: 'nodes/notes.txt', because: 'it is no object', text: 'notes' },
])('warns of $path, because $because', ({ path, text }) => {
  const { problems, brokenNodes } = read({ 'fleet.yaml': FLEET, [path]: text });
  expect(problems).toMatchObject([{ level: 'warning', code: 'FileNotRead', file: path }]);
  expect(brokenNodes.size).toBe(0);
});

it('warns of an empty file, and not of a comment', () => {
  const set = read({ 'fleet.yaml': FLEET, 'nodes/a.yaml': '\n---\n', 'nodes/b.yaml': '# later\n' });
  expect(set.problems.map(({ level, code, file }) => `${level} ${code} ${file}`)).toEqual([
    'warning EmptyFile nodes/a.yaml',
  ]);
});

it('says nothing of files that are not of ours', () => {
  const other = 'apiVersion: v1\nkind: ConfigMap\nmetadata: { name: a }\n';
  const policy = 'apiVersion: validatoros.com/v1alpha1\nkind: Policy\n';
  const set = read({ 'fleet.yaml': FLEET, 'a.yaml': other, 'notes/a.yaml': other, 'policy.yaml': policy });
  expect(set.problems).toEqual([]);
});

it('opens no file that cannot be meant', () => {
  const never = ['README.md', '.github/x.yaml', 'src/a.yaml', 'node/a.txt', 'a/b/c/d/nodes/x.yaml', '.x.yaml'];
  expect(never.filter(isWanted)).toEqual([]);
  expect(['a/b/c/d/e', '.git', 'node_modules/x'].filter(mayHoldWanted)).toEqual([]);
  expect(['nodes/a/b/c/d/e', 'clusters', 'a/nodes/b/c/d/e'].map(mayHoldWanted)).toEqual([true, true, true]);
});
