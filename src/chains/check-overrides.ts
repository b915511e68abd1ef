// Checks spec.args, spec.config, spec.env and spec.resources: managed keys are refused, each one named; known keys are typed.

import type { NodeSpec } from '../api/blockchain-node.ts';
import { errorAt, errorAtKey, type SpecProblem } from '../api/spec-problem.ts';
import { didYouMean } from '../lib/nearest.ts';
import type { ChainFacts, ClientInfo, ValueType } from './chain.ts';
import { findSetting } from './setting-name.ts';
import { mismatch } from './value-type.ts';

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
  const { managedFlags: managed, knownFlags: known, programFlags: programs = [] } = client;
  return Object.entries(flags).flatMap(([flag, value]) => {
    if (!/^[A-Za-z0-9][\w.:-]*$/.test(flag)) {
      const message = `${JSON.stringify(flag)} is not a flag. Write its name without dashes and value.`;
      return [errorAt('InvalidFlag', [...path, flag], message)];
    }
    if (value.includes('\0')) return [withNull([...path, flag])];
    return checkEntry({ what: 'flag', managed, known, programs }, [...path, flag], value);
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
    return checkEntry({ what: 'key', managed, known, programs }, [...path, key], value);
  });
}

function withNull(path: readonly (string | number)[]): SpecProblem {
  return errorAt('InvalidSetting', path, 'The value holds a NUL character, which no program can receive. Remove it.');
}

/** Loaders and runtimes run what these name, before or beside the client. */
const PROGRAM_VARIABLES =
  /^(LD_[A-Z_]+|BASH_ENV|ENV|PERL5OPT|PYTHON\w*|DOTNET_STARTUP_HOOKS|CORECLR_\w+|COSMOS_SDK_\w+)$/;
const PROGRAM_OPTIONS = new RegExp(
  [
    /-XX:On\w*Error|-XX:(Flags|VMOptionsFile)\b|-javaagent|-agentlib|-agentpath|-Xrun|-Xbootclasspath/,
    /\.jmxremote\b|log4j2?\.\w*=\w+:|(^|\s)@/,
    /(^|\s)(--?r(equire)?|--import|--loader|--experimental-loader)\b/,
  ]
    .map(({ source }) => source)
    .join('|'),
);
/** The logging library of Java clients reads its configuration, which can hold scripts, from an address as well. */
const REMOTE_LOGGING = /^LOG4J_(SCRIPT|ENABLE_JNDI)\w*=|^LOG4J_\w+=.*:\/\//;

function runsPrograms(name: string, value: string): boolean {
  if (PROGRAM_VARIABLES.test(name) || REMOTE_LOGGING.test(`${name}=${value}`)) return true;
  // Start scripts and the Java runtime take quotes and backslashes out, also within a word.
  return /OPTIONS|OPTS/.test(name) && PROGRAM_OPTIONS.test(value.replaceAll(/['"\\]/g, ''));
}

function checkEnvironment(chain: ChainFacts, spec: NodeSpec): readonly SpecProblem[] {
  return Object.entries(spec.env ?? {}).flatMap(([role, variables]) =>
    variables.flatMap(({ name, value }, index): readonly SpecProblem[] => {
      const path = ['spec', 'env', role, index];
      if (value.includes('\0')) return [withNull([...path, 'value'])];
      if (runsPrograms(name, value)) {
        return [errorAt('RunsPrograms', [...path, 'value'], `${name} would load or run other code. Remove it.`)];
      }
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
  const roles = Object.keys(spec.clients);
  const advice = didYouMean(role, roles, `its roles: ${roles.join(', ')}.`);
  return errorAtKey('UnknownRole', path, `The node runs no client in the role "${role}"; ${advice}`);
}
