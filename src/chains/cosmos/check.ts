// What a CometBFT node's spec must say beyond the schema.

import type { NodeSpec } from '../../api/blockchain-node.ts';
import { SERVICE_SUFFIX } from '../../api/group.ts';
import { errorAt, type SpecProblem } from '../../api/spec-problem.ts';
import { CosmosOptions, optionsOf } from './options.ts';

/** Everything wrong with identity, genesis, program and environment. */
export function checkCosmos(spec: NodeSpec): readonly SpecProblem[] {
  const options = CosmosOptions.safeParse(spec['cosmos'] ?? {});
  if (!options.success) {
    return options.error.issues.map(({ path, message }) =>
      errorAt(
        'InvalidValue',
        ['spec', 'cosmos', ...path.map((part) => (typeof part === 'symbol' ? String(part) : part))],
        message,
      ),
    );
  }
  return [
    ...checkProgram(spec),
    ...checkGenesis(spec),
    ...checkIdentity(spec),
    ...checkEnvironment(spec),
    ...checkPeers(spec),
  ];
}

/** Distroless by name, and Osmosis but for `-alpine` (.github/workflows/push-docker-images.yml of osmosis-labs/osmosis). */
const WITHOUT_SHELL = /distroless|^(docker\.io\/)?osmolabs\/osmosis:(?!.*-alpine)/;

/** Programs of chains that are not named like a daemon: the chain registry (`daemon_name` in cosmos/chain-registry). */
const OTHER_PROGRAMS =
  'akash|comdex|cyber|desmos|gravity|iris|kava|passage|persistenceCore|regen|sentinelhub|sommelier|tgrade';
/** Programs of systems with a name like one: some run what they are given. */
const SYSTEM_PROGRAMS =
  'acpid|blkid|ch?passwd|chmod|chpasswd|clangd|cmd|containerd|crond|dd|dnsd|dockerd|ed|find|ftpd|gold|groupadd|hd|httpd|id|inetd|klogd|ld|lld|mkpasswd|ntpd|od|passwd|pwd|red|sed|setsid|ssh-add|sshd|svlogd|syslogd|systemd|tcpsvd|telnetd|udhcpd|udpsvd|unzstd|useradd|xinetd|zstd';
const NODE_PROGRAM = new RegExp(`^(?!(${SYSTEM_PROGRAMS})$)([a-z][a-z0-9_-]*d|${OTHER_PROGRAMS})$`);

/** A shell or an interpreter would have the key before it, and the arguments of the file. */
function isNodeProgram(name: string): boolean {
  return NODE_PROGRAM.test(name);
}

function checkProgram(spec: NodeSpec): readonly SpecProblem[] {
  const client = spec.clients['node'];
  const options = optionsOf(spec);
  if (client?.name !== 'cosmos-sdk') return sdkOnly(spec);
  const problems: SpecProblem[] = [];
  if (client.image === undefined) {
    const message = 'Every Cosmos SDK chain has its own image. Set it, e.g. ghcr.io/cosmos/gaia:v25.1.0.';
    problems.push(errorAt('MissingImage', ['spec', 'clients', 'node', 'image'], message));
  }
  if (options.binary === undefined) {
    problems.push(errorAt('MissingBinary', ['spec', 'cosmos', 'binary'], "Set the chain's program, e.g. gaiad."));
  } else if (!isNodeProgram(options.binary)) {
    const message = `${options.binary} is no known program of a chain: their names end with "d", e.g. gaiad.`;
    problems.push(errorAt('RunsPrograms', ['spec', 'cosmos', 'binary'], message));
  }
  if (client.image !== undefined && WITHOUT_SHELL.test(client.image)) {
    const message = `The image ${client.image} has no shell, and the preparation of the node needs sh, wget and sha256sum. Use the -alpine image of the same version.`;
    problems.push(errorAt('MissingTools', ['spec', 'clients', 'node', 'image'], message));
  }
  if (spec.network === 'dev') {
    const message =
      'A development chain of a Cosmos SDK program needs accounts and a genesis. Use client cometbft, or another network name with spec.genesis.';
    problems.push(errorAt('UnsupportedNetwork', ['spec', 'network'], message));
  }
  return problems;
}

function sdkOnly(spec: NodeSpec): readonly SpecProblem[] {
  const options = optionsOf(spec);
  const fields = (['binary', 'minimumGasPrices', 'pruning', 'haltHeight'] as const).filter(
    (field) => options[field] !== undefined,
  );
  const message = 'Bare CometBFT has no such setting. Remove it, or use the client cosmos-sdk.';
  const own = fields.map((field) => errorAt('UnusedSetting', ['spec', 'cosmos', field], message));
  if (spec.config?.['app.toml'] === undefined) return own;
  return [...own, errorAt('UnusedSetting', ['spec', 'config', 'app.toml'], message)];
}

