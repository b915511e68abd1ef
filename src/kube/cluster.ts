// The port to Kubernetes: all operations on the API server that the program uses.

import type { KubeObject, ManagedFields, Ref } from '../api/objects.ts';

/** One kind of object as the API server serves it. */
export interface Kind {
  readonly apiVersion: string;
  readonly kind: string;
  /** Lower-case plural, the path segment: `statefulsets`. */
  readonly plural: string;
  readonly namespaced: boolean;
}

export interface ApplyOptions {
  readonly fieldManager: string;
  /** Take over fields that another manager owns. */
  readonly force: boolean;
  readonly dryRun?: boolean;
}

export interface RemoveOptions {
  /** Only if the object still has this UID: a name alone never proves which object it is. */
  readonly uid: string;
  readonly propagation: 'Background' | 'Foreground' | 'Orphan';
  readonly gracePeriodSeconds?: number;
  /** Only if nothing of the object has changed since, else KubeError CONFLICT. */
  readonly resourceVersion?: string | undefined;
}

/**
 * The local copy of an informer. Keys are `namespace/name`, or `name` for cluster-scoped kinds. Its objects lack
 * managedFields and kubectl's last-applied annotation: `get` an object before you `replace` it.
 */
export interface Informer<T extends KubeObject = KubeObject> {
  /** Resolves once the first list is complete. Rejects only when the signal given to `inform` aborts. */
  synced(): Promise<void>;
  readonly isSynced: boolean;
  get(key: string): T | undefined;
  list(): readonly T[];
  /** Milliseconds since the epoch of the last contact with the API server (event, bookmark, list), 0 before the first. */
  readonly lastContact: number;
  /** The error that keeps it from working, if any; undefined once it works again. */
  readonly trouble: Error | undefined;
}

export interface InformOptions<T extends KubeObject = KubeObject> {
  readonly namespace?: string;
  readonly labelSelector?: string;
  /** Nothing but the metadata is kept of an object. */
  readonly metadataOnly?: boolean;
  /**
   * Called for every change with old and new object, for every object of the first list too; what it throws is logged,
   * never fatal. Another object under the same name (another UID) is reported as a deletion, then a creation.
   */
  readonly onChange: (change: {
    readonly key: string;
    readonly old: T | undefined;
    readonly now: T | undefined;
  }) => void;
  readonly signal: AbortSignal;
}

/** Every method has a timeout of its own, honours Retry-After, and fails with a KubeError with a code. */
export interface Cluster {
  /** Undefined only when the server says that there is none; NOT_SERVED when it doesn't serve the kind at all. */
  get(ref: Ref): Promise<KubeObject | undefined>;
  /** Who set which fields of the object; empty when there is none. */
  managersOf(ref: Ref): Promise<readonly ManagedFields[]>;
  list(
    kind: Kind,
    options?: { readonly namespace?: string; readonly labelSelector?: string; readonly fieldSelector?: string },
  ): Promise<readonly KubeObject[]>;
  /** The metadata alone, in one answer; KubeError TOO_LARGE when that has more than 4 MiB. */
  listMetadata(
    kind: Kind,
    scope: { readonly namespace: string; readonly labelSelector: string },
  ): Promise<readonly KubeObject[]>;
  /** Server-side apply with `fieldValidation: Strict`; resolves to the object as the server now has it. */
  apply(object: KubeObject, options: ApplyOptions): Promise<KubeObject>;
  /**
   * Server-side apply of the status subresource. With `metadata.resourceVersion` it fails with CONFLICT when the
   * object was changed after that version.
   */
  applyStatus(object: KubeObject, options: ApplyOptions): Promise<KubeObject>;
  /**
   * Replaces the status as a whole, also what others have set in it; an apply would leave that. Its `metadata.resourceVersion`
   * must still be current, else KubeError CONFLICT; without one the object must have that UID, else INVALID.
   */
  replaceStatus(object: KubeObject): Promise<KubeObject>;
  /** Fails with KubeError ALREADY_EXISTS when there is one: so a caller can do something at most once. */
  create(object: KubeObject, options?: WriteOptions): Promise<KubeObject>;
  /** Replaces the object; its `metadata.resourceVersion` must still be current, else KubeError CONFLICT. */
  replace(object: KubeObject): Promise<KubeObject>;
  /** RFC 6902 patch, all or nothing. */
  patch(ref: Ref, operations: readonly JsonPatchOperation[], options?: WriteOptions): Promise<KubeObject>;
  /** Resolves when the deletion was accepted or the object (with that UID) is already gone. */
  remove(ref: Ref, options: RemoveOptions): Promise<void>;
  /** The last lines of a container's log, or of its run before (`previous`), at most `limitBytes`. */
  logs(pod: Ref, options: LogOptions): Promise<string>;
  inform<T extends KubeObject = KubeObject>(kind: Kind, options: InformOptions<T>): Informer<T>;
  /** The server's version, e.g. `v1.36.3`; also the cheapest proof that it answers. */
  version(): Promise<string>;
}

export interface WriteOptions {
  /** The API server decides as for a real request, and stores nothing. */
  readonly dryRun?: boolean;
}

export interface LogOptions {
  readonly container: string;
  readonly tailLines: number;
  readonly limitBytes: number;
  readonly previous?: boolean;
}

export interface JsonPatchOperation {
  readonly op: 'add' | 'remove' | 'replace' | 'test';
  readonly path: string;
  readonly value?: unknown;
}
