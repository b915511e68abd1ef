// Checks spec.args, spec.config, spec.env and spec.resources: managed keys are refused, each one named; known keys are typed.

import type { NodeSpec } from '../api/blockchain-node.ts';
import { errorAt, type SpecProblem } from '../api/spec-problem.ts';
import type { ValueType } from './chain.ts';
import type { ChainFacts } from './chain.ts';
import { mismatch } from './value-type.ts';

/** Every override that can't be honoured, with its path. */
export function checkOverrides(chain: ChainFacts, spec: NodeSpec): readonly SpecProblem[] {
  return [
    ...Object.entries(spec.args ?? {}).flatMap(([role, flags]) => checkArgs({ chain, spec, role, flags })),
    ...Object.entries(spec.config ?? {}).flatMap(([file, keys]) => checkConfig(chain, file, keys)),
    ...(['env', 'resources'] as const).flatMap((field) => checkRoleNames(spec, field)),
  ];
}

interface RoleFlags {
  readonly chain: ChainFacts;
  readonly spec: NodeSpec;
  readonly role: string;
  readonly flags: Readonly<Record<string, string>>;
}

function checkArgs({ chain, spec, role, flags }: RoleFlags): readonly SpecProblem[] {
  const path = ['spec', 'args', role];
  const name = spec.clients[role]?.name;
  if (name === undefined) return [unknownRole(spec, path, role)];
  const client = chain.roles.find((one) => one.name === role)?.clients.find((one) => one.name === name);
  if (client === undefined) return [];
  const rules = { what: 'flag', managed: client.managedFlags, known: client.knownFlags };
  return Object.entries(flags).flatMap(([flag, value]) =>
    /^[A-Za-z0-9][\w.:-]*$/.test(flag)
      ? checkEntry(rules, [...path, flag], value)
      : [errorAt('InvalidFlag', [...path, flag], `"${flag}" is no flag. Write its name without dashes and value.`)],
  );
}

function checkConfig(chain: ChainFacts, name: string, keys: Readonly<Record<string, string>>): readonly SpecProblem[] {
  const path = ['spec', 'config', name];
  const file = chain.configFiles.find((candidate) => candidate.name === name);
  if (file === undefined) {
    const known = chain.configFiles.map((candidate) => candidate.name);
    const hint = known.length === 0 ? 'It takes settings from spec.args only' : `Use: ${known.join(', ')}`;
    return [errorAt('UnknownConfigFile', path, `${chain.title} has no configuration file "${name}". ${hint}.`)];
  }
  const rules = { what: 'key', managed: file.managedKeys, known: file.knownKeys };
  return Object.entries(keys).flatMap(([key, value]) =>
    /^[A-Za-z0-9][\w.-]*$/.test(key) && !/[\r\n\0]/.test(value)
      ? checkEntry(rules, [...path, key], value)
      : [
          errorAt(
            'InvalidKey',
            [...path, key],
            'Use a plain key (letters, digits, ".", "_", "-") and a one-line value.',
          ),
        ],
  );
}

interface Rules {
  readonly what: string;
  readonly managed: readonly string[];
  readonly known: Readonly<Record<string, ValueType>>;
}

function checkEntry(rules: Rules, path: readonly string[], value: string): readonly SpecProblem[] {
  const name = path.at(-1) ?? '';
  if (rules.managed.includes(name)) {
    return [errorAt('ManagedSetting', path, `The ${rules.what} "${name}" is set by the controller. Remove it.`)];
  }
  const type = Object.hasOwn(rules.known, name) ? rules.known[name] : undefined;
  const expected = type === undefined ? undefined : mismatch(value, type);
  if (expected === undefined) return [];
  return [errorAt('InvalidSetting', path, `"${value}" does not fit the ${rules.what} "${name}": must be ${expected}.`)];
}

function checkRoleNames(spec: NodeSpec, field: 'env' | 'resources'): readonly SpecProblem[] {
  return Object.keys(spec[field] ?? {})
    .filter((role) => spec.clients[role] === undefined)
    .map((role) => unknownRole(spec, ['spec', field, role], role));
}

function unknownRole(spec: NodeSpec, path: readonly string[], role: string): SpecProblem {
  const roles = Object.keys(spec.clients).join(', ');
  return errorAt('UnknownRole', path, `The node runs no client in the role "${role}". Its roles: ${roles}.`);
}
