// A value of a spec cannot leave its place: no second line, argument, key or program.

import * as fc from 'fast-check';
import { describe, expect, it } from 'vitest';

import { bitcoin } from '../../src/chains/bitcoin/bitcoin.ts';
import type { Workload } from '../../src/chains/workload.ts';
import { example, examples, nodeWith } from './examples.ts';

const hostile = fc.oneof(
  fc.string({ unit: 'binary', maxLength: 30 }),
  fc
    .tuple(fc.string({ maxLength: 8 }), fc.constantFrom('\n', '\r', '\0', '"', "'", '#', ']\n[', '\u2028', ' ', '=', '$(x)'), fc.string({ maxLength: 8 }))
    .map((parts) => parts.join('')),
); // prettier-ignore

/** What a hostile value could change: how many arguments and lines there are, and which variables. */
function shapeOf({ containers, initContainers, files }: Workload) {
  const all = [...containers, ...initContainers];
  return {
    args: all.map(({ args = [] }) => args.map((arg) => arg.split('=')[0])),
    lines: Object.values(files).flatMap((text) => text.split(/\r\n|[\n\r\u0085\u2028\u2029]/)).length,
    variables: all.flatMap((one) => Object.keys(one.env ?? {}).map((variable) => `${one.name}/${variable}`)),
  };
}

const errorsOf = (name: string, fields: Record<string, unknown>) =>
  example(name)
    .chain.check(nodeWith(name, fields).spec)
    .filter(({ level }) => level === 'error');

describe.each(examples)('$name', ({ name, node, chain }) => {
  const clean = chain.workload({ ...node, spec: { ...node.spec, args: {} } });
  const [role = ''] = Object.keys(node.spec.clients);

  it('gets the same arguments, lines and variables for every address that is accepted', () => {
    const withAddress = (address: string) => ({ args: {}, p2p: { ...node.spec.p2p, advertiseAddress: address } });
    // Some clients have flags of their own for IPv6.
    const [v4, v6] = ['192.0.2.1', '2001:db8::1'].map((one) =>
      shapeOf(chain.workload(nodeWith(name, withAddress(one)))),
    );
    fc.assert(
      fc.property(fc.oneof(hostile, fc.ipV4(), fc.ipV6(), fc.domain()), (address) => {
        const fields = withAddress(address);
        if (errorsOf(name, fields).length > 0) return;
        expect(shapeOf(chain.workload(nodeWith(name, fields)))).toEqual(address.includes(':') ? v6 : v4);
        expect(address).toMatch(/^[A-Za-z0-9.:%-]+$/);
      }),
    );
    expect(errorsOf(name, withAddress('198.51.100.7'))).toEqual([]);
    expect(errorsOf(name, withAddress('192.0.2.1\nrpcuser=eve'))).not.toEqual([]);
  });

  it.each(chain.configFiles)('gives each accepted key of $name one line or one variable, with the value as it is', (file) => {
    const before = shapeOf(chain.workload({ ...node, spec: { ...node.spec, config: {} } }));
    fc.assert(
      fc.property(fc.oneof(hostile, fc.constantFrom(...Object.keys(file.knownKeys))), hostile, (key, value) => {
        const fields = { config: { [file.name]: { [key]: value } } };
        if (errorsOf(name, fields).length > 0) return;
        const workload = chain.workload(nodeWith(name, fields));
        const shape = shapeOf(workload);
        expect(shape.args).toEqual(before.args);
        expect(shape.lines + shape.variables.length).toBeLessThanOrEqual(
          before.lines + before.variables.length + workload.containers.length + workload.initContainers.length,
        );
        const places = [
          ...Object.values(workload.files).flatMap((text) => text.split('\n')),
          ...workload.containers.flatMap(({ env = {} }) => Object.entries(env).map(([, held]) => `${key}=${held}`)),
        ];
        expect(places).toContain(`${key}=${value}`);
      }),
    );
  }); // prettier-ignore

  it('gives each accepted flag one argument of its own', () => {
    fc.assert(
      fc.property(hostile, hostile, (flag, value) => {
        const fields = { args: { [role]: { [flag]: value } } };
        if (errorsOf(name, fields).length > 0) return;
        const args = chain.workload(nodeWith(name, fields)).containers.find((one) => one.name === role)?.args ?? [];
        const before = clean.containers.find((one) => one.name === role)?.args ?? [];
        expect(args.length - before.length).toBeLessThanOrEqual(1);
        for (const arg of args) expect(arg).toMatch(/^--?[A-Za-z0-9][\w.:-]*(=|$)/);
        expect(args.join('')).not.toContain('\0');
      }),
    );
  });

  it('refuses other spellings of managed flags', () => {
    const client = chain.roles
      .find((one) => one.name === role)
      ?.clients.find((one) => one.name === node.spec.clients[role]?.name);
    for (const flag of client?.managedFlags ?? []) {
      for (const spelling of [
        flag.toUpperCase(),
        flag.replaceAll(/[._]/g, '-'),
        flag.replaceAll('-', '_'),
        `no-${flag}`,
      ]) {
        const found = errorsOf(name, { args: { [role]: { [spelling]: '1' } } });
        expect(found.map(({ code }) => code)).toContain('ManagedSetting');
      }
    }
  });

  it('refuses variables that load other code', () => {
    const rows = [
      { name: 'LD_PRELOAD', value: '/data/x.so' },
      { name: 'NODE_OPTIONS', value: '--require /data/x.js' },
      { name: 'JAVA_OPTS', value: '-Xmx4g -XX:OnOutOfMemoryError=reboot' },
      { name: 'JAVA_TOOL_OPTIONS', value: '-Xrunjdwp:transport=dt_socket,server=y,address=*:5005' },
      { name: 'JAVA_TOOL_OPTIONS', value: `-XX:On''Error=reboot` },
      { name: 'TEKU_OPTS', value: String.raw`-java\agent:/data/x.jar` },
      { name: 'JDK_JAVA_OPTIONS', value: '-Xmx4g @/data/x' },
      { name: 'JAVA_TOOL_OPTIONS', value: '-XX:Flags=/data/x' },
      { name: 'JAVA_TOOL_OPTIONS', value: '-XX:VMOptionsFile=/data/x' },
      { name: '_JAVA_OPTIONS', value: '-Xbootclasspath/a:/data/x.jar' },
      { name: 'BESU_OPTS', value: '-Dcom.sun.management.jmxremote.port=9010' },
      { name: 'BESU_OPTS', value: '-Dlog4j2.configurationFile=https://example.com/x.xml' },
      { name: 'LOG4J_CONFIGURATION_FILE', value: 'https://example.com/x.xml' },
      { name: 'LOG4J_SCRIPT_ENABLE_LANGUAGES', value: 'javascript' },
    ];
    for (const variable of rows) {
      const found = errorsOf(name, { env: { [role]: [variable] } });
      expect(found.map(({ code }) => code)).toContain('RunsPrograms');
    }
    const harmless = [
      { name: 'JAVA_OPTS', value: '-Xmx4g -XX:+UseG1GC -Duser.timezone=UTC' },
      { name: 'GOGC', value: '42' },
      { name: 'RUST_LOG', value: 'info' },
    ];
    expect(errorsOf(name, { env: { [role]: harmless } })).toEqual([]);
  });
});

