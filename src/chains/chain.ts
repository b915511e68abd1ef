// What a chain must say about itself. A chain is a description: it says what runs; render/ alone knows Kubernetes.

import type { z } from 'zod';

import type { BlockchainNode, NodeSpec } from '../api/blockchain-node.ts';
import type { ChainJobs } from '../api/chain-jobs.ts';
import type { NodeReason } from '../api/codes/node-reasons.ts';
import type { SpecProblem } from '../api/spec-problem.ts';

export interface Chain {
  /** The value of `spec.chain`, and the name of its options block `spec.<name>` when it has options. */
  readonly name: string;
  readonly title: string;
  /** One sentence for documents. */
  readonly summary: string;
  readonly networks: readonly Network[];
  /** Whether networks that are not listed are accepted (a chain id of one's own). */
  readonly customNetworks: boolean;
  readonly roles: readonly Role[];
  readonly nodeTypes: readonly NodeType[];
  /** Configuration files whose keys `spec.config` may set. */
  readonly configFiles: readonly ConfigFile[];
  /** Schema of the chain's own block in the spec, e.g. `spec.cosmos`. */
  readonly options?: z.ZodObject;
  /** What the schema alone can't say. Called for specs that passed the schema. Collects everything, never throws. */
  check(spec: NodeSpec): readonly SpecProblem[];
  /** What runs. Only called for specs that `check` accepts without an error. Deterministic. */
  workload(node: BlockchainNode): Workload;
  /** The questions to ask the running node, all independent of each other. */
  questions(node: BlockchainNode): readonly Question[];
  /** Reads the replies, by question id. Never throws for bad data: says `unreadable`. Key: role. */
  facts(node: BlockchainNode, replies: ReadonlyMap<string, Reply>): ReadonlyMap<string, RoleFacts>;
  /** How one-shot jobs are done on its nodes; without it, only those that need nothing of the client. */
  readonly jobs?: ChainJobs;
  /** Digests of the signing keys in a Secret's files, by name; never throws. Without it the Secret counts as a whole. */
  signingKeys?(files: Readonly<Record<string, string>>): readonly string[];
  /** What "synced" demands beyond the client's own word. Key: role. */
  expectations(node: BlockchainNode): ReadonlyMap<string, Expectation>;
}

export type NodeType = 'full' | 'archive' | 'validator';

export interface Network {
  readonly name: string;
  readonly title: string;
  /** As the client reports it: decimal for EVM chains, the CometBFT chain id, bitcoind's `chain`. */
  readonly chainId?: string;
  /** A development network makes its own blocks and has no peers. */
  readonly development?: boolean;
  /** Protocol upgrades that a client must know to stay on the network, oldest first. */
  readonly forks?: readonly Fork[];
  /** Set when the network is about to be shut down: the sentence that the warning shows. */
  readonly deprecated?: string;
  /** What a full node of this network needs at least; less is a capacity warning, never an error. */
  readonly defaults?: { readonly cpu: string; readonly memory: string; readonly storage: string };
}

export interface Fork {
  readonly name: string;
  /** RFC 3339. */
  readonly at: string;
  /** Client → oldest version that is known to support it. A client without an entry is not checked. */
  readonly versions: Readonly<Record<string, string>>;
}

export interface BrokenVersion {
  readonly version: string;
  /** Absent: on all networks. */
  readonly networks?: readonly string[];
  /** A whole sentence, with the public source where there is one. */
  readonly why: string;
}

export interface Role {
  /** `el`, `cl`, `node`: container name and key of `spec.clients`. */
  readonly name: string;
  readonly title: string;
  readonly required: boolean;
  readonly clients: readonly ClientInfo[];
}

