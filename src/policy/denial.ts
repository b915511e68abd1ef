// What the policy refuses, in the same words for validate, pull request, status and log.

import { POLICY_RULES, type PolicyRule, WAIVABLE_RULES, type WaivableRule } from '../api/codes/policy-rules.ts';
import { describeRef, refOf } from '../api/objects.ts';
import { clip } from '../lib/clip.ts';
import { type Path, toDotted } from '../lib/json-pointer.ts';
import type { Breach } from './rule.ts';

export interface Denial {
  readonly rule: PolicyRule;
  /** The field of the document that must change. */
  readonly path: Path;
  /** What is refused and what to do. */
  readonly message: string;
}

/** The first sentence names the place in the rendered object, which is often not that in the file. */
export function denial(rule: PolicyRule, breach: Breach, field: Path): Denial {
  const where = breach.object === undefined ? '' : ` of ${describeRef(refOf(breach.object))}`;
  const message = `${clip(toDotted(breach.path), 200)}${where} ${breach.what}. The policy of the controller refuses it (${rule}). ${POLICY_RULES[rule].action}`;
  return { rule, path: field, message };
}

export function isWaivable(rule: PolicyRule): rule is WaivableRule {
  return Object.hasOwn(WAIVABLE_RULES, rule);
}
