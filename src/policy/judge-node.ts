// The verdict on a node: what the policy refuses, and which of its exceptions the node uses.

import type { WaivableRule } from '../api/codes/policy-rules.ts';
import { digestOf } from '../lib/hash.ts';
import { valueAt } from '../lib/json-value.ts';
import { denial, type Denial, isWaivable } from './denial.ts';
import { patchedAt } from './patched-at.ts';
import type { Breach, NodeCase } from './rule.ts';
import { nodeRules } from './rules.ts';

export interface Verdict {
  /** Not empty: nothing of the node may be applied. */
  readonly denials: readonly Denial[];
  /** Rules that the node breaks and the policy waives; sorted. */
  readonly exceptions: readonly UsedException[];
}

export interface UsedException {
  readonly rule: WaivableRule;
  /** Of what breaks the rule: another folder of the host is another use of the same exception. */
  readonly digest: string;
}

/** Judges the final objects by every rule. Pure; nothing in them makes it throw. */
export function judgeNode(subject: NodeCase): Verdict {
  const denials: Denial[] = [];
  const exceptions: UsedException[] = [];
  for (const { rule, find } of nodeRules) {
    const breaches = find(subject);
    if (breaches.length === 0) continue;
    if (isWaivable(rule) && subject.allowed.exceptions.includes(rule)) exceptions.push(used(rule, breaches));
    else for (const breach of breaches) denials.push(denial(rule, breach, fieldOf(subject, breach)));
  }
  return { denials, exceptions: exceptions.sort((a, b) => (a.rule < b.rule ? -1 : 1)) };
}

function used(rule: WaivableRule, breaches: readonly Breach[]): UsedException {
  const values = breaches.map(({ object, path }) => [object?.kind ?? '', valueAt(object, path) ?? null]);
  return { rule, digest: digestOf(values).slice(7, 15) };
}

function fieldOf(subject: NodeCase, breach: Breach): Denial['path'] {
  return patchedAt(subject, breach) ?? breach.field ?? (breach.object === undefined ? breach.path : ['spec']);
}
