// The Cluster port over a real API server.

import { FIELD_MANAGER } from '../api/group.ts';
import { describeRef, refOf, type KubeObject, type ManagedFields, type Ref } from '../api/objects.ts';
import type {
  ApplyOptions,
  Cluster,
  Informer,
  InformOptions,
  JsonPatchOperation,
  Kind,
  RemoveOptions,
  WriteOptions,
} from './cluster.ts';
import { loadConfig, type ConfigOptions } from './config.ts';
import { schemas, serves, version } from './discovery.ts';
import { INFORMER_TIMES, startInformer, type InformerTimes } from './informer.ts';
import { kindOf } from './kinds.ts';
import { isKubeError, KubeError } from './kube-error.ts';
import { listAll, listMetadata } from './list.ts';
import { createOutages } from './outages.ts';
import { NO_LOG, type Log } from './log.ts';
import type { FieldSchema } from './missing-fields.ts';
import { objectPath } from './paths.ts';
import { makeRest, type RequestRecord, type Rest, type RestRequest } from './rest.ts';
import { withoutManagedFields } from './strip.ts';
import { makeTransport } from './transport.ts';

export interface ConnectOptions extends ConfigOptions {
  /** Called for every request, also retries and watches, for metrics. */
  readonly onRequest?: (record: RequestRecord) => void;
  readonly log?: Log;
  /** For tests; default INFORMER_TIMES. */
  readonly informerTimes?: Partial<InformerTimes>;
}

export interface ApiCluster extends Cluster {
  /** Whether the server serves the kind now, by discovery: needs no permission beyond being authenticated. */
  serves(kind: Kind): Promise<boolean>;
  /** The schemas by which the server judges the kinds of a version, by kind: needs no permission either. */
  schemas(apiVersion: string): Promise<ReadonlyMap<string, FieldSchema>>;
  /** Stops every informer and ends every connection. */
  close(): Promise<void>;
}

/** Reads the configuration; the first request connects. Throws KubeError CONFIG. */
export function connectCluster(options: ConnectOptions = {}): ApiCluster {
  const transport = makeTransport(loadConfig(options));
  const rest = makeRest({ transport, onRequest: options.onRequest });
  const closing = new AbortController();
  const times = { ...INFORMER_TIMES, ...options.informerTimes };
  const log = options.log ?? NO_LOG;
  const outages = createOutages({ log, quietMs: times.quietMs, now: Date.now, signal: closing.signal });

  function inform<T extends KubeObject = KubeObject>(kind: Kind, what: InformOptions<T>): Informer<T> {
    const signal = AbortSignal.any([what.signal, closing.signal]);
    return startInformer<T>({ rest, log, outages, times }, kind, { ...what, signal });
  }

  async function close(): Promise<void> {
    closing.abort();
    await transport.close();
  }

  return { ...makeOperations(rest), inform, close };
}

function makeOperations(rest: Rest): Omit<ApiCluster, 'inform' | 'close'> {
  return {
    get: (ref) => get(rest, ref),
    managersOf: (ref) => managersOf(rest, ref),
    list: async (kind, scope = {}) => (await listAll(rest, { ...scope, kind, shape: withoutManagedFields })).items,
    listMetadata: (kind, scope) => listMetadata(rest, { ...scope, kind }),
    apply: (object, options) => apply(rest, object, options),
    applyStatus: (object, options) => applyStatus(rest, object, options),
    replaceStatus: (object) => replaceStatus(rest, object),
    create: (object, options) => create(rest, object, options),
    replace: (object) => replace(rest, object),
    patch: (ref, operations, options) => patch(rest, { ref, operations, ...options }),
    remove: (ref, options) => remove(rest, ref, options),
    logs: (pod, options) => logs(rest, pod, options),
    version: () => version(rest),
    serves: (kind) => serves(rest, kind),
    schemas: (apiVersion) => schemas(rest, apiVersion),
  };
}

async function get(rest: Rest, ref: Ref): Promise<KubeObject | undefined> {
  try {
    return await ask(rest, ref, { verb: 'get', method: 'GET', path: objectPath(ref), idempotent: true });
  } catch (error) {
    if (isKubeError(error, 'NOT_FOUND')) return undefined;
    throw error;
  }
}

async function managersOf(rest: Rest, ref: Ref): Promise<readonly ManagedFields[]> {
  const request = { ...naming(ref), verb: 'get', method: 'GET', path: objectPath(ref), idempotent: true } as const;
  try {
    // The edge: ObjectMeta of meta/v1.
    const answer = (await rest.json(request)) as { readonly metadata?: { managedFields?: readonly ManagedFields[] } };
    return answer.metadata?.managedFields ?? [];
  } catch (error) {
    if (isKubeError(error, 'NOT_FOUND')) return [];
    throw error;
  }
}

function apply(rest: Rest, object: KubeObject, options: ApplyOptions): Promise<KubeObject> {
  const ref = refOf(object);
  return applyAt(rest, withoutManagedFields(object), { ...options, path: objectPath(ref) });
}

/** Sends nothing but the status, so that an apply never takes over fields of the spec. */
function applyStatus(rest: Rest, object: KubeObject, options: ApplyOptions): Promise<KubeObject> {
  const ref = refOf(object);
  const { name, namespace, uid, resourceVersion } = object.metadata;
  // With the UID, the status of a deleted object is never written to its successor.
  const metadata = {
    name,
    ...(namespace === undefined ? {} : { namespace }),
    ...(uid === undefined ? {} : { uid }),
    ...(resourceVersion === undefined ? {} : { resourceVersion }),
  };
  const { apiVersion, kind, status } = object;
  return applyAt(rest, { apiVersion, kind, metadata, status }, { ...options, path: `${objectPath(ref)}/status` });
}

