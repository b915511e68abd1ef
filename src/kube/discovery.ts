// What the API server says of itself: its version, the kinds that it serves, and their schemas.

import type { Kind } from './cluster.ts';
import { isKubeError, KubeError } from './kube-error.ts';
import type { FieldSchema } from './missing-fields.ts';
import { versionPath } from './paths.ts';
import type { Rest } from './rest.ts';

export async function version(rest: Rest): Promise<string> {
  const request = { verb: 'discover', kind: 'Version', about: 'the version' } as const;
  const answer = await rest.json({ ...request, method: 'GET', path: '/version', idempotent: true });
  if (typeof answer === 'object' && answer !== null && 'gitVersion' in answer) return String(answer.gitVersion);
  throw new KubeError('UNEXPECTED', 'discover the version: the answer names none; is this an API server?');
}

export async function serves(rest: Rest, kind: Kind): Promise<boolean> {
  const request = { verb: 'discover', kind: kind.kind, about: kind.apiVersion } as const;
  try {
    const answer = await rest.json({ ...request, method: 'GET', path: versionPath(kind.apiVersion), idempotent: true });
    // The edge: APIResourceList of meta/v1.
    const { resources } = answer as { readonly resources?: readonly { readonly name?: unknown }[] };
    return resources?.some(({ name }) => name === kind.plural) ?? false;
  } catch (error) {
    if (isKubeError(error, 'NOT_SERVED', 'NOT_FOUND')) return false;
    throw error;
  }
}

/** From the OpenAPI document, which follows a change of a definition within seconds. */
export async function schemas(rest: Rest, apiVersion: string): Promise<ReadonlyMap<string, FieldSchema>> {
  const path = `/openapi/v3${versionPath(apiVersion)}`;
  const request = { verb: 'discover', kind: 'OpenAPI', about: apiVersion, method: 'GET', path } as const;
  // The edge: an OpenAPI 3 document of Kubernetes.
  const answer = (await rest.json({ ...request, idempotent: true })) as {
    readonly components?: { readonly schemas?: Readonly<Record<string, FieldSchema & OpenApiKinds>> };
  };
  return new Map(
    Object.values(answer.components?.schemas ?? {}).flatMap((schema) =>
      (schema['x-kubernetes-group-version-kind'] ?? []).map(({ kind }) => [kind, schema] as const),
    ),
  );
}

interface OpenApiKinds {
  readonly 'x-kubernetes-group-version-kind'?: readonly { readonly kind: string }[];
}
