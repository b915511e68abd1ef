// `nodewright status`: the fleet at a glance, from the cluster.

import type { Command } from 'commander';

import type { BlockchainNode } from '../api/blockchain-node.ts';
import { findCondition } from '../api/conditions.ts';
import { keyOf } from '../api/objects.ts';
import { connectCluster } from '../kube/api-cluster.ts';
import { KINDS } from '../kube/kinds.ts';
import { cleanLine } from '../lib/clean-text.ts';
import { contextOption, kubeconfigOption, nameArgument, option, type SetExitCode } from './option.ts';

interface StatusOptions {
  readonly kubeconfig?: string;
  readonly context?: string;
  readonly executor?: string;
  readonly format: 'text' | 'json';
}

export function addStatus(program: Command, exit: SetExitCode): void {
  program
    .command('status')
    .description('Show every node and what it does. Exit code 0: all are ready or stopped as wanted, 1: some are not.')
    .addOption(kubeconfigOption())
    .addOption(contextOption())
    .addOption(
      option('--executor <name>', 'only the nodes of this controller (default: of all)').argParser(nameArgument),
    )
    .addOption(option('--format <format>', 'how it is printed').choices(['text', 'json']).default('text'))
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
    const text = format === 'json' ? JSON.stringify(nodes.map(toJson), null, 2) : table(nodes);
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

function toJson(node: BlockchainNode): unknown {
  return {
    node: keyOf(node),
    executor: node.spec.executor,
    chain: node.spec.chain,
    network: node.spec.network,
    status: node.status,
  };
}

const HEADER = ['NODE', 'CHAIN', 'NETWORK', 'PHASE', 'SYNCED', 'HEIGHT', 'PEERS', 'WHAT'];

function table(nodes: readonly BlockchainNode[]): string {
  if (nodes.length === 0) return 'There are no nodes.';
  const rows = [HEADER, ...nodes.map(row)];
  const widths = HEADER.map((_, column) => Math.max(...rows.map((cells) => cells[column]?.length ?? 0)));
  return rows
    .map((cells) =>
      cells
        .map((cell, column) => cell.padEnd(widths[column] ?? 0))
        .join('  ')
        .trimEnd(),
    )
    .join('\n');
}

function row(node: BlockchainNode): readonly string[] {
  const { phase = 'Pending', synced, height, peers, hold, conditions } = node.status ?? {};
  const what = hold === undefined ? findCondition(conditions, 'Ready')?.message : `held: ${hold.message}`;
  const cells = [
    keyOf(node),
    node.spec.chain,
    node.spec.network,
    phase,
    yesNo(synced),
    figure(height),
    figure(peers),
    what ?? '',
  ];
  return cells.map((cell) => cleanLine(cell, 160));
}

function yesNo(value: boolean | undefined): string {
  if (value === undefined) return '-';
  return value ? 'yes' : 'no';
}

function figure(value: number | undefined): string {
  return value === undefined ? '-' : String(value);
}
