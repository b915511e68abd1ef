// A memory that lies in the namespace of the nodes, from before the controller had another one for it.

import { FIELD_MANAGER } from '../api/group.ts';
import type { EventNote, Events } from '../kube/events.ts';
import type { Cluster } from '../kube/cluster.ts';
import { refOfMemory } from './engine/memory.ts';
import type { Settings } from './engine/options.ts';

interface LeftMemoryDeps {
  readonly cluster: Pick<Cluster, 'get'>;
  readonly events: Pick<Events, 'emit' | 'flush'>;
  readonly settings: Pick<Settings, 'executor' | 'namespace' | 'ownNamespace'>;
}

/**
 * Rejects while there is a memory in the namespace of the nodes and none in the controller's own. An administrator moves it,
 * by an apply as this controller's, so that members which it removes later go away: who may write in the namespace of the nodes
 * must not decide what the controller remembers.
 */
export async function refuseLeftMemory({ cluster, events, settings }: LeftMemoryDeps): Promise<void> {
  const { executor, namespace, ownNamespace } = settings;
  if (namespace === ownNamespace) return;
  const own = refOfMemory({ executor, namespace: ownNamespace });
  if ((await cluster.get(own)) !== undefined) return;
  const left = await cluster.get(refOfMemory({ executor, namespace }));
  if (left === undefined) return;
  const message = messageOf(own.name, namespace, ownNamespace);
  const note: EventNote = { about: left, type: 'Warning', reason: 'MemoryElsewhere', message };
  events.emit(note);
  await events.flush();
  throw new Error(message);
}

/** Only the data is moved: an owner that someone gave the ConfigMap would have it removed later. */
function messageOf(name: string, from: string, to: string): string {
  const object = `{"{"}"apiVersion":"v1","kind":"ConfigMap","metadata":{"{"}"name":"${name}","namespace":"${to}"{"}"},"data":{.data}{"}"}`;
  return (
    `ConfigMap ${from}/${name} says what a controller of this executor remembers, and this one remembers in namespace ${to}. ` +
    `If no controller of this executor ever had its memory in ${from}, someone else wrote it: delete it. If one had, move it: ` +
    `kubectl -n ${from} get configmap ${name} -o jsonpath='${object}' | kubectl apply --server-side --field-manager=${FIELD_MANAGER} -f - && ` +
    `kubectl -n ${from} delete configmap ${name}`
  );
}