export interface ClientInfo {
  readonly name: string;
  /** Image repository without tag; the tag is made from the version. */
  readonly image: string;
  /** Version used when the file names none. */
  readonly defaultVersion: string;
  /** What stands before the version in the image tag: `v`, `multiarch-v` or nothing. */
  readonly tagPrefix: string;
  /** Networks this client can join; absent: all of the chain's. */
  readonly networks?: readonly string[];
  /** Node types that the client can run as; absent: all of the chain's. */
  readonly nodeTypes?: readonly NodeType[];
  /** Network → oldest version that can join it. Forks are in the list of the network. */
  readonly minimumVersions?: Readonly<Record<string, string>>;
  /** Versions with a known fault. */
  readonly brokenVersions?: readonly BrokenVersion[];
  /** Environment variables with this prefix are flags to the client: `spec.env` may not set them. */
  readonly envPrefix?: string;
  /** Flags (without dashes) that the controller sets itself or that would break the node; `spec.args` may not. */
  readonly managedFlags: readonly string[];
  /** Flags whose value is a program that the client runs. */
  readonly programFlags?: readonly string[];
  /** Flags whose values are checked. Everything neither managed nor known is passed through. */
  readonly knownFlags: Readonly<Record<string, ValueType>>;
}

/** A configuration file that `spec.config.<name>` may set keys of. */
export interface ConfigFile {
  readonly name: string;
  /** Characters that a value must not contain: they would end it or begin a comment. Line breaks never are allowed. */
  readonly forbidden?: readonly string[];
  /** Keys whose value is a program that the client runs. */
  readonly programKeys?: readonly string[];
  readonly managedKeys: readonly string[];
  readonly knownKeys: Readonly<Record<string, ValueType>>;
}

/** The part of a chain that the shared checks read. */
export type ChainFacts = Pick<Chain, 'title' | 'networks' | 'customNetworks' | 'roles' | 'nodeTypes' | 'configFiles'>;

/** What a flag or a configuration key accepts. A list names the allowed values. */
export type ValueType = 'text' | 'integer' | 'boolean' | 'duration' | readonly string[];

export interface Workload {
  /** In start order. The first is the one that `kubectl logs` shows by default. */
  readonly containers: readonly ContainerSpec[];
  /** Run one after another before the containers, every time the pod starts: must be idempotent. */
  readonly initContainers: readonly ContainerSpec[];
  /** Files of the ConfigMap, by key. Nothing secret. */
  readonly files: Readonly<Record<string, string>>;
  /** Secrets the controller makes once per node and never shows. */
  readonly generatedSecrets: readonly GeneratedSecret[];
  /** Volumes this chain needs beyond spec.storage's `data`, by name; each needs an entry in spec.storage. */
  readonly volumes: readonly string[];
  readonly terminationGracePeriodSeconds: number;
  /** Numeric user and group that own the data. */
  readonly uid: number;
  readonly gid: number;
}

export interface ContainerSpec {
  readonly name: string;
  readonly image: string;
  readonly imagePullPolicy?: 'Always' | 'IfNotPresent' | 'Never';
  readonly command?: readonly string[];
  readonly args?: readonly string[];
  readonly env?: Readonly<Record<string, string>>;
  readonly ports?: readonly Port[];
  readonly mounts: readonly Mount[];
  /** true: the program writes beside its data (JVM, .NET, Node); otherwise the root filesystem is read-only. */
  readonly writableRoot?: boolean;
  readonly workingDir?: string;
  readonly startupProbe?: Probe;
  readonly livenessProbe?: Probe;
  readonly readinessProbe?: Probe;
  readonly resources?: {
    readonly requests?: Readonly<Record<string, string>>;
    readonly limits?: Readonly<Record<string, string>>;
  };
}

export interface Port {
  /** At most 15 characters, unique within the pod: `el-rpc`. */
  readonly name: string;
  readonly port: number;
  readonly protocol?: 'TCP' | 'UDP';
  /** `p2p` is offered to the outside through spec.serviceType; `rpc` and `metrics` stay inside the cluster. */
  readonly purpose: 'rpc' | 'p2p' | 'metrics' | 'internal';
  /** Where a scraper finds the metrics, for `metrics` ports. */
  readonly path?: string;
}

