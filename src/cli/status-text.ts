// The nodes and jobs of a cluster as text for a terminal.

import type { BlockchainNode } from '../api/blockchain-node.ts';
import { findCondition } from '../api/conditions.ts';
import type { JobObject } from '../api/job-object.ts';
import { isFinal } from '../api/job-phase.ts';
import { keyOf } from '../api/objects.ts';
import { cleanLine } from '../lib/clean-text.ts';

/** Limit of finished jobs. Running jobs and jobs that keep a node stopped are all shown. */
const MAX_ENDED = 10;
const MAX_CELL = 160;

export interface ClusterState {
  readonly nodes: readonly BlockchainNode[];
  /** Undefined without permission to read them. */
  readonly jobs: readonly JobObject[] | undefined;
  /** Milliseconds since the epoch. */
  readonly now: number;
}

/** Two tables; the second one is omitted when there is no job. */
export function statusText({ nodes, jobs = [], now }: ClusterState): string {
  const fleet = nodes.length === 0 ? 'There are no nodes.' : table(NODE_HEAD, nodes.map(nodeRow));
  if (jobs.length === 0) return fleet;
  const { shown, left } = selectJobs(jobs);
  const rest = left === 0 ? [] : [`${left} more ${left === 1 ? 'has' : 'have'} ended.`];
  return [
    fleet,
    '',
    table(
      JOB_HEAD,
      shown.map((job) => jobRow(job, now)),
    ),
    ...rest,
  ].join('\n');
}

const NODE_HEAD = ['NODE', 'CHAIN', 'NETWORK', 'PHASE', 'SYNCED', 'HEIGHT', 'PEERS', 'WHAT'];
const JOB_HEAD = ['JOB', 'NODES', 'PHASE', 'HEIGHT', 'AGE', 'WHAT'];

function nodeRow(node: BlockchainNode): readonly string[] {
  const { phase = 'Pending', synced, height, peers, hold, conditions } = node.status ?? {};
  const what = hold === undefined ? findCondition(conditions, 'Ready')?.message : `held: ${hold.message}`;
  const { chain, network } = node.spec;
  return [keyOf(node), chain, network, phase, yesNo(synced), figure(height), figure(peers), what ?? ''];
}

function jobRow({ kind, metadata, status = {} }: JobObject, now: number): readonly string[] {
  const { node = '-', phase = 'Pending', height, message = '' } = status;
  const key = `${kind} ${keyOf({ metadata })}`;
  return [key, node, phase, figure(height), ageOf(metadata.creationTimestamp, now), message];
}

/** Jobs that run or keep a node stopped, the oldest first, then finished jobs, the newest first. */
function selectJobs(jobs: readonly JobObject[]): { shown: readonly JobObject[]; left: number } {
  const inOrder = jobs.toSorted((a, b) => (orderOf(a) < orderOf(b) ? -1 : 1));
  const open = inOrder.filter(isOpen);
  const ended = inOrder.filter((job) => !isOpen(job)).reverse();
  return { shown: [...open, ...ended.slice(0, MAX_ENDED)], left: Math.max(0, ended.length - MAX_ENDED) };
}

function isOpen({ status }: JobObject): boolean {
  const { phase, holds = [] } = status ?? {};
  return phase === undefined || !isFinal(phase) || (phase === 'Held' && holds.length > 0);
}

function orderOf({ kind, metadata }: JobObject): string {
  return `${metadata.creationTimestamp ?? ''} ${kind} ${keyOf({ metadata })}`;
}

function table(head: readonly string[], rows: readonly (readonly string[])[]): string {
  const clean = [head, ...rows.map((cells) => cells.map((cell) => cleanLine(cell, MAX_CELL)))];
  const widths = head.map((_, column) => Math.max(...clean.map((cells) => cells[column]?.length ?? 0)));
  return clean
    .map((cells) =>
      cells
        .map((cell, column) => cell.padEnd(widths[column] ?? 0))
        .join('  ')
        .trimEnd(),
    )
    .join('\n');
}

function yesNo(value: boolean | undefined): string {
  if (value === undefined) return '-';
  return value ? 'yes' : 'no';
}

function figure(value: number | undefined): string {
  return value === undefined ? '-' : String(value);
}

/** An age in one unit, as in `kubectl get`. */
function ageOf(timestamp: string | undefined, now: number): string {
  const seconds = Math.floor((now - Date.parse(timestamp ?? '')) / 1000);
  if (!Number.isFinite(seconds)) return '-';
  if (seconds < 120) return `${Math.max(0, seconds)}s`;
  if (seconds < 7200) return `${Math.floor(seconds / 60)}m`;
  return seconds < 172_800 ? `${Math.floor(seconds / 3600)}h` : `${Math.floor(seconds / 86_400)}d`;
}
