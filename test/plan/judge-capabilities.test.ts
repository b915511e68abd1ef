// What a controller cannot run, by what it published.

import { describe, expect, it } from 'vitest';
import { parse } from 'yaml';

import { Capabilities } from '../../src/api/capabilities.ts';
import { outsideCapabilities, unknownSnapshots } from '../../src/plan/judge-capabilities.ts';

const published = Capabilities.parse(
  parse(`
chains:
  - name: ethereum
    networks: [hoodi]
    customNetworks: false
    nodeTypes: [full]
    roles: [{ name: el, clients: [{ name: geth }] }]
  - name: cosmos
    networks: [dev]
    customNetworks: true
    nodeTypes: [full, validator]
    roles: [{ name: node, clients: [{ name: cometbft }] }]
storageClasses: [{ name: fast }]
somethingNewer: { a: 1 }
`),
);

const ethereum = { chain: 'ethereum', network: 'hoodi', nodeType: 'full', clients: { el: { name: 'geth' } }, storage: { data: { size: '1Gi', storageClass: 'fast' } } } as const; // prettier-ignore

describe('a node', () => {
  it('inside the capabilities is accepted', () => {
    expect(outsideCapabilities(ethereum, 'paris', published)).toEqual([]);
    expect(outsideCapabilities({ ...ethereum, chain: 'cosmos', network: 'mine-1', clients: { node: { name: 'cometbft' } } }, 'paris', published)).toEqual([]); // prettier-ignore
  });

  it.each([
    { change: { chain: 'bitcoin' }, says: 'Executor paris does not support the chain bitcoin. It supports: ethereum, cosmos.' },
    { change: { network: 'mainnet' }, says: 'Executor paris does not support the network mainnet of ethereum. It supports: hoodi.' },
    { change: { nodeType: 'archive' }, says: 'Executor paris does not support the node type archive of ethereum. It supports: full.' },
    { change: { clients: { el: { name: 'reth' } } }, says: 'Executor paris does not support the client of el reth of ethereum. It supports: geth.' },
    { change: { clients: { el: { name: 'geth' }, cl: { name: 'teku' } } }, says: 'Executor paris does not support the client of cl teku of ethereum. It supports: none.' },
    { change: { storage: { data: { size: '1Gi', storageClass: 'slow' } } }, says: 'The cluster of executor paris has no StorageClass slow for the volume data. It has: fast.' },
  ] as const)('with $change is refused with the reason', ({ change, says }) => {
    expect(outsideCapabilities({ ...ethereum, ...change }, 'paris', published)).toEqual([says]);
  }); // prettier-ignore

  it('of any class is accepted where classes may not be listed', () => {
    const unknown = { ...published, storageClasses: undefined };
    const storage = { data: { size: '1Gi', storageClass: 'slow' } };
    expect(outsideCapabilities({ ...ethereum, storage }, 'paris', unknown)).toEqual([]);
  });
});

it('reads what older controllers published', () => {
  const { storageClasses, features } = Capabilities.parse({ chains: 'broken', storageClasses: ['fast'], features: 1 });
  expect(storageClasses?.map(({ name }) => name)).toEqual(['fast']);
  expect(features).toEqual([]);
});

describe('a job that asks for VolumeSnapshots', () => {
  const classes = { snapshotClasses: [{ name: 'snapshots', driver: 'csi.example' }] };

  it.each([
    { because: 'a class that is there', className: 'snapshots', of: classes, says: undefined },
    { because: 'the default class', className: undefined, of: classes, says: undefined },
    { because: 'unknown classes', className: 'other', of: {}, says: undefined },
    {
      because: 'another class',
      className: 'other',
      of: classes,
      says: 'The cluster of executor paris has no VolumeSnapshotClass other. It has: snapshots.',
    },
    {
      because: 'a cluster without classes',
      className: undefined,
      of: { snapshotClasses: [] },
      says: 'The cluster of executor paris has no VolumeSnapshotClass, so it makes no VolumeSnapshots. Choose another destination, or install a CSI driver that makes them.',
    },
  ])('with $because', ({ className, of, says }) => {
    expect(unknownSnapshots(className, 'paris', of)).toBe(says);
  });
});
