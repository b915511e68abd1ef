// The executor of a document.

import { DEFAULT_EXECUTOR, FLEET_FILE } from '../api/fleet.ts';
import { errorAt, errorAtKey, type SpecProblem } from '../api/spec-problem.ts';
import { clip } from '../lib/clip.ts';
import { textAt, type JsonObject } from '../lib/json-value.ts';
import { didYouMean } from '../lib/nearest.ts';
import type { FleetFile } from './fleet.ts';
import type { Problem } from './text/problem.ts';

/**
 * The executor that the spec names, else the default of the Fleet, else the only one. Without a name, and without a problem, where
 * the default is not in the list: that is one problem of fleet.yaml, and of none of the documents that need the default.
 */
export function checkExecutor(
  spec: JsonObject,
  { fleet, unknownDefault }: Pick<FleetFile, 'fleet' | 'unknownDefault'>,
): { readonly name: string | undefined; readonly problems: readonly SpecProblem[] } {
  const names = fleet.executors?.map(({ name }) => name) ?? [];
  const only = names.length > 1 ? undefined : (names[0] ?? DEFAULT_EXECUTOR);
  const own = textAt(spec, ['executor']);
  if (own === undefined && unknownDefault !== undefined) return { name: undefined, problems: [] };
  const name = own ?? fleet.defaultExecutor ?? only;
  return { name, problems: checkName(name, names) };
}

/** An executor without an entry owns nothing: every node and request that names it has an error. */
export function unlistedExecutor(
  name: string | undefined,
  { fleet, places }: Pick<FleetFile, 'fleet' | 'places'>,
): Problem | undefined {
  const names = fleet.executors?.map((one) => one.name) ?? [];
  if (name === undefined || names.length === 0 || names.includes(name)) return undefined;
  const message = `"${name}" is not an executor of the Fleet; it lists ${clip(names.join(', '), 500)}. Correct --executor, or add it to spec.executors`;
  const place = places?.of(['spec', 'executors']) ?? { line: 1, column: 1 };
  return { level: 'error', code: 'UnknownExecutor', file: FLEET_FILE, ...place, message };
}

/** A Fleet that lists no executors knows every name. */
function checkName(name: string | undefined, names: readonly string[]): readonly SpecProblem[] {
  const path = ['spec', 'executor'];
  if (name === undefined) {
    const message = `is required, because the Fleet has several executors and no defaultExecutor: ${names.join(', ')}`;
    return [errorAtKey('MissingField', path, message)];
  }
  if (names.length === 0 || names.includes(name)) return [];
  const advice = didYouMean(name, names, `it lists ${clip(names.join(', '), 500)}`);
  return [errorAt('UnknownExecutor', path, `"${name}" is not an executor of the Fleet; ${advice}`)];
}
