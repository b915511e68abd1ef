// The Secrets the controller makes once per node. Their values are random, so they are not part of the rendered objects.

import type { BlockchainNode } from '../api/blockchain-node.ts';
import type { KubeObject, Ref } from '../api/objects.ts';
import type { GeneratedSecret, GeneratedValue, Workload } from '../chains/workload.ts';
import { secretName } from '../chains/secret-name.ts';
import { assertNever } from '../lib/assert-never.ts';
import { metadataOf } from './labels.ts';

export interface SecretToMake {
  readonly ref: Ref;
  readonly secret: GeneratedSecret;
}

/** Which Secrets must exist before the StatefulSet is applied. Made when absent, never changed. */
export function generatedSecretRefs(node: BlockchainNode, workload: Workload): readonly SecretToMake[] {
  const { namespace } = node.metadata;
  return workload.generatedSecrets.map((secret) => ({
    ref: {
      apiVersion: 'v1',
      kind: 'Secret',
      ...(namespace === undefined ? {} : { namespace }),
      name: secretName(node, secret.name),
    },
    secret,
  }));
}

/** The Secret with fresh values. `randomHex(n)` gives n random bytes as hex. To be created, never applied over a live one. */
export function makeSecret(
  node: BlockchainNode,
  secret: GeneratedSecret,
  randomHex: (bytes: number) => string,
): KubeObject {
  const plain = new Map<string, string>();
  // Derived values come last: they need the others.
  const isDerived = ({ kind }: GeneratedValue): number => Number(kind === 'derived');
  const entries = Object.entries(secret.keys).sort(([, a], [, b]) => isDerived(a) - isDerived(b));
  for (const [key, value] of entries) plain.set(key, valueFor(value, plain, randomHex));
  return {
    apiVersion: 'v1',
    kind: 'Secret',
    metadata: metadataOf(node, secretName(node, secret.name)),
    type: 'Opaque',
    immutable: true,
    stringData: Object.fromEntries(plain),
  };
}

function valueFor(
  value: GeneratedValue,
  made: ReadonlyMap<string, string>,
  randomHex: (bytes: number) => string,
): string {
  switch (value.kind) {
    case 'hex':
      return randomHex(value.bytes);
    case 'text':
      return value.value;
    case 'derived':
      return value.make(passwordIn(made, value.passwordKey), randomHex(16));
    default:
      return assertNever(value);
  }
}

function passwordIn(made: ReadonlyMap<string, string>, key: string): string {
  const password = made.get(key);
  if (password === undefined) throw new Error(`a generated secret has no key ${key}`);
  return password;
}
