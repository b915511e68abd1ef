// What a chain must say about itself. A chain is a description: it says what runs; render/ alone knows Kubernetes.

import type { z } from 'zod';

import type { BlockchainNode, NodeSpec } from '../api/blockchain-node.ts';
import type { ChainJobs } from '../api/chain-jobs.ts';
import type { SpecProblem } from '../api/spec-problem.ts';
import type { Expectation, Question, Reply, RoleFacts } from './observed.ts';
import type { Workload } from './workload.ts';

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
  /** Digests of the signing keys in a Secret's files, under any name; never throws, and says nothing of other content. */
  signingKeys?(files: Readonly<Record<string, string>>): readonly string[];
  /** The names of those files that name more than one key, so that the client decides which one it takes. */
  unclearKeyFiles?(files: Readonly<Record<string, string>>): readonly string[];
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
  /** Flags that make the client write at a given path, or show its memory, and whose names do not say so (file-settings.ts). */
  readonly fileFlags?: readonly string[];
  /** Whether a value may be a path; a client with a signing key takes none, also for a flag that is not known here. */
  readonly takesPaths?: false;
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
  /** As `takesPaths` of a client. */
  readonly takesPaths?: false;
  readonly managedKeys: readonly string[];
  readonly knownKeys: Readonly<Record<string, ValueType>>;
}

/** The part of a chain that the shared checks read. */
export type ChainFacts = Pick<Chain, 'title' | 'networks' | 'customNetworks' | 'roles' | 'nodeTypes' | 'configFiles'>;

/** What a flag or a configuration key accepts. A list names the allowed values. */
export type ValueType = 'text' | 'integer' | 'boolean' | 'duration' | readonly string[];
