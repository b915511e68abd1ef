// Keeps a copy of all objects of a kind, for the servers of a cluster that are ours.

import {
  makeInformer,
  type KubeConfig,
  type KubernetesListObject,
  type KubernetesObject,
  type ObjectCache,
} from '@kubernetes/client-node';

/** Starts again a second after the connection broke; `onChange` is called after each change, without saying which. */
export function follow<T extends KubernetesObject>(
  config: KubeConfig,
  path: string,
  list: () => Promise<KubernetesListObject<T>>,
  onChange: () => void,
): ObjectCache<T> {
  const informer = makeInformer(config, path, list);
  const start = (): void => void informer.start().catch(again);
  const again = (): void => void setTimeout(start, 1_000);
  for (const event of ['add', 'update', 'delete'] as const) informer.on(event, onChange);
  informer.on('error', again);
  start();
  return informer;
}
