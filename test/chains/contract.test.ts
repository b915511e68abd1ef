// What every chain must do: walks the list of chains and the examples.

import * as fc from 'fast-check';
import { describe, expect, it } from 'vitest';

import type { Question, Reply, RoleFacts } from '../../src/chains/observed.ts';
import { chains, findChain } from '../../src/chains/index.ts';
import { example, examples, nodeWith } from './examples.ts';
import { recordedFor, replies } from './replies.ts';

const clientCases = chains.flatMap((chain) =>
  chain.roles.flatMap((role) =>
    role.clients.map((client) => ({ chain, role, client, id: `${chain.name}/${client.name}` })),
  ),
);

describe('the list of chains', () => {
  it('finds each chain by its name and nothing else', () => {
    for (const chain of chains) expect(findChain(chain.name)).toBe(chain);
    expect(findChain('dogecoin')).toBeUndefined();
    expect(findChain('toString')).toBeUndefined();
  });

  it('has an example for every client', () => {
    const used = new Set(
      examples.flatMap(({ node, chain }) =>
        Object.values(node.spec.clients).map((client) => `${chain.name}/${client.name}`),
      ),
    );
    const missing = clientCases.map((one) => one.id).filter((id) => !used.has(id));
    expect(missing, 'Add a node with each of these clients to test/chains/examples/').toEqual([]);
  });

  it.each(clientCases)('$id: no flag is managed and known at once', ({ client }) => {
    expect(Object.keys(client.knownFlags).filter((flag) => client.managedFlags.includes(flag))).toEqual([]);
  });

  it('no configuration key is managed and known at once', () => {
    for (const file of chains.flatMap((chain) => chain.configFiles)) {
      expect(Object.keys(file.knownKeys).filter((key) => file.managedKeys.includes(key))).toEqual([]);
    }
  });
});

