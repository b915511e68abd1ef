// Looks without a pause at both container runtimes and both API servers: how many pods have the key at one moment.

import { Worker } from 'node:worker_threads';

import { CoreV1Api, KubeConfig, type V1Pod } from '@kubernetes/client-node';

import { groupName } from '../cluster/cgroups.ts';
import { type Followed, follow } from '../cluster/follow.ts';
import type { Group, Sampled } from './sampler.ts';
import { NAMESPACE, type Side } from './side.ts';

export interface Witness {
  /** Everything that must not be, in words. */
  offences(): readonly string[];
  /** What the processes showed so far. */
  readonly seen: Sampled;
  stop(): Promise<void>;
}

const NOTHING: Sampled = { samples: 0, longestGapMs: 0, signers: [], offences: [] };

/** All pods of the namespaces have the key. */
export function openWitness(sides: readonly Side[]): Witness {
  const offences: string[] = [];
  const watched = sides.map(watchPods);
  for (const { pods } of watched) pods.onChange(() => void check(watched, offences));
  const workerData: readonly Group[] = sides.map(({ state, executor }) => ({ executor, group: groupName(state.name) }));
  const worker = new Worker(new URL('sampler.ts', import.meta.url), { workerData });
  let seen = NOTHING;
  worker.on('message', (sampled: Sampled) => void (seen = sampled));
  worker.on('error', (error) => offences.push(`nothing is sampled any more: ${String(error)}`));
  return {
    offences: () => [...offences, ...seen.offences],
    get seen() {
      return seen;
    },
    async stop() {
      await worker.terminate();
      for (const { pods } of watched) pods.stop();
    },
  };
}

interface Watched {
  readonly executor: string;
  readonly core: CoreV1Api;
  readonly pods: Followed<V1Pod>;
}

function watchPods({ executor, kubeconfig }: Side): Watched {
  const config = new KubeConfig();
  config.loadFromFile(kubeconfig);
  const core = config.makeApiClient(CoreV1Api);
  const path = `/api/v1/namespaces/${NAMESPACE}/pods`;
  return { executor, core, pods: follow<V1Pod>(config, path, () => core.listNamespacedPod({ namespace: NAMESPACE })) };
}

interface PodSeen {
  readonly executor: string;
  readonly core: CoreV1Api;
  readonly name: string;
  readonly uid: string;
}

/** Watches of two servers are never equally new: two pods that they show are asked for at the servers themselves. */
async function check(watched: readonly Watched[], offences: string[]): Promise<void> {
  const shown = watched.flatMap(podsOf);
  if (shown.length < 2) return;
  const first = await existing(shown);
  // What exists in the second round has existed during all of the first.
  const both = first.length < 2 ? [] : await existing(first);
  if (both.length < 2) return;
  const offence = `two pods exist: ${both.map(({ executor, name, uid }) => `${executor} ${name} ${uid}`).join(', ')}`;
  if (!offences.includes(offence)) offences.push(offence);
}

/** A second pod of a StatefulSet that was scaled by hand refuses to run, which the processes prove. */
function podsOf({ executor, core, pods }: Watched): readonly PodSeen[] {
  return (pods.cache.list(NAMESPACE) ?? []).flatMap(({ metadata, status }) => {
    const { name = '', uid = '' } = metadata ?? {};
    const isOver = status?.phase === 'Succeeded' || status?.phase === 'Failed';
    return isOver || !name.endsWith('-0') ? [] : [{ executor, core, name, uid }];
  });
}

async function existing(pods: readonly PodSeen[]): Promise<readonly PodSeen[]> {
  const found: PodSeen[] = [];
  for (const pod of pods) {
    const live = await pod.core.readNamespacedPod({ namespace: NAMESPACE, name: pod.name }).catch(() => undefined);
    if (live?.metadata?.uid === pod.uid) found.push(pod);
  }
  return found;
}
