// `nodewright status`: the controllers, nodes and jobs of the cluster, or what the status branch says of them.

import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';

import type { Command } from 'commander';

import type { BlockchainNode } from '../api/blockchain-node.ts';
import { findCondition } from '../api/conditions.ts';
import type { JobObject } from '../api/job-object.ts';
import { keyOf } from '../api/objects.ts';
import { createGitSource } from '../git/source.ts';
import { type ApiCluster, connectCluster } from '../kube/api-cluster.ts';
import { KINDS } from '../kube/kinds.ts';
import { defined } from '../lib/defined.ts';
import {
  type BranchState,
  branchText,
  isWell as isBranchWell,
  readBranchState,
  staleControllers,
} from './branch-status.ts';
import { requestsInCluster } from './cluster-requests.ts';
import {
  type ControllerState,
  describeLeft,
  leftExecutors,
  readControllerState,
  recentExecutors,
} from './controller-state.ts';
import { addGitOptions, type GitOptions, gitRemote } from './git-options.ts';
import { describeLeftVolume, leftVolumes } from './left-volumes.ts';
import {
  branchArgument,
  contextOption,
  durationArgument,
  kubeconfigOption,
  nameArgument,
  namespaceOption,
  option,
  repositoryArgument,
  type SetExitCode,
} from './option.ts';
import { readOwnDeployments, upgradeText } from './own-deployments.ts';
import { type OwnNodes, readBranchWarning } from './branch-warning.ts';
import { retiredExecutors } from './retired-executors.ts';
import { statusText } from './status-text.ts';

interface StatusOptions extends GitOptions {
  readonly kubeconfig?: string;
  readonly context?: string;
  readonly executor?: string;
  readonly namespace: string;
  readonly format: 'text' | 'json';
  readonly fromRepo?: string;
  readonly statusBranch: string;
  readonly maxAge: number;
}

export function addStatus(program: Command, exit: SetExitCode): void {
  const command = program
    .command('status')
    .description(
      'Show the state of every controller, node and job. Exit code 0: the controllers work, and all nodes are ready, or stopped as declared, 1: not so, or unknown.',
    )
    .addOption(kubeconfigOption())
    .addOption(contextOption())
    .addOption(
      option('--executor <name>', 'only the nodes and jobs of this executor (default: all)').argParser(nameArgument),
    )
    .addOption(namespaceOption())
    .addOption(option('--format <format>', 'output format').choices(['text', 'json']).default('text'))
    .addOption(
      option('--from-repo <url>', 'read the status branch of this repository instead of a cluster').argParser(
        repositoryArgument,
      ),
    )
    .addOption(
      option('--status-branch <name>', 'branch for the status').argParser(branchArgument).default('nodewright-status'),
    )
    .addOption(
      option('--max-age <duration>', 'with --from-repo: how old the last commit of a controller may be')
        .argParser(durationArgument)
        .default(7_200_000, '2h'),
    );
  addGitOptions(command).action(async (options: StatusOptions) =>
    exit(options.fromRepo === undefined ? await showCluster(options) : await showBranch(options.fromRepo, options)),
  );
}

async function showCluster(options: StatusOptions): Promise<0 | 1> {
  const cluster = connectCluster(defined({ kubeconfig: options.kubeconfig, context: options.context }));
  try {
    const { controllers, nodes, jobs, left } = await readCluster(cluster, options);
    const text =
      options.format === 'json'
        ? toJson({
            controllers: controllers.map(controllerJson),
            nodes: nodes.map(nodeJson),
            ...defined({ jobs: jobs?.map(jobJson) }),
            ...(left.length === 0 ? {} : { left }),
          })
        : statusText({ controllers, nodes, jobs, left, now: Date.now() });
    process.stdout.write(`${text}\n`);
    return nodes.every(isWell) && controllers.every(({ state, warning }) => state === 'Alive' && warning === undefined)
      ? 0
      : 1;
  } finally {
    await cluster.close();
  }
}

async function readCluster(cluster: ApiCluster, { executor, namespace }: StatusOptions) {
  const all = (await cluster.list(KINDS.BlockchainNode)) as readonly BlockchainNode[];
  const nodes = all.filter((node) => executor === undefined || node.spec.executor === executor);
  const requests = await requestsInCluster(cluster);
  const jobs = requests?.filter((job) => executor === undefined || job.spec['executor'] === executor);
  const executors =
    executor === undefined
      ? [
          ...nodes.flatMap(({ spec }) => spec.executor ?? []),
          ...(await recentExecutors(cluster, namespace, Date.now())),
        ]
      : [executor];
  const deployments = await readOwnDeployments(cluster);
  const clock = { now: Date.now, sleep: async (ms: number) => await sleep(ms) };
  const controllers = await Promise.all(
    [...new Set(executors)].sort().map(async (one) => {
      const place = { executor: one, namespace };
      const state = await readControllerState(cluster, place, clock);
      const upgrade = deployments.filter((own) => own.executor === one).flatMap((own) => upgradeText(own) ?? [])[0];
      const warning =
        state.warning ?? (await readBranchWarning(cluster, { ...place, ownNodes: countOf(one, nodes) })) ?? upgrade;
      return { ...state, ...defined({ warning }) };
    }),
  );
  const left = executor === undefined ? await whatIsLeft(cluster, { all, executors, namespace, jobs: requests }) : [];
  return { controllers, nodes, jobs, left };
}

