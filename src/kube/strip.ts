// Removes from objects what the API server keeps for itself.

import type { KubeObject } from '../api/objects.ts';

const LAST_APPLIED = 'kubectl.kubernetes.io/last-applied-configuration';

/** The object without `metadata.managedFields`. The server keeps them when such an object is written back. */
export function withoutManagedFields<T extends KubeObject>(object: T): T {
  if (!('managedFields' in object.metadata)) return object;
  const { managedFields: _, ...metadata } = object.metadata;
  return { ...object, metadata };
}

/**
 * The object for keeping in memory and comparing: also without kubectl's copy of the whole object in an annotation,
 * which can repeat the data of a Secret. Never `replace` an object that went through here: that would drop the annotation.
 */
export function strip<T extends KubeObject>(object: T): T {
  const bare = withoutManagedFields(object);
  if (bare.metadata.annotations?.[LAST_APPLIED] === undefined) return bare;
  const { [LAST_APPLIED]: _, ...annotations } = bare.metadata.annotations;
  return { ...bare, metadata: { ...bare.metadata, annotations } };
}

/** For what is watched, and must not be kept. */
export function onlyMetadata(object: KubeObject): KubeObject {
  const { apiVersion, kind, metadata } = strip(object);
  return { apiVersion, kind, metadata };
}
