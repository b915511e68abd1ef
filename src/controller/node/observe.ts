// Asks running nodes how they are. One that hangs delays no other: every node has its own pass and deadline.

import type { BlockchainNode } from '../../api/blockchain-node.ts';
import { keyOf, type KubeObject } from '../../api/objects.ts';
import type { Reply, RoleFacts } from '../../chains/chain.ts';
import { findChain } from '../../chains/index.ts';
import type { Asker } from '../../rpc/ask.ts';
import { podAddress } from './pod.ts';
import type { World } from './watches.ts';

/** Longest time one question may take, in milliseconds. */
const QUESTION_TIMEOUT_MS = 5000;

export interface ObserveOptions {
  readonly world: World;
  readonly asker: Asker;
}

/**
 * The facts about a node's processes as they say themselves, by role; empty when no pod runs that could be asked.
 * Never throws for a node that is down: that is an answer.
 */
export async function observeNode(
  node: BlockchainNode,
  { world, asker }: ObserveOptions,
  signal: AbortSignal,
): Promise<ReadonlyMap<string, RoleFacts>> {
  const chain = findChain(node.spec.chain);
  const key = keyOf(node);
  const host = podAddress(world.parts(key, 'Pod'));
  if (chain === undefined || host === undefined) return new Map();
  const replies: ReadonlyMap<string, Reply> = await asker.ask(chain.questions(node), {
    host,
    signal,
    timeoutMs: QUESTION_TIMEOUT_MS,
    credentials: async ({ secret, userKey, passwordKey }) => {
      const secrets = world.parts(key, 'Secret');
      const user = secretValue(secrets, secret, userKey);
      const password = secretValue(secrets, secret, passwordKey);
      return await Promise.resolve(user === undefined || password === undefined ? undefined : { user, password });
    },
  });
  return chain.facts(node, replies);
}

function secretValue(secrets: readonly KubeObject[], name: string, key: string): string | undefined {
  const data = secrets.find((secret) => secret.metadata.name === name)?.['data'];
  if (typeof data !== 'object' || data === null) return undefined;
  const value: unknown = Object.entries(data).find(([candidate]) => candidate === key)?.[1];
  return typeof value === 'string' ? Buffer.from(value, 'base64').toString('utf8') : undefined;
}
