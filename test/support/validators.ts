// A CometBFT network of several validators for tests: keys, genesis, and the specs of its nodes.

import { createHash, generateKeyPairSync } from 'node:crypto';

import { ALLOW_LABEL } from '../../src/api/policy.ts';
export interface ValidatorsOptions {
  readonly chainId: string;
  /** Where its nodes, Secrets and ConfigMap live. */
  readonly namespace: string;
  /** Names of the validators' nodes; those that `powers` does not name have the same power. */
  readonly names: readonly string[];
  /** Voting power of a validator, where it is not 10. */
  readonly powers?: Readonly<Record<string, string>>;
  /** `consensus_params.version.app` of the genesis: a node goes back to a height only where it is the application's own. */
  readonly appVersion?: string;
}

export interface Validators {
  readonly chainId: string;
  /** Of the genesis file. */
  readonly sha256: string;
  /** To be applied before the nodes start: a ConfigMap with the genesis, a Secret with the keys of each validator. */
  readonly objects: readonly object[];
  /** The Secret with a validator's keys. */
  secretOf(name: string): string;
  /** `id@host:port` of a validator, at the address that stays when its pod does not. */
  peer(name: string): string;
  /** Hex address of a validator's key, as CometBFT shows it. */
  address(name: string): string;
  /** `spec` of a validator's node. */
  validator(name: string): Spec;
  /** `spec` of a node that follows and signs nothing. */
  follower(): Spec;
}

type Spec = Readonly<Record<string, unknown>>;

const GENESIS = { name: 'genesis', key: 'genesis.json' };

/** A network that did not exist before: new keys each time, with CometBFT's own key-value application. */
export function makeValidators(options: ValidatorsOptions): Validators {
  const keys = new Map(options.names.map((name) => [name, { signing: makeKey(), node: makeKey() }]));
  const signers = [...keys].map(([name, pair]): [string, Signer] => [
    name,
    { nodeId: pair.node.address.toLowerCase(), address: pair.signing.address, files: keyFiles(pair) },
  ]);
  return describeNetwork(options, {
    genesis: genesisText(options, keys),
    signers: new Map(signers),
    program: { clients: { node: { name: 'cometbft', version: '1.0.1' } } },
  });
}

/** What makes one network differ from another. */
export interface NetworkMaterial {
  readonly genesis: string;
  /** By the name of the node. */
  readonly signers: ReadonlyMap<string, Signer>;
  /** What runs: `clients`, and `cosmos` where it needs more than peers. */
  readonly program: { readonly clients: Spec; readonly cosmos?: Spec };
}

export interface Signer {
  /** Lower-case hex. */
  readonly nodeId: string;
  /** Upper-case hex. */
  readonly address: string;
  /** `priv_validator_key.json` and `node_key.json`. */
  readonly files: Readonly<Record<string, string>>;
}

/** Objects and specs of a network whose keys and genesis exist. */
export function describeNetwork(options: ValidatorsOptions, material: NetworkMaterial): Validators {
  const { chainId, namespace, names } = options;
  const signer = (name: string): Signer => {
    const found = material.signers.get(name);
    if (found === undefined) throw new Error(`${name} is no validator of ${chainId}`);
    return found;
  };
  const sha256 = createHash('sha256').update(material.genesis).digest('hex');
  const configMap = { name: `${chainId}-${GENESIS.name}`, key: GENESIS.key };
  const peer = (name: string): string => `${signer(name).nodeId}@${name}-p2p.${namespace}.svc.cluster.local:26656`;
  const spec = (peers: readonly string[]): Spec => ({
    chain: 'cosmos',
    network: chainId,
    clients: material.program.clients,
    storage: { data: { size: '1Gi' } },
    resources: { node: { requests: { cpu: '10m', memory: '64Mi' } } },
    genesis: { configMap, sha256 },
    cosmos: { ...material.program.cosmos, persistentPeers: peers.map(peer) },
    // Pods have private addresses, which the address book does not keep otherwise.
    config: { 'config.toml': { 'p2p.addr_book_strict': 'false' } },
  });
  return {
    chainId,
    sha256,
    objects: [
      object('ConfigMap', configMap.name, { data: { [configMap.key]: material.genesis } }),
      ...names.map((name) => object('Secret', `${name}-keys`, { stringData: signer(name).files })),
    ],
    secretOf: (name) => `${name}-keys`,
    peer,
    address: (name) => signer(name).address,
    validator: (name) => ({
      ...spec(names.filter((other) => other !== name)),
      nodeType: 'validator',
      identity: { secretName: `${name}-keys` },
    }),
    follower: () => spec(names),
  };
}

interface Key {
  /** First 20 bytes of the public key's SHA-256, upper-case hex. */
  readonly address: string;
  /** Base64. */
  readonly publicKey: string;
  /** Base64 of seed and public key, as CometBFT keeps it. */
  readonly privateKey: string;
}

interface Keys {
  readonly signing: Key;
  readonly node: Key;
}

function makeKey(): Key {
  const { privateKey } = generateKeyPairSync('ed25519');
  const { d = '', x = '' } = privateKey.export({ format: 'jwk' });
  const [seed, point] = [Buffer.from(d, 'base64url'), Buffer.from(x, 'base64url')];
  return {
    address: createHash('sha256').update(point).digest('hex').slice(0, 40).toUpperCase(),
    publicKey: point.toString('base64'),
    privateKey: Buffer.concat([seed, point]).toString('base64'),
  };
}

const PUBLIC = 'tendermint/PubKeyEd25519';
const PRIVATE = 'tendermint/PrivKeyEd25519';

function keyFiles({ signing, node }: Keys): Readonly<Record<string, string>> {
  return {
    'priv_validator_key.json': JSON.stringify({
      address: signing.address,
      pub_key: { type: PUBLIC, value: signing.publicKey },
      priv_key: { type: PRIVATE, value: signing.privateKey },
    }),
    'node_key.json': JSON.stringify({ priv_key: { type: PRIVATE, value: node.privateKey } }),
  };
}

function genesisText({ chainId, appVersion, powers }: ValidatorsOptions, keys: ReadonlyMap<string, Keys>): string {
  const validators = [...keys].map(([name, { signing }]) => ({
    address: signing.address,
    pub_key: { type: PUBLIC, value: signing.publicKey },
    power: powers?.[name] ?? '10',
    name: '',
  }));
  const genesis_time = new Date().toISOString();
  const genesis = { genesis_time, chain_id: chainId, initial_height: '1', validators, app_hash: '' };
  return JSON.stringify(
    appVersion === undefined ? genesis : { ...genesis, consensus_params: paramsWith(appVersion) },
    null,
    2,
  );
}

/** CometBFT's own defaults, which it takes only as a whole. */
function paramsWith(appVersion: string): object {
  return {
    block: { max_bytes: '4194304', max_gas: '10000000' },
    evidence: { max_age_num_blocks: '100000', max_age_duration: '172800000000000', max_bytes: '1048576' },
    validator: { pub_key_types: ['ed25519'] },
    version: { app: appVersion },
    abci: { vote_extensions_enable_height: '0' },
  };
}

function object(kind: string, name: string, content: object): object {
  return { apiVersion: 'v1', kind, metadata: { name, labels: { [ALLOW_LABEL]: 'true' } }, ...content };
}
