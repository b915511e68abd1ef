// BlockHeightFallback: rolls one node, or all nodes of a chain together, back to a height.

import { z } from 'zod';

import type { HowTo } from '../../api/chain-jobs.ts';
import { Name } from '../../api/fields.ts';
import { Height, IMMUTABLE, jobFields, toolVersion } from '../../api/job.ts';
import type { JobTarget, JobTask } from '../../api/job-status.ts';
import { AGE, HEIGHT, MESSAGE, NODE, PHASE } from './columns.ts';
import { checkFallback } from './check-fallback.ts';
import { defineJobKind, type JobView, type Preflight, type Verdict, type TaskPlan } from '../model/job-kind.ts';
import { heightProof, rollbackArgs } from '../layouts/cloud-op.ts';
import type { TaskSpec } from '../model/task-spec.ts';
import { refuse, type Refusal } from '../model/refusal.ts';
import { listOf } from '../model/scope.ts';
import { cloudOpPlace, cloudOpPod, commandPod, servedPod } from '../task/program-pods.ts';

const Spec = z
  .strictObject({
    ...jobFields,
    node: Name.optional().describe('The node to bring back. Exactly one of `node` and `nodes`.'),
    nodes: z
      .array(Name)
      .min(2)
      .max(64)
      .optional()
      .describe('All nodes of a chain: all are stopped, all are brought back, all are started.'),
    blockHeight: Height.describe("The height to go back to: below the node's own."),
    deleteConsensusData: z
      .boolean()
      .optional()
      .describe('CITA-Cloud: remove the consensus log too. Default: only when a whole chain goes back.'),
    toolVersion,
  })
  .meta(IMMUTABLE);
type FallbackSpec = z.infer<typeof Spec>;

export const blockHeightFallback = defineJobKind({
  kind: 'BlockHeightFallback',
  shortNames: ['bhf'],
  title: 'Block height fallback',
  summary: 'Brings a node, or all nodes of a chain together, back to a lower height.',
  spec: Spec,
  example: { node: 'a', blockHeight: 30 },
  printerColumns: [NODE, PHASE, HEIGHT, MESSAGE, AGE],
  methods: { managed: true, 'cloud-config': true, python: true, helm: true },
  open: (spec) => ({
    common: spec,
    nodes: nodesOf(spec),
    effect: (stopped) => effectOf(spec, stopped),
    action: 'StopAndStart',
    whileRunning: { refused: 'databases are never changed under a running node' },
    startProof: 'grows',
    startsAt: spec.blockHeight,
    repairs: true,
    stops: (view) => view.targets.some((target) => howOf(spec, view, target).how !== 'ask'),
    check: (context) => checkFallback(spec, context),
    preflight: (view) => preflight(spec, view),
    plan: (view) => plan(spec, view),
    judge: (_view, tasks) => judge(spec, tasks),
  }),
});

function nodesOf({ node, nodes }: FallbackSpec): readonly string[] {
  return nodes ?? (node === undefined ? [] : [node]);
}

function effectOf(spec: FallbackSpec, stopped: readonly string[]): string {
  const nodes = nodesOf(spec);
  const meanwhile = stopped.length < nodes.length ? ', stopped meanwhile where the client needs that' : '';
  const after = stopped.length > 0 ? `; does not start ${listOf(stopped)}: spec.desiredState is Stopped` : '';
  return `brings ${listOf(nodes)} back to height ${spec.blockHeight}${meanwhile}; later blocks are removed${after}`;
}

function preflight(spec: FallbackSpec, view: JobView): Preflight {
  const planned = plan(spec, view);
  if ('refused' in planned) return { go: false, refuse: planned };
  for (const target of view.targets) {
    const checked = checkHeight(spec, view, target);
    if (!checked.go) return checked;
  }
  return { go: true };
}

function checkHeight(spec: FallbackSpec, view: JobView, target: JobTarget): Preflight {
  const wait = `waits until ${target.node} reports its height`;
  if (isNotAskedYet(view, target)) return { go: false, wait };
  const current = view.observed.targets.get(target.node)?.health?.height ?? target.height;
  const refusal = refuseHeight({ spec, target, how: howOf(spec, view, target), current });
  if (refusal === undefined) return { go: true };
  const isEarly = refusal.reason === 'HeightUnknown' && mayReportHeight(view, target);
  return isEarly ? { go: false, wait, refusal } : { go: false, refuse: refusal };
}

/** A restarted controller knows no height for a moment: that is no reason to refuse, nor to continue without a check. */
function isNotAskedYet({ observed }: JobView, { node, deployMethod, height }: JobTarget): boolean {
  const { pods = [], health } = observed.targets.get(node) ?? {};
  return deployMethod === 'managed' && pods.length > 0 && health === undefined && height === undefined;
}

/** A node that was just started reports its height later; a stopped one never does. */
function mayReportHeight({ observed }: JobView, { node, wasRunning }: JobTarget): boolean {
  return wasRunning || (observed.targets.get(node)?.pods.length ?? 0) > 0;
}

