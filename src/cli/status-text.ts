// The nodes and jobs of a cluster as text for a terminal.

import type { BlockchainNode, NodeStatus } from '../api/blockchain-node.ts';
import { type Condition, findCondition } from '../api/conditions.ts';
import { describeSuspension, shownSuspension } from '../api/fleet.ts';
import type { JobObject } from '../api/job-object.ts';
import { isFinal } from '../api/job-phase.ts';
import { keyOf } from '../api/objects.ts';
import { cleanLine } from '../lib/clean-text.ts';
import { shownHold } from '../plan/hold-text.ts';
import { jobMessage } from '../status/recent-jobs.ts';
import { isUnheld } from '../status/tree-nodes.ts';
import { ageText } from './age.ts';
import type { ControllerState } from './controller-state.ts';
import { textTable } from './text-table.ts';

/** Limit of finished jobs. Running jobs and jobs that keep a node stopped are all shown. */
const MAX_ENDED = 10;

export interface ClusterState {
  /** Of the executors whose nodes are shown. */
  readonly controllers?: readonly ControllerState[];
  readonly nodes: readonly BlockchainNode[];
  /** Undefined without permission to read them. */
  readonly jobs: readonly JobObject[] | undefined;
  /** What is left of controllers and nodes that are gone, in sentences. */
  readonly left?: readonly string[];
  /** Milliseconds since the epoch. */
  readonly now: number;
}

/** Of what is left. The JSON has all of it. */
const MAX_LEFT = 20;

/** Warnings, and tables of the controllers, the nodes and the jobs; an empty one is omitted, except that of the nodes. */
export function statusText({ controllers = [], nodes, jobs = [], left = [], now }: ClusterState): string {
  const warnings = [
    ...controllers.flatMap(({ warning }) => warning?.split('\n') ?? []),
    ...suspensionWarnings(nodes),
  ].map((line) => `warning: ${cleanLine(line, 1200)}`);
  const isLive = new Map(controllers.map(({ executor, state }) => [executor, state === 'Alive']));
  const rows = nodes.map((node) => nodeRow(node, { now, isLive: isLive.get(node.spec.executor ?? '') ?? true }));
  const sections = [
    warnings.join('\n'),
    controllers.length === 0
      ? ''
      : textTable(
          CONTROLLER_HEAD,
          controllers.map((one) => controllerRow(one, now)),
        ),
    rows.length === 0 ? 'There are no nodes.' : textTable(NODE_HEAD, rows),
    jobs.length === 0 ? '' : jobsText(jobs, now),
    leftText(left),
  ];
  return sections.filter((text) => text !== '').join('\n\n');
}

function leftText(left: readonly string[]): string {
  const lines = left.slice(0, MAX_LEFT).map((text) => `note: ${cleanLine(text, 1200)}`);
  const more = left.length - lines.length;
  return [...lines, ...(more > 0 ? [`note: and ${more} more; --format json has all`] : [])].join('\n');
}

function jobsText(jobs: readonly JobObject[], now: number): string {
  const { shown, left } = selectJobs(jobs);
  const rest = left === 0 ? [] : [`${left} more ${left === 1 ? 'has' : 'have'} ended.`];
  const rows = shown.map((job) => jobRow(job, now));
  return [textTable(JOB_HEAD, rows), ...rest].join('\n');
}

const CONTROLLER_HEAD = ['CONTROLLER', 'STATE', 'HOLDER', 'RENEWED'];
const NODE_HEAD = ['NODE', 'CHAIN', 'NETWORK', 'PHASE', 'SYNCED', 'HEIGHT', 'PEERS', 'WHAT'];
const JOB_HEAD = ['JOB', 'NODES', 'PHASE', 'HEIGHT', 'AGE', 'WHAT'];

function controllerRow({ executor, state, holder = '-', renewedAt }: ControllerState, now: number): readonly string[] {
  return [executor, state, holder, renewedAt === undefined ? '-' : `${ageText(now - renewedAt)} ago`];
}

interface Viewed {
  readonly now: number;
  /** Whether its controller works; false also when that is unknown. */
  readonly isLive: boolean;
}

/** Figures that are older are shown with their age. A live controller writes them when they change. */
const OLD_MS = 600_000;

function ageOfFigures({ status }: BlockchainNode, { now, isLive }: Viewed): string {
  const ms = now - Date.parse(status?.observedAt ?? '');
  if (!(ms > OLD_MS) || (isLive && status?.phase === 'Stopped')) return '';
  return isLive ? `unchanged for ${ageText(ms)}` : `last observed ${ageText(ms)} ago`;
}

