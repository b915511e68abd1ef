// Everything that is wrong with a request and can be known without a cluster: what `validate` says of it.

import { errorAt, type SpecProblem, warningAt } from '../../api/spec-problem.ts';
import { checkNodes, type NamedNode } from './check-nodes.ts';
import { findJobKind } from './index.ts';
import type { CheckContext, OpenJob } from '../model/job-kind.ts';

/** A request whose spec passed its kind's schema. */
export interface CheckedRequest {
  readonly kind: string;
  readonly spec: unknown;
}

/** Errors (it will not be claimed) and warnings. Never throws for a spec that its schema accepted. */
export function checkRequest(request: CheckedRequest, context: CheckContext): readonly SpecProblem[] {
  const kind = findJobKind(request.kind);
  if (kind === undefined) return [errorAt('UnknownKind', ['kind'], `${request.kind} is no kind of job`)];
  const job = kind.open(request.spec);
  const method = kind.methods[job.common.deployMethod];
  if (method !== true)
    return [
      errorAt(
        'NotSupported',
        ['spec', 'deployMethod'],
        `a ${kind.kind} is not possible with ${job.common.deployMethod}: ${method}`,
      ),
    ];
  return [
    ...checkNodes(job.common, namedNodes(request.spec, job), context),
    ...checkImage(kind.kind, job),
    ...job.check(context),
  ];
}

/** Where each node is named, for the line in the file. */
function namedNodes(spec: unknown, job: OpenJob): readonly NamedNode[] {
  const fields = new Map(Object.entries(typeof spec === 'object' && spec !== null ? spec : {}));
  return job.nodes.map((name, index) => {
    const field = ['node', 'sourceNode', 'destNode'].find((candidate) => fields.get(candidate) === name);
    return { name, path: field === undefined ? ['spec', 'nodes', index] : ['spec', field] };
  });
}

const USES_TOOL = ['BlockHeightFallback', 'Snapshot', 'Restore'];

function checkImage(kind: string, { common }: OpenJob): readonly SpecProblem[] {
  if (common.deployMethod === 'managed' || common.image === undefined || USES_TOOL.includes(kind)) return [];
  return [
    warningAt(
      'ImageNotUsed',
      ['spec', 'image'],
      `a ${kind} runs no cloud-op, so this image is not used: the controller's own does the work`,
    ),
  ];
}
