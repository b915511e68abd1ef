// Bounds what patches do: a short patch can write a lot, and one patch may apply to every node.

/**
 * What is left to spend. Every application subtracts its operations and the size of what they write: each `copy` of the
 * root into itself doubles its size, and one patch may apply to ten thousand objects.
 */
export interface PatchBudget {
  operations: number;
  /** Characters of JSON, approximately. */
  bytes: number;
  /** For the message when it is spent. */
  readonly of: 'object' | 'commit';
}

const OBJECT_LIMIT = { operations: 10_000, bytes: 1024 * 1024 };
const COMMIT_LIMIT = { operations: 2_000_000, bytes: 256 * 1024 * 1024 };

/** For all patches of one object. */
export function createPatchBudget(limit: PatchCost = OBJECT_LIMIT): PatchBudget {
  return { ...limit, of: 'object' };
}

/** For all patches of all objects of a commit. */
export function createCommitBudget(limit: PatchCost = COMMIT_LIMIT): PatchBudget {
  return { ...limit, of: 'commit' };
}

export type PatchCost = Pick<PatchBudget, 'operations' | 'bytes'>;

/** Spends the budget of one object, which is a part of the budget of the commit. */
export function spendPart<Result>(commit: PatchBudget, run: (budget: PatchBudget) => Result): Result {
  const budget: PatchBudget = isAmple(commit) ? createPatchBudget() : { ...commit };
  const { operations, bytes } = budget;
  const result = run(budget);
  spend(commit, { operations: operations - budget.operations, bytes: bytes - Math.max(0, budget.bytes) });
  return result;
}

/** Whether every object after this cost still gets a whole budget of its own: then no result depends on the commit. */
export function isAmple({ operations, bytes }: PatchBudget, cost: PatchCost = { operations: 0, bytes: 0 }): boolean {
  return operations - cost.operations >= OBJECT_LIMIT.operations && bytes - cost.bytes >= OBJECT_LIMIT.bytes;
}

export function spend(budget: PatchBudget, { operations, bytes }: PatchCost): void {
  budget.operations -= operations;
  budget.bytes -= bytes;
}

/** What a message says when a budget is spent. */
export const SPENT = {
  object: {
    operations: 'there are too many operations; split or shorten the patch',
    bytes: 'the operations write too much; shorten the patch',
  },
  commit: {
    operations:
      'the patches of the commit have too many operations on all nodes together; set the values in spec.defaults of fleet.yaml instead',
    bytes: 'the patches of the commit write too much to all nodes together; shorten them',
  },
};
