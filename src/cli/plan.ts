// `nodewright plan [DIR]`: what would change between two revisions, or between a directory and the cluster.

import type { Command } from 'commander';

import type { BlockchainNode } from '../api/blockchain-node.ts';
import type { DesiredSet, SourceFile } from '../desired/desired-set.ts';
import { describeProblem, type Problem } from '../desired/text/problem.ts';
import { createReadCache } from '../desired/read-cache.ts';
import { readDesired } from '../desired/read.ts';
import { openLocalRepository } from '../git/local.ts';
import { connectCluster } from '../kube/api-cluster.ts';
import { KINDS } from '../kube/kinds.ts';
import { isKubeError } from '../kube/kube-error.ts';
import { revisionOf } from '../controller/fleet/pull.ts';
import { readFiles } from '../controller/fleet/read-files.ts';
import { defined } from '../lib/defined.ts';
import type { Plan } from '../plan/action.ts';
import { withApplied } from '../plan/applied.ts';
import { planComment, titleOfExecutor } from '../plan/comment.ts';
import { describePlan, planToJson } from '../plan/describe.ts';
import type { PlanFacts } from '../plan/input.ts';
import { planNodes } from '../plan/plan.ts';
import { unusedApprovals } from '../plan/unused-approvals.ts';
import type { Policy } from '../policy/policy.ts';
import { describeUpgrade, executorsIn, upgradesBetween, upgradesOf, type UpgradeStep } from '../upgrade/describe.ts';
import { workloadOf } from '../render/workload.ts';
import { readDirectory } from './directory.ts';
import {
  contextOption,
  kubeconfigOption,
  nameArgument,
  namespaceOption,
  option,
  ownNamespaceOption,
  type SetExitCode,
} from './option.ts';
import { readOwnDeployments } from './own-deployments.ts';
import { addPolicyOptions, policiesFor, type PolicyOptions } from './policy-option.ts';
import { readMemories, volumesOf } from './plan/facts.ts';
import { jobsAgainstCluster, jobsBetween, type PublishedRecords, recordsAsked } from './plan/jobs.ts';
import { keyFacts } from './plan/keys.ts';
import { problemsToJson } from './problems-json.ts';
import { capabilityProblems, publishedCapabilities } from './published/capabilities.ts';
import { removedSourceProblems } from './published/removed-sources.ts';
import { addStatusFromOption, type PublishedSigning, publishedSigning } from './published/keys.ts';
import { publishedRecords } from './published/records.ts';
import { asExecutor } from './published/as-executor.ts';

interface PlanOptions extends PolicyOptions {
  readonly from?: string;
  readonly to?: string;
  readonly statusFrom?: string;
  readonly ownNamespace?: string;
  readonly kubeconfig?: string;
  readonly context?: string;
  readonly format: 'text' | 'json' | 'markdown';
}

/** Shown in place of a revision for the files of a directory. */
const WORK_TREE = 'working tree';

/** The two sides, and the name of the newer one. */
interface Comparison {
  readonly desired: DesiredSet;
  readonly current: readonly BlockchainNode[];
  readonly revision: string;
  readonly facts: PlanFacts;
  /** Of one executor in the cluster that was named, by its name; absent between two revisions. */
  readonly keyFacts?: ReadonlyMap<string, PlanFacts>;
  readonly upgrades: (executors: readonly string[]) => readonly UpgradeStep[];
}

interface Judged {
  readonly judgedBy: Policy;
  /** The status branch. */
  readonly published: PublishedSigning | undefined;
}

export function addPlan(program: Command, exit: SetExitCode): void {
  const command = program
    .command('plan')
    .description(
      'Show what would change in the cluster, or between two revisions. Exit code 0: no changes, 1: changes, 2: error, also in a file.',
    )
    .argument('[dir]', "the repository's top folder", '.')
    .addOption(option('--from <revision>', 'compare with this revision instead of the cluster'))
    .addOption(option('--to <revision>', 'with --from: the newer revision (default: the files of the directory)'))
    .addOption(
      option('--executor <name>', 'only the nodes and jobs of this executor (default: all)').argParser(nameArgument),
    )
    .addOption(kubeconfigOption())
    .addOption(contextOption())
    .addOption(namespaceOption())
    .addOption(ownNamespaceOption())
    .addOption(option('--format <format>', 'output format').choices(['text', 'json', 'markdown']).default('text'));
  addPolicyOptions(addStatusFromOption(command)).action(async (dir: string, options: PlanOptions) =>
    exit(await plan(dir, options)),
  );
}

