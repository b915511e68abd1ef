// What the API server says of itself: its version, the kinds that it serves, and their schemas.

import { isObject, member, textAt, valueAt } from '../lib/json-value.ts';
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
    const resources = member(answer, 'resources');
    return Array.isArray(resources) && resources.some((one) => textAt(one, ['name']) === kind.plural);
  } catch (error) {
    if (isKubeError(error, 'NOT_SERVED', 'NOT_FOUND')) return false;
    throw error;
  }
}

/** From the OpenAPI document, which follows a change of a definition within seconds. */
export async function schemas(rest: Rest, apiVersion: string): Promise<ReadonlyMap<string, FieldSchema>> {
  const path = `/openapi/v3${versionPath(apiVersion)}`;
  const request = { verb: 'discover', kind: 'OpenAPI', about: apiVersion, method: 'GET', path } as const;
  const found = valueAt(await rest.json({ ...request, idempotent: true }), ['components', 'schemas']);
  const all = isObject(found) ? Object.values(found).filter(isObject) : [];
  return new Map(all.flatMap((schema) => kindsOf(schema).map((kind) => [kind, schema] as const)));
}

function kindsOf(schema: unknown): readonly string[] {
  const kinds = member(schema, 'x-kubernetes-group-version-kind');
  return Array.isArray(kinds) ? kinds.flatMap((one) => textAt(one, ['kind']) ?? []) : [];
}
