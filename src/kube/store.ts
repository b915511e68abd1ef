// The local copy of the objects of a kind. It reports every change once, in order.

import { keyOf, type KubeObject } from '../api/objects.ts';
import type { InformOptions } from './cluster.ts';
import type { Log } from './log.ts';
import { onlyMetadata, strip } from './strip.ts';

export interface Store<T extends KubeObject> {
  get(key: string): T | undefined;
  list(): readonly T[];
  /** The object as it is kept. */
  readonly shape: (object: KubeObject) => KubeObject;
  put(object: KubeObject): void;
  remove(object: KubeObject): void;
  /** Makes the copy equal to a complete list of shaped objects: what is not in it was deleted meanwhile. */
  replace(objects: readonly KubeObject[], signal: AbortSignal): void;
}

export function makeStore<T extends KubeObject>(
  kind: string,
  { onChange, metadataOnly = false }: Pick<InformOptions<T>, 'onChange' | 'metadataOnly'>,
  log: Log,
): Store<T> {
  const shape = metadataOnly ? onlyMetadata : strip;
  const objects = new Map<string, T>();
  const notify = withoutThrowing(kind, onChange, log);

  function put(object: KubeObject): void {
    keep(shape(object));
  }

  function keep(object: KubeObject): void {
    const key = keyOf(object);
    const old = objects.get(key);
    if (old !== undefined && old.metadata.resourceVersion === object.metadata.resourceVersion) return;
    // Another object with the same name: the deletion of the old one must be reported.
    if (old !== undefined && old.metadata.uid !== object.metadata.uid) forget(key, old);
    // The edge: the kind was asked for, so its objects are of the kind's type.
    const now = object as T;
    objects.set(key, now);
    notify({ key, old: objectBefore(old, now), now });
  }

  function objectBefore(old: T | undefined, now: T): T | undefined {
    return old?.metadata.uid === now.metadata.uid ? old : undefined;
  }

  function remove(object: KubeObject): void {
    const key = keyOf(object);
    const old = objects.get(key);
    if (old?.metadata.uid === object.metadata.uid && old !== undefined) forget(key, old);
  }

  function forget(key: string, old: T): void {
    objects.delete(key);
    notify({ key, old, now: undefined });
  }

  function replace(listed: readonly KubeObject[], signal: AbortSignal): void {
    const keys = new Set(listed.map(keyOf));
    for (const [key, old] of objects) {
      if (signal.aborted) return;
      if (!keys.has(key)) forget(key, old);
    }
    for (const object of listed) {
      if (signal.aborted) return;
      keep(object);
    }
  }

  return { get: (key) => objects.get(key), list: () => [...objects.values()], shape, put, remove, replace };
}

/** Calls the handler; a failure of it is logged, and neither ends the watch nor the process. */
function withoutThrowing<T extends KubeObject>(
  kind: string,
  onChange: InformOptions<T>['onChange'],
  log: Log,
): InformOptions<T>['onChange'] {
  return (change) => {
    const failed = (err: unknown): void => log.warn({ kind, key: change.key, err }, 'A change handler failed');
    try {
      // An async function fits the type too, and its rejection must not end the process.
      const result: unknown = onChange(change);
      if (result instanceof Promise) result.catch(failed);
    } catch (error) {
      failed(error);
    }
  };
}
