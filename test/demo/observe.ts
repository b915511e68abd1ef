// Looks at what really happened, through kubectl.

import { type Cluster, type KubeList, nodeOf, type PodObject } from './facts.ts';
import { NAMESPACE, type Stage } from './stage.ts';
import type { Narrator } from './narrator.ts';
import { waitFor } from './wait-for.ts';

/** Of the demo's namespace. */
export function clusterOf(stage: Stage): Cluster {
  return {
    get: async (kind, name) => {
      const text = await stage.kubectl(['get', kind, name, '-n', NAMESPACE, '-o', 'json', '--ignore-not-found']);
      if (text.trim() === '') throw new Error(`${kind} ${name} does not exist yet`);
      return JSON.parse(text);
    },
    list: async (kind, selector) =>
      JSON.parse(await stage.kubectl(['get', kind, '-n', NAMESPACE, '-l', selector, '-o', 'json'])),
  };
}

/** Resolves with a node's height once it is above. */
export async function heightAbove(
  { stage, narrator }: { readonly stage: Stage; readonly narrator: Narrator },
  name: string,
  height: number,
): Promise<number> {
  return await waitFor(
    { what: `${name} to pass height ${height}`, timeoutMs: 150_000, onWait: (s, last) => narrator.waiting(s, last) },
    async () => {
      const now = (await nodeOf(clusterOf(stage), name)).status?.height ?? 0;
      if (now < height) throw new Error(`height ${now}`);
      return now;
    },
  );
}

/** The pod of a node that runs and is not going away. */
export async function runningPod(stage: Stage, name: string): Promise<PodObject | undefined> {
  const pods: KubeList<PodObject> = await clusterOf(stage).list('pod', `novacula.com/node=${name}`);
  return pods.items.find((pod) => pod.status?.phase === 'Running' && pod.metadata.deletionTimestamp === undefined);
}

/** Changes with every new pod of a node. */
export async function podUid(stage: Stage, name: string): Promise<string | undefined> {
  return (await runningPod(stage, name))?.metadata.uid;
}

/** Throws when what should be so is not. */
export function expectFact(holds: boolean, what: string): void {
  if (!holds) throw new Error(`not observed: ${what}`);
}