export type Mount =
  /** A volume of spec.storage. */
  | {
      readonly kind: 'storage';
      readonly name: string;
      readonly path: string;
      readonly subPath?: string;
      readonly readOnly?: boolean;
    }
  /**
   * A file that says whether a pod with the key of the node ran on its volumes before: `used` or `new`. Read at each start
   * of a pod; a change restarts none.
   */
  | { readonly kind: 'signerVolume'; readonly path: string }
  /** One file of `Workload.files`. */
  | { readonly kind: 'file'; readonly key: string; readonly path: string }
  /** All keys of a generated secret, as files in a folder. */
  | { readonly kind: 'generated'; readonly name: string; readonly path: string }
  /** All keys of a Secret the user owns (spec.identity), as files in a folder. */
  | { readonly kind: 'secret'; readonly name: string; readonly path: string }
  /** One key of a ConfigMap the user owns, as a file. */
  | { readonly kind: 'configMap'; readonly name: string; readonly key: string; readonly path: string }
  /** An empty folder that lives as long as the pod. */
  | { readonly kind: 'scratch'; readonly name: string; readonly path: string };

export interface GeneratedSecret {
  /** Suffix: the Secret is `<node>-<name>`. */
  readonly name: string;
  readonly keys: Readonly<Record<string, GeneratedValue>>;
}

export type GeneratedValue =
  /** Random bytes, as lower-case hex. */
  | { readonly kind: 'hex'; readonly bytes: number }
  /** A text that is not secret but belongs beside the secret, such as a user name. */
  | { readonly kind: 'text'; readonly value: string }
  /** What a client wants to read, made from the value of `passwordKey` in the same Secret and 16 random bytes in hex. */
  | {
      readonly kind: 'derived';
      readonly passwordKey: string;
      readonly make: (password: string, salt: string) => string;
    };

export type Probe =
  | { readonly kind: 'tcp'; readonly port: number; readonly periodSeconds: number; readonly failureThreshold: number }
  | {
      readonly kind: 'http';
      readonly port: number;
      readonly path: string;
      readonly periodSeconds: number;
      readonly failureThreshold: number;
    };

export interface Question {
  readonly id: string;
  readonly role: string;
  readonly port: number;
  readonly method: 'GET' | 'POST';
  readonly path: string;
  /** JSON body; its presence sets the content type. */
  readonly body?: unknown;
  /** Basic auth from a Secret in the node's namespace, for clients that need it (bitcoind, btcd). */
  readonly auth?: { readonly secret: string; readonly userKey: string; readonly passwordKey: string };
  /** For clients that only speak TLS and make their own certificate (btcd): encrypted, but not authenticated. */
  readonly tls?: 'unverified';
}

export type Reply =
  | { readonly ok: true; readonly status: number; readonly body: unknown }
  | {
      readonly ok: false;
      readonly reason: 'refused' | 'timeout' | 'tooLarge' | 'notJson' | 'failed';
      readonly message: string;
    };

/** What one process said about itself; absent fields were not said. */
export interface RoleFacts {
  /** `answering` when the replies could be read; the others say why not. */
  readonly reach: 'answering' | 'starting' | 'unreachable' | 'unreadable';
  /** Why, for a person, when not `answering`; or the client's own complaint. */
  readonly message?: string;
  readonly syncing?: boolean;
  readonly height?: number;
  /** The best height the client knows of. */
  readonly target?: number;
  /** Time of the head block, seconds since the epoch. */
  readonly headTime?: number;
  readonly peers?: number;
  /** 0 to 1. */
  readonly progress?: number;
  readonly version?: string;
  readonly chainId?: string;
  /** A state that needs a person: engine offline, corrupted database, wrong fork. */
  readonly alarm?: { readonly reason: NodeReason; readonly message: string };
  /** Chain-specific facts for status.roles[].details. */
  readonly details?: Readonly<Record<string, string | number | boolean>>;
}

export interface Expectation {
  /** Oldest head that still counts as recent, in seconds; undefined where the tip's age says nothing (Bitcoin). */
  readonly maxHeadAgeSeconds?: number;
  /** Fewest peers; 0 for networks that have none. */
  readonly minPeers: number;
  readonly chainId?: string;
  /** Furthest behind `target` that still counts as synced, in blocks. */
  readonly maxLag?: number;
}
