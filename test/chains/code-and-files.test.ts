// What a file may not make a client do beside its keys: run other code, or write where it says.

import { describe, expect, it } from 'vitest';

import { example, examples, nodeWith } from './examples.ts';

function problemsOf(name: string, fields: Record<string, unknown>): readonly string[] {
  const found = example(name).chain.check(nodeWith(name, fields).spec);
  return found.filter(({ level }) => level === 'error').map(({ code, path }) => `${code} ${path.join('.')}`);
}

const LODESTAR = { clients: { el: { name: 'geth' }, cl: { name: 'lodestar' } } };

describe('a variable of the file', () => {
  const role = Object.fromEntries(examples.map(({ name, node }) => [name, Object.keys(node.spec.clients)[0] ?? '']));
  const set = (of: string, name: string, value: string) =>
    problemsOf(of, { env: { [role[of] ?? '']: [{ name, value }] } });

  it.each(
    [
      ['SHELLOPTS', 'xtrace'],
      ['BASHOPTS', 'x'],
      ['PS4', '$(base64 /identity/priv_validator_key.json)'],
      ['BASH_ENV', '/data/x'],
      ['ENV', '/data/x'],
      ['IFS', '/'],
      ['PATH', '/data'],
      ['HOME', '/data'],
      ['TMPDIR', '/data/data'],
      ['NODE_PATH', '/data'],
      ['OPENSSL_CONF', '/data/x'],
      ['OPENSSL_MODULES', '/data'],
      ['GCONV_PATH', '/data'],
      ['GLIBC_TUNABLES', 'x'],
      ['JAVA_HOME', '/data'],
      ['MAVEN_HOME', '/data'],
      ['CLASSPATH', '/data'],
      ['JAVACMD', '/data/x'],
      ['ld_preload'.toUpperCase(), '/data/x'],
      ['GOCOVERDIR', '/data/data'],
      ['_RJEM_MALLOC_CONF', 'prof:true,prof_prefix:/data/x'],
      ['HEAPPROFILE', '/data/data/priv_validator_state.json'],
      ['SSLKEYLOGFILE', '/data/data/priv_validator_state.json'],
      ['DOTNET_GCName', 'x.so'],
      ['COMPlus_GCName', 'x.so'],
      ['LOG4J_CONFIGURATION_FILE', '/data/x.xml'],
      ['SOME_OPTS', '-Xmx1g'],
    ].flatMap(([name = '', value = '']) => examples.map((one) => ({ name, value, of: one.name }))),
  )('may not be $name of $of', ({ name, value, of }) => {
    expect(set(of, name, value)).toContain(`RunsPrograms spec.env.${role[of]}.0.name`);
  });

  it.each([
    ['NODE_OPTIONS', '--inspect=0.0.0.0:9229'],
    ['NODE_OPTIONS', '--max-old-space-size=4096 --heapsnapshot-signal=SIGUSR2'],
    ['NODE_OPTIONS', '--cpu-prof --cpu-prof-dir=/data'],
    ['NODE_OPTIONS', '--max-old-space-size=4096\n--import=/x.mjs'],
    ['NODE_OPTIONS', '--openssl-config=/data/x'],
    ['JAVA_OPTS', '--patch-module=java.base=/data/x'],
    ['JAVA_OPTS', '-Xmx4g --module-path /data'],
    ['JAVA_OPTS', '-Djava.system.class.loader=X'],
    ['JAVA_OPTS', '-Djava.library.path=/data'],
    ['JAVA_OPTS', '-XX:HeapDumpPath=/data/x'],
    ['JAVA_OPTS', '-Xlog:gc:file=/data/x'],
    ['JAVA_OPTS', '-Xlog:gc:/data/x'],
    ['JAVA_OPTS', '-Xmx4g$(id)'],
    ['JAVA_TOOL_OPTIONS', '-XX:+FlightRecorder'],
    ['GODEBUG', 'x=1'],
    ['GOTRACEBACK', 'crash'],
    ['DOTNET_gcServer', '/x'],
  ])('%s may not hold %s', (name, value) => {
    const found = problemsOf('ethereum-geth-lighthouse', { ...LODESTAR, env: { cl: [{ name, value }] } });
    expect(found).toEqual(['RunsPrograms spec.env.cl.0.value']);
  });

  it.each([
    ['NODE_OPTIONS', '--max-old-space-size=8192 --no-warnings'],
    ['JAVA_OPTS', '-Xmx4g -XX:+UseZGC -XX:MaxRAMPercentage=70.5 -Xlog:gc*:stdout'],
    ['JAVA_TOOL_OPTIONS', '-Dhttps.proxyHost=proxy.example -Dhttps.proxyPort=3128 -Duser.timezone=Europe/Berlin'],
    ['GOGC', '42'],
    ['GOMEMLIMIT', '8GiB'],
    ['GODEBUG', 'netdns=go,madvdontneed=1'],
    ['DOTNET_GCHeapHardLimit', '0x1F0000000'],
    ['MALLOC_ARENA_MAX', '2'],
    ['RUST_LOG', 'info,net=debug'],
    ['HTTPS_PROXY', 'http://proxy:3128'],
    ['SSL_CERT_FILE', '/mnt/ca.crt'],
    ['GOOGLE_CLOUD_PROJECT', 'x'],
    ['TZ', 'UTC'],
    ['NETWORK', 'x'],
  ])('%s may be %s', (name, value) => {
    expect(problemsOf('ethereum-geth-lighthouse', { ...LODESTAR, env: { cl: [{ name, value }] } })).toEqual([]);
  });

  it('may not be one of these from a Secret either, also not to tune', () => {
    for (const name of ['SHELLOPTS', 'PS4', 'GCONV_PATH', 'CLASSPATH', 'OPENSSL_CONF', 'GOGC', 'TEKU_OPTS', 'M2_HOME'])
      expect(problemsOf('cosmos-validator', { secretEnv: { node: [{ name, secretName: 's', key: 'k' }] } })).toEqual([
        'ManagedSetting spec.secretEnv.node.0.name',
      ]);
  });
});

