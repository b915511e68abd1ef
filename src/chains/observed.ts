// What is asked of a running node, what it says, and what is expected of it.

import type { NodeReason } from '../api/codes/node-reasons.ts';

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
  /** Largest reply. Default 64 KiB. */
  readonly maxBytes?: number;
}

/** For a list that grows with the chain or the peers: 10,000 hashes of transactions, or some hundreds of peers. */
export const LONG_REPLY_BYTES = 1_048_576;

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
  /**
   * Whether the height can fall without a loss of data. `always`: blocks are final, so it never falls. `never`: the client
   * empties its chain at each start. Absent: a reorganization, or an end without a shutdown, takes some blocks back.
   */
  readonly keepsHeight?: 'always' | 'never';
}