async function plan(dir: string, options: PlanOptions): Promise<0 | 1 | 2> {
  if (options.to !== undefined && options.from === undefined)
    throw new Error('--to needs --from: name the revision to compare with');
  const judging = await policiesFor(dir, options);
  const { statusFrom = options.policyFrom } = options;
  const published = statusFrom === undefined ? undefined : await publishedSigning(dir, statusFrom);
  const judged = { ...options, ...defined({ statusFrom }), judgedBy: judging.policy, published };
  const comparison =
    options.from === undefined ? await withCluster(dir, judged) : await betweenRevisions(dir, options.from, judged);
  const problems = [...problemsIn(comparison.desired), ...(await publishedProblems(dir, statusFrom, comparison))];
  const owners = executorsOf(comparison, options.executor);
  const all = options.executor === undefined ? executorsIn(comparison.desired.fleet, owners) : owners;
  const upgrades = comparison.upgrades(all);
  const shown = all.filter((name) => owners.includes(name) || upgrades.some(({ executor }) => executor === name));
  const plans = shown.map((executor) => ({
    executor,
    upgrade: upgrades.find((one) => one.executor === executor),
    title: titleOfExecutor(comparison.desired.fleet, executor),
    policy: judging.nameOf(executor),
    plan: planNodes({ ...sideOf(executor, comparison, published), executor, workloadOf }),
  }));
  // An approval may be for any of the executors.
  const unused = unusedApprovals(
    comparison.desired,
    plans.map(({ plan: made }) => made),
  );
  process.stdout.write(print(plans, [...problems, ...unused], options.format));
  if (problems.some(({ level }) => level === 'error')) return 2;
  const changes = plans.some(({ plan: { actions, jobs } }) => actions.length + jobs.length > 0);
  return changes || upgrades.length > 0 ? 1 : 0;
}

/** A name without an entry is no error of the files. */
function problemsIn({ problems, unlisted }: DesiredSet): readonly Problem[] {
  return unlisted === undefined ? problems : [{ ...unlisted, level: 'warning' }, ...problems];
}

/** Each executor has a cluster of its own, or shares one. */
function sideOf(executor: string, comparison: Comparison, published: PublishedSigning | undefined): Comparison {
  const { facts, keyFacts: inCluster } = comparison;
  return inCluster === undefined
    ? asExecutor(comparison, executor, published)
    : { ...comparison, facts: { ...facts, ...inCluster.get(executor) } };
}

/** What the desired state asks of a controller that it cannot do, by what it published. */
async function publishedProblems(
  dir: string,
  statusFrom: string | undefined,
  { desired }: Comparison,
): Promise<readonly Problem[]> {
  if (statusFrom === undefined) return [];
  const capabilities = await publishedCapabilities(dir, statusFrom);
  return [...capabilityProblems(desired, capabilities), ...(await removedSourceProblems(dir, statusFrom, desired))];
}

/** What the status branch says of the requests of all sides; undefined when it is not read. */
async function recordsIn(
  dir: string,
  statusFrom: string | undefined,
  ...sides: readonly DesiredSet[]
): Promise<PublishedRecords> {
  return statusFrom === undefined ? undefined : await publishedRecords(dir, statusFrom, recordsAsked(...sides));
}

async function withCluster(dir: string, judged: PlanOptions & Judged): Promise<Comparison> {
  const { kubeconfig, context, namespace, ownNamespace, executor, judgedBy, published } = judged;
  const desired = readDesired(await readDirectory(dir), {
    defaultNamespace: namespace,
    policy: judgedBy,
    ...defined({ executor }),
  });
  const cluster = connectCluster({
    ...(kubeconfig === undefined ? {} : { kubeconfig }),
    ...(context === undefined ? {} : { context }),
  });
  try {
    const listed = await cluster.list(KINDS.BlockchainNode).catch((error: unknown) => {
      // A cluster without the CRD has no nodes.
      if (isKubeError(error, 'NOT_SERVED')) return [];
      throw error;
    });
    const current = listed as readonly BlockchainNode[];
    const jobs = await jobsAgainstCluster(cluster, desired, await recordsIn(dir, judged.statusFrom, desired));
    const executors = executorsOf({ desired, current, facts: { jobs } }, executor);
    const memories = await readMemories(executors, { cluster, namespace: ownNamespace ?? namespace, known: current });
    const volumes = await volumesOf(desired, memories, cluster);
    const keys = await keyFacts(executors, { desired, current, cluster, memories, published: published?.keys });
    const images = new Map((await readOwnDeployments(cluster)).map((one) => [one.executor, one.image]));
    const upgrades = (names: readonly string[]) => upgradesOf(desired.fleet, images, names);
    return { desired, current, revision: WORK_TREE, facts: { volumes, jobs }, keyFacts: keys, upgrades };
  } finally {
    await cluster.close();
  }
}

