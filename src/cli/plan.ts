// `nodewright plan [DIR]`: what would change between two revisions, or between a directory and the cluster.

import type { Command } from 'commander';

import { describeProblem, type Problem } from '../desired/text/problem.ts';
import { defined } from '../lib/defined.ts';
import type { Plan } from '../plan/action.ts';
import { planComment, titleOfExecutor } from '../plan/comment.ts';
import { describePlan, planToJson } from '../plan/describe.ts';
import { planNodes } from '../plan/plan.ts';
import { approvalsToName, releasingExecutors, withRelease } from './plan/approvals.ts';
import { describeUpgrade, executorsIn, type UpgradeStep } from '../upgrade/describe.ts';
import { workloadOf } from '../render/workload.ts';
import {
  contextOption,
  kubeconfigOption,
  nameArgument,
  namespaceOption,
  option,
  ownNamespaceOption,
  type SetExitCode,
} from './option.ts';
import { addPolicyOptions, policiesFor, type PolicyOptions } from './policy-option.ts';
import { withCluster } from './plan/against-cluster.ts';
import { betweenRevisions, type Comparison, executorsOf } from './plan/comparison.ts';
import { problemsToJson } from './problems-json.ts';
import { capabilityProblems, publishedCapabilities } from './published/capabilities.ts';
import { removedSourceProblems } from './published/removed-sources.ts';
import { addStatusFromOption, type PublishedSigning, publishedSigning } from './published/keys.ts';
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
  const problems = [...problemsIn(comparison), ...(await publishedProblems(dir, statusFrom, comparison))];
  const owners = ownersIn(comparison, published, options.executor);
  const all = options.executor === undefined ? executorsIn(comparison.desired.fleet, owners) : owners;
  const upgrades = comparison.upgrades(all);
  const shown = all.filter((name) => owners.includes(name) || upgrades.some(({ executor }) => executor === name));
  const plans = shown.map((executor) => ({
    executor,
    upgrade: upgrades.find((one) => one.executor === executor),
    title: titleOfExecutor(comparison.desired.fleet, executor),
    policy: judging.nameOf(executor),
    plan: planOf(executor, comparison, published),
  }));
  const unused = approvalsToName({ comparison, published, executor: options.executor, plans });
  process.stdout.write(print(plans, [...problems, ...unused], options.format));
  if (problems.some(({ level }) => level === 'error')) return 2;
  return plans.some(({ plan: made }) => hasChanges(made)) || upgrades.length > 0 ? 1 : 0;
}

function planOf(executor: string, comparison: Comparison, published: PublishedSigning | undefined): Plan {
  const made = planNodes({ ...sideOf(executor, comparison, published), executor, workloadOf, describesPods: true });
  return withRelease(made, executor, { comparison, published });
}

/** Who owns something on either side, or is released from a hold. */
function ownersIn(
  comparison: Comparison,
  published: PublishedSigning | undefined,
  only: string | undefined,
): readonly string[] {
  const owners = executorsOf(comparison, only);
  return only === undefined ? [...new Set([...owners, ...releasingExecutors(comparison, published)])] : owners;
}

function hasChanges({ actions, jobs, releasedHold }: Plan): boolean {
  return actions.length + jobs.length > 0 || releasedHold !== undefined;
}

/** A name without an entry is no error of the files. */
function problemsIn({ desired: { problems, unlisted }, problems: ofSides = [] }: Comparison): readonly Problem[] {
  const named: readonly Problem[] = unlisted === undefined ? [] : [{ ...unlisted, level: 'warning' }];
  return [...named, ...ofSides, ...problems];
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
