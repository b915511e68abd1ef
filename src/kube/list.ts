// Reads every object of a kind, in pages.

import type { KubeObject } from '../api/objects.ts';
import { textAt, valueAt } from '../lib/json-value.ts';
import type { Kind } from './cluster.ts';
import { isKubeError, KubeError } from './kube-error.ts';
import { collectionPath } from './paths.ts';
import type { Rest, RestRequest } from './rest.ts';
import { onlyMetadata } from './strip.ts';

export interface ListScope {
  readonly kind: Kind;
  readonly namespace?: string | undefined;
  readonly labelSelector?: string | undefined;
  readonly fieldSelector?: string | undefined;
}

export interface ListOptions extends ListScope {
  readonly signal?: AbortSignal | undefined;
  /** Called for every object as its page arrives, so that what isn't needed can be released early. */
  readonly shape: (object: KubeObject) => KubeObject;
  /** Called after every page. */
  readonly onPage?: (() => void) | undefined;
}

export interface Listed {
  readonly items: readonly KubeObject[];
  /** The state of the cluster that the items show; a watch continues from here. */
  readonly resourceVersion: string;
}

const PAGE = 500;
const SMALL_PAGE = 50;
const MAX_PAGE_BYTES = 64 * 1024 * 1024;
const PAGE_TIMEOUT_MS = 60_000;
/** A page token lives about five minutes (etcd compaction): a list that outlives it starts again. */
const MAX_RESTARTS = 3;

/** One consistent list: all pages are of the same moment. Throws KubeError. */
export async function listAll(rest: Rest, options: ListOptions): Promise<Listed> {
  for (let restart = 0; ; restart++) {
    try {
      return await listPages(rest, options);
    } catch (error) {
      if (!isKubeError(error, 'GONE') || restart >= MAX_RESTARTS) throw error;
    }
  }
}

/** `namespace/a` or the kind alone, for error texts. */
export function describeScope({ kind, namespace }: ListScope): string {
  return namespace === undefined ? kind.kind : `${kind.kind} ${namespace}/*`;
}

async function listPages(rest: Rest, options: ListOptions): Promise<Listed> {
  const items: KubeObject[] = [];
  let token: string | undefined;
  let limit = PAGE;
  for (;;) {
    try {
      const page = await readPage(rest, options, { limit, token });
      for (const item of page.items) items.push(options.shape(item));
      options.onPage?.();
      if (page.token === undefined) return { items, resourceVersion: page.resourceVersion };
      token = page.token;
    } catch (error) {
      // Objects may be up to 1.5 MiB each: smaller pages then.
      if (!isKubeError(error, 'TOO_LARGE') || limit === SMALL_PAGE) throw error;
      limit = SMALL_PAGE;
    }
  }
}

const METADATA_ALONE = 'application/json;as=PartialObjectMetadataList;g=meta.k8s.io;v=v1';
const MAX_METADATA_BYTES = 4 * 1024 * 1024;

/** Not in pages, because the API server answers such a list from its memory, and with what is true now. Throws KubeError. */
export async function listMetadata(rest: Rest, scope: ListScope): Promise<readonly KubeObject[]> {
  const body = await rest.json({
    ...asking(scope),
    query: { labelSelector: scope.labelSelector },
    accept: METADATA_ALONE,
    maxBytes: MAX_METADATA_BYTES,
  });
  return parsePage(body, scope, 'PartialObjectMetadataList').items.map(onlyMetadata);
}

function asking(scope: ListScope): Pick<RestRequest, 'verb' | 'method' | 'kind' | 'about' | 'path' | 'idempotent'> {
  const { kind, namespace } = scope;
  return {
    verb: 'list',
    method: 'GET',
    kind: kind.kind,
    about: describeScope(scope),
    path: collectionPath(kind, namespace),
    idempotent: true,
  };
}

interface Page extends Listed {
  readonly token: string | undefined;
}

async function readPage(
  rest: Rest,
  options: ListOptions,
  { limit, token }: { readonly limit: number; readonly token: string | undefined },
): Promise<Page> {
  const { labelSelector, fieldSelector, signal } = options;
  const body = await rest.json({
    ...asking(options),
    // Without a resourceVersion the answer is the most recent state, never one older than what we have seen.
    query: { limit, continue: token, labelSelector, fieldSelector },
    timeoutMs: PAGE_TIMEOUT_MS,
    maxBytes: MAX_PAGE_BYTES,
    ...(signal === undefined ? {} : { signal }),
  });
  return parsePage(body, options, `${options.kind.kind}List`);
}

function isNamed(item: unknown): item is KubeObject {
  return textAt(item, ['metadata', 'name']) !== undefined;
}

function parsePage(body: unknown, scope: ListScope, answer: string): Page {
  const { kind } = scope;
  const resourceVersion = textAt(body, ['metadata', 'resourceVersion']);
  if (textAt(body, ['kind']) !== answer || resourceVersion === undefined)
    throw new KubeError('UNEXPECTED', `list ${describeScope(scope)}: the answer is no ${answer}`);
  const listed = valueAt(body, ['items']);
  const items: readonly unknown[] = Array.isArray(listed) ? listed : [];
  if (!items.every(isNamed))
    throw new KubeError('UNEXPECTED', `list ${describeScope(scope)}: the answer has items without a name`);
  const token = textAt(body, ['metadata', 'continue']);
  return {
    // Items of built-in kinds come without these two.
    items: items.map((item) => ({ ...item, apiVersion: kind.apiVersion, kind: kind.kind })),
    resourceVersion,
    token: token === '' ? undefined : token,
  };
}