function countOf(executor: string, nodes: readonly BlockchainNode[]): OwnNodes {
  const own = nodes.filter(({ spec }) => spec.executor === executor);
  return { total: own.length, held: own.filter(({ status: now }) => now?.hold !== undefined).length };
}

interface Known {
  readonly all: readonly BlockchainNode[];
  readonly jobs: readonly JobObject[] | undefined;
  readonly executors: readonly string[];
  readonly namespace: string;
}

/** Sentences, one for each object that a controller or node that is gone has left. */
async function whatIsLeft(cluster: ApiCluster, { all, executors, namespace, jobs }: Known): Promise<readonly string[]> {
  const [names, pvcs] = await Promise.all([leftExecutors(cluster, namespace, executors), leftVolumes(cluster, all)]);
  return [...names.map((name) => describeLeft(name, namespace)), ...pvcs.map((pvc) => describeLeftVolume(pvc, jobs))];
}

async function showBranch(url: string, options: StatusOptions): Promise<0 | 1> {
  const { statusBranch, maxAge: maxAgeMs, executor } = options;
  const directory = await mkdtemp(join(tmpdir(), 'nodewright-status-'));
  const { credentials, ca, allowHttp } = await gitRemote(options);
  const source = createGitSource({ url, credentials, ca, allowHttp, directory });
  try {
    const whole = await readBranchState(source, { branch: statusBranch, executor }, AbortSignal.timeout(300_000));
    if (whole === undefined)
      throw new Error(`${url} has no branch ${statusBranch}: no controller has written its status`);
    if (executor !== undefined) requireExecutor(executor, whole);
    const isShown = (one: { readonly executor: string }): boolean =>
      executor === undefined || one.executor === executor;
    const judgement = { now: Date.now(), maxAgeMs };
    // The desired branch is read only where a controller may have been retired.
    const isFresh = staleControllers(whole, judgement).length === 0;
    const retired = isFresh
      ? []
      : [...(await retiredExecutors(source, whole.controllers, AbortSignal.timeout(300_000)))];
    const state = {
      ...whole,
      controllers: whole.controllers.filter(isShown),
      nodes: whole.nodes.filter(isShown),
      ...(retired.length === 0 ? {} : { retired }),
    };
    const warnings = staleControllers(state, judgement);
    process.stdout.write(
      `${options.format === 'json' ? toJson({ ...state, warnings }) : branchText(state, judgement)}\n`,
    );
    return isBranchWell(state) && warnings.length === 0 && state.controllers.length > 0 ? 0 : 1;
  } finally {
    await source.close();
    await rm(directory, { recursive: true, force: true });
  }
}

function requireExecutor(executor: string, { controllers }: Pick<BranchState, 'controllers'>): void {
  const names = controllers.map((one) => one.executor);
  if (!names.includes(executor))
    throw new Error(`no executor ${executor} on this branch; it has ${names.length === 0 ? 'none' : names.join(', ')}`);
}

function toJson(value: unknown): string {
  return JSON.stringify(value, null, 2);
}

function isWell({ spec, status: now }: BlockchainNode): boolean {
  const { phase, conditions, hold, pause } = now ?? {};
  if (findCondition(conditions, 'Unapplied') !== undefined) return false;
  if (spec.desiredState === 'Stopped') return phase === 'Stopped';
  if (findCondition(conditions, 'DataAtRisk') !== undefined || (hold ?? pause) !== undefined) return false;
  return findCondition(conditions, 'Ready')?.status === 'True';
}

function controllerJson({ renewedAt, ...state }: ControllerState): unknown {
  return { ...state, ...(renewedAt === undefined ? {} : { renewedAt: new Date(renewedAt).toISOString() }) };
}

function nodeJson(node: BlockchainNode): unknown {
  return {
    node: keyOf(node),
    executor: node.spec.executor,
    chain: node.spec.chain,
    network: node.spec.network,
    status: node.status,
  };
}

function jobJson({ kind, metadata, spec, status }: JobObject): unknown {
  return { job: `${kind} ${keyOf({ metadata })}`, executor: spec['executor'], spec, status };
}
