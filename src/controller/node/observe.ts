// Asks the clients of a running node for their state. One node that hangs delays no other: each has its own deadline.

import type { BlockchainNode } from '../../api/blockchain-node.ts';
import { keyOf, type KubeObject } from '../../api/objects.ts';
import type { RoleFacts } from '../../chains/observed.ts';
import { findChain } from '../../chains/index.ts';
import { again, DONE, type ReconcileResult } from '../engine/queue.ts';
import type { NodeDeps } from './deps.ts';
import { findOwnNode } from './owner.ts';
import { podAddress } from './pod.ts';

type ObserveDeps = Pick<
  NodeDeps,
  'watches' | 'asker' | 'observations' | 'runtime' | 'settings' | 'notify' | 'volumeRecords'
>;

/** Asks as long as there is a running pod, again and again. */
export async function observeNode(key: string, deps: ObserveDeps, signal: AbortSignal): Promise<ReconcileResult> {
  const { watches, observations, runtime, settings, notify } = deps;
  const node = findOwnNode(key, watches, settings.executor);
  const host = podAddress(watches.owned(key, 'Pod'));
  if (node === undefined || host === undefined) {
    if (observations.clearFacts(key)) notify('NodeObserved', { nodeKeys: [key] });
    return DONE;
  }
  if (await deps.volumeRecords.runs(key)) notify('VolumesPrepared', { nodeKeys: [key] });
  observations.setFacts(key, await askClients({ node, host, signal }, deps), runtime.now());
  notify('NodeObserved', { nodeKeys: [key] });
  return again(observeDelay(node, deps));
}

/** Longest time of one question, in milliseconds. */
const QUESTION_TIMEOUT_MS = 5000;

interface Asked {
  readonly node: BlockchainNode;
  readonly host: string;
  readonly signal: AbortSignal;
}

/** Facts by role, as the clients report them. Does not throw for a node that is down: that is a fact. */
async function askClients(
  { node, host, signal }: Asked,
  { watches, asker }: ObserveDeps,
): Promise<ReadonlyMap<string, RoleFacts>> {
  const chain = findChain(node.spec.chain);
  if (chain === undefined) return new Map();
  const replies = await asker.ask(chain.questions(node), {
    host,
    signal,
    timeoutMs: QUESTION_TIMEOUT_MS,
    credentials: async ({ secret, userKey, passwordKey }) => {
      const secrets = watches.owned(keyOf(node), 'Secret');
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

/** A node that is not Running is asked more often. */
function observeDelay({ status }: BlockchainNode, { settings, runtime }: ObserveDeps): number {
  const base = status?.phase === 'Running' ? settings.observeIntervalMs : Math.min(settings.observeIntervalMs, 2000);
  return base * (0.9 + 0.2 * runtime.random());
}
