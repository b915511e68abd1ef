// What the controllers of a cluster applied last, by their memories: how the checked-out commit relates to it, and its schedules.

import type { Remembered } from '../../controller/engine/memory.ts';
import type { DesiredSet } from '../../desired/desired-set.ts';
import type { KnownSchedule, RequestSide } from '../../jobs/requests/planned-request.ts';
import { type LocalRepository, openLocalRepository } from '../../git/local.ts';
import { hasCode } from '../../lib/errors.ts';
import type { PlanFacts } from '../../plan/input.ts';
import type { Memories } from './facts.ts';

export interface Applied {
  /** By executor, what decides about a branch that was moved back or rewritten. */
  readonly facts: ReadonlyMap<string, PlanFacts>;
  /** That the controllers have; of an executor whose memory cannot be read those of the files, which count as the same. */
  readonly schedules: RequestSide['schedules'];
  /** What is not known, in whole sentences. */
  readonly unknown: readonly string[];
}

interface Asked {
  readonly executors: readonly string[];
  readonly memories: Memories;
  readonly desired: DesiredSet;
  /** The files of a commit. */
  readonly read: (repository: LocalRepository, commit: string) => Promise<DesiredSet>;
}

export async function readApplied(dir: string, asked: Asked): Promise<Applied> {
  const repository = await openIfAny(dir);
  try {
    const head = await repository?.resolve('HEAD').catch(unlessMissing);
    const checkout = repository === undefined || head === undefined ? undefined : { repository, head };
    const found: OneApplied[] = [];
    for (const executor of asked.executors) found.push(await appliedBy(executor, checkout, asked));
    return {
      facts: new Map(found.map(({ executor, facts }) => [executor, facts])),
      schedules: new Map(found.flatMap(({ schedules }) => [...schedules])),
      unknown: found.flatMap(({ unknown }) => unknown),
    };
  } finally {
    await repository?.close();
  }
}

interface Checkout {
  readonly repository: LocalRepository;
  readonly head: string;
}

interface OneApplied extends ByMemory {
  readonly executor: string;
}

interface ByMemory {
  readonly facts: PlanFacts;
  readonly schedules: RequestSide['schedules'];
  readonly unknown: readonly string[];
}

async function appliedBy(executor: string, checkout: Checkout | undefined, asked: Asked): Promise<OneApplied> {
  const { memories, desired } = asked;
  const memory = memories.get(executor);
  if (memory === 'nothing') return { executor, facts: {}, schedules: new Map(), unknown: [] };
  const declared = new Map([...desired.schedules].filter(([, schedule]) => schedule.executor === executor));
  if (memory === undefined) {
    const unknown =
      declared.size === 0
        ? []
        : [`which schedules executor ${executor} has is not known: the ${declared.size} of the files are not compared`];
    return { executor, facts: {}, schedules: declared, unknown };
  }
  const remembered = { ...asked, executor, memory, checkout };
  const { facts, unknown } = await branchFacts(remembered);
  return { executor, facts: { ...facts, ...memoryFacts(memory) }, schedules: await schedulesOf(remembered), unknown };
}

function memoryFacts({ appliedRevision, lost, released }: Remembered): PlanFacts {
  return { lastApplied: appliedRevision, memoryLost: lost !== undefined, released };
}

interface Known extends Asked {
  readonly executor: string;
  readonly memory: Remembered;
  readonly checkout: Checkout | undefined;
}

async function branchFacts({ executor, memory, checkout }: Known): Promise<Omit<ByMemory, 'schedules'>> {
  const { appliedCommit, appliedRevision = appliedCommit } = memory;
  if (appliedCommit === undefined) return { facts: { ancestry: 'first' }, unknown: [] };
  const ancestry = await checkout?.repository.relation(appliedCommit, checkout.head);
  if (ancestry === undefined || ancestry === 'unknown')
    return { facts: {}, unknown: [unrelated(executor, memory, checkout)] };
  if (ancestry !== 'rewritten') return { facts: { ancestry }, unknown: [] };
  const stale = `the checked-out commit does not contain ${appliedRevision}, which executor ${executor} applied last: the plan shows what is held when the branch becomes this commit. For what a merge does, merge or rebase first`;
  return { facts: { ancestry }, unknown: [stale] };
}

function unrelated(executor: string, { appliedRevision }: Remembered, checkout: Checkout | undefined): string {
  const why =
    checkout === undefined
      ? 'the directory is no Git repository with a commit'
      : 'this clone lacks that commit or the history between: fetch the branch, in a shallow clone with --unshallow';
  return `whether the branch was moved back or rewritten since ${appliedRevision}, which executor ${executor} applied last, is not known, so that no hold for it is shown: ${why}`;
}

/** As they were in the commit that was applied last; where that is not here, or has an error, by name alone. */
async function schedulesOf({ executor, memory, desired, checkout, read }: Known): Promise<RequestSide['schedules']> {
  const byName = Object.keys(memory.schedules).map((key): [string, KnownSchedule] => [
    key,
    desired.schedules.get(key) ?? nameless(key, executor),
  ]);
  const { appliedCommit } = memory;
  if (appliedCommit === undefined || checkout === undefined) return new Map(byName);
  const before = await read(checkout.repository, appliedCommit).catch(unlessMissing);
  const then = [...(before?.schedules ?? [])].filter(([, schedule]) => schedule.executor === executor);
  return new Map([...byName, ...then]);
}

function nameless(key: string, executor: string): KnownSchedule {
  const [namespace = '', name = ''] = key.split('/');
  return { namespace, name, executor, file: 'schedules/' };
}

async function openIfAny(dir: string): Promise<LocalRepository | undefined> {
  return await openLocalRepository(dir).catch(unlessMissing);
}

const MISSING = ['REPOSITORY_NOT_FOUND', 'BRANCH_MISSING', 'OBJECT_MISSING'] as const;

function unlessMissing(error: unknown): undefined {
  if (!MISSING.some((code) => hasCode(error, code))) throw error;
}
