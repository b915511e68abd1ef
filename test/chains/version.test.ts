// Comparing versions and making image references.

import { describe, expect, it } from 'vitest';

import type { ClientInfo } from '../../src/chains/chain.ts';
import { imageOf, isOlder } from '../../src/chains/version.ts';

describe('isOlder', () => {
  const rows = [
    { because: 'smaller patch', version: '1.16.6', minimum: '1.16.7', older: true },
    { because: 'numbers are no texts', version: '1.16.10', minimum: '1.16.9', older: false },
    { because: 'equal is not older', version: 'v1.15.0', minimum: '1.15.0', older: false },
    { because: 'missing parts are zero', version: '7.1', minimum: '7.1.0', older: false },
    { because: 'a release candidate precedes its release', version: '2.0.0-rc1', minimum: '2.0.0', older: true },
    {
      because: 'a suffix that is no pre-release says nothing',
      version: '25.11.0-jdk21',
      minimum: '25.11.0',
      older: false,
    },
    { because: 'a branch can not be compared', version: 'latest', minimum: '2.0.0', older: false },
  ];
  it.each(rows)('$because', ({ version, minimum, older }) => {
    expect(isOlder(version, minimum)).toBe(older);
  });
});

describe('imageOf', () => {
  const info: ClientInfo = {
    name: 'geth',
    image: 'ethereum/client-go',
    defaultVersion: '1.16.7',
    tagPrefix: 'v',
    managedFlags: [],
    knownFlags: {},
  };
  const rows = [
    { because: 'no version: the default', client: { name: 'geth' }, image: 'ethereum/client-go:v1.16.7' },
    { because: 'bare version', client: { name: 'geth', version: '1.15.0' }, image: 'ethereum/client-go:v1.15.0' },
    { because: 'version with v', client: { name: 'geth', version: 'v1.15.0' }, image: 'ethereum/client-go:v1.15.0' },
    {
      because: 'own image wins',
      client: { name: 'geth', version: '1.15.0', image: 'a/b@sha256:1' },
      image: 'a/b@sha256:1',
    },
  ];
  it.each(rows)('$because', ({ client, image }) => {
    expect(imageOf(client, info)).toBe(image);
  });
});
