// Where a pod may run: what the API server would refuse of it is an error in the file already.

import type { NodeSpec } from '../api/blockchain-node.ts';
import { LabelValue, QualifiedName } from '../api/fields.ts';
import { errorAt, type SpecProblem } from '../api/spec-problem.ts';
import type { Path } from '../lib/json-pointer.ts';

/** Rules of https://kubernetes.io/docs/concepts/scheduling-eviction/taint-and-toleration/ and …/assign-pod-node/ */
export function checkScheduling(spec: NodeSpec): readonly SpecProblem[] {
  return [
    ...(spec.tolerations ?? []).flatMap((one, index) => checkToleration(one, ['spec', 'tolerations', index])),
    ...checkExpressions(spec.affinity, ['spec', 'affinity']),
    ...checkExpressions(spec.topologySpreadConstraints, ['spec', 'topologySpreadConstraints']),
    ...checkSpreads(spec.topologySpreadConstraints ?? []),
  ];
}

type Toleration = NonNullable<NodeSpec['tolerations']>[number];

function checkToleration({ key, operator, value, effect, tolerationSeconds }: Toleration, path: Path): SpecProblem[] {
  const problems: SpecProblem[] = checkTaint({ key, value }, path);
  if (operator === 'Exists' && value !== undefined && value !== '')
    problems.push(
      errorAt('InvalidToleration', [...path, 'value'], 'A toleration with operator Exists has no value. Remove it.'),
    );
  if ((key === undefined || key === '') && operator !== 'Exists')
    problems.push(
      errorAt(
        'InvalidToleration',
        [...path],
        'A toleration without a key needs operator: Exists. Add a key or the operator.',
      ),
    );
  if (tolerationSeconds !== undefined && effect !== 'NoExecute')
    problems.push(
      errorAt(
        'InvalidToleration',
        [...path, 'tolerationSeconds'],
        'tolerationSeconds needs effect: NoExecute. Remove it, or set the effect.',
      ),
    );
  return problems;
}

/** A taint is named like a label. */
function checkTaint({ key = '', value = '' }: Pick<Toleration, 'key' | 'value'>, path: Path): SpecProblem[] {
  const isName = key === '' || QualifiedName.safeParse(key).success;
  const isValue = LabelValue.safeParse(value).success;
  const says = (what: string): string => `The ${what} of a taint is written like that of a label. Correct it.`;
  return [
    ...(isName ? [] : [errorAt('InvalidToleration', [...path, 'key'], says('key'))]),
    ...(isValue ? [] : [errorAt('InvalidToleration', [...path, 'value'], says('value'))]),
  ];
}

/** Every condition on labels, wherever it is. */
function checkExpressions(value: unknown, path: Path): readonly SpecProblem[] {
  if (typeof value !== 'object' || value === null) return [];
  const inner = Array.isArray(value)
    ? value.flatMap((item: unknown, index) => checkExpressions(item, [...path, index]))
    : Object.entries(value).flatMap(([name, item]: [string, unknown]) => checkExpressions(item, [...path, name]));
  return 'operator' in value ? [...checkExpression(value, path), ...inner] : inner;
}

function checkExpression(
  expression: { readonly operator: unknown; readonly values?: unknown },
  path: Path,
): SpecProblem[] {
  const { operator, values } = expression;
  const count = Array.isArray(values) ? values.length : 0;
  const message = messageOf(String(operator), count);
  return message === undefined ? [] : [errorAt('InvalidScheduling', [...path], message)];
}

function messageOf(operator: string, count: number): string | undefined {
  if (operator === 'In' || operator === 'NotIn')
    return count > 0 ? undefined : `The operator ${operator} compares with values. Add them.`;
  if (operator === 'Gt' || operator === 'Lt')
    return count === 1 ? undefined : `The operator ${operator} compares with one number. Give exactly one value.`;
  return count === 0 ? undefined : `The operator ${operator} has no values. Remove them.`;
}

type Spread = NonNullable<NodeSpec['topologySpreadConstraints']>[number];

function checkSpreads(spreads: readonly Spread[]): readonly SpecProblem[] {
  const keys = spreads.map(({ topologyKey, whenUnsatisfiable }) => `${topologyKey} ${whenUnsatisfiable}`);
  return keys.flatMap((key, index) =>
    keys.indexOf(key) === index
      ? []
      : [
          errorAt(
            'InvalidScheduling',
            ['spec', 'topologySpreadConstraints', index],
            'Two constraints have the same topologyKey and whenUnsatisfiable. Remove one.',
          ),
        ],
  );
}
