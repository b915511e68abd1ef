// Invalid documents: each has its own code and position, and does not affect the valid node.

import { expect, it } from 'vitest';

import { after, line, problemOf, spoiled, type BadInput } from '../support/bad-input.ts';
import { nodeFile } from '../support/desired-files.ts';

const documents: readonly BadInput[] = [
  {
    because: 'no kind',
    text: nodeFile('x', (t) => line(t, 2, '')),
    code: 'MissingField',
    at: '1:1',
    says: 'kind: is required',
  },
  {
    because: 'an unknown kind',
    text: nodeFile('x', (t) => line(t, 2, 'kind: ClusterRoleBinding')),
    code: 'UnknownKind',
    at: '2:7',
    says: 'nothing else is applied',
  },
  {
    because: 'a misspelt kind',
    text: nodeFile('x', (t) => line(t, 2, 'kind: BlockchianNode')),
    code: 'UnknownKind',
    at: '2:7',
    says: 'did you mean "BlockchainNode"',
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
  ].map((field): BadInput => ({
    because: `metadata.${field} is not allowed in Git`,
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
    because: 'a label of the controller',
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
    because: 'a nested unknown field',
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
    because: 'a fraction instead of a whole number',
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
    because: 'an unknown executor',
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

it.each(documents)('$because', (row) => {
  expect(spoiled(row.text)).toContainEqual(problemOf(row));
});

it.each([
  'validatoros.com/v1alpha1', 'BlockchainNode', 'ethereum', 'hoodi', 'geth', '1.16.7', '2Ti', 'name: bad', 'full', 'Running', 'demo', 'NodePort', 'https://checkpoint.example.com',
])('shows a character that an editor does not show, behind %s', (value) => {
  const more = '  nodeType: full\n  desiredState: Running\n  executor: demo\n  serviceType: NodePort\n';
  for (const character of ['\u200b', '\u00a0', '\u202e']) {
    const text = nodeFile('bad', (given) => given.concat(more).replace(value, `${value}${character}`));
    const quoted = text.replace(/^(.*?: )(\S*[\u200b\u00a0\u202e])$/m, '$1"$2"');
    const code = `\\\\u${character.charCodeAt(0).toString(16).padStart(4, '0')}`;
    expect(spoiled(quoted).map(({ message }) => message)).toContainEqual(expect.stringMatching(code));
  }
}); // prettier-ignore
