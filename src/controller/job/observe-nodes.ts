// The nodes that a job works on, managed or of another tool.

import { layoutOf } from '../../jobs/layouts/index.ts';
import type { ObservedNode } from '../../jobs/model/observation.ts';
import type { JobDeps } from './deps.ts';
import type { OpenedJob } from './opened-job.ts';
import { observeForeign } from './observe-foreign.ts';
import { observeManaged } from './observe-managed.ts';

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