async function betweenRevisions(
  dir: string,
  from: string,
  { to, namespace, executor, judgedBy, statusFrom }: PlanOptions & Judged,
): Promise<Comparison> {
  // Most files are the same on both sides.
  const cache = createReadCache();
  const read = (files: readonly SourceFile[]): DesiredSet =>
    readDesired(files, { defaultNamespace: namespace, policy: judgedBy, ...defined({ executor }), cache });
  const repository = await openLocalRepository(dir);
  const texts = new Map<string, SourceFile>();
  const signal = new AbortController().signal;
  try {
    const base = await repository.resolve(from);
    const before = read(await readFiles({ source: repository, commit: base, texts, signal }));
    if (to === undefined) {
      const desired = read(await readDirectory(dir));
      const current = currentOf(before, desired);
      const upgrades = upgradesFrom(before, desired);
      const jobs = jobsBetween(before, desired, await recordsIn(dir, statusFrom, before, desired));
      return { desired, current, revision: WORK_TREE, facts: { jobs }, upgrades };
    }
    const head = await repository.resolve(to);
    const desired = read(await readFiles({ source: repository, commit: head, texts, signal }));
    const ancestry = await repository.ancestry(base, head);
    const jobs = jobsBetween(before, desired, await recordsIn(dir, statusFrom, before, desired));
    return {
      desired,
      current: currentOf(before, desired),
      revision: revisionOf(to, head),
      upgrades: upgradesFrom(before, desired),
      facts: { ancestry, lastApplied: revisionOf(from, base), jobs },
    };
  } finally {
    await repository.close();
  }
}

/** As if the nodes of the older side had been applied; those that both sides share need no digest. */
function currentOf(before: DesiredSet, after: DesiredSet): readonly BlockchainNode[] {
  return [...before.nodes].map(([key, { node }]) => (after.nodes.get(key)?.node === node ? node : withApplied(node)));
}

function upgradesFrom(before: DesiredSet, after: DesiredSet): Comparison['upgrades'] {
  return (executors) => upgradesBetween(before.fleet, after.fleet, executors);
}

/** The executors that own a node or a job request on either side. */
function executorsOf(
  { desired, current, facts }: Pick<Comparison, 'desired' | 'current' | 'facts'>,
  only: string | undefined,
): readonly string[] {
  if (only !== undefined) return [only];
  const nodes = [...[...desired.nodes.values()].map(({ node }) => node), ...current];
  const jobs = (facts.jobs ?? []).map(({ executor }) => executor);
  return [...new Set([...nodes.flatMap(({ spec }) => spec.executor ?? []), ...jobs])].sort();
}

interface Named {
  readonly executor: string;
  readonly title: string;
  readonly upgrade: UpgradeStep | undefined;
  /** By which it was judged. */
  readonly policy: string;
  readonly plan: Plan;
}

function print(plans: readonly Named[], problems: readonly Problem[], format: PlanOptions['format']): string {
  if (format === 'json') {
    return `${JSON.stringify({ plans: plans.map(({ executor, policy, upgrade, plan: made }) => ({ executor, policy, upgrade: upgrade ?? null, plan: planToJson(made) })), ...problemsToJson(problems) }, null, 2)}\n`;
  }
  if (format === 'markdown') {
    const described = plans.map(({ upgrade, ...one }) => ({ ...one, ...note(upgrade) }));
    return planComment({ plans: described, problems: problems.map(describeProblem) });
  }
  const texts = plans.map(
    ({ title, policy, upgrade, plan: made }) =>
      `${plans.length === 1 ? '' : `Executor ${title}\n`}${describePlan(made)}${upgrade === undefined ? '' : `\n${describeUpgrade(upgrade)}\n`}\nJudged by ${policy}\n`,
  );
  const warnings = problems.map((problem) => `${describeProblem(problem)}\n`).join('');
  return `${warnings}${texts.length === 0 ? 'nothing to do: no nodes and no jobs on either side\n' : texts.join('\n')}`;
}

function note(upgrade: UpgradeStep | undefined): { readonly note?: string } {
  return upgrade === undefined ? {} : { note: describeUpgrade(upgrade) };
}
