// The nodes that a job works on, managed or of another tool; and before it has their locks, which of them cannot be targets yet.

import { nodeKeyIn } from '../../api/job-object.ts';
import { layoutOf } from '../../jobs/layouts/index.ts';
import { readManaged } from '../../jobs/layouts/managed.ts';
import type { AbsentNode, ObservedNode } from '../../jobs/model/observation.ts';
import type { JobDeps } from './deps.ts';
import type { OpenedJob } from './opened-job.ts';
import { findForeign, observeForeign } from './observe-foreign.ts';
import { isIdle, lookUpPvcs, observeManaged } from './observe-managed.ts';

/** Every node of the job, by name. Nodes of other tools are asked for their height only while `asking` is given. */
export async function observeNodes(
  opened: OpenedJob,
  deps: JobDeps,
  asking: AbortSignal | undefined,
): Promise<ReadonlyMap<string, ObservedNode>> {
  const { job, open } = opened;
  const layout = layoutOf(open.common.deployMethod);
  const { chain = '' } = open.common;
  const observe = async (node: string): Promise<ObservedNode> =>
    layout === undefined
      ? await observeManaged(opened, node, deps)
      : await observeForeign({ job, node, layout, chain, asking }, deps);
  return new Map(await Promise.all(open.nodes.map(async (node) => [node, await observe(node)] as const)));
}

type FindDeps = Pick<JobDeps, 'cluster' | 'pauses' | 'watches'>;

/**
 * In the order of the request. Managed nodes are found by the watches alone, without a request to the API server, but for the PVCs that
 * a kind which fills volumes would create; of other tools' nodes two objects are read. No pods and no heights: Locked asks for them.
 */
export async function findAbsent(opened: OpenedJob, deps: FindDeps): Promise<readonly AbsentNode[]> {
  const found = opened.open.nodes.map(async (node): Promise<readonly AbsentNode[]> => {
    const one = await find(opened, node, deps);
    return one.ok ? [] : [{ node, reason: one.reason, message: one.message }];
  });
  return (await Promise.all(found)).flat();
}

async function find(opened: OpenedJob, node: string, deps: FindDeps): Promise<ObservedNode['found']> {
  const { job, open } = opened;
  const { deployMethod, chain = '' } = open.common;
  const layout = layoutOf(deployMethod);
  if (layout === undefined) return await findManaged(opened, node, deps);
  return await findForeign({ job, node, layout, chain }, deps);
}

async function findManaged({ job, open }: OpenedJob, name: string, deps: FindDeps): Promise<ObservedNode['found']> {
  const { watches, pauses } = deps;
  const key = nodeKeyIn(job, name);
  const pvcs = watches.owned(key, 'PersistentVolumeClaim');
  const [statefulSet] = watches.owned(key, 'StatefulSet');
  const facts = {
    ...NOTHING_ELSE,
    node: watches.nodes.get(key),
    name,
    isIdle: isIdle(statefulSet, pauses.of(key)),
  };
  const found = readManaged({ ...facts, pvcs });
  if (found.ok || open.fillsVolumes !== true) return found;
  const { unwatched, missing } = await lookUpPvcs({ statefulSet, pvcs, name }, deps);
  return readManaged({ ...facts, pvcs: [...pvcs, ...unwatched, ...missing] });
}

/** Of the target, which is read again with the lock. */
const NOTHING_ELSE = { uid: 0, gid: 0, images: [] } as const;