describe('a flag', () => {
  const refused: readonly (readonly [string, string, readonly string[]])[] = [
    ['cosmos-gaia', 'node', ['cpu-profile', 'trace-store', 'CPU_PROFILE', 'p2p.addr_book_file', 'consensus.wal_file', 'consensus.wal-file', 'statesync.temp_dir', 'mempool.wal_dir', 'streamers.file.write_dir', 'mem-profile', 'heap-profile', 'log-file']], // prettier-ignore
    ['cosmos-validator', 'node', ['p2p.addr_book_file', 'consensus.wal_file', 'cpu-profile', 'trace-store']],
    ['ethereum-geth-lighthouse', 'el', ['pprof', 'pprof.addr', 'pprof.cpuprofile', 'go-execution-trace', 'trace', 'blkiofile', 'vmtrace.jsonconfig', 'txpool.journal', 'log.dir.path']], // prettier-ignore
    ['ethereum-geth-lighthouse', 'cl', ['logfile', 'dump-config', 'dump-chain-config', 'network-dir']],
    ['ethereum-reth-prysm', 'el', ['log.file.name', 'peers-file', 'p2p-secret-key', 'txpool.transactions-backup']],
    ['ethereum-reth-prysm', 'cl', ['cpuprofile', 'trace', 'pprof', 'backup-webhook-output-dir', 'db-backup-output-dir']], // prettier-ignore
    ['ethereum-nethermind-teku', 'el', ['Init.LogFileName', 'init-log-directory', 'JsonRpc.RpcRecorderBaseFilePath', 'JsonRpc.IpcUnixDomainSocketPath', 'Era.ExportDirectory']], // prettier-ignore
    ['ethereum-nethermind-teku', 'cl', ['log-file', 'log-file-name-pattern', 'p2p-private-key-file']],
    ['ethereum-besu-nimbus', 'el', ['pid-path', 'tx-pool-save-file', 'Xrpc-ipc-path']],
    ['ethereum-besu-nimbus', 'cl', ['dump', 'netkey-file', 'keymanager-token-file']],
    ['ethereum-erigon-lodestar', 'el', ['pprof.cpuprofile', 'trace', 'log.dir.prefix', 'socket.url']],
    ['ethereum-erigon-lodestar', 'cl', ['persistInvalidSszObjectsDir', 'peerStoreDir', 'dumpTestnetFiles']],
    ['bitcoin-btcd', 'node', ['cpuprofile', 'memprofile', 'traceprofile', 'profile']],
  ];
  it.each(refused.flatMap(([of, role, flags]) => flags.map((flag) => ({ of, role, flag }))))(
    'may not make the client of $role in $of write where it says: $flag',
    ({ of, role, flag }) => {
      const found = problemsOf(of, { args: { [role]: { [flag]: '/data/data/priv_validator_state.json' } } });
      expect(found).toEqual([`WritesFiles spec.args.${role}.${flag}`]);
    },
  );

  it.each(examples)('that the clients of $name know, and whose value is checked, is not taken for one', ({ chain }) => {
    const [role] = chain.roles;
    for (const one of chain.roles.flatMap(({ clients }) => clients))
      for (const flag of Object.keys(one.knownFlags)) expect(one.fileFlags ?? []).not.toContain(flag);
    expect(role).toBeDefined();
  });
});

