// Which client versions may run where: forks, minimum versions, known faults.

import { describe, expect, it } from 'vitest';

import { chains, findChain } from '../../src/chains/index.ts';
import { versionFault } from '../../src/chains/check-spec.ts';
import { isOlder } from '../../src/chains/version.ts';
import { nodeWith } from './examples.ts';

const cases = chains.flatMap((chain) =>
  chain.roles.flatMap(({ clients }) =>
    clients.flatMap((client) =>
      (client.networks ?? chain.networks.map(({ name }) => name)).map((network) => ({ chain, client, network })),
    ),
  ),
);

describe('default versions', () => {
  it.each(cases)('$client.name follows $network', ({ chain, client, network }) => {
    expect(versionFault(chain, client, { network, version: client.defaultVersion })).toBeUndefined();
  });

  it('every fork of a network names a version of each client that can join it', () => {
    const missing = cases.flatMap(({ chain, client, network }) =>
      (chain.networks.find(({ name }) => name === network)?.forks ?? [])
        .filter(({ versions }) => versions[client.name] === undefined)
        .map(({ name }) => `${client.name} on ${network}: ${name}`),
    );
    expect(missing).toEqual([]);
  });
});

/** The first versions without a known fault of security, by their release notes and advisories. */
const SECURE: Readonly<Record<string, string>> = {
  geth: '1.16.9',
  besu: '26.9.0',
  lighthouse: '8.2.3',
  cometbft: '0.38.17',
};

it.each(Object.entries(SECURE))('the default version of %s has the security fixes of %s', (name, first) => {
  const client = chains
    .flatMap(({ roles }) => roles.flatMap(({ clients }) => clients))
    .find((one) => one.name === name);
  expect(isOlder(client?.defaultVersion ?? '', first)).toBe(false);
});

it('the default version of cometbft is of the line that has security fixes: 1.x has none', () => {
  const client = findChain('cosmos')?.roles.flatMap(({ clients }) => clients)[0];
  expect(client?.defaultVersion).toMatch(/^0\.38\./);
});

describe('ethereum', () => {
  interface Row {
    readonly because: string;
    readonly network: string;
    readonly el: string;
    readonly version: string;
    readonly cl?: string;
    readonly clVersion?: string;
    readonly says?: RegExp;
  }
  const rows: readonly Row[] = [
    { because: 'geth 1.17.5 stops at Glamsterdam', network: 'sepolia', el: 'geth', version: '1.17.5', says: /Glamsterdam, the upgrade of sepolia at 2026-10-06T13:53:36Z\. Use 1\.17\.9 or newer/ },
    { because: 'the same version is good on Hoodi', network: 'hoodi', el: 'geth', version: '1.17.5' },
    { because: 'Hoodi was added to geth after 1.15.0', network: 'hoodi', el: 'geth', version: '1.15.0', says: /Fusaka/ },
    { because: 'geth 1.13.0 left the main network', network: 'mainnet', el: 'geth', version: '1.13.0', says: /1\.16\.7 or newer/ },
    { because: 'reth 1.11.4 knows Hoodi', network: 'hoodi', el: 'reth', version: '1.11.4' },
    { because: 'prysm 7.0.1 knows Hoodi', network: 'hoodi', el: 'geth', cl: 'prysm', version: '1.17.5', clVersion: '7.0.1' },
    { because: 'reth 2.7.0 has the fork of Sepolia', network: 'sepolia', el: 'reth', version: '2.7.0' },
    { because: 'reth 2.8.0 leaves Hoodi', network: 'hoodi', el: 'reth', version: '2.8.0', says: /must not run on hoodi.*Use 2\.8\.1/ },
    { because: 'Nethermind 2.2.0 leaves Hoodi', network: 'hoodi', el: 'nethermind', version: 'v2.2.0', says: /must not run on hoodi.*withdrawn.*Use 2\.2\.1/ },
    { because: 'Nethermind 2.2.0 is good elsewhere', network: 'mainnet', el: 'nethermind', version: '2.2.0' },
    { because: 'Nethermind has the fork since 2.1.0', network: 'sepolia', el: 'nethermind', version: '2.1.0' },
    { because: 'Gnosis has a schedule of its own', network: 'gnosis', el: 'nethermind', version: '1.36.1', says: /Fusaka, the upgrade of gnosis at 2026-04-14T12:06:20Z\. Use 1\.36\.2/ },
    { because: 'Chiado had it before', network: 'chiado', el: 'nethermind', version: '1.36.1' },
  ]; // prettier-ignore
  it.each<Row>(rows)('$because', ({ network, el, version, says, ...more }) => {
    const { cl = 'lighthouse', clVersion } = more;
    const { spec } = nodeWith('ethereum-geth-lighthouse', {
      network,
      clients: {
        el: { name: el, version },
        cl: { name: cl, ...(clVersion === undefined ? {} : { version: clVersion }) },
      },
    });
    const errors = (findChain('ethereum')?.check(spec) ?? []).filter(({ level }) => level === 'error');
    expect(errors.map(({ path }) => path.join('.'))).toEqual(says === undefined ? [] : ['spec.clients.el.version']);
    expect(errors[0]?.message ?? '').toMatch(says ?? /^$/);
  });
});

describe('an image of the user', () => {
  const check = (network: string, el: Record<string, string>) =>
    findChain('ethereum')?.check(
      nodeWith('ethereum-geth-lighthouse', { network, clients: { el: { name: 'geth', ...el }, cl: { name: 'teku' } } })
        .spec,
    );
  const image = 'registry.example/geth:custom';

  it('is warned about when it has no version, with the fork and the version that it needs', () => {
    const found = check('sepolia', { image });
    expect(found).toMatchObject([
      { level: 'warning', code: 'UnknownVersion', path: ['spec', 'clients', 'el', 'version'] },
    ]);
    expect(found?.[0]?.message).toMatch(/Glamsterdam, the upgrade of sepolia at 2026-10-06T13:53:36Z, needs 1\.17\.9/);
  });

  it('is checked by the version that the file states', () => {
    expect(check('sepolia', { image, version: '1.17.10' })).toEqual([]);
    expect(check('sepolia', { image, version: '1.17.5' })).toMatchObject([{ level: 'error', code: 'VersionTooOld' }]);
  });
});

describe('bitcoin', () => {
  it('warns that testnet 3 is deprecated', () => {
    const { spec } = nodeWith('bitcoin-mainnet', { network: 'test' });
    expect(findChain('bitcoin')?.check(spec)).toMatchObject([{ level: 'warning', code: 'DeprecatedNetwork' }]);
  });

  const clients = [
    { name: 'bitcoind', first: '28.0', before: '27.2' },
    { name: 'btcd', first: '0.25.0', before: '0.24.2' },
  ];
  it.each(clients)('runs testnet 4 with $name from $first on', ({ name, first, before }) => {
    const check = (version: string) =>
      findChain('bitcoin')?.check(
        nodeWith('bitcoin-btcd', { network: 'testnet4', args: {}, config: {}, clients: { node: { name, version } } })
          .spec,
      );
    expect(check(first)).toEqual([]);
    expect(check(before)).toMatchObject([{ code: 'VersionTooOld' }]);
  });
});
