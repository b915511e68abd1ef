// What the clients are started with, where a wrong flag keeps a node from starting, from finding peers or from its history.

import { describe, expect, it } from 'vitest';

import { ethereum } from '../../../src/chains/ethereum/ethereum.ts';
import { nodeWith } from '../examples.ts';

interface Wanted {
  readonly el?: string;
  readonly cl?: string;
  readonly version?: string;
  readonly fields?: Record<string, unknown>;
}

function render({ el = 'geth', cl = 'lighthouse', version, fields = {} }: Wanted) {
  const client = version === undefined ? { name: el } : { name: el, version };
  const node = nodeWith('ethereum-geth-lighthouse', { clients: { el: client, cl: { name: cl } }, ...fields });
  const problems = ethereum.check(node.spec).filter(({ level }) => level === 'error');
  return { problems, ...ethereum.workload(node) };
}

function flagsOf(role: string, wanted: Wanted): Readonly<Record<string, string>> {
  const found = [...render(wanted).containers].find(({ name }) => name === role);
  return Object.fromEntries((found?.args ?? []).map((arg) => [arg.replace(/^--|=.*$/gs, ''), arg.split('=')[1] ?? '']));
}

const archive = { nodeType: 'archive' };
const advertised = { p2p: { port: 30_500, advertiseAddress: '203.0.113.7' } };

describe('data', () => {
  it('of nimbus lies below the mount, whose mode it cannot change', () => {
    const { containers, initContainers } = render({ cl: 'nimbus' });
    const cl = containers.find(({ name }) => name === 'cl');
    expect(cl?.args).toContain('--data-dir=/data/cl/nimbus');
    expect(initContainers[0]?.args).toContain('--data-dir=/data/cl/nimbus');
    expect(cl?.mounts).toContainEqual(expect.objectContaining({ path: '/data/cl' }));
  });
});

describe('peers', () => {
  it('reach erigon at one port, before 3.5.0 at one port for each protocol version', () => {
    const ports = (version?: string) =>
      flagsOf('el', { el: 'erigon', fields: advertised, ...(version === undefined ? {} : { version }) })[
        'p2p.allowed-ports'
      ];
    expect([ports(), ports('3.5.0'), ports('3.4.9')]).toEqual(['30500', '30500', '30500,30503']);
  });

  it('are given the address of lodestar', () => {
    const flags = flagsOf('cl', { cl: 'lodestar', fields: advertised });
    expect(flags).toMatchObject({ nat: '', 'enr.ip': '203.0.113.7' });
    expect(flagsOf('cl', { cl: 'lodestar' })).not.toHaveProperty('nat');
  });

  it('are given an IPv6 address with the ports for IPv6', () => {
    const fields = { p2p: { port: 30_500, advertiseAddress: '2001:db8::7' } };
    const lighthouse = flagsOf('cl', { cl: 'lighthouse', fields });
    expect(lighthouse).toMatchObject({ 'enr-address': '2001:db8::7', 'enr-tcp6-port': '30501', 'enr-udp6-port': '30501', 'enr-quic6-port': '30502' }); // prettier-ignore
    expect(Object.keys(lighthouse).filter((flag) => /^enr-[a-z]+-port$/.test(flag))).toEqual([]);
    const lodestar = flagsOf('cl', { cl: 'lodestar', fields });
    expect(lodestar).toMatchObject({
      'enr.ip6': '2001:db8::7',
      'enr.tcp6': '30501',
      listenAddress6: '::',
      port6: '30501',
    });
    expect(lodestar).not.toHaveProperty('enr.ip');
  });

  it('of teku use no QUIC port', () => {
    const cl = render({ cl: 'teku' }).containers.find(({ name }) => name === 'cl');
    expect(cl?.ports?.map(({ name }) => name)).not.toContain('cl-p2p-quic');
  });
});

describe('an archive', () => {
  it('of geth keeps all state histories', () => {
    expect(flagsOf('el', { fields: archive })).toMatchObject({ gcmode: 'archive', 'history.state': '0' });
  });

  it('of nethermind uses the configuration without a pivot', () => {
    expect(flagsOf('el', { el: 'nethermind', fields: archive })['config']).toBe('hoodi_archive');
    expect(flagsOf('el', { el: 'nethermind' })['config']).toBe('hoodi');
  });

  it('of teku reconstructs the states before its checkpoint', () => {
    const flags = flagsOf('cl', { cl: 'teku', fields: archive });
    expect(flags).toMatchObject({ 'data-storage-mode': 'ARCHIVE', 'reconstruct-historic-states': 'true' });
    expect(flags).toHaveProperty('checkpoint-sync-url');
  });

  it.each(['prysm', 'nimbus', 'lodestar'])('is refused for %s, which would have no history', (cl) => {
    expect(render({ cl, fields: archive }).problems).toMatchObject([
      { code: 'UnsupportedNodeType', path: ['spec', 'nodeType'], message: expect.stringContaining('lighthouse, teku') },
    ]);
  });
});

it('may leave out the history of geth before Prague', () => {
  const { problems } = render({ version: '1.17.5', fields: { args: { el: { 'history.chain': 'postprague' } } } });
  expect(problems).toEqual([]);
});

describe('rpc', () => {
  it('of nethermind has subscriptions', () => {
    expect(flagsOf('el', { el: 'nethermind' })['JsonRpc.EnabledModules']?.split(',')).toContain('Subscribe');
  });
});

describe('Gnosis', () => {
  it.each(['gnosis', 'chiado'])('%s runs with clients that have it built in', (network) => {
    expect(render({ el: 'nethermind', cl: 'teku', fields: { network } }).problems).toEqual([]);
    expect(flagsOf('el', { el: 'erigon', fields: { network } })['chain']).toBe(network);
    expect(render({ el: 'geth', cl: 'nimbus', fields: { network } }).problems.map(({ code }) => code)).toEqual([
      'UnsupportedNetwork',
      'UnsupportedNetwork',
    ]);
  });

  it('has a slot every five seconds', () => {
    const node = nodeWith('ethereum-geth-lighthouse', { network: 'gnosis' });
    const syncing = { data: { head_slot: '100', sync_distance: '0', is_syncing: false } };
    const facts = ethereum.facts(node, new Map([['cl.syncing', { ok: true, status: 200, body: syncing }]]));
    expect(facts.get('cl')?.headTime).toBe(1_638_993_340 + 500);
  });
});

describe('progress', () => {
  it('is left out while the client reports its own height as the highest', () => {
    const node = nodeWith('ethereum-reth-prysm', {});
    const reply = (result: unknown) => ({ ok: true, status: 200, body: { jsonrpc: '2.0', id: 1, result } }) as const;
    const facts = ethereum.facts(
      node,
      new Map([
        ['el.syncing', reply({ startingBlock: '0x0', currentBlock: '0x64', highestBlock: '0x64' })],
        ['el.block', reply({ number: '0x0', timestamp: '0x1' })],
      ]),
    );
    expect(facts.get('el')).toMatchObject({ syncing: true, height: 100 });
    expect(facts.get('el')).not.toHaveProperty('progress');
    expect(facts.get('el')).not.toHaveProperty('target');
  });
});
