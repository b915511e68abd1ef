// What a chain says about one-shot jobs on its nodes: how each is done, or why it can't be.

import type { BlockchainNode } from './blockchain-node.ts';

/** Implemented beside a chain's description. Every answer is data: nothing here reads, asks or runs. */
export interface ChainJobs {
  /** Files that belong to this one node (node keys, addresses): a Restore keeps the node's own. */
  identityFiles(node: BlockchainNode): readonly DataPath[];
  /**
   * Files that say what the node's key has signed. The first is the one the client reads, the others on the same volume
   * are copies that may come back in its place. A Restore keeps whichever is newer; a Switchover moves them with the key.
   */
  signerState(node: BlockchainNode): readonly SignerState[];
  /**
   * What shows that the volumes hold a database of this chain, whatever its height. A Backup without one of them fails.
   * None for a client whose files are not known.
   */
  databaseMarkers(node: BlockchainNode): readonly DatabaseMarker[];
  /** How to bring the node's data back to `height`. */
  rollback(node: BlockchainNode, height: number): HowTo;
  /** How to take the state at `height`: by the client's own export, or by stopping there and copying. */
  snapshot(node: BlockchainNode, height: number): HowTo | { readonly how: 'copy' };
  /** Whether an identity can be exchanged by pointing two nodes at each other's Secret; else why not. */
  switchover(node: BlockchainNode): { readonly how: 'secret' } | Refused;
}

/** A path inside one of the node's volumes; no leading slash, no "..". */
export interface DataPath {
  readonly volume: string;
  readonly path: string;
}

/** At least one of the paths of the volume is a file that is not empty, or a folder with an entry. */
export interface DatabaseMarker {
  readonly volume: string;
  readonly anyOf: readonly string[];
}

export interface SignerState extends DataPath {
  /** How the age of two such files is compared: CometBFT's `priv_validator_state.json` by height, round, step. */
  readonly format: 'cometbft';
}

export interface Refused {
  readonly how: 'refused';
  /** In plain words, and what to do instead. */
  readonly reason: string;
}

export type HowTo =
  | Refused
  /** The client's own program on the stopped node's volumes. */
  | {
      readonly how: 'command';
      readonly run: ToolRun;
      /** Whether running it again after an unclear end gives the same result. */
      readonly repeatable: boolean;
      /** It goes back exactly one height, whatever was asked for (CometBFT): only "current - 1" is accepted. */
      readonly oneStep?: boolean;
      /** Regular expression with one group: the height, in the program's output. It proves the height. */
      readonly heightPattern: string;
      /** Matches the output of a run that failed before it changed anything: only then is the node started again. */
      readonly cleanFailure?: string;
    }
  /** The client, started alone on the stopped node's volumes without peers, is asked and stopped again. */
  | {
      readonly how: 'served';
      readonly client: ToolRun;
      /** An answer that holds this text shows that the client is up entirely; before it, nothing else is asked. */
      readonly ready?: ReadyProbe;
      readonly asks: readonly Ask[];
      readonly height: HeightProbe;
      /** Further below its newest block than this the client loses its state: only higher heights are accepted. */
      readonly reach?: number;
    }
  /** The running node is asked. The question must give the same result when it is asked twice. */
  | { readonly how: 'ask'; readonly asks: readonly Ask[]; readonly height: HeightProbe };

/** One program, started directly. Where it is a shell its script is constant: values come as environment variables. */
export interface ToolRun {
  readonly image: string;
  readonly command: readonly string[];
  readonly args: readonly string[];
  readonly env?: Readonly<Record<string, string>>;
  /**
   * Volumes of the node, where the program expects them. In a snapshot `result` is the new, empty volume; what the
   * program writes must lie in its folder `backup`, which the program makes.
   */
  readonly mounts: readonly { readonly volume: string; readonly path: string }[];
  /** Where the node's ConfigMap is wanted, if it is. */
  readonly configPath?: string;
}

/** A JSON question over HTTP; the same shape as a chain's status questions. */
export interface Ask {
  readonly id: string;
  readonly role: string;
  readonly port: number;
  readonly method: 'GET' | 'POST';
  readonly path: string;
  readonly body?: unknown;
  readonly auth?: { readonly secret: string; readonly userKey: string; readonly passwordKey: string };
}

/** A client may answer before it can be stopped, and its data be closed, in good order. */
export interface ReadyProbe {
  readonly ask: Ask;
  readonly includes: string;
}

/** How the reached height is proven: what to ask, and where the height stands in the answer. */
export interface HeightProbe {
  readonly ask: Ask;
  /** Path in the JSON answer: `['result']`. */
  readonly at: readonly (string | number)[];
  /** `hex`: "0x1f"; `decimal`: 31 or "31". */
  readonly format: 'hex' | 'decimal';
}
