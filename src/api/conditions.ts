// Kubernetes conditions: the types in use, and how to set one without flapping.

import { z } from 'zod';

import type { EventReason } from './codes/event-reason.ts';
import { mapList } from './fields.ts';

/**
 * `Ready` is normal-true. `Reconciling`, `Stalled`, `Unapplied`, `Contested`, `DataAtRisk` and `Suspended` are abnormal-true: present only while True, the
 * convention that kstatus reads (https://github.com/kubernetes-sigs/cli-utils/tree/master/pkg/kstatus). Jobs also have `Complete` or
 * `Failed` at their end.
 */
export type ConditionType =
  'Ready' | 'Reconciling' | 'Stalled' | 'Unapplied' | 'Contested' | 'DataAtRisk' | 'Suspended' | 'Complete' | 'Failed';

export interface Condition {
  readonly type: ConditionType;
  readonly status: 'True' | 'False' | 'Unknown';
  /** For programs. */
  readonly reason: EventReason;
  /** For users; without figures that change in every reconciliation. */
  readonly message: string;
  readonly observedGeneration?: number;
  /** RFC 3339; moves only when `status` changes. */
  readonly lastTransitionTime: string;
}

/** The conditions of every kind, as the API server accepts them. */
export const Conditions = z
  .array(
    z.object({
      type: z.string().describe('The aspect that the condition is about, e.g. `Ready`.'),
      status: z.enum(['True', 'False', 'Unknown']).describe('Whether the condition holds.'),
      reason: z.string().describe('Why, as one word for programs.'),
      message: z.string().describe('Why, and what to do, as text.'),
      observedGeneration: z.int().optional().describe('The `metadata.generation` that was judged.'),
      lastTransitionTime: z.string().meta({ format: 'date-time' }).describe('When `status` last changed.'),
    }),
  )
  .max(16)
  .optional()
  .meta(mapList('type'))
  .describe('The state for programs and `kubectl wait`, one entry for each type.');

export interface NewCondition<Reason extends EventReason = EventReason> extends Omit<
  Condition,
  'lastTransitionTime' | 'observedGeneration' | 'reason'
> {
  readonly reason: Reason;
}

/**
 * The conditions after a reconciliation: those of `next`, in their order, each keeping its `lastTransitionTime` from `previous`
 * while its status is the same. Types absent from `next` disappear (abnormal-true).
 */
export function mergeConditions(
  previous: readonly Condition[],
  next: readonly NewCondition[],
  at: { readonly now: string; readonly generation: number | undefined },
): Condition[] {
  return next.map((condition) => {
    const old = previous.find((candidate) => candidate.type === condition.type);
    return {
      ...condition,
      ...(at.generation === undefined ? {} : { observedGeneration: at.generation }),
      lastTransitionTime: old !== undefined && old.status === condition.status ? old.lastTransitionTime : at.now,
    };
  });
}

/** The condition of a type, if present. */
export function findCondition(
  conditions: readonly Condition[] | undefined,
  type: ConditionType,
): Condition | undefined {
  return conditions?.find((condition) => condition.type === type);
}