describe('a client with a signing key', () => {
  it.each([
    { value: '/data/data/priv_validator_state.json' },
    { value: 'data/priv_validator_state.json' },
    { value: '../data/data/x' },
    { value: 'file:///data/x' },
    { value: 'unix:///data/x' },
    { value: 'a,/data/x' },
    { value: 'http://x /data/x' },
    { value: '/ibc.core.x/../data' },
    { value: 'ibc/../data/x' },
    { value: 'ibc/ABC/../../x' },
  ])('takes no path in a flag or key that is not known: $value', ({ value }) => {
    expect(problemsOf('cosmos-gaia', { args: { node: { 'some-flag': value } } })).toEqual([
      'WritesFiles spec.args.node.some-flag',
    ]);
    for (const file of ['config.toml', 'app.toml'])
      expect(problemsOf('cosmos-gaia', { config: { [file]: { some_key: value } } })).toEqual([
        `WritesFiles spec.config.${file}.some_key`,
      ]);
  });

  it.each(['https://a.example/x', 'tcp://0.0.0.0:1317', '["/ibc.core.channel.v1.MsgRecvPacket"]', '0.01ibc/ABC', '*'])(
    'takes %s',
    (value) => {
      expect(problemsOf('cosmos-gaia', { config: { 'app.toml': { some_key: value } } })).toEqual([]);
    },
  );

  it('reads flags and both files as one space of names, so that what one may not set, the others may not', () => {
    for (const file of ['config.toml', 'app.toml'])
      for (const [key, code] of Object.entries({
        priv_validator_state_file: 'ManagedSetting',
        'rpc.pprof_laddr': 'ManagedSetting',
        'cpu-profile': 'WritesFiles',
        'trace-store': 'WritesFiles',
        'streaming.abci.plugin': 'RunsPrograms',
      }))
        // prettier-ignore
        expect(problemsOf('cosmos-gaia', { config: { [file]: { [key]: 'x' } } })).toEqual([
          `${code} spec.config.${file}.${key}`,
        ]);
  });

  it.each([
    'sh',
    'bash',
    'busybox',
    'python3',
    'node',
    'env',
    'sed',
    'find',
    'ld',
    'setsid',
    'ed',
    'awk',
    'sudo',
    'BASHD',
  ])(
    // prettier-ignore
    'is not %s',
    (binary) => {
      expect(problemsOf('cosmos-gaia', { cosmos: { binary } })).toEqual(['RunsPrograms spec.cosmos.binary']);
    },
  );

  it.each(['gaiad', 'simd', 'celestia-appd', 'akash', 'kava', 'persistenceCore', 'und'])('may be %s', (binary) => {
    expect(problemsOf('cosmos-gaia', { cosmos: { binary } })).toEqual([]);
  });
});
