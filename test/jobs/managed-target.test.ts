// What a job knows of a node of this controller, and where the nodes of a Switchover keep what they have signed.

import { describe, expect, it } from 'vitest';

import type { KubeObject } from '../../src/api/objects.ts';
import { signerRecords } from '../../src/jobs/key-exchange/signer-record.ts';
import { type ManagedInput, readManaged } from '../../src/jobs/layouts/managed.ts';
import type { SignerState } from '../../src/api/chain-jobs.ts';
import type { Scope } from '../../src/jobs/model/scope.ts';
import { aNode } from '../support/plan-scene.ts';
import { managedTarget, observed, targetSeen } from './support/fixtures.ts';

function aPvc(name: string, spec: object = {}): KubeObject {
  return { apiVersion: 'v1', kind: 'PersistentVolumeClaim', metadata: { name }, spec };
}

const FAST = { storageClassName: 'fast', resources: { requests: { storage: '10Gi' } } };
const NODE = aNode('eth-0', {
  clients: { el: { name: 'geth' }, cl: { name: 'lighthouse' } },
  storage: { data: { size: '1Gi' }, ancient: { size: '2Gi' } },
});
const INPUT: ManagedInput = {
  node: NODE,
  name: 'eth-0',
  pvcs: [aPvc('ancient-eth-0-0', FAST), aPvc('data-eth-0-0', FAST), aPvc('data-eth-0-1', FAST), aPvc('other-eth-0-0')],
  uid: 1000,
  gid: 2000,
  images: ['example.com/geth:1'],
};
const volume = (name: string) => ({ name, claim: `${name}-eth-0-0`, storageClass: 'fast', size: '10Gi' });

describe('a node of this controller', () => {
  it('is known with its PVCs, its owner, its clients and what it ran with', () => {
    expect(readManaged(INPUT)).toEqual({
      ok: true,
      target: {
        node: 'eth-0',
        deployMethod: 'managed',
        workload: { apiVersion: NODE.apiVersion, kind: 'BlockchainNode', name: 'eth-0' },
        wasRunning: true,
        podSelector: { 'novacula.com/node': 'eth-0' },
        volumes: [volume('ancient'), volume('data')],
        uid: 1000,
        gid: 2000,
        chain: 'ethereum',
        network: 'hoodi',
        images: ['example.com/geth:1'],
        clients: ['cl=lighthouse', 'el=geth'],
      },
    });
  });

  it.each([
    ['host', { host: 'host-1' }],
    ['identity', { identity: 'key' }],
    ['chainId', { chainId: '0x1' }],
    ['height', { height: 0 }],
  ] as const)('is known with its %s where that is known', (_field, known) => {
    expect(readManaged({ ...INPUT, ...known })).toMatchObject({ target: known });
  });

  it('that is stopped is known as such', () => {
    const node = aNode('eth-0', { desiredState: 'Stopped' });
    expect(readManaged({ ...INPUT, node })).toMatchObject({ target: { wasRunning: false } });
  });

  it.each([
    ['class and size', {}, {}],
    ['an empty class', { storageClassName: '' }, {}],
    ['a size alone', { resources: { requests: { storage: '1Gi' } } }, { size: '1Gi' }],
  ])('has a PVC that does not say %s', (_what, spec, known) => {
    const found = readManaged({ ...INPUT, node: aNode('eth-0'), pvcs: [aPvc('data-eth-0-0', spec)] });
    expect(found).toMatchObject({ ok: true });
    expect(found.ok && found.target.volumes).toEqual([{ name: 'data', claim: 'data-eth-0-0', ...known }]);
  });

  it('has at most 16 images on record', () => {
    const images = Array.from({ length: 20 }, (_, index) => `image-${index}`);
    const found = readManaged({ ...INPUT, images });
    expect(found.ok && found.target.images).toEqual(images.slice(0, 16));
  });

  it('that does not exist, or never had a PVC, is none', () => {
    expect(readManaged({ ...INPUT, node: undefined })).toMatchObject({ ok: false, reason: 'NodeMissing' });
    expect(readManaged({ ...INPUT, pvcs: [aPvc('data-eth-1-0')] })).toMatchObject({
      ok: false,
      reason: 'ClaimMissing',
    });
  });
});

describe('the records of two nodes that exchange their keys', () => {
  const pair = { source: managedTarget('a'), dest: managedTarget('b'), a: 'a-key', b: 'b-key' };
  const state = (path: string, on = 'data'): SignerState => ({ volume: on, path, format: 'cometbft' });

  function recordsOf(states: Readonly<Record<string, readonly SignerState[] | undefined>>) {
    const targets = Object.entries(states).map(([node, signerState]) => {
      const answers = signerState === undefined ? undefined : { identityFiles: [], signerState };
      return [node, { ...targetSeen(managedTarget(node)), answers }] as const;
    });
    // Of a scope only what was observed matters.
    return signerRecords({ observed: observed({ targets: new Map(targets as never) }) } as Scope, pair);
  }

  it('are where their chain keeps them, all files of the first volume', () => {
    expect(recordsOf({ a: [state('x'), state('y'), state('z', 'other')], b: [state('w')] })).toEqual({
      states: [
        { node: 'a', volume: 'data', paths: ['x', 'y'] },
        { node: 'b', volume: 'data', paths: ['w'] },
      ],
    });
  });

  it('are none on a chain that has no such files', () => {
    expect(recordsOf({ a: [], b: [] })).toEqual({ states: [] });
  });

  it.each([
    ['only one node has one', { a: [state('x')], b: [] }, 'NotSupported', 'only a keeps'],
    ['the chain of a node is not known', { a: [state('x')], b: undefined }, 'NodeMissing', 'the chain of b'],
    [
      'a node has no such volume',
      { a: [state('x', 'gone')], b: [state('w')] },
      'VolumeMissing',
      'a has no volume gone',
    ],
  ])('refuse the exchange when %s', (...[, states, reason, says]) => {
    const found = recordsOf(states);
    expect(found).toMatchObject({ refused: true, reason });
    expect('message' in found && found.message).toContain(says);
  });
});
