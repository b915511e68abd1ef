// Where on the API server a kind and its objects live.

import type { Ref } from '../api/objects.ts';
import type { Kind } from './cluster.ts';
import { KubeError } from './kube-error.ts';
import { kindOf } from './kinds.ts';

/** `/api/v1/namespaces/a/configmaps`; without a namespace every namespace. */
export function collectionPath(kind: Kind, namespace?: string): string {
  const space = kind.namespaced && namespace !== undefined ? `/namespaces/${segment(namespace, kind.kind)}` : '';
  return `${versionPath(kind.apiVersion)}${space}/${kind.plural}`;
}

/** `/api/v1/namespaces/a/configmaps/b`. Throws INVALID when name or namespace are missing or too many. */
export function objectPath(ref: Ref): string {
  const kind = kindOf(ref);
  if (kind.namespaced !== (ref.namespace !== undefined)) {
    const trouble = kind.namespaced ? 'needs a namespace' : 'is cluster-scoped and takes no namespace';
    throw new KubeError('INVALID', `${ref.kind} ${ref.name} ${trouble}`);
  }
  return `${collectionPath(kind, ref.namespace)}/${segment(ref.name, ref.kind)}`;
}

/** `/api/v1` or `/apis/<group>/<version>`. */
export function versionPath(apiVersion: string): string {
  return apiVersion.includes('/') ? `/apis/${apiVersion}` : `/api/${apiVersion}`;
}

/** An empty name would turn "this object" into "all objects", and dots would climb out of the path. */
function segment(name: string, kind: string): string {
  if (name === '' || name === '.' || name === '..' || name.includes('/')) {
    throw new KubeError('INVALID', `${kind}: "${name}" is no name of an object`);
  }
  return encodeURIComponent(name);
}
