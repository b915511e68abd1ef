// What the holds of signing keys say: who has the key, what to make sure of, and what releases the action.

import { expect, it } from 'vitest';

import { planNodes } from '../../src/plan/plan.ts';
import { aNode, applied, inWords, type PlanRow, scene } from '../support/plan-scene.ts';

const key = (name: string) => ({ identity: { secretName: name } });

const DIGEST = `sha256:${'a'.repeat(64)}`;
const reservation = (executor: string, node: string, isHeld = true) => ({
  key: DIGEST,
  executor,
  node,
  since: '2026-01-02T03:04:05Z',
  isHeld,
});

const STRAYS = new Map([
  [DIGEST, 'Pod ns/x-0 can still sign: delete it'],
  ['sha256:other', 'Pod ns/y-0 can still sign'],
]);

interface HoldRow extends PlanRow {
  readonly says: RegExp;
  readonly continues: RegExp;
}

const rows: readonly HoldRow[] = [
  {
    because: 'of an exchange of two says that the controller carries it out',
    declared: [aNode('a', key('2')), aNode('b', key('1'))],
    live: [applied(aNode('a', key('1'))), applied(aNode('b', key('2')))],
    plan: ['update a IdentitySwap', 'update b IdentitySwap'],
    says: /^it and ns\/b exchange their identities/,
    continues: /as a Switchover and applies the change/,
  },
  {
    because: 'of a circle of three asks for Switchovers of two nodes each',
    declared: [aNode('a', key('2')), aNode('b', key('3')), aNode('c', key('1'))],
    live: [applied(aNode('a', key('1'))), applied(aNode('b', key('2'))), applied(aNode('c', key('3')))],
    plan: ['update a IdentitySwap', 'update b IdentitySwap', 'update c IdentitySwap'],
    says: /^it and ns\/b exchange their identities/,
    continues: /^Undo the change and file Switchovers of two nodes each/,
  },
  {
    because: 'of a reservation names no approval where none is known',
    declared: [aNode('b', key('k'))],
    facts: { reservations: [reservation('paris', 'ns/b')] },
    plan: ['create b KeyReserved'],
    says: /^executor paris has reserved the signing key/,
    continues: /stop or delete ns\/b there\.$/,
  },
  {
    because: 'of a key that replaces another one compares with the record on the volume, wherever the key has signed',
    declared: [aNode('a', key('2'))],
    live: [applied(aNode('a', key('1')))],
    facts: { signers: new Map([['ns/2', 'ns/x']]) },
    plan: ['update a SignerState'],
    says: /^spec\.identity changes from 1 to 2/,
    continues: /spec\.approvals/,
  },
  {
    because: 'of a key that another executor released names its node',
    declared: [aNode('b')],
    facts: { newKeys: new Map([['ns/b', [DIGEST]]]), reservations: [reservation('paris', 'ns/x', false)] },
    plan: ['create b SignerState'],
    says: /^a key that its pod can read has signed on ns\/x of executor paris, .* stays on that node's volume/,
    continues: /spec\.approvals/,
  },
  {
    because: 'of a key that signed elsewhere while its node was stopped names that node',
    declared: [aNode('a', key('k'))],
    live: [applied(aNode('a', key('k')))],
    facts: { movedKeys: new Map([['ns/a', { signer: 'ns/x', keys: [DIGEST] }]]) },
    plan: ['start a SignerState'],
    says: /^its key has signed on ns\/x, .* not on the volume of this node/,
    continues: /^Then add the digest/,
  },
  {
    because: 'of a key that signed elsewhere names a pod that can still sign with it',
    declared: [aNode('a', key('k'))],
    live: [applied(aNode('a', key('k')))],
    facts: { movedKeys: new Map([['ns/a', { signer: 'ns/x', keys: [DIGEST] }]]), straySigners: STRAYS },
    plan: ['start a SignerState'],
    says: /restore a Backup made after it\. Pod ns\/x-0 can still sign: delete it$/,
    continues: /^Then add the digest/,
  },
  {
    because: 'of a new key names a pod that can still sign with it',
    declared: [aNode('b')],
    facts: {
      newKeys: new Map([['ns/b', [DIGEST]]]),
      reservations: [reservation('paris', 'ns/x', false)],
      straySigners: STRAYS,
    },
    plan: ['create b SignerState'],
    says: /on another node\. Pod ns\/x-0 can still sign: delete it$/,
    continues: /spec\.approvals/,
  },
  {
    because: 'of a key that replaces another one names a pod that can still sign with it',
    declared: [aNode('a', key('2'))],
    live: [applied(aNode('a', key('1')))],
    facts: { newKeys: new Map([['ns/a', [DIGEST]]]), straySigners: STRAYS },
    plan: ['update a SignerState'],
    says: /it moves these records too\. Pod ns\/x-0 can still sign: delete it$/,
    continues: /spec\.approvals/,
  },
  {
    because: 'of a key that signed on a node that is gone says that the record is gone as well',
    declared: [aNode('a', key('k'))],
    live: [applied(aNode('a', key('k')))],
    facts: { movedKeys: new Map([['ns/a', { signer: '', keys: [DIGEST] }]]) },
    plan: ['start a SignerState'],
    says: /^its key has signed on a node that was deleted, .* deleted with its volumes/,
    continues: /^Then add the digest/,
  },
  {
    because: 'of a Secret whose key was replaced names the key that it had',
    declared: [aNode('a', key('k'))],
    live: [applied(aNode('a', key('k')))],
    facts: { movedKeys: new Map([['ns/a', { signer: 'ns/x', keys: [DIGEST], replaces: DIGEST }]]) },
    plan: ['start a SignerState'],
    says: /^its Secret has another key than the one with which the node has signed \(sha256:a{12}\)/,
    continues: /^Then add the digest/,
  },
];

it.each(rows)('the hold $because', ({ plan, says, continues, because: _because, ...parts }) => {
  const { actions } = planNodes(scene(parts));
  expect(inWords(actions)).toEqual(plan);
  expect(actions[0]?.hold?.message).toMatch(says);
  expect(actions[0]?.hold?.release).toMatch(continues);
});

it('says that the other user of a key is still being deleted', () => {
  const leaving = applied(aNode('a', key('k')), { deletionTimestamp: 'now' });
  const parts = { declared: [aNode('b', key('k'))], live: [leaving, applied(aNode('b'))] };
  const fleet = { approvals: [{ digest: planNodes(scene(parts)).heldDigest ?? '' }] };
  expect(planNodes(scene({ ...parts, fleet })).actions[0]?.hold).toMatchObject({
    guard: 'IdentityInUse',
    message: 'the Secret k is the identity of ns/a, which is still being deleted',
    release: 'Continues when ns/a is gone or has another identity.',
  });
});
