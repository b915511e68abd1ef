// Installs the CustomResourceDefinitions at start-up and waits until the server serves them.

import { ANNOTATION, FIELD_MANAGER } from '../api/group.ts';
import { refOf, type KubeObject } from '../api/objects.ts';
import type { Kind } from './cluster.ts';
import { contains } from '../lib/contains.ts';
import type { ApiCluster } from './api-cluster.ts';
import { isKubeError, KubeError } from './kube-error.ts';
import { type FieldSchema, missingFields } from './missing-fields.ts';
import { pause } from './pause.ts';

export type CrdResult =
  | { readonly name: string; readonly outcome: 'applied' | 'current' }
  /** It stays as it is, by its permissions or because it is newer; the version we need is served. */
  | { readonly name: string; readonly outcome: 'kept'; readonly warning: string };

/** What installing needs of the cluster. */
type Definitions = Pick<ApiCluster, 'apply' | 'get' | 'serves' | 'schemas'>;

export interface ApplyCrdsOptions {
  readonly signal?: AbortSignal;
  /** Until a definition must be Established; default 30 s. */
  readonly timeoutMs?: number;
}

const POLL_MS = 200;

/**
 * Applies the definitions that differ from those of the server, and resolves once every kind is served, in the order given. Throws KubeError NOT_SERVED when
 * some are missing and we may not install them (an administrator must do it), TIMEOUT when one doesn't become Established.
 */
export async function applyCrds(
  cluster: Definitions,
  crds: readonly KubeObject[],
  options: ApplyCrdsOptions = {},
): Promise<readonly CrdResult[]> {
  const results = await Promise.all(crds.map((crd) => applyOne(cluster, crd, options)));
  const missing = results.flatMap(({ name, outcome }) => (outcome === 'missing' ? [name] : []));
  if (missing.length > 0) {
    throw new KubeError(
      'NOT_SERVED',
      `missing, or without our version, and not ours to install: ${missing.join(', ')}; have an administrator apply the definitions that \`nodewright crds\` prints`,
    );
  }
  return results.filter((result) => result.outcome !== 'missing');
}

interface Missing {
  readonly name: string;
  readonly outcome: 'missing';
}

async function applyOne(
  cluster: Definitions,
  crd: KubeObject,
  options: ApplyCrdsOptions,
): Promise<CrdResult | Missing> {
  const { name } = crd.metadata;
  // The server's part is not ours to apply.
  const { status: _, ...definition } = crd;
  const live = await cluster.get(refOf(crd)).catch((error: unknown) => {
    if (isKubeError(error, 'FORBIDDEN')) return undefined;
    throw error;
  });
  if (revisionOf(live) > revisionOf(crd)) {
    await waitUntilServed(cluster, crd, options);
    return {
      name,
      outcome: 'kept',
      warning: `CustomResourceDefinition ${name} is of a newer controller (schema revision ${revisionOf(live)}, ours is ${revisionOf(crd)}) and is kept; update this controller`,
    };
  }
  // A restart writes nothing: every write of a definition makes the server build its schemas again.
  if (contains(live, definition) && (await isServed(cluster, crd, live))) return { name, outcome: 'current' };
  try {
    await cluster.apply(
      { ...definition, apiVersion: crd.apiVersion, kind: crd.kind, metadata: crd.metadata },
      { fieldManager: FIELD_MANAGER, force: true },
    );
  } catch (error) {
    if (!isKubeError(error, 'FORBIDDEN')) throw error;
    return await judgeInstalled(cluster, crd);
  }
  await waitUntilServed(cluster, crd, options);
  return { name, outcome: 'applied' };
}

