// The complete spec of a node, by the schema and by its chain.

import type { NodeSpec } from '../api/blockchain-node.ts';
import { errorAt, errorAtKey, type SpecProblem } from '../api/spec-problem.ts';
import type { Chain } from '../chains/chain.ts';
import { clipJson } from '../lib/clip.ts';
import { toDotted } from '../lib/json-pointer.ts';
import type { JsonObject } from '../lib/json-value.ts';
import { didYouMean } from '../lib/nearest.ts';
import { checkSchema } from './check-schema.ts';
import type { CheckedSpec, Context } from './context.ts';
import { checkExecutor } from './executor.ts';
import { nodeSpecSchema } from './kinds.ts';

/** Of how many specs the result is remembered, and how long they may be. A fleet has few that differ, or many. */
const MAX_REMEMBERED = 1000;
const MAX_LENGTH = 16 * 1024;

/** The problems of a complete spec. Many nodes of a fleet have the same one, which is checked once. */
export function checkNodeSpec(spec: JsonObject, context: Context): CheckedSpec {
  const { checkedSpecs } = context;
  const id = JSON.stringify(spec);
  const known = checkedSpecs.get(id) ?? judgeSpec(spec, context);
  if (checkedSpecs.size < MAX_REMEMBERED && id.length <= MAX_LENGTH) checkedSpecs.set(id, known);
  return known;
}

function judgeSpec(spec: JsonObject, context: Context): CheckedSpec {
  const executor = checkExecutor(spec, context.fleet);
  const chain = context.chains.find(({ name }) => name === spec['chain']);
  const general = [...executor.problems, ...checkChain(spec, chain, context)];
  const complete = spec['executor'] === undefined ? { ...spec, executor: executor.name } : spec;
  const checked = checkSchema(nodeSpecSchema(context.chains), complete, ['spec']);
  if (!checked.ok) return { spec: undefined, problems: withoutRepeats([...general, ...checked.problems]) };
  if (chain === undefined) return { spec: undefined, problems: general };
  const parsed = checked.data as NodeSpec;
  const problems = [...general, ...chain.check(parsed)];
  const isBroken = problems.some(({ level }) => level === 'error');
  return isBroken ? { spec: undefined, problems } : { spec: parsed, chain, problems };
}

function withoutRepeats(problems: readonly SpecProblem[]): SpecProblem[] {
  const paths = problems.map(({ path }) => toDotted(path));
  return problems.filter((_one, index) => paths.indexOf(paths[index] ?? '') === index);
}

function checkChain(spec: JsonObject, chain: Chain | undefined, { chains, chainNames }: Context): SpecProblem[] {
  const name = spec['chain'];
  if (typeof name === 'string' && chain === undefined) {
    const advice = didYouMean(name, [...chainNames], `known chains are ${chains.map((one) => one.name).join(', ')}`);
    return [errorAt('UnknownChain', ['spec', 'chain'], `${clipJson(name)} is no chain; ${advice}`)];
  }
  const foreign = Object.keys(spec).filter((field) => chainNames.has(field) && field !== name);
  return foreign.map((field) =>
    errorAtKey('ForeignOptions', ['spec', field], `only for nodes with chain: ${field}; remove it`),
  );
}
