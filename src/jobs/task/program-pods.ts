// Puts programs that are not ours into a worker pod: a chain's client, or cloud-op on another tool's node.

import type { HowTo, ToolRun } from '../../api/chain-jobs.ts';
import type { JobTarget } from '../../api/job-status.ts';
import type { TaskParameters } from '../../api/worker-task.ts';
import { defined } from '../../lib/defined.ts';
import type { CommonSpec } from '../model/job-kind.ts';
import { toolOf, type Tool } from '../layouts/cloud-op.ts';
import { layoutOf } from '../layouts/index.ts';
import type { ToolPaths } from '../layouts/layout.ts';
import { dataAt, hostOf, mountOf, ownerOf } from './pod-parts.ts';
import type { PodMount, PodVolume, TaskSpec, Program } from '../model/task-spec.ts';
import { refuse, type Refusal } from '../model/refusal.ts';

const CONFIG = 'node-config';

type Command = Extract<HowTo, { how: 'command' }>;
type Served = Extract<HowTo, { how: 'served' }>;

interface ToolPod {
  readonly target: JobTarget;
  readonly common: CommonSpec;
  /** What our container does after the program; it sees the node's data below /data and `result` at /result. */
  readonly parameters: TaskParameters;
  readonly result?: string;
}

/** The client's own program on the stopped node's volumes, then our container. */
export function commandPod(how: Command, pod: ToolPod): TaskSpec {
  return {
    ...base(pod, how.run),
    repeatable: how.repeatable,
    unsafeWhenUnclear: true,
    before: [programOf('client', how.run)],
    heightPattern: how.heightPattern,
    ...defined({ cleanFailure: how.cleanFailure }),
  };
}

/** The client alone on the stopped node's volumes, with our container beside it that asks. */
export function servedPod(how: Served, pod: ToolPod): TaskSpec {
  return {
    ...base(pod, how.client),
    repeatable: true,
    unsafeWhenUnclear: false,
    before: [],
    beside: programOf('client', how.client),
  };
}

function base({ target, common, parameters, result }: ToolPod, run: ToolRun) {
  const data = dataAt(target, '/data', false);
  const made: PodVolume[] = result === undefined ? [] : [{ name: 'result', pvc: result, readOnly: false }];
  const config: PodVolume[] =
    run.configPath === undefined ? [] : [{ name: CONFIG, configMap: target.configMap ?? target.node }];
  return {
    node: target.node,
    parameters,
    volumes: [...data.volumes, ...made, ...config],
    mounts: result === undefined ? [] : [{ volume: 'result', path: '/result' }],
    runAs: ownerOf(target),
    ...hostOf(target, common, 'StopAndStart'),
  };
}

function programOf(name: string, run: ToolRun): Program {
  const mounts: PodMount[] = run.mounts.map(({ volume, path }) => ({
    volume: volume === 'result' ? volume : `node-${volume}`,
    path,
  }));
  const config: PodMount[] =
    run.configPath === undefined ? [] : [{ volume: CONFIG, path: run.configPath, readOnly: true }];
  return {
    name,
    image: run.image,
    command: run.command,
    args: run.args,
    ...(run.env === undefined ? {} : { env: run.env }),
    mounts: [...mounts, ...config],
  };
}

/** What a cloud-op command needs to know of the node, or why there is none. */
export interface CloudOpPlace {
  readonly tool: Tool;
  readonly paths: ToolPaths;
}

/** cloud-op on a node of another tool, with the data below `at`. */
export function cloudOpPlace(target: JobTarget, common: CommonSpec, at: string): CloudOpPlace | Refusal {
  const layout = layoutOf(target.deployMethod);
  if (layout === undefined)
    return refuse('NotCitaCloud', `${target.node} is a managed node; cloud-op is for other layouts`);
  const tool = toolOf(common.image, common.toolVersion);
  return 'refused' in tool ? tool : { tool, paths: layout.paths(target.node, at) };
}

interface CloudOpPod {
  readonly target: JobTarget;
  readonly common: CommonSpec;
  readonly place: CloudOpPlace;
  readonly args: readonly string[];
  readonly before?: readonly Program[];
  readonly parameters: TaskParameters;
  /** The volume of data made or read, where cloud-op and our container see it. */
  readonly other?: { readonly pvc: string; readonly path: string; readonly readOnly: boolean };
  readonly proof?: { readonly heightPattern: string } | { readonly reaches: number };
  /** The node's own data is only read. */
  readonly reads?: boolean;
}

/** What cloud-op panics with before its first write. */
const CLEAN_FAILURE = '>= current|not exist|not found|type only|unexpected argument|unrecognized subcommand';

/** cloud-op, started directly with its arguments, then our container. Its writes are not atomic: see `unsafeWhenUnclear`. */
export function cloudOpPod({
  target,
  common,
  place,
  args,
  before = [],
  parameters,
  other,
  proof,
  reads = false,
}: CloudOpPod): TaskSpec {
  const { tool, paths } = place;
  const data = target.volumes.map((volume) => mountOf(volume, paths.mount));
  const made: PodMount[] =
    other === undefined ? [] : [{ volume: 'result', path: other.path, readOnly: other.readOnly }];
  const config: PodMount[] =
    paths.configMount === undefined ? [] : [{ volume: CONFIG, path: paths.configMount, readOnly: true }];
  return {
    node: target.node,
    repeatable: reads,
    unsafeWhenUnclear: !reads,
    cleanFailure: CLEAN_FAILURE,
    before: [
      ...before,
      {
        name: 'cloud-op',
        image: tool.image,
        command: ['cloud-op'],
        args,
        env: { AWS_REGION: 'local' },
        mounts: [...data, ...made, ...config],
      },
    ],
    parameters,
    volumes: [
      ...target.volumes.map(({ name, claim: pvc }) => ({ name: `node-${name}`, pvc, readOnly: false })),
      ...(other === undefined ? [] : [{ name: 'result', pvc: other.pvc, readOnly: other.readOnly }]),
      ...(paths.configMount === undefined
        ? []
        : [{ name: CONFIG, configMap: target.configMap ?? `${target.node}-config` }]),
    ],
    mounts: made,
    runAs: ownerOf(target),
    ...proof,
    ...hostOf(target, common, 'StopAndStart'),
  };
}