describe('bitcoin.conf', () => {
  const linesOf = (config: Record<string, string>, fields: Record<string, unknown> = {}): readonly string[] => {
    const node = nodeWith('bitcoin-mainnet', { config: { 'bitcoin.conf': config }, ...fields });
    return (bitcoin.workload(node).files['bitcoin.conf'] ?? '').split(/\r\n|[\n\r\u0085\u2028\u2029]/);
  };

  it('gets one line for each accepted key, with the value as it is', () => {
    fc.assert(
      fc.property(hostile, hostile, (key, value) => {
        if (errorsOf('bitcoin-mainnet', { config: { 'bitcoin.conf': { [key]: value } } }).length > 0) return;
        const lines = linesOf({ [key]: value });
        expect(lines).toContain(`${key}=${value}`);
        expect(lines.length).toBe(linesOf({}).length + 1);
        expect(value).not.toContain('#');
      }),
    );
  });

  it.each(['startupnotify', 'blocknotify', 'walletnotify', 'alertnotify', 'shutdownnotify', 'signer'])(
    'runs no program: %s',
    (key) => {
      const codes = [
        ...errorsOf('bitcoin-mainnet', { config: { 'bitcoin.conf': { [key]: 'id' } } }),
        ...errorsOf('bitcoin-mainnet', { args: { node: { [key]: 'id' } } }),
      ].map(({ code }) => code);
      expect(codes).toEqual(['RunsPrograms', 'RunsPrograms']);
    },
  );

  it('refuses a managed key in its negated form', () => {
    expect(errorsOf('bitcoin-mainnet', { config: { 'bitcoin.conf': { noserver: '1' } } })).toMatchObject([
      { code: 'ManagedSetting' },
    ]);
  });
});

describe('CometBFT', () => {
  it.each(['priv-validator-state-file', 'priv_validator-key_file', 'P2P.LADDR', 'p2p-laddr'])(
    'refuses the managed key %s in the spelling that its variable shares',
    (key) => {
      expect(errorsOf('cosmos-validator', { config: { 'config.toml': { [key]: '/tmp/x' } } })).toMatchObject([
        { code: 'ManagedSetting' },
      ]);
    },
  );

  it.each(['CMT_P2P_LADDR', 'CMTPRIV_VALIDATOR_KEY_FILE', 'CMTHOME', 'TMHOME'])('refuses the variable %s', (name) => {
    expect(errorsOf('cosmos-dev', { env: { node: [{ name, value: 'x' }] } })).toMatchObject([
      { code: 'ManagedSetting' },
    ]);
  });

  it('refuses the variables of a Cosmos SDK program under each of its prefixes', () => {
    for (const name of ['GAIAD_HOME', 'GAIADPRIV_VALIDATOR_KEY_FILE', 'GAIA_HOME'])
      expect(errorsOf('cosmos-gaia', { env: { node: [{ name, value: 'x' }] } })).toMatchObject([
        { code: 'ManagedSetting' },
      ]);
  });
});

describe('variables that are flags', () => {
  it('are refused', () => {
    const env = { el: [{ name: 'GETH_IPCPATH', value: '/data/x' }], cl: [{ name: 'TEKU_CONFIG_FILE', value: '/x' }] };
    const found = errorsOf('ethereum-geth-lighthouse', {
      clients: { el: { name: 'geth' }, cl: { name: 'teku' } },
      env,
    });
    expect(found.map(({ code }) => code)).toEqual(['ManagedSetting', 'ManagedSetting']);
  });
});