function nodeRow(node: BlockchainNode, viewed: Viewed): readonly string[] {
  const { phase = 'Pending', synced, height, peers } = node.status ?? {};
  const { chain, network } = node.spec;
  const remarks = (node.status?.volumes ?? []).map(({ message }) => message ?? '');
  const said = sentences([...saidOf(node), ...remarks, ageOfFigures(node, viewed)]);
  return [keyOf(node), chain, network, phase, yesNo(synced), figure(height), figure(peers), said];
}

/** What is held or paused hides no trouble of the node as it is. */
function saidOf({ status = {} }: BlockchainNode): readonly string[] {
  const { hold, pause, conditions } = status;
  const said = [
    readyMessage(status),
    findCondition(conditions, 'DataAtRisk')?.message,
    pause?.message,
    suspensionOf(conditions),
    hold === undefined ? undefined : shownHold(hold.message),
    brokenOf(conditions),
  ];
  return said.filter((text) => text !== undefined);
}

/** Unless what is said beside it says the same. */
function readyMessage({
  hold,
  pause,
  conditions,
}: Pick<NodeStatus, 'hold' | 'pause' | 'conditions'>): string | undefined {
  const ready = findCondition(conditions, 'Ready');
  if (ready === undefined) return undefined;
  if ((hold ?? pause) === undefined) return withCode(ready);
  const isSaid = ready.status === 'True' || ready.reason === hold?.reason || ready.message === pause?.message;
  return isSaid ? undefined : withCode(ready);
}

/** As on the status branch. */
function withCode({ status, reason, message }: Condition): string {
  return status === 'True' || message === '' ? message : `${reason}: ${message}`;
}

function suspensionOf(conditions: readonly Condition[] | undefined): string | undefined {
  const found = findCondition(conditions, 'Suspended');
  return found === undefined ? undefined : shownSuspension(found.message);
}

/** A fleet and folders: a single node says it in its row. */
function suspensionWarnings(nodes: readonly BlockchainNode[]): readonly string[] {
  const counts = new Map<string, number>();
  for (const { status } of nodes) {
    const why = suspensionOf(status?.conditions);
    if (why !== undefined && why !== describeSuspension({ by: 'Node' })) counts.set(why, (counts.get(why) ?? 0) + 1);
  }
  return [...counts].map(
    ([why, count]) =>
      `${why}: ${count === 1 ? '1 node is left as it is' : `${count} nodes are left as they are`}, with what is changed by hand, and no job begins there`,
  );
}

function brokenOf(conditions: readonly Condition[] | undefined): string | undefined {
  const unapplied = conditions?.find(isUnheld);
  return unapplied === undefined ? undefined : `not applied: ${unapplied.message}`;
}

function sentences(texts: readonly string[]): string {
  return texts
    .filter((text) => text !== '')
    .reduce((all, text) => (all === '' ? text : `${all}${/[.!?…]$/.test(all) ? '' : ';'} ${text}`), '');
}

function jobRow({ kind, metadata, status = {} }: JobObject, now: number): readonly string[] {
  const { node = '-', phase = 'Pending', height } = status;
  const key = `${kind} ${keyOf({ metadata })}`;
  return [key, node, phase, figure(height), ageOf(metadata.creationTimestamp, now), jobMessage(status)];
}

/** Jobs that run or keep a node stopped, the oldest first, then finished jobs, the newest first. */
function selectJobs(jobs: readonly JobObject[]): { shown: readonly JobObject[]; left: number } {
  const inOrder = jobs.toSorted((a, b) => (orderOf(a) < orderOf(b) ? -1 : 1));
  const open = inOrder.filter(isOpen);
  const ended = inOrder.filter((job) => !isOpen(job)).reverse();
  return { shown: [...open, ...ended.slice(0, MAX_ENDED)], left: Math.max(0, ended.length - MAX_ENDED) };
}

function isOpen({ status }: JobObject): boolean {
  const { phase, paused = [] } = status ?? {};
  return phase === undefined || !isFinal(phase) || (phase === 'Held' && paused.length > 0);
}

function orderOf({ kind, metadata }: JobObject): string {
  return `${metadata.creationTimestamp ?? ''} ${kind} ${keyOf({ metadata })}`;
}

function yesNo(value: boolean | undefined): string {
  if (value === undefined) return '-';
  return value ? 'yes' : 'no';
}

function figure(value: number | undefined): string {
  return value === undefined ? '-' : String(value);
}

function ageOf(timestamp: string | undefined, now: number): string {
  const ms = now - Date.parse(timestamp ?? '');
  return Number.isNaN(ms) ? '-' : ageText(ms);
}