interface HeightCheck {
  readonly spec: FallbackSpec;
  readonly target: JobTarget;
  readonly how: HowTo | { readonly how: 'cloud-op' };
  readonly current: number | undefined;
}

function refuseHeight({ spec, target: { node }, how, current }: HeightCheck): Refusal | undefined {
  const { blockHeight } = spec;
  if (current !== undefined && blockHeight >= current)
    return refuse('HeightNotBelow', `${node} is at height ${current}; ${blockHeight} is not below that`);
  if (how.how === 'command' && how.oneStep === true) return refuseFarther({ node, blockHeight, current, reach: 1 });
  if (how.how === 'served' && how.reach !== undefined)
    return refuseFarther({ node, blockHeight, current, reach: how.reach });
  return undefined;
}

interface Reach {
  readonly node: string;
  readonly blockHeight: number;
  readonly current: number | undefined;
  readonly reach: number;
}

function refuseFarther({ node, blockHeight, current, reach }: Reach): Refusal | undefined {
  const many = reach === 1 ? 'exactly one height' : `at most ${reach} heights`;
  if (current === undefined)
    return refuse('HeightUnknown', `the client of ${node} goes back ${many}, and its height is not known`);
  if (blockHeight >= current - reach) return undefined;
  return refuse(
    'TooFarBack',
    `the client of ${node} goes back ${many}: from ${current} to ${current - reach}, not to ${blockHeight}. Restore a backup instead`,
  );
}

function howOf(spec: FallbackSpec, { observed }: JobView, target: JobTarget): HowTo | { readonly how: 'cloud-op' } {
  if (target.deployMethod !== 'managed') return { how: 'cloud-op' };
  const reason = `the chain of ${target.node} does not say how it goes back to height ${spec.blockHeight}`;
  return observed.targets.get(target.node)?.answers?.rollback ?? { how: 'refused', reason };
}

function plan(spec: FallbackSpec, view: JobView): TaskPlan | Refusal {
  const pods: TaskSpec[] = [];
  for (const target of view.targets) {
    const how = howOf(spec, view, target);
    if (how.how === 'ask') {
      const { asks, height } = how;
      if (view.targets.length === 1) return { do: 'ask', node: target.node, asks, height, wanted: spec.blockHeight };
      return refuse('NotSupported', `${target.node} goes back while it runs; several nodes at once must be stopped`);
    }
    const pod = podFor({ spec, target, how });
    if ('refused' in pod) return pod;
    pods.push(pod);
  }
  return { do: 'pods', pods };
}

interface RollbackPod {
  readonly spec: FallbackSpec;
  readonly target: JobTarget;
  readonly how: Exclude<HowTo, { how: 'ask' }> | { readonly how: 'cloud-op' };
}

function podFor({ spec, target, how }: RollbackPod): TaskSpec | Refusal {
  switch (how.how) {
    case 'refused':
      return refuse('NotSupported', how.reason);
    case 'command':
      return commandPod(how, { target, common: spec, parameters: { verb: 'done' } });
    case 'served':
      return servedPod(how, {
        target,
        common: spec,
        parameters: {
          verb: 'ask',
          ...(how.ready === undefined ? {} : { ready: { ...how.ready, ask: plainAsk(how.ready.ask) } }),
          asks: how.asks.map(plainAsk),
          height: { ...how.height, at: [...how.height.at], ask: plainAsk(how.height.ask) },
          wanted: spec.blockHeight,
        },
      });
    case 'cloud-op':
      return cloudOpRollback(spec, target);
  }
}

function cloudOpRollback(spec: FallbackSpec, target: JobTarget): TaskSpec | Refusal {
  const place = cloudOpPlace(target, spec, '/mnt');
  if ('refused' in place) return place;
  const clean = spec.deleteConsensusData ?? spec.nodes !== undefined;
  const args = rollbackArgs({ ...place, target, height: spec.blockHeight, clean });
  if ('refused' in args) return args;
  return cloudOpPod({
    target,
    common: spec,
    place,
    args,
    parameters: { verb: 'done' },
    proof: heightProof(place.tool, spec.blockHeight),
  });
}

/** In the pod the client stands beside: there are no credentials, and none are needed. */
function plainAsk({
  id,
  role,
  port,
  method,
  path,
  body,
}: {
  id: string;
  role: string;
  port: number;
  method: 'GET' | 'POST';
  path: string;
  body?: unknown;
}) {
  return { id, role, port, method, path, ...(body === undefined ? {} : { body }) };
}

/** Every node must prove the height; a tool's success alone proves nothing. */
function judge({ blockHeight }: FallbackSpec, tasks: readonly JobTask[]): Verdict {
  const wrong = tasks.find((task) => task.height !== blockHeight);
  if (wrong === undefined) return { ok: true, height: blockHeight, message: `the height is ${blockHeight} again` };
  const said = wrong.height === undefined ? 'does not say which height it reached' : `reached height ${wrong.height}`;
  return {
    ok: false,
    reason: 'HeightNotProven',
    message: `the work on ${wrong.node} ended without an error, but ${said} instead of ${blockHeight}`,
    unsafe: false,
  };
}