/** Of a definition that we may not change: whether it is there, and has every field of ours. */
async function judgeInstalled(
  cluster: Pick<ApiCluster, 'serves' | 'schemas'>,
  crd: KubeObject,
): Promise<CrdResult | Missing> {
  const { name } = crd.metadata;
  if (!(await servesAll(cluster, crd))) return { name, outcome: 'missing' };
  const lacking = await lackingFields(cluster, crd);
  if (lacking.length === 0) return { name, outcome: 'current' };
  const named = `${lacking.slice(0, 5).join(', ')}${lacking.length > 5 ? ` and ${lacking.length - 5} more` : ''}`;
  return {
    name,
    outcome: 'kept',
    warning: `CustomResourceDefinition ${name} lacks ${named}, and is not ours to update; the API server refuses these fields until an administrator applies the definitions that \`nodewright crds\` prints`,
  };
}

async function lackingFields(cluster: Pick<ApiCluster, 'schemas'>, crd: KubeObject): Promise<readonly string[]> {
  const { group, names, versions } = specOf(crd);
  const found = versions.map(async ({ name, schema }) => {
    const theirs = (await cluster.schemas(`${group}/${name}`)).get(names.kind);
    return theirs === undefined ? [] : missingFields(schema?.openAPIV3Schema ?? {}, theirs);
  });
  return (await Promise.all(found)).flat();
}

/** How often the schema was changed, as the definition's annotation says; 0 for definitions without one. */
function revisionOf(crd: KubeObject | undefined): number {
  const text = crd?.metadata.annotations?.[ANNOTATION.schemaRevision] ?? '';
  return /^\d{1,9}$/.test(text) ? Number(text) : 0;
}

async function waitUntilServed(
  cluster: Pick<ApiCluster, 'get' | 'serves'>,
  crd: KubeObject,
  { signal, timeoutMs = 30_000 }: ApplyCrdsOptions,
): Promise<void> {
  const until = performance.now() + timeoutMs;
  for (;;) {
    const current = await cluster.get(refOf(crd));
    if (await isServed(cluster, crd, current)) return;
    if (signal?.aborted) throw new KubeError('ABORTED', `waiting for ${crd.metadata.name} was given up`);
    if (performance.now() > until) {
      const why = conditionsOf(current).find(({ status }) => status === 'False')?.message ?? 'no reason given';
      throw new KubeError(
        'TIMEOUT',
        `CustomResourceDefinition ${crd.metadata.name} is not Established after ${timeoutMs / 1000} s: ${why}`,
      );
    }
    await pause(POLL_MS, signal);
  }
}

async function isServed(
  cluster: Pick<ApiCluster, 'serves'>,
  crd: KubeObject,
  live: KubeObject | undefined,
): Promise<boolean> {
  return isEstablished(live) && (await servesAll(cluster, crd));
}

async function servesAll(cluster: Pick<ApiCluster, 'serves'>, crd: KubeObject): Promise<boolean> {
  for (const kind of kindsOf(crd)) {
    if (!(await cluster.serves(kind))) return false;
  }
  return true;
}

/** The served versions of a definition as kinds. */
function kindsOf(crd: KubeObject): readonly Kind[] {
  const spec = specOf(crd);
  return spec.versions
    .filter(({ served }) => served)
    .map(({ name }) => ({
      apiVersion: `${spec.group}/${name}`,
      kind: spec.names.kind,
      plural: spec.names.plural,
      namespaced: spec.scope === 'Namespaced',
    }));
}

interface CrdSpec {
  readonly group: string;
  readonly scope: string;
  readonly names: { readonly kind: string; readonly plural: string };
  readonly versions: readonly {
    readonly name: string;
    readonly served: boolean;
    readonly schema?: { readonly openAPIV3Schema?: FieldSchema };
  }[];
}

function specOf(crd: KubeObject): CrdSpec {
  // The edge: apiextensions.k8s.io/v1 fixes the shape.
  return crd['spec'] as CrdSpec;
}

interface CrdCondition {
  readonly type: string;
  readonly status: string;
  readonly message?: string;
}

function isEstablished(crd: KubeObject | undefined): boolean {
  return conditionsOf(crd).some(({ type, status }) => type === 'Established' && status === 'True');
}

function conditionsOf(crd: KubeObject | undefined): readonly CrdCondition[] {
  return (crd?.['status'] as { readonly conditions?: readonly CrdCondition[] } | undefined)?.conditions ?? [];
}
