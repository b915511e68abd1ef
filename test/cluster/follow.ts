// Keeps a copy of all objects of a kind, for tests and for the servers of a cluster that are ours.

import {
  makeInformer,
  type KubeConfig,
  type KubernetesListObject,
  type KubernetesObject,
  type ObjectCache,
} from '@kubernetes/client-node';

export interface Followed<T extends KubernetesObject> {
  readonly cache: ObjectCache<T>;
  onAdd(listener: (object: T) => void): void;
  onUpdate(listener: (object: T) => void): void;
  /** After each change, also a deletion. */
  onChange(listener: () => void): void;
  stop(): void;
}

/** Keeps a copy of all objects of a kind; starts again a moment after the connection broke. */
export function follow<T extends KubernetesObject>(
  config: KubeConfig,
  path: string,
  list: () => Promise<KubernetesListObject<T>>,
): Followed<T> {
  const informer = makeInformer(config, path, list);
  let closed = false;
  const start = (): void => {
    if (!closed) informer.start().catch(again);
  };
  const again = (): void => void setTimeout(start, 300);
  informer.on('error', again);
  start();
  return {
    cache: informer,
    onAdd: (listener) => informer.on('add', listener),
    onUpdate: (listener) => informer.on('update', listener),
    onChange(listener) {
      for (const event of ['add', 'update', 'delete'] as const) informer.on(event, listener);
    },
    stop: () => {
      closed = true;
      void informer.stop();
    },
  };
}
