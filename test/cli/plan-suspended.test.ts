// What a plan says of suspended nodes: of the node's own spec in its action, of the Fleet and folders beside it.

import { expect, it } from 'vitest';

import type { BlockchainNode } from '../../src/api/blockchain-node.ts';
import { describeLeft, type Suspension } from '../../src/api/fleet.ts';
import { jobsBetween } from '../../src/cli/plan/jobs.ts';
import { suspensionsAgainst, suspensionsBetween } from '../../src/cli/plan/suspended.ts';
import { planNodes } from '../../src/plan/plan.ts';
import { workloadOf } from '../../src/render/workload.ts';
import { FLEET, nodeFile, read } from '../support/desired-files.ts';
import { aNode, applied, scene } from '../support/plan-scene.ts';

const node = (suspend: boolean, version = '1.16.7') =>
  aNode('a', {
    ...(suspend ? { suspend } : {}),
    clients: { el: { name: 'geth', version } },
    storage: { data: { size: '1Gi' } },
  });
const NONE = { volumes: new Map([['ns/a', { record: undefined, live: [] }]]) };
const ran = (live: BlockchainNode): BlockchainNode => ({ ...live, status: { appliedRevision: 'main@sha1:1' } });
const BACK = 'the node was suspended: what was changed by hand meanwhile is put back, which may restart the pod';
const NOT_YET = 'if it was created suspended, it gets its objects, volumes and pod only now';

it.each<{ because: string; after: BlockchainNode; live?: BlockchainNode; facts?: object; says: readonly string[] }>([
  { because: 'created suspended', after: node(true), says: ['nothing of it is created, and no pod starts, while its spec.suspend is true'] },
  { because: 'resumed, between two revisions', after: node(false), live: applied(node(true)), says: [BACK, NOT_YET] },
  { because: 'resumed with a change, between two revisions', after: node(false, '1.16.8'), live: applied(node(true)), says: [expect.stringContaining('RESTARTS'), BACK, NOT_YET] as never },
  { because: 'resumed in a cluster', after: node(false), live: ran(applied(node(true))), facts: NONE, says: [BACK] },
  { because: 'resumed in a cluster that never had it', after: node(false), live: applied(node(true)), facts: NONE, says: ['the node was created suspended, and gets its objects now', 'the pod a-0 starts', 'the volume data is new and empty (PVC data-a-0, 1Gi)'] },
])('a node that is $because', ({ after, live, facts = {}, says }) => {
  const input = scene({ declared: [after], live: live === undefined ? [] : [live], facts });
  const { actions } = planNodes({ ...input, workloadOf, describesPods: true });
  expect(actions.flatMap(({ consequences = [] }) => consequences)).toEqual(says);
}); // prettier-ignore

const files = (fleet = '', a = ''): Record<string, string> => ({
  'fleet.yaml': `${FLEET}${fleet}`,
  'nodes/x/a.yaml': nodeFile('a', (text) => `${text.trimEnd()}\n${a}`),
  'nodes/b.yaml': nodeFile('b'),
});
const WIDE = files('  suspend: true\n');
const IN_X = files('  suspendFolders: [nodes/x]\n');
const ITSELF = files('', '  suspend: true\n');
const A = 'novacula-system/a';
const ENDS =
  'no longer: what was changed by hand meanwhile is put back, which may restart the pods of these nodes, and those that were never created are created';

it.each([
  { because: 'nothing is suspended', before: files(), after: files(), says: [] },
  { because: 'the Fleet becomes suspended', before: files(), after: WIDE, says: [] },
  { because: 'the Fleet is suspended no longer', before: WIDE, after: files(), says: [`the Fleet is suspended ${ENDS}: ${A}, novacula-system/b`] },
  { because: 'a folder is suspended no longer', before: IN_X, after: files(), says: [`the folder nodes/x is suspended ${ENDS}: ${A}`] },
  { because: 'a node is suspended no longer', before: ITSELF, after: files(), says: [`the node is suspended ${ENDS}: ${A}`] },
  { because: 'the Fleet is suspended no longer, but a folder', before: WIDE, after: IN_X, says: [`the Fleet is suspended ${ENDS}: novacula-system/b`] },
  { because: 'fleet.yaml gets an error', before: WIDE, after: files('  sus: true\n'), says: [] },
])('between two revisions, where $because', ({ before, after, says }) => {
  expect(suspensionsBetween(read(before), read(after)).map(({ message }) => message).sort()).toEqual([...says].sort());
}); // prettier-ignore

const live = (suspension?: Suspension) =>
  ({
    metadata: { name: 'a', namespace: 'novacula-system' },
    spec: {},
    status: {
      conditions:
        suspension === undefined ? [] : [{ type: 'Suspended', status: 'True', message: describeLeft(suspension) }],
    },
  }) as unknown as BlockchainNode;

it.each([
  { because: 'nothing is', live: live(), after: files(), says: [] },
  { because: 'a folder is, and stays so', live: live({ by: 'Folder', folder: 'nodes/x' }), after: IN_X, says: [`the folder nodes/x is suspended: what of these nodes was changed by hand is not compared, and stays: ${A}`] },
  { because: 'the Fleet is no longer', live: live({ by: 'Fleet' }), after: files(), says: [`the Fleet is suspended ${ENDS}: ${A}`] },
])('against a cluster, where $because suspended', ({ live: found, after, says }) => {
  expect(suspensionsAgainst([found], read(after)).map(({ message }) => message)).toEqual(says);
}); // prettier-ignore

it.each([
  { because: 'the Fleet', after: WIDE, says: 'it waits while the Fleet is suspended' },
  { because: 'its folder', after: IN_X, says: 'it waits while the folder nodes/x is suspended' },
  { because: 'its node', after: ITSELF, says: 'it waits while a is suspended' },
])('a request of a commit in which $because is suspended says so', ({ after, says }) => {
  const request = { apiVersion: 'validatoros.com/v1alpha1', kind: 'Backup', metadata: { name: 'one' }, spec: { node: 'a' } };
  const [step] = jobsBetween(read(files()), read({ ...after, 'jobs/one.yaml': JSON.stringify(request) }));
  expect(step?.because.endsWith(`; ${says}`)).toBe(true);
}); // prettier-ignore
