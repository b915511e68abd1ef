// What a plan compares: the two sides, read from a cluster or from revisions.

import type { BlockchainNode } from '../../api/blockchain-node.ts';
import { revisionOf } from '../../controller/fleet/pull.ts';
import type { DesiredSet } from '../../desired/desired-set.ts';
import { readDesired } from '../../desired/read.ts';
import type { Problem } from '../../desired/text/problem.ts';
import { type LocalRepository, openLocalRepository } from '../../git/local.ts';
import { hasCode } from '../../lib/errors.ts';
import { withApplied } from '../../plan/applied.ts';
import type { PlanFacts } from '../../plan/input.ts';
import type { Policy } from '../../policy/policy.ts';
import { upgradesBetween, type UpgradeStep } from '../../upgrade/describe.ts';
import { readDirectory } from '../directory.ts';
import type { CarriedOutByDigest } from '../../plan/approvals.ts';
import type { PublishedSigning } from '../published/keys.ts';
import { publishedBusyNodes } from '../published/busy-nodes.ts';
import { publishedRecords } from '../published/records.ts';
import { jobsBetween, type PublishedRecords, recordsAsked } from './jobs.ts';
import { withoutKnownSources } from './known-sources.ts';
import { withLastGood } from './last-good.ts';
import { commitReader, readingOf } from './read-commit.ts';
import { suspensionsBetween } from './suspended.ts';

/** Shown in place of a revision for the files of a directory. */
export const WORK_TREE = 'working tree';

/** The two sides, and the name of the newer one. */
export interface Comparison {
  readonly desired: DesiredSet;
  readonly current: readonly BlockchainNode[];
  readonly revision: string;
  readonly facts: PlanFacts;
  /** Of one executor in the cluster that was named, by its name; absent between two revisions. */
  readonly keyFacts?: ReadonlyMap<string, PlanFacts>;
  /** What approvals released before, by the memories of the controllers in the cluster; absent between two revisions. */
  readonly carriedOut?: CarriedOutByDigest;
  readonly upgrades: (executors: readonly string[]) => readonly UpgradeStep[];
  /** What is not known of the older side, and what the cluster lacks. */
  readonly problems?: readonly Problem[];
}

/** What to compare, and by what it is judged. */
export interface ComparisonOptions {
  readonly to?: string;
  readonly statusFrom?: string;
  readonly namespace: string;
  readonly ownNamespace?: string;
  readonly executor?: string;
  readonly kubeconfig?: string;
  readonly context?: string;
  readonly judgedBy: Policy;
  /** The status branch. */
  readonly published: PublishedSigning | undefined;
}

export async function betweenRevisions(dir: string, from: string, judged: ComparisonOptions): Promise<Comparison> {
  const { to, statusFrom } = judged;
  const reading = readingOf(judged);
  const repository = await openLocalRepository(dir);
  const readOne = commitReader(reading);
  const readCommit = async (commit: string): Promise<DesiredSet> => await readOne(repository, commit);
  try {
    const base = await repository.resolve(from);
    const older = { name: from, commits: firstParents(repository, base), read: readCommit };
    const { desired: before, problem } = await withLastGood(await readCommit(base), older);
    const problemsWith = (desired: DesiredSet): readonly Problem[] => [
      ...(problem === undefined ? [] : [problem]),
      ...suspensionsBetween(before, desired),
    ];
    const busyIn = async (then: DesiredSet, now: DesiredSet): Promise<Pick<PlanFacts, 'busyNodes'>> =>
      statusFrom === undefined ? {} : { busyNodes: await publishedBusyNodes(dir, statusFrom, changedNodes(then, now)) };
    const withRecords = async (side: DesiredSet): Promise<Pick<Comparison, 'desired' | 'facts'>> => {
      const records = await recordsIn(dir, statusFrom, before, side);
      const jobs = jobsBetween(before, side, records);
      return { desired: withoutKnownSources(side, { records }), facts: { jobs, ...(await busyIn(before, side)) } };
    };
    if (to === undefined) {
      const files = readDesired(await readDirectory(dir), reading);
      const { desired, facts } = await withRecords(files);
      const current = currentOf(before, desired);
      const upgrades = upgradesFrom(before, desired);
      return { desired, current, revision: WORK_TREE, facts, upgrades, problems: problemsWith(desired) };
    }
    const head = await repository.resolve(to);
    const { desired, facts } = await withRecords(await readCommit(head));
    const ancestry = await repository.ancestry(base, head);
    return {
      desired,
      current: currentOf(before, desired),
      revision: revisionOf(to, head),
      upgrades: upgradesFrom(before, desired),
      facts: { ...facts, ancestry, lastApplied: revisionOf(from, base) },
      problems: problemsWith(desired),
    };
  } finally {
    await repository.close();
  }
}

/** Merges one after the other; ends where a shallow clone does. */
async function* firstParents(repository: LocalRepository, from: string): AsyncGenerator<string> {
  for (let [parent] = (await repository.commit(from)).parents; parent !== undefined;) {
    const commit = await repository.commit(parent).catch((error: unknown) => {
      if (hasCode(error, 'OBJECT_MISSING')) return undefined;
      throw error;
    });
    if (commit === undefined) return;
    yield commit.oid;
    [parent] = commit.parents;
  }
}

/** The executors that own a node or a job request on either side. */
export function executorsOf(
  { desired, current, facts }: Pick<Comparison, 'desired' | 'current' | 'facts'>,
  only: string | undefined,
): readonly string[] {
  if (only !== undefined) return [only];
  const nodes = [...[...desired.nodes.values()].map(({ node }) => node), ...current];
  const jobs = (facts.jobs ?? []).map(({ executor }) => executor);
  return [...new Set([...nodes.flatMap(({ spec }) => spec.executor ?? []), ...jobs])].sort();
}

/** As the older side has them, and those that are new. */
function changedNodes(before: DesiredSet, after: DesiredSet): readonly BlockchainNode[] {
  const then = [...before.nodes].filter(([key, { node }]) => after.nodes.get(key)?.node !== node);
  const added = [...after.nodes].filter(([key]) => !before.nodes.has(key));
  return [...then, ...added].map(([, { node }]) => node);
}

/** As if the nodes of the older side had been applied; those that both sides share need no digest. */
function currentOf(before: DesiredSet, after: DesiredSet): readonly BlockchainNode[] {
  return [...before.nodes].map(([key, { node }]) => (after.nodes.get(key)?.node === node ? node : withApplied(node)));
}

function upgradesFrom(before: DesiredSet, after: DesiredSet): Comparison['upgrades'] {
  return (executors) => upgradesBetween(before.fleet, after.fleet, executors);
}

/** What the status branch says of the requests of all sides; undefined when it is not read. */
export async function recordsIn(
  dir: string,
  statusFrom: string | undefined,
  ...sides: readonly DesiredSet[]
): Promise<PublishedRecords> {
  return statusFrom === undefined ? undefined : await publishedRecords(dir, statusFrom, recordsAsked(...sides));
}
