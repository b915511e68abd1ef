// The CustomResourceDefinitions of all kinds that exist in the cluster.

import { toCrd } from '../api/crd.ts';
import { JobStatus } from '../api/job-status.ts';
import type { KubeObject } from '../api/objects.ts';
import { chains } from '../chains/index.ts';
import { jobKinds } from '../jobs/kinds/index.ts';
import type { JobKind } from '../jobs/model/job-kind.ts';
import { nodeCrd } from './node-kind.ts';

/** What the controller applies when it starts, and what `nodewright crds` prints. */
export function crds(): readonly KubeObject[] {
  return [nodeCrd(chains), ...jobKinds.map(jobCrd)];
}

function jobCrd({ kind, shortNames, summary, spec, printerColumns }: JobKind): KubeObject {
  return toCrd({
    kind,
    shortNames,
    categories: ['nodewright'],
    description: summary,
    maxNameLength: 63,
    spec,
    status: JobStatus,
    columns: printerColumns.map(({ priority, ...column }) => ({
      ...column,
      ...(priority === 1 ? { priority: 1 as const } : {}),
    })),
    specRules: [],
  });
}
