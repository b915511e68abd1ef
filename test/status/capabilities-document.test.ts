// The lists of capabilities.yaml have one order, whichever the controller found them in.

import { expect, it } from 'vitest';

import type { Capabilities } from '../../src/api/capabilities.ts';
import { capabilitiesDocument } from '../../src/status/capabilities-document.ts';

const named = (...names: string[]) => names.map((name) => ({ name }));
const [mixed, sorted] = [named('b', 'a', 'c'), named('a', 'b', 'c')];
const chain = { networks: ['y', 'x'], customNetworks: false, nodeTypes: ['full'], roles: [] };

it('sorts what has no order of its own', () => {
  const given: unknown = {
    chains: mixed.map(({ name }) => ({ name, ...chain, configFiles: mixed })),
    storageClasses: mixed,
    snapshotClasses: mixed,
    backupLocations: ['b', 'a', 'c'],
    features: ['b', 'a', 'b'],
  };
  const document = capabilitiesDocument(given as Capabilities);
  expect(document).toEqual({
    chains: sorted.map(({ name }) => ({ name, ...chain, networks: ['x', 'y'], configFiles: sorted })),
    storageClasses: sorted,
    snapshotClasses: sorted,
    backupLocations: ['a', 'b', 'c'],
    features: ['a', 'b'],
    kubernetes: undefined,
  });
});

it('has no list of what is not known', () => {
  expect(capabilitiesDocument({ chains: [{ name: 'a', ...chain }], features: [] })).toEqual({
    chains: [{ name: 'a', ...chain, networks: ['x', 'y'], configFiles: undefined }],
    storageClasses: undefined,
    snapshotClasses: undefined,
    backupLocations: undefined,
    features: [],
    kubernetes: undefined,
  });
});
