// Checks spec.args, spec.config, spec.env and spec.resources: managed keys are refused, each one named; known keys are typed.

import type { NodeSpec } from '../api/blockchain-node.ts';
import { errorAt, errorAtKey, type SpecProblem } from '../api/spec-problem.ts';
import { didYouMean } from '../lib/nearest.ts';
import type { ChainFacts, ClientInfo, ValueType } from './chain.ts';
import { isPath, writesFiles } from './file-settings.ts';
import { findSetting } from './setting-name.ts';
import { mismatch } from './value-type.ts';
import { whyRefused } from './variables.ts';

/** Every override that cannot be applied, with its path. */
export function checkOverrides(chain: ChainFacts, spec: NodeSpec): readonly SpecProblem[] {
  return [
    ...Object.entries(spec.args ?? {}).flatMap(([role, flags]) => checkArgs({ chain, spec, role, flags })),
    ...Object.entries(spec.config ?? {}).flatMap(([file, keys]) => checkConfig(chain, file, keys)),
    ...(['env', 'resources'] as const).flatMap((field) => checkRoleNames(spec, field)),
    ...checkEnvironment(chain, spec),
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
  const client = clientOf(chain, spec, role);
  if (client === undefined) return [];
  const { managedFlags: managed, knownFlags: known, programFlags: programs = [], fileFlags: files = [] } = client;
  const rules = { what: 'flag', managed, known, programs, files, takesPaths: client.takesPaths };
  return Object.entries(flags).flatMap(([flag, value]) => {
    if (!/^[A-Za-z0-9][\w.:-]*$/.test(flag)) {
      const message = `${JSON.stringify(flag)} is not a flag. Write its name without dashes and value.`;
      return [errorAt('InvalidFlag', [...path, flag], message)];
    }
    if (value.includes('\0')) return [withNull([...path, flag])];
    return checkEntry(rules, [...path, flag], value);
  });
}

function checkConfig(chain: ChainFacts, name: string, keys: Readonly<Record<string, string>>): readonly SpecProblem[] {
  const path = ['spec', 'config', name];
  const file = chain.configFiles.find((candidate) => candidate.name === name);
  if (file === undefined) {
    const known = chain.configFiles.map((candidate) => candidate.name);
    const list = known.length === 0 ? 'it takes settings from spec.args only.' : `use: ${known.join(', ')}.`;
    const message = `${chain.title} has no configuration file "${name}"; ${didYouMean(name, known, list)}`;
    return [errorAtKey('UnknownConfigFile', path, message)];
  }
  const { managedKeys: managed, knownKeys: known, programKeys: programs = [], forbidden = [] } = file;
  const rules = { what: 'key', managed, known, programs, files: [], takesPaths: file.takesPaths };
  return Object.entries(keys).flatMap(([key, value]) => {
    if (!/^[A-Za-z0-9][\w.-]*$/.test(key) || /[\r\n\0\u0085\u2028\u2029]/.test(value)) {
      const message = 'Use a plain key (letters, digits, ".", "_", "-") and a one-line value.';
      return [errorAt('InvalidKey', [...path, key], message)];
    }
    const found = forbidden.find((character) => value.includes(character));
    if (found !== undefined) {
      const message = `${name} cannot hold the character ${JSON.stringify(found)} in a value. Remove it.`;
      return [errorAt('InvalidSetting', [...path, key], message)];
    }
    return checkEntry(rules, [...path, key], value);
  });
}

function withNull(path: readonly (string | number)[]): SpecProblem {
  return errorAt('InvalidSetting', path, 'The value holds a NUL character, which no program can receive. Remove it.');
}

function checkEnvironment(chain: ChainFacts, spec: NodeSpec): readonly SpecProblem[] {
  return Object.entries(spec.env ?? {}).flatMap(([role, variables]) =>
    variables.flatMap(({ name, value }, index): readonly SpecProblem[] => {
      const path = ['spec', 'env', role, index];
      if (value.includes('\0')) return [withNull([...path, 'value'])];
      const refused = whyRefused(name, value);
      if (refused !== undefined) return [errorAt('RunsPrograms', [...path, refused.field], refused.message)];
      const { envPrefix } = clientOf(chain, spec, role) ?? {};
      if (envPrefix === undefined || !name.startsWith(envPrefix) || name.endsWith('_OPTS')) return [];
      const message = `"${name}" is a flag to ${spec.clients[role]?.name}. Use spec.args.${role}, where flags are checked.`;
      return [errorAt('ManagedSetting', [...path, 'name'], message)];
    }),
  );
}

export function clientOf(chain: ChainFacts, spec: NodeSpec, role: string): ClientInfo | undefined {
  const clients = chain.roles.find((one) => one.name === role)?.clients;
  return clients?.find(({ name }) => name === spec.clients[role]?.name);
}

interface Rules {
  readonly what: string;
  readonly programs: readonly string[];
  readonly files: readonly string[];
  readonly takesPaths: false | undefined;
  readonly managed: readonly string[];
  readonly known: Readonly<Record<string, ValueType>>;
}

function checkEntry(rules: Rules, path: readonly string[], value: string): readonly SpecProblem[] {
  const name = path.at(-1) ?? '';
  if (findSetting(rules.programs, name) !== undefined) {
    return [errorAt('RunsPrograms', path, `The ${rules.what} "${name}" makes the client run a program. Remove it.`)];
  }
  if (findSetting(rules.managed, name) !== undefined) {
    return [errorAt('ManagedSetting', path, `The ${rules.what} "${name}" is set by the controller. Remove it.`)];
  }
  const writes = whyWriting(rules, name, value);
  if (writes !== undefined) return [errorAt('WritesFiles', path, `The ${rules.what} "${name}" ${writes} Remove it.`)];
  const type = Object.hasOwn(rules.known, name) ? rules.known[name] : undefined;
  const expected = type === undefined ? undefined : mismatch(value, type);
  if (expected === undefined) return [];
  return [errorAt('InvalidSetting', path, `"${value}" does not fit the ${rules.what} "${name}": must be ${expected}.`)];
}

function whyWriting(rules: Rules, name: string, value: string): string | undefined {
  if (findSetting(rules.files, name) !== undefined || writesFiles(name))
    return 'makes the client write files at a given path, or show its memory.';
  if (rules.takesPaths !== false || !isPath(value)) return undefined;
  return 'has a path. The client could write there, over the state of its key.';
}

function checkRoleNames(spec: NodeSpec, field: 'env' | 'resources'): readonly SpecProblem[] {
  return Object.keys(spec[field] ?? {})
    .filter((role) => spec.clients[role] === undefined)
    .map((role) => unknownRole(spec, ['spec', field, role], role));
}

function unknownRole(spec: NodeSpec, path: readonly string[], role: string): SpecProblem {
  const roles = Object.keys(spec.clients);
  const advice = didYouMean(role, roles, `its roles: ${roles.join(', ')}.`);
  return errorAtKey('UnknownRole', path, `The node runs no client in the role "${role}"; ${advice}`);
}