describe.each(examples)('$name', ({ node, chain }) => {
  it('is accepted', () => {
    expect(chain.check(node.spec).filter((problem) => problem.level === 'error')).toEqual([]);
  });

  it('gives the same workload twice', () => {
    expect(JSON.stringify(chain.workload(node))).toBe(JSON.stringify(chain.workload(node)));
  });

  it('names its ports uniquely, in at most 15 characters, with a letter', () => {
    const ports = chain.workload(node).containers.flatMap((container) => container.ports ?? []);
    expect(ports.length).toBeGreaterThan(0);
    expect(new Set(ports.map((port) => port.name)).size).toBe(ports.length);
    expect(new Set(ports.map((port) => `${port.port}/${port.protocol ?? 'TCP'}`)).size).toBe(ports.length);
    for (const port of ports) expect(port.name).toMatch(/^(?=.*[a-z])[a-z0-9]([a-z0-9-]{0,13}[a-z0-9])?$/);
  });

  it('asks questions with unique ids, of roles it runs, at ports it opens', () => {
    const questions = chain.questions(node);
    expect(new Set(questions.map((question) => question.id)).size).toBe(questions.length);
    const containers = new Map(chain.workload(node).containers.map((container) => [container.name, container]));
    for (const { role, port } of questions) {
      expect(containers.get(role)?.ports?.some((one) => one.port === port && one.purpose === 'rpc')).toBe(true);
    }
  });

  it('reads the recorded reply of every role', () => {
    const recorded = recordedFor(node);
    const missing = chain.questions(node).flatMap(({ id }) => (Object.hasOwn(recorded, id) ? [] : [id]));
    expect(missing, 'Add the replies of a running node to RECORDED in test/chains/replies.ts').toEqual([]);
    const facts = chain.facts(node, replies(recorded));
    expect([...facts.keys()].sort()).toEqual(rolesAsked(chain.questions(node)));
    expect([...chain.expectations(node).keys()].sort()).toEqual([...facts.keys()].sort());
    for (const role of facts.values()) {
      expect(role.reach).toBe('answering');
      expect(role.version ?? '0').toMatch(/\d/);
    }
    // One role at least says how far the node is; the others may have no height, and no version that is cheap to ask for.
    expect([...facts.values()].some(({ height }) => height !== undefined && height > 0)).toBe(true);
  });

  it('says for every role that nothing answers when nothing does', () => {
    for (const role of chain.facts(node, new Map()).values()) expect(role.reach).toBe('unreachable');
  });

  it('mounts only volumes that the spec or the workload has', () => {
    const workload = chain.workload(node);
    const made = workload.generatedSecrets.map((secret) => secret.name);
    const known: Readonly<Record<string, readonly string[]>> = {
      storage: Object.keys(node.spec.storage),
      generated: made,
      file: Object.keys(workload.files),
    };
    const mounts = [...workload.containers, ...workload.initContainers].flatMap((one) => one.mounts);
    const dangling = mounts.filter((mount) => {
      if (mount.kind === 'signerVolume') return false;
      const name = mount.kind === 'file' ? mount.key : mount.name;
      return known[mount.kind]?.includes(name) === false;
    });
    expect(dangling).toEqual([]);
  });

  it('refuses every managed key of its files and lists each one', () => {
    for (const { name, managedKeys } of chain.configFiles) {
      const config = { [name]: Object.fromEntries(managedKeys.map((key) => [key, '1'])) };
      const refused = chain
        .check({ ...node.spec, config })
        .filter(({ code, path }) => code === 'ManagedSetting' && path[1] === 'config');
      expect(refused.map(({ path }) => path[3])).toEqual(managedKeys);
    }
  });

  it('refuses every managed flag and lists each one', () => {
    for (const [role, client] of Object.entries(node.spec.clients)) {
      const info = chain.roles.find((one) => one.name === role)?.clients.find((one) => one.name === client.name);
      const flags = info?.managedFlags ?? [];
      const spec = { ...node.spec, args: { [role]: Object.fromEntries(flags.map((flag) => [flag, '1'])) } };
      const refused = chain.check(spec).filter((problem) => problem.code === 'ManagedSetting');
      expect(refused.map((problem) => problem.path)).toEqual(flags.map((flag) => ['spec', 'args', role, flag]));
    }
  });

  it('sets no flag that a user may not override without calling it managed', () => {
    for (const container of chain.workload({ ...node, spec: { ...node.spec, args: {} } }).containers) {
      const flags = (container.args ?? []).map((text) => text.replace(/^--?/, '').split('=')[0] ?? '');
      expect(new Set(flags).size).toBe(flags.length);
    }
  });

  it('never throws for junk, and invents no height', () => {
    const ids = chain.questions(node).map((question) => question.id);
    const result = fc.check(
      fc.property(
        fc.array(junkReply(recordedFor(node)), { minLength: ids.length, maxLength: ids.length }),
        (answers) => {
          const map = new Map(ids.map((id, index) => [id, answers[index] as Reply]));
          return [...chain.facts(node, map).values()].every(isPlausible);
        },
      ),
      { numRuns: 200 },
    );
    expect(result.counterexample).toBeNull();
  });
});

/** A role without questions is judged by its container alone. */
function rolesAsked(questions: readonly Question[]): readonly string[] {
  return [...new Set(questions.map(({ role }) => role))].sort();
}

/** Whether every figure is one: whole and not negative, or a share of one. */
function isPlausible({ height, target, peers, headTime, progress }: RoleFacts): boolean {
  const figures = [height, target, peers, headTime].filter((figure) => figure !== undefined);
  const whole = figures.every((figure) => Number.isSafeInteger(figure) && figure >= 0);
  return whole && (progress === undefined || (progress >= 0 && progress <= 1));
}

