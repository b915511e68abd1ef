// What one Bitcoin client has to say about itself: a file for each, listed in clients.ts.

import type { NodeSpec } from '../../api/blockchain-node.ts';
import type { SpecProblem } from '../../api/spec-problem.ts';
import type { ClientInfo } from '../chain.ts';
import type { GeneratedSecret, Mount, Workload } from '../workload.ts';
import type { Question, Reply, RoleFacts } from '../observed.ts';

export interface BitcoinClient extends ClientInfo {
  /** How it names a network when asked. Key: spec.network. */
  readonly chainIds: Readonly<Record<string, string>>;
  /** With the keys `user` and `password`: made once per node, asked with, and mounted where the client reads it. */
  readonly secret: GeneratedSecret;
  /** Question id → JSON-RPC method, without parameters. */
  readonly methods: Readonly<Record<string, string>>;
  readonly tls?: Question['tls'];
  /** What is wrong with settings that are right one by one. */
  check(spec: NodeSpec): readonly SpecProblem[];
  run(spec: NodeSpec): Run;
  /** Facts of the role `node`. `development`: blocks come on demand only. */
  facts(replies: ReadonlyMap<string, Reply>, development: boolean): RoleFacts;
  /** Keys that belong to this one node, by their paths on its volume. */
  identityFiles(spec: NodeSpec): readonly string[];
  /** Folders on its volume of which one has its database; none where that is not known. */
  databases(spec: NodeSpec): readonly string[];
}

/** How it is started; all else is the same for every client. */
export interface Run {
  readonly args: readonly string[];
  readonly files: Workload['files'];
  /** Beside the volume, the Secret and a scratch folder at /tmp. */
  readonly mounts: readonly Mount[];
  /** Accepts connections when the client can be used. */
  readonly readyPort: number;
}

/** Where the volume and the client's Secret are mounted. */
export const DATA_PATH = '/data';
export const SECRET_PATH = '/secrets/rpc';
export const RPC_USER = 'nodewright';

/** Further behind the best known height than this is syncing. */
export const MAX_LAG = 2;
