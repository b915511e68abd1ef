// Which signing keys come with a workload of another tool.

import type { BlockchainNode } from '../api/blockchain-node.ts';
import type { KubeObject } from '../api/objects.ts';
import type { Chain } from '../chains/chain.ts';
import { isObject } from '../lib/json-value.ts';
import type { ForeignWorkload } from './foreign-workload.ts';

export interface SignerSecret {
  readonly secret: string;
  /** Digests of the keys. */
  readonly keys: readonly string[];
}

/** The mounted Secrets that hold a key of the chain. */
export function signerSecrets(chain: Chain, secrets: readonly KubeObject[]): readonly SignerSecret[] {
  return secrets.flatMap((secret) => {
    const keys = chain.signingKeys?.(filesOf(secret)) ?? [];
    return keys.length === 0 ? [] : [{ secret: secret.metadata.name, keys }];
  });
}

function filesOf({ data }: KubeObject): Readonly<Record<string, string>> {
  const entries = isObject(data) ? Object.entries(data) : [];
  return Object.fromEntries(
    entries.flatMap(([name, value]) =>
      typeof value === 'string' ? [[name, Buffer.from(value, 'base64').toString('utf8')]] : [],
    ),
  );
}

/** Whole sentences: where a key may be, and who must stop first. Empty when the chain has no signing keys. */
export function signerWarnings({
  chain,
  node,
  foreign,
  signers,
  unread,
}: {
  readonly chain: Chain;
  readonly node: BlockchainNode | undefined;
  readonly foreign: ForeignWorkload;
  readonly signers: readonly SignerSecret[];
  /** Secrets that may not be read. */
  readonly unread: readonly string[];
}): readonly string[] {
  const first = foreign.keptBy ?? `${foreign.kind} ${foreign.namespace}/${foreign.name}`;
  const unknown = unread.map(
    (name) => `Secret ${name} cannot be read with your rights: whether it holds a signing key is not known.`,
  );
  if (signers.length > 0)
    return [
      ...signers.map(
        ({ secret, keys }) =>
          `Secret ${secret} holds a signing key (${keys.join(', ')}). ${first} must have stopped, and stay stopped, before the node starts: two signers with one key are punished.`,
      ),
      ...unknown,
    ];
  const states = node === undefined ? [] : (chain.jobs?.signerState(node) ?? []);
  if (states.length === 0) return unknown;
  return [
    `The volume ${states[0]?.volume ?? ''} holds a signing key, if this workload validates: the client keeps it beside its data. ${first} must have stopped, and stay stopped, before the node starts. ` +
      'The controller reserves keys that are in Secrets: move the key of a validator into one (spec.identity).',
    ...unknown,
  ];
}