/** Replies that are near the truth: recorded ones with a member replaced by something odd, or odd altogether. */
function junkReply(recorded: Readonly<Record<string, unknown>>): fc.Arbitrary<Reply> {
  const odd = fc.oneof(
    fc.constantFrom(
      null,
      '',
      '0x',
      '0xffffffffffffffff',
      '99999999999999999999',
      -1,
      1e308,
      true,
      [],
      {},
      'NaN',
      '0x1',
    ),
    fc.jsonValue(),
  );
  const mutated = fc.tuple(fc.constantFrom(...Object.values(recorded)), fc.nat(40), odd).map(([body, at, value]) => {
    let index = 0;
    return JSON.parse(JSON.stringify(body), (_key, member: unknown) => (index++ === at ? value : member)) as unknown;
  });
  return fc.oneof(
    fc
      .tuple(fc.oneof(odd, mutated), fc.constantFrom(200, 206, 401, 500, 503))
      .map(([body, status]): Reply => ({ ok: true, status, body })),
    fc
      .constantFrom('refused', 'timeout', 'tooLarge', 'notJson', 'failed')
      .map((reason): Reply => ({ ok: false, reason, message: 'x'.repeat(2000) })),
  );
}

describe('checks that hold for every chain', () => {
  const base = 'ethereum-geth-lighthouse';
  const rows: readonly { because: string; fields: Record<string, unknown>; expected: readonly [string, string][] }[] = [
    {
      because: 'an unknown network is refused',
      fields: { network: 'ropsten' },
      expected: [['UnknownNetwork', '/spec/network']],
    },
    {
      because: 'an unknown client is refused',
      fields: { clients: { el: { name: 'parity' }, cl: { name: 'teku' } } },
      expected: [['UnknownClient', '/spec/clients/el/name']],
    },
    {
      because: 'an unknown role is refused, a missing one asked for',
      fields: { clients: { node: { name: 'geth' } } },
      expected: [
        ['MissingRole', '/spec/clients/el'],
        ['UnknownRole', '/spec/clients/node'],
        ['MissingRole', '/spec/clients/cl'],
      ],
    },
    {
      because: 'a version older than the network demands is refused',
      fields: { clients: { el: { name: 'geth', version: '1.15.6' }, cl: { name: 'prysm', version: 'v6.0.5' } } },
      expected: [
        ['VersionTooOld', '/spec/clients/el/version'],
        ['VersionTooOld', '/spec/clients/cl/version'],
      ],
    },
    {
      because: 'the oldest allowed version is allowed',
      fields: { clients: { el: { name: 'geth', version: 'v1.16.4' }, cl: { name: 'prysm', version: '7.0.1' } } },
      expected: [],
    },
    {
      because: 'a version that is no tag is refused',
      fields: { clients: { el: { name: 'geth', version: '1.16/7' }, cl: { name: 'teku' } } },
      expected: [['InvalidVersion', '/spec/clients/el/version']],
    },
    {
      because: 'an image tag with a space is refused',
      fields: {
        clients: {
          el: { name: 'geth', version: '1.16.7', image: 'registry.example/geth:1.16 .7' },
          cl: { name: 'teku' },
        },
      },
      expected: [['InvalidImage', '/spec/clients/el/image']],
    },
    {
      because: 'an image without a tag after the colon is refused',
      fields: {
        clients: { el: { name: 'geth', version: '1.16.7', image: 'registry.example/geth:' }, cl: { name: 'teku' } },
      },
      expected: [['InvalidImage', '/spec/clients/el/image']],
    },
    {
      because: 'an image in capital letters is refused',
      fields: {
        clients: {
          el: { name: 'geth', version: '1.16.7', image: 'registry.example/Geth:1.16.7' },
          cl: { name: 'teku' },
        },
      },
      expected: [['InvalidImage', '/spec/clients/el/image']],
    },
    {
      because: 'an image may have a port, a tag and a digest',
      fields: {
        clients: {
          el: {
            name: 'geth',
            version: '1.16.7',
            image:
              'registry.example:5000/team/go-ethereum__x:v1.16.7@sha256:aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa',
          },
          cl: { name: 'teku' },
        },
      },
      expected: [],
    },
    {
      because: 'there must be a place for the data',
      fields: { storage: { extra: { size: '9000Gi' } } },
      expected: [['MissingStorage', '/spec/storage']],
    },
    {
      because: 'a small volume is a warning only',
      fields: { storage: { data: { size: '100Gi' } } },
      expected: [['LowCapacity', '/spec/storage']],
    },
    {
      because: 'known flags are typed, unknown ones pass, dashes are refused, roles must exist',
      fields: { args: { el: { cache: 'lots', 'made.up': 'x', '--http': '' }, node: { a: 'b' } } },
      expected: [
        ['InvalidSetting', '/spec/args/el/cache'],
        ['InvalidFlag', '/spec/args/el/--http'],
        ['UnknownRole', '/spec/args/node'],
      ],
    },
    {
      because: 'a chain without files takes no file',
      fields: { config: { 'geth.toml': { a: 'b' } } },
      expected: [['UnknownConfigFile', '/spec/config/geth.toml']],
    },
    {
      because: 'a node type that the chain does not have is refused',
      fields: { nodeType: 'validator' },
      expected: [['UnsupportedNodeType', '/spec/nodeType']],
    },
    {
      because: 'peers are given an address, not a name',
      fields: { p2p: { advertiseAddress: 'node.example:30303' } },
      expected: [['InvalidAddress', '/spec/p2p/advertiseAddress']],
    },
    {
      because: 'an IPv6 address is an address',
      fields: { p2p: { advertiseAddress: '2001:db8::7' } },
      expected: [],
    },
    {
      because: 'the development network has no use for a consensus client',
      fields: { network: 'dev', clients: { el: { name: 'geth' }, cl: { name: 'teku' } } },
      expected: [
        ['UnsupportedNetwork', '/spec/clients/cl/name'],
        ['UnusedRole', '/spec/clients/cl'],
      ],
    },
    {
      because: 'a node port outside the range of node ports is refused',
      fields: { serviceType: 'NodePort', p2p: { port: 30_303 - 10_000 } },
      expected: [['InvalidPort', '/spec/p2p/port']],
    },
    {
      because: 'sidecars may not take names, ports or volumes that are taken or absent',
      fields: { sidecars: [{ name: 'el', image: 'x', mounts: [{ storage: 'none', path: '/x', readOnly: true }] }] },
      expected: [
        ['DuplicateName', '/spec/sidecars/0/name'],
        ['UnknownStorage', '/spec/sidecars/0/mounts/0/storage'],
      ],
    },
    {
      because: 'tolerations must be such as the API server accepts',
      fields: {
        tolerations: [
          { key: 'a', operator: 'Exists', value: 'b' },
          { operator: 'Equal', value: 'b' },
          { key: 'a', operator: 'Exists', effect: 'NoSchedule', tolerationSeconds: 5 },
          { operator: 'Exists', effect: 'NoExecute', tolerationSeconds: 5 },
        ],
      },
      expected: [
        ['InvalidToleration', '/spec/tolerations/0/value'],
        ['InvalidToleration', '/spec/tolerations/1'],
        ['InvalidToleration', '/spec/tolerations/2/tolerationSeconds'],
      ],
    },
    {
      because: 'resources must have names and amounts that the API server accepts',
      fields: {
        resources: {
          el: { requests: { cpu: '2', memroy: '1Gi' }, limits: { cpu: '1500m', 'example.com/fpga': '1' } },
          cl: { requests: { 'hugepages-2Mi': '4Mi' } },
        },
      },
      expected: [
        ['UnknownResource', '/spec/resources/el/requests/memroy'],
        ['InvalidResources', '/spec/resources/el/requests/cpu'],
        ['InvalidResources', '/spec/resources/cl/requests/hugepages-2Mi'],
        ['InvalidResources', '/spec/resources/cl'],
      ],
    },
    {
      because: "a sidecar's port may not be one of the node's",
      fields: { sidecars: [{ name: 'proxy', image: 'x', ports: [{ name: 'http', port: 8545 }] }] },
      expected: [['DuplicatePort', '/spec/sidecars/0/ports/0']],
    },
  ];
  it.each(rows)('$because', ({ fields, expected }) => {
    const { chain } = example(base);
    const found = chain.check(nodeWith(base, fields).spec);
    expect(found.map(({ code, path }) => [code, `/${path.join('/')}`])).toEqual(expected);
    for (const { message } of found) expect(message).toMatch(/ .*[.?]$/);
  });
});