function checkGenesis({ network, genesis }: NodeSpec): readonly SpecProblem[] {
  if (network !== 'dev') return checkGenesisSource(genesis);
  if (genesis === undefined) return [];
  const message = 'The development network creates its own genesis. Remove it, or name another network.';
  return [errorAt('UnusedSetting', ['spec', 'genesis'], message)];
}

function checkGenesisSource(genesis: NodeSpec['genesis']): readonly SpecProblem[] {
  const path = ['spec', 'genesis'];
  if (genesis?.url === undefined && genesis?.configMap === undefined) {
    return [errorAt('MissingGenesis', path, 'Set genesis.url with genesis.sha256, or genesis.configMap.')];
  }
  if (genesis.url !== undefined && genesis.configMap !== undefined) {
    return [errorAt('AmbiguousGenesis', path, 'Both url and configMap are set. Keep one.')];
  }
  if (genesis.url !== undefined && genesis.sha256 === undefined) {
    return [
      errorAt(
        'MissingChecksum',
        [...path, 'sha256'],
        'A genesis from a URL needs its sha256, or its server could replace it.',
      ),
    ];
  }
  return [];
}

function checkIdentity(spec: NodeSpec): readonly SpecProblem[] {
  const remote = optionsOf(spec).remoteSigner !== undefined;
  if (remote && spec.identity !== undefined) {
    const message =
      'A node with a remote signer must not hold a key itself. Remove spec.identity or spec.cosmos.remoteSigner.';
    return [errorAt('TwoSigners', ['spec', 'identity'], message)];
  }
  if (spec.nodeType !== 'validator' || remote || spec.identity !== undefined || spec.network === 'dev') return [];
  const message =
    'A validator needs its key. Set identity.secretName to a Secret with priv_validator_key.json, or cosmos.remoteSigner.';
  return [errorAt('MissingIdentity', ['spec', 'identity'], message)];
}

/** Variables with a meaning for the program are settings in disguise: they belong into spec.config. */
function checkEnvironment(spec: NodeSpec): readonly SpecProblem[] {
  const binary = spec.clients['node']?.name === 'cosmos-sdk' ? (optionsOf(spec).binary ?? '') : 'CMT';
  // The prefix without `_` counts too: `CMTX` is copied over `CMT_X` (libs/cli/setup.go). Some programs, such as gaiad,
  // also read their name without the `d`.
  const prefix = binary
    .toUpperCase()
    .replaceAll('-', '_')
    .replace(/(?<=.{3})D$/, '');
  return (spec.env?.['node'] ?? []).flatMap(({ name }, index) => {
    const managed = (prefix !== '' && name.startsWith(prefix)) || name.startsWith('CMT') || name.startsWith('TM');
    if (!managed) return [];
    return [
      errorAt(
        'ManagedSetting',
        ['spec', 'env', 'node', index, 'name'],
        `"${name}" is set by the controller. Use spec.config instead.`,
      ),
    ];
  });
}

/** `<service>.<namespace>.svc`, with or without the pod before it and the cluster's domain behind it. */
const IN_CLUSTER = /^(?:[^.]+\.)?([^.]+)\.([^.]+)\.svc(?:\.[^:]+)?$/;

/**
 * CometBFT looks a peer's name up once, when it starts, and its address book keeps the first address of an id. The headless
 * Service of a node stands for its pod's address, which changes with every pod: the peer would be lost for good.
 * https://github.com/cometbft/cometbft/blob/v1.0.1/p2p/switch.go (DialPeersAsync), p2p/pex/addrbook.go (addAddress).
 */
function checkPeers(spec: NodeSpec): readonly SpecProblem[] {
  const options = optionsOf(spec);
  return (['seeds', 'persistentPeers'] as const).flatMap((field) =>
    options[field].flatMap((peer, index): readonly SpecProblem[] => {
      const host = peer.slice(peer.indexOf('@') + 1, peer.lastIndexOf(':'));
      const [, service = '', namespace = ''] = IN_CLUSTER.exec(host) ?? [];
      if (service === '' || service.endsWith(`-${SERVICE_SUFFIX.p2p}`)) return [];
      const stable = `${service}-${SERVICE_SUFFIX.p2p}.${namespace}.svc`;
      const message = `${host} is looked up only when the node starts. If it is a node of this fleet, its address changes with its pod and the peer is lost: use ${stable}, whose address stays.`;
      return [{ level: 'warning', code: 'UnstablePeer', path: ['spec', 'cosmos', field, index], message }];
    }),
  );
}
