// The state of the fleet as the status branch has it, for those who cannot ask the cluster.

import type { GitSource } from '../git/engine.ts';
import { cleanLine } from '../lib/clean-text.ts';
import { shownHold } from '../plan/hold-text.ts';
import { jobMessage, recentJobs, type JobLimits, type RecentJob, type RecentJobs } from '../status/recent-jobs.ts';
import { createTreeReader, type TreeNode, type TreeSync } from '../status/tree-nodes.ts';
import { ageText } from './age.ts';
import { textTable } from './text-table.ts';

export interface BranchState {
  /** Milliseconds since the epoch. */
  readonly committedAt: number;
  readonly subject: string;
  readonly controllers: readonly TreeSync[];
  readonly nodes: readonly TreeNode[];
  readonly jobs: RecentJobs;
  /** Executors of `controllers` that fleet.yaml lists no more. */
  readonly retired?: readonly string[];
}

/** Limits of jobs that are shown. */
const MAX_JOBS: JobLimits = { open: 100, ended: 10 };

/** What the tip of the branch says; undefined when the branch does not exist. `executor`: whose jobs are read; all without it. */
export async function readBranchState(
  source: GitSource,
  { branch, executor }: { readonly branch: string; readonly executor?: string | undefined },
  signal: AbortSignal,
): Promise<BranchState | undefined> {
  const tip = await source.resolve(branch, signal);
  if (tip === undefined) return undefined;
  const oid = await source.fetch(branch, signal, tip);
  const { authoredAt, subject } = await source.commit(oid);
  const reader = createTreeReader();
  const controllers: TreeSync[] = [];
  const nodes: TreeNode[] = [];
  const records: [path: string, text: string][] = [];
  for (const { path, oid: blob, type } of await source.list(oid)) {
    if (type !== 'file' || !/^[^/]+\/(sync\.yaml|(nodes|jobs)\/.*)$/.test(path)) continue;
    const text = Buffer.from(await source.read(blob)).toString('utf8');
    controllers.push(...[reader.sync(path, text)].filter((sync) => sync !== undefined));
    nodes.push(...[reader.node(path, text)].filter((node) => node !== undefined));
    if (executor === undefined || path.startsWith(`${executor}/`)) records.push([path, text]);
  }
  const jobs = recentJobs(records, reader, MAX_JOBS);
  return { committedAt: authoredAt * 1000, subject, controllers, nodes, jobs };
}

export interface Judgement {
  readonly now: number;
  /** How old the last commit of a controller may be, in milliseconds. */
  readonly maxAgeMs: number;
}

/** Controllers that committed nothing for too long: whether they work cannot be read from the branch. */
export function staleControllers(
  { controllers, retired = [] }: BranchState,
  { now, maxAgeMs }: Judgement,
): readonly string[] {
  const expected = controllers.filter(({ executor }) => !retired.includes(executor));
  return expected.flatMap(({ executor, publishedAt }) => {
    const age = now - Date.parse(publishedAt ?? '');
    if (age <= maxAgeMs) return [];
    const since = Number.isNaN(age) ? 'at an unknown time' : `${ageText(age)} ago`;
    return [
      `the controller of executor ${executor} committed last ${since}. It commits when something changes: either nothing did, or it is down. ` +
        `\`nodewright status --executor ${executor}\` with access to the cluster shows which.`,
    ];
  });
}

/** Whether every controller has applied its latest commit, no file has an error, and every node is ready. */
export function isWell({ controllers: all, nodes, retired = [] }: BranchState): boolean {
  const controllers = all.filter(({ executor }) => !retired.includes(executor));
  const isApplied = controllers.every(({ state }) => state === 'Synced' || state === 'Suspended');
  const isValid = controllers.every(({ problems }) => problems.list.every(({ level }) => level !== 'error'));
  return isApplied && isValid && nodes.every(isNodeWell);
}

/** As for a node in the cluster: one that is stopped as declared needs its data later. */
function isNodeWell({ message, hold, pause, broken, risk, phase }: TreeNode): boolean {
  return message === '' && (hold ?? pause ?? broken) === undefined && (risk === undefined || phase === 'Stopped');
}

export function branchText(state: BranchState, judgement: Judgement): string {
  const { committedAt, subject, controllers, nodes, jobs } = state;
  const sections = [
    `As of ${new Date(committedAt).toISOString()}, ${ageText(judgement.now - committedAt)} ago: ${cleanLine(subject, 100)}`,
    staleControllers(state, judgement)
      .map((warning) => `warning: ${cleanLine(warning, 500)}`)
      .join('\n'),
    textTable(
      ['CONTROLLER', 'STATE', 'AS OF', 'VERSION', 'SUMMARY'],
      controllers.map((one) => controllerRow(one, state, judgement)),
    ),
    nodes.length === 0
      ? 'There are no nodes.'
      : textTable(['NODE', 'CONTROLLER', 'CHAIN', 'NETWORK', 'PHASE', 'HEIGHT', 'AS OF', 'WHAT'], nodes.map(nodeRow)),
    jobsText(jobs),
  ];
  return sections.filter((text) => text !== '').join('\n\n');
}

function controllerRow(
  { executor, state, publishedAt, controllerVersion, summary }: TreeSync,
  { retired = [] }: BranchState,
  { now }: Judgement,
): readonly string[] {
  const head = [publishedAt ?? '-', controllerVersion];
  if (!retired.includes(executor)) return [executor, state, ...head, summary];
  const age = publishedAt === undefined ? '' : `, committed last ${ageText(now - Date.parse(publishedAt))} ago`;
  return [
    executor,
    'Retired',
    ...head,
    `Not in spec.executors of fleet.yaml${age}. If it is retired, or its name was mistyped, remove its folder from this branch: git rm -r ${executor}; see "An executor that is retired" in docs/observing.md.`,
  ];
}

function jobsText({ shown, left }: RecentJobs): string {
  if (shown.length === 0) return '';
  const rest = left === 0 ? [] : [`${left} more ${left === 1 ? 'has' : 'have'} ended.`];
  return [
    textTable(['JOB', 'CONTROLLER', 'NODES', 'PHASE', 'HEIGHT', 'AS OF', 'WHAT'], shown.map(jobRow)),
    ...rest,
  ].join('\n');
}

function jobRow({ job, at }: RecentJob): readonly string[] {
  const { executor, kind, namespace, name, nodes, phase, height } = job;
  const figure = height === undefined ? '-' : String(height);
  return [
    `${kind} ${namespace}/${name}`,
    executor,
    nodes.join(', '),
    phase,
    figure,
    at === '' ? '-' : at,
    jobMessage(job),
  ];
}

function nodeRow(node: TreeNode): readonly string[] {
  const { executor, namespace, name, chain, network, phase, height, heightAt, broken, remarks } = node;
  // A held change hides no trouble of the node as it is.
  const what = [
    node.message,
    node.risk ?? '',
    node.pause ?? '',
    node.suspended ?? '',
    node.hold === undefined ? '' : shownHold(node.hold.message),
    broken === undefined ? '' : `not applied: ${broken}`,
    ...(remarks ?? []),
  ];
  const figure = height === undefined ? '-' : String(height);
  return [
    `${namespace}/${name}`,
    executor,
    chain,
    network,
    phase,
    figure,
    heightAt ?? '-',
    what.filter((text) => text !== '').join('; '),
  ];
}
