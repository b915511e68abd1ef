// How a chain does one-shot jobs on its nodes, or why it does not support them.

import type { BlockchainNode } from './blockchain-node.ts';

/** Implemented beside the description of a chain. Every method returns data and does no I/O. */
export interface ChainJobs {
  /** Files that belong to this one node (node keys, addresses): a Restore keeps the node's own. */
  identityFiles(node: BlockchainNode): readonly DataPath[];
  /**
   * Files that record what the node's key has signed. The client reads the first one; the others on the same volume are
   * copies that the client may restore. A Restore keeps the newer state; a Switchover moves it with the key.
   */
  signerState(node: BlockchainNode): readonly SignerState[];
  /**
   * Files that show that the volumes hold a database of this chain, at any height. A Backup without them fails. Empty for
   * a client whose files are not known.
   */
  databaseMarkers(node: BlockchainNode): readonly DatabaseMarker[];
  /** How to roll the data of the node back to `height`. */
  rollback(node: BlockchainNode, height: number): HowTo;
  /** How to take the state at `height`: with the export of the client, or by stopping there and copying. */
  snapshot(node: BlockchainNode, height: number): HowTo | { readonly how: 'copy' };
  /** Whether two nodes can exchange identities by exchanging their Secrets; otherwise why not. */
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
  /** Why, and what to do instead. */
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
      /** It always goes back exactly one height (CometBFT): only "current - 1" is accepted. */
      readonly oneStep?: boolean;
      /** Regular expression with one group: the height, in the program's output. It proves the height. */
      readonly heightPattern: string;
      /** Matches the output of a run that failed before it changed anything. Only then is the node started again. */
      readonly cleanFailure?: string;
    }
  /** The client is started alone on the stopped node's volumes without peers, queried, and stopped again. */
  | {
      readonly how: 'served';
      readonly client: ToolRun;
      /** An answer with this text shows that the client is ready; no other query is sent before it. */
      readonly ready?: ReadyProbe;
      readonly asks: readonly Ask[];
      readonly height: HeightProbe;
      /** How far below its newest block the client still has the state: lower heights are refused. */
      readonly reach?: number;
    }
  /** The running node is queried. A repeated query must give the same result. */
  | { readonly how: 'ask'; readonly asks: readonly Ask[]; readonly height: HeightProbe };

/** One program, started directly. If it is a shell, its script is constant: values are environment variables. */
export interface ToolRun {
  readonly image: string;
  readonly command: readonly string[];
  readonly args: readonly string[];
  readonly env?: Readonly<Record<string, string>>;
  /**
   * Volumes of the node, at the paths that the program expects. In a snapshot `result` is the new, empty volume; the
   * program creates the folder `backup` in it and writes there.
   */
  readonly mounts: readonly { readonly volume: string; readonly path: string }[];
  /** Mount path of the node's ConfigMap, if the program needs it. */
  readonly configPath?: string;
}

/** A JSON query over HTTP; the same shape as the status queries of a chain. */
export interface Ask {
  readonly id: string;
  readonly role: string;
  readonly port: number;
  readonly method: 'GET' | 'POST';
  readonly path: string;
  readonly body?: unknown;
  readonly auth?: { readonly secret: string; readonly userKey: string; readonly passwordKey: string };
}

/** A client may answer before it can be stopped cleanly. */
export interface ReadyProbe {
  readonly ask: Ask;
  readonly includes: string;
}

/** How the reached height is proven: the query, and the place of the height in the answer. */
export interface HeightProbe {
  readonly ask: Ask;
  /** Path in the JSON answer: `['result']`. */
  readonly at: readonly (string | number)[];
  /** `hex`: "0x1f"; `decimal`: 31 or "31". */
  readonly format: 'hex' | 'decimal';
}
