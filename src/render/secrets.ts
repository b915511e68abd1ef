// Secrets of others that a role's container gets beside the identity: as variables and as folders.

import type { NodeSpec } from '../api/blockchain-node.ts';
import { sha256 } from '../lib/hash.ts';
import { SECRET_MODE } from './pod-volumes.ts';

type Json = Readonly<Record<string, unknown>>;

/** The container of a role with its variables and folders added. */
export function withSecrets(container: Json, role: string, spec: NodeSpec): Json {
  const variables = (spec.secretEnv?.[role] ?? []).map(({ name, secretName, key }) => ({
    name,
    valueFrom: { secretKeyRef: { name: secretName, key } },
  }));
  const mounts = (spec.secretMounts?.[role] ?? []).map(({ secretName, path }) => ({
    name: volumeOf(secretName),
    mountPath: path,
    readOnly: true,
  }));
  return {
    ...container,
    ...(variables.length === 0 ? {} : { env: [...listOf(container['env']), ...variables] }),
    ...(mounts.length === 0 ? {} : { volumeMounts: [...listOf(container['volumeMounts']), ...mounts] }),
  };
}

/** The volumes behind the folders, once each. */
export function secretVolumes({ secretMounts = {} }: NodeSpec): readonly Json[] {
  const names = new Set(Object.values(secretMounts).flatMap((mounts) => mounts.map(({ secretName }) => secretName)));
  return [...names].map((secretName) => ({
    name: volumeOf(secretName),
    secret: { secretName, defaultMode: SECRET_MODE },
  }));
}

/** Names of Secrets may be longer than a volume's. */
function volumeOf(secretName: string): string {
  return `nodewright-extra-${sha256(secretName).slice(0, 8)}`;
}

function listOf(value: unknown): readonly unknown[] {
  return Array.isArray(value) ? value : [];
}