function applyAt(
  rest: Rest,
  object: KubeObject,
  options: ApplyOptions & { readonly path: string },
): Promise<KubeObject> {
  const { fieldManager, force, dryRun, path } = options;
  return ask(rest, refOf(object), {
    verb: 'apply',
    method: 'PATCH',
    path,
    query: { fieldManager, force, fieldValidation: 'Strict', dryRun: dryRun === true ? 'All' : undefined },
    // JSON is YAML.
    contentType: 'application/apply-patch+yaml',
    body: object,
    idempotent: true,
  });
}

const WRITTEN_BY_US = { fieldManager: FIELD_MANAGER, fieldValidation: 'Strict' } as const;

function create(rest: Rest, object: KubeObject, { dryRun }: WriteOptions = {}): Promise<KubeObject> {
  const ref = refOf(object);
  // Refuses a missing name or namespace before anything is sent.
  const path = objectPath(ref).slice(0, objectPath(ref).lastIndexOf('/'));
  return ask(rest, ref, {
    verb: 'create',
    method: 'POST',
    path,
    query: { ...WRITTEN_BY_US, dryRun: dryRun === true ? 'All' : undefined },
    body: withoutManagedFields(object),
    // After a lost answer it is unknown whether the object was created; the caller must read it.
    idempotent: false,
  });
}

async function replace(rest: Rest, object: KubeObject): Promise<KubeObject> {
  const ref = refOf(object);
  requireVersion(object, ref);
  return await ask(rest, ref, {
    verb: 'replace',
    method: 'PUT',
    path: objectPath(ref),
    query: WRITTEN_BY_US,
    body: withoutManagedFields(object),
    // Sent twice it can't act twice, but the second answer would be a conflict with ourselves.
    idempotent: false,
  });
}

function requireVersion({ metadata }: KubeObject, ref: Ref): void {
  if (metadata.resourceVersion !== undefined) return;
  throw new KubeError('INVALID', `replace ${describeRef(ref)}: needs metadata.resourceVersion; get the object first`);
}

/** As a patch, which names the version that it is about, so that the permission to write a status stays one verb. */
async function replaceStatus(rest: Rest, object: KubeObject): Promise<KubeObject> {
  const ref = refOf(object);
  const { uid, resourceVersion } = object.metadata;
  if (uid === undefined) requireVersion(object, ref);
  return await ask(rest, ref, {
    verb: 'patch',
    method: 'PATCH',
    path: `${objectPath(ref)}/status`,
    query: WRITTEN_BY_US,
    contentType: 'application/json-patch+json',
    body: [
      resourceVersion === undefined
        ? { op: 'test', path: '/metadata/uid', value: uid }
        : { op: 'replace', path: '/metadata/resourceVersion', value: resourceVersion },
      { op: 'add', path: '/status', value: object['status'] },
    ],
    idempotent: false,
  });
}

interface Patching extends WriteOptions {
  readonly ref: Ref;
  readonly operations: readonly JsonPatchOperation[];
}

function patch(rest: Rest, { ref, operations, dryRun }: Patching): Promise<KubeObject> {
  return ask(rest, ref, {
    verb: 'patch',
    method: 'PATCH',
    path: objectPath(ref),
    query: { ...WRITTEN_BY_US, dryRun: dryRun === true ? 'All' : undefined },
    contentType: 'application/json-patch+json',
    body: operations,
    idempotent: false,
  });
}

async function remove(rest: Rest, ref: Ref, options: RemoveOptions): Promise<void> {
  const { uid, propagation, gracePeriodSeconds, resourceVersion } = options;
  try {
    await rest.text({
      ...naming(ref),
      verb: 'delete',
      method: 'DELETE',
      path: objectPath(ref),
      body: {
        apiVersion: 'v1',
        kind: 'DeleteOptions',
        preconditions: { uid, resourceVersion },
        propagationPolicy: propagation,
        ...(gracePeriodSeconds === undefined ? {} : { gracePeriodSeconds }),
      },
      idempotent: true,
    });
  } catch (error) {
    if (isKubeError(error, 'NOT_FOUND')) return;
    // A conflict says that the UID or the version differs; the object itself is the proof.
    if (isKubeError(error, 'CONFLICT') && (await get(rest, ref))?.metadata.uid !== uid) return;
    throw error;
  }
}

function logs(rest: Rest, pod: Ref, options: Parameters<Cluster['logs']>[1]): Promise<string> {
  return rest.text({
    ...naming(pod),
    verb: 'logs',
    method: 'GET',
    path: `${objectPath(pod)}/log`,
    query: {
      container: options.container,
      tailLines: options.tailLines,
      limitBytes: options.limitBytes,
      ...(options.previous === true ? { previous: true } : {}),
    },
    // The server may go over the limit by a line.
    maxBytes: options.limitBytes + 64 * 1024,
    idempotent: true,
  });
}

function naming(ref: Ref): { readonly kind: string; readonly about: string } {
  return { kind: ref.kind, about: describeRef(ref) };
}

/** Sends a request that answers with the object itself. */
async function ask(rest: Rest, ref: Ref, request: Omit<RestRequest, 'kind' | 'about'>): Promise<KubeObject> {
  const { apiVersion, kind } = kindOf(ref);
  const answer = await rest.json({ ...request, ...naming(ref) });
  // The edge: an answer with the right type meta is the object.
  const object = answer as KubeObject | null;
  if (object?.kind !== kind || object.apiVersion !== apiVersion) {
    throw new KubeError('UNEXPECTED', `${request.verb} ${describeRef(ref)}: the answer is no ${kind}`);
  }
  return withoutManagedFields(object);
}
