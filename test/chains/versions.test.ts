// Which client versions may run where: forks, minimum versions, known faults.

import { describe, expect, it } from 'vitest';

import { chains, findChain } from '../../src/chains/index.ts';
import { versionFault } from '../../src/chains/check-spec.ts';
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
    expect(versionFault(chain, client, network, client.defaultVersion)).toBeUndefined();
  });

  it('are known to every fork of a network that the client can join', () => {
    const missing = cases.flatMap(({ chain, client, network }) =>
      (chain.networks.find(({ name }) => name === network)?.forks ?? [])
        .filter(({ versions }) => versions[client.name] === undefined)
        .map(({ name }) => `${client.name} on ${network}: ${name}`),
    );
    expect(missing).toEqual([]);
  });
});

describe('ethereum', () => {
  const rows = [
    { because: 'geth 1.17.5 stops at Glamsterdam', network: 'sepolia', el: 'geth', version: '1.17.5', says: /Glamsterdam.*2026-10-06.*1\.17\.10/ },
    { because: 'the same version is good on Hoodi', network: 'hoodi', el: 'geth', version: '1.17.5' },
    { because: 'Hoodi was added to geth after 1.15.0', network: 'hoodi', el: 'geth', version: '1.15.0', says: /Fusaka/ },
    { because: 'geth 1.13.0 left the main network', network: 'mainnet', el: 'geth', version: '1.13.0', says: /1\.16\.7 or newer/ },
    { because: 'reth 1.11.4 knows Hoodi', network: 'hoodi', el: 'reth', version: '1.11.4' },
    { because: 'Nethermind 2.2.0 leaves Hoodi', network: 'hoodi', el: 'nethermind', version: 'v2.2.0', says: /must not run on hoodi.*Use 2\.2\.1/ },
    { because: 'Nethermind 2.2.0 is good elsewhere', network: 'mainnet', el: 'nethermind', version: '2.2.0' },
    { because: 'Nethermind has the fork since 2.1.0', network: 'sepolia', el: 'nethermind', version: '2.1.0' },
  ]; // prettier-ignore
  it.each(rows)('$because', ({ network, el, version, says }) => {
    const { spec } = nodeWith('ethereum-geth-lighthouse', {
      network,
      clients: { el: { name: el, version }, cl: { name: 'lighthouse' } },
    });
    const errors = (findChain('ethereum')?.check(spec) ?? []).filter(({ level }) => level === 'error');
    expect(errors.map(({ path }) => path.join('.'))).toEqual(says === undefined ? [] : ['spec.clients.el.version']);
    expect(errors[0]?.message ?? '').toMatch(says ?? /^$/);
  });
});

describe('bitcoin', () => {
  it('warns that testnet 3 is deprecated', () => {
    const { spec } = nodeWith('bitcoin-mainnet', { network: 'test' });
    expect(findChain('bitcoin')?.check(spec)).toMatchObject([{ level: 'warning', code: 'DeprecatedNetwork' }]);
  });

  it('runs testnet 4 from Bitcoin Core 28 on', () => {
    const check = (version: string) =>
      findChain('bitcoin')?.check(
        nodeWith('bitcoin-mainnet', { network: 'testnet4', clients: { node: { name: 'bitcoind', version } } }).spec,
      );
    expect(check('28.0')).toEqual([]);
    expect(check('27.2')).toMatchObject([{ code: 'VersionTooOld' }]);
  });
});
