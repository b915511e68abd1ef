// `nodewright status`: the nodes and jobs of the cluster.

import type { Command } from 'commander';

import type { BlockchainNode } from '../api/blockchain-node.ts';
import { findCondition } from '../api/conditions.ts';
import type { JobObject } from '../api/job-object.ts';
import { keyOf } from '../api/objects.ts';
import { connectCluster } from '../kube/api-cluster.ts';
import { KINDS } from '../kube/kinds.ts';
import { requestsInCluster } from './cluster-requests.ts';
import { contextOption, kubeconfigOption, nameArgument, option, type SetExitCode } from './option.ts';
import { statusText } from './status-text.ts';

interface StatusOptions {
  readonly kubeconfig?: string;
  readonly context?: string;
  readonly executor?: string;
  readonly format: 'text' | 'json';
}

export function addStatus(program: Command, exit: SetExitCode): void {
  program
    .command('status')
    .description(
      'Show the state of every node and job. Exit code 0: all nodes are ready, or stopped as declared, 1: some are not.',
    )
    .addOption(kubeconfigOption())
    .addOption(contextOption())
    .addOption(
      option('--executor <name>', 'only the nodes and jobs of this executor (default: all)').argParser(nameArgument),
    )
    .addOption(option('--format <format>', 'output format').choices(['text', 'json']).default('text'))
    .action(async (options: StatusOptions) => exit(await status(options)));
}

async function status({ kubeconfig, context, executor, format }: StatusOptions): Promise<0 | 1> {
  const cluster = connectCluster({
    ...(kubeconfig === undefined ? {} : { kubeconfig }),
    ...(context === undefined ? {} : { context }),
  });
  try {
    const all = (await cluster.list(KINDS.BlockchainNode)) as readonly BlockchainNode[];
    const nodes = all.filter((node) => executor === undefined || node.spec.executor === executor);
    const requests = await requestsInCluster(cluster);
    const jobs = requests?.filter((job) => executor === undefined || job.spec['executor'] === executor);
    const text =
      format === 'json'
        ? JSON.stringify(
            { nodes: nodes.map(nodeJson), ...(jobs === undefined ? {} : { jobs: jobs.map(jobJson) }) },
            null,
            2,
          )
        : statusText({ nodes, jobs, now: Date.now() });
    process.stdout.write(`${text}\n`);
    return nodes.every(isWell) ? 0 : 1;
  } finally {
    await cluster.close();
  }
}

function isWell({ spec, status: now }: BlockchainNode): boolean {
  if (spec.desiredState === 'Stopped') return now?.phase === 'Stopped';
  return findCondition(now?.conditions, 'Ready')?.status === 'True' && now?.hold === undefined;
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
