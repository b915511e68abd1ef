// Checks spec.secretEnv and spec.secretMounts: a value that is in a Secret cannot be checked, so names are checked more strictly.

import type { NodeSpec } from '../api/blockchain-node.ts';
import { errorAt, type SpecProblem } from '../api/spec-problem.ts';
import type { Path } from '../lib/json-pointer.ts';
import type { ChainFacts } from './chain.ts';
import { clientOf } from './check-overrides.ts';
import { changesPrograms } from './variables.ts';

/** Cosmos programs read every setting from variables with the prefix of their name. */
const COSMOS = /^(CMT|TM|COSMOS_SDK_|NODE_)/;

export function checkSecrets(chain: ChainFacts, spec: NodeSpec): readonly SpecProblem[] {
  return [
    ...Object.entries(spec.secretEnv ?? {}).flatMap(([role, variables]) => [
      ...checkRole(chain, spec, ['spec', 'secretEnv', role]),
      ...variables.flatMap(({ name }, index) => checkName(chain, spec, { role, name, index })),
    ]),
    ...Object.entries(spec.secretMounts ?? {}).flatMap(([role, mounts]) => [
      ...checkRole(chain, spec, ['spec', 'secretMounts', role]),
      ...checkPaths(
        mounts.map(({ path }) => path),
        ['spec', 'secretMounts', role],
      ),
    ]),
  ];
}

function checkRole(chain: ChainFacts, { clients }: NodeSpec, path: Path): readonly SpecProblem[] {
  const role = String(path.at(-1));
  if (clients[role] !== undefined) return [];
  const known = Object.keys(clients).join(', ');
  return [errorAt('UnknownRole', path, `The node has no role "${role}" of ${chain.title}. It has: ${known}.`)];
}

interface Variable {
  readonly role: string;
  readonly name: string;
  readonly index: number;
}

function checkName(chain: ChainFacts, spec: NodeSpec, variable: Variable): readonly SpecProblem[] {
  const { role, name, index } = variable;
  const path = ['spec', 'secretEnv', role, index, 'name'];
  if (isSetting(chain, spec, variable))
    return [
      errorAt(
        'ManagedSetting',
        path,
        `"${name}" changes what the client does. Set it in the file, where it is checked.`,
      ),
    ];
  const twice = [...(spec.env?.[role] ?? []), ...(spec.secretEnv?.[role] ?? []).slice(0, index)].some(
    (one) => one.name === name,
  );
  return twice ? [errorAt('DuplicateName', path, `The variable "${name}" is set twice. Remove one.`)] : [];
}

/** Whether the client, its runtime or its loader reads the variable. */
function isSetting(chain: ChainFacts, spec: NodeSpec, { role, name }: Variable): boolean {
  const prefix = clientOf(chain, spec, role)?.envPrefix;
  const isOfClient = prefix !== undefined && name.startsWith(prefix);
  return changesPrograms(name) || COSMOS.test(name) || isOfClient || isBinary(spec, name);
}

/** `spec.cosmos.binary` names the prefix of a Cosmos SDK program. */
function isBinary({ cosmos }: NodeSpec, name: string): boolean {
  const binary = typeof cosmos === 'object' && cosmos !== null && 'binary' in cosmos ? cosmos.binary : undefined;
  if (typeof binary !== 'string' || binary === '') return false;
  const prefix = binary
    .toUpperCase()
    .replaceAll('-', '_')
    .replace(/(?<=.{3})D$/, '');
  return name.startsWith(prefix);
}

function checkPaths(paths: readonly string[], at: Path): readonly SpecProblem[] {
  return paths.flatMap((path, index) => {
    const field = [...at, index, 'path'];
    if (path.split('/').some((part) => part === '..' || part === '.'))
      return [errorAt('InvalidSetting', field, 'A path may not contain "." or "..". Write the folder itself.')];
    return paths.indexOf(path) === index
      ? []
      : [errorAt('DuplicateName', field, `${path} is mounted twice. Remove one.`)];
  });
}
