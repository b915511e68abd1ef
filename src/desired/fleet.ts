// fleet.yaml: the settings of the whole repository.

import type { ProblemCode } from '../api/codes/problems.ts';
import { DEFAULT_EXECUTOR, FleetSpec, FLEET_FILE, suspendedFolder } from '../api/fleet.ts';
import type { Chain } from '../chains/chain.ts';
import { clip, clipJson } from '../lib/clip.ts';
import { toDotted } from '../lib/json-pointer.ts';
import { didYouMean } from '../lib/nearest.ts';
import { policyOfExecutor } from '../policy/by-executor.ts';
import type { Policy } from '../policy/policy.ts';
import { refusalOf, requestOf, rulesOf } from '../upgrade/target.ts';
import { readDocuments, type FileContent } from './file-content.ts';
import type { Places } from './text/places.ts';
import { type Problem, showable } from './text/problem.ts';

export interface FleetFile {
  readonly fleet: FleetSpec;
  /** The positions of its fields; undefined when there is no valid fleet.yaml. */
  readonly places: Places | undefined;
  readonly broken: boolean;
  /** Not one of `problems`: it is reported once, together with the nodes that need the default. */
  readonly unknownDefault?: Problem | undefined;
  readonly problems: readonly Problem[];
}

export interface FleetScene {
  readonly chains: readonly Chain[];
  readonly policy: Policy;
  /** A Fleet is in a file that is not read. */
  readonly isElsewhere: boolean;
}

/**
 * Reads fleet.yaml. Without the file, all fields have their defaults. With an error in it, nothing of the fleet may be
 * changed, because its defaults and guards are unknown.
 */
export function readFleet(file: FileContent | undefined, { chains, policy, isElsewhere }: FleetScene): FleetFile {
  const fallback = { fleet: FleetSpec.parse({}), places: undefined };
  if (file === undefined)
    return {
      ...fallback,
      broken: isElsewhere,
      problems: [isElsewhere ? consequence('there is a Fleet in this file') : missing()],
    };
  const { good, problems, bad, unreadable } = readDocuments(file, chains);
  const [only, second] = good;
  if (second !== undefined)
    return {
      ...fallback,
      broken: true,
      problems: [
        ...problems,
        { ...at('DuplicateFleet', 'the file has more than one Fleet; keep one'), ...second.places.of(['kind']) },
      ],
    };
  if (bad.length > 0 || unreadable || file.problems.length > 0)
    return { ...fallback, broken: true, problems: [...problems, consequence()] };
  if (only === undefined)
    return {
      ...fallback,
      broken: true,
      problems: [at('NoFleet', 'the file has no Fleet; write one, or delete the file')],
    };
  const spec = FleetSpec.parse(only.data.spec);
  return {
    fleet: spec,
    places: only.places,
    broken: false,
    unknownDefault: unknownDefault(spec, only.places),
    problems: [
      ...problems,
      ...checkExecutors(spec, only.places),
      ...checkDefaults(spec, only.places, chains),
      ...checkVersions(spec, only.places, policy),
    ],
  };
}

function unknownDefault({ executors, defaultExecutor }: FleetSpec, places: Places): Problem | undefined {
  const names = executors?.map(({ name }) => name) ?? [];
  if (defaultExecutor === undefined || names.length === 0 || names.includes(defaultExecutor)) return undefined;
  const advice = didYouMean(defaultExecutor, names, `it lists ${clip(names.join(', '), 500)}`);
  const message = `spec.defaultExecutor: "${defaultExecutor}" is not an executor of the Fleet; ${advice}`;
  return { ...at('UnknownExecutor', message), ...places.of(['spec', 'defaultExecutor']) };
}

function checkExecutors({ executors = [] }: FleetSpec, places: Places): Problem[] {
  const names = executors.map(({ name }) => name);
  return names.flatMap((name, index) => {
    if (names.indexOf(name) === index) return [];
    const message = `spec.executors[${index}].name: "${name}" occurs twice; remove one`;
    return [{ ...at('DuplicateExecutor', message), ...places.of(['spec', 'executors', index, 'name']) }];
  });
}

/** Defaults of a chain that does not exist have no effect. */
function checkDefaults({ defaults }: FleetSpec, places: Places, chains: readonly Chain[]): Problem[] {
  const known = chains.map(({ name }) => name);
  return Object.keys(defaults?.chains ?? {}).flatMap((name) => {
    if (known.includes(name)) return [];
    const path = ['spec', 'defaults', 'chains', name];
    const advice = didYouMean(name, known, `known chains are ${known.join(', ')}`);
    const message = `${toDotted(path)}: ${clipJson(name)} is no chain; ${advice}`;
    return [{ ...at('UnknownChain', showable(message)), ...places.of(path, 'key') }];
  });
}

/** One problem per place and message: what one policy refuses, those of other controllers may refuse as well. */
function checkVersions(fleet: FleetSpec, places: Places, policy: Policy): Problem[] {
  const names = fleet.executors?.map(({ name }) => name) ?? [fleet.defaultExecutor ?? DEFAULT_EXECUTOR];
  const found = names.flatMap((name, index) => checkVersion({ fleet, name, index }, places, policy));
  return [...new Map(found.map((problem) => [problem.message, problem])).values()];
}

interface Controller {
  readonly fleet: FleetSpec;
  readonly name: string;
  /** In `executors`. */
  readonly index: number;
}

function checkVersion({ fleet, name, index }: Controller, places: Places, policy: Policy): Problem[] {
  const request = requestOf(fleet, name);
  const refused = request === undefined ? undefined : refusalOf(request, rulesOf(policyOfExecutor(policy, name)));
  if (refused === undefined) return [];
  const isOwn = fleet.executors?.[index]?.controller !== undefined;
  const path = isOwn ? ['spec', 'executors', index, 'controller'] : ['spec', 'controller'];
  const message = `${isOwn ? `spec.executors[${index}].controller` : 'spec.controller'}: ${refused.message}`;
  return [{ ...at('VersionNotAllowed', message), ...places.of([...path, 'version']) }];
}

/** Warnings of entries of `suspendFolders` without a node. `files`: paths of all files of nodes. */
export function unmatchedFolders({ fleet, places }: FleetFile, files: readonly string[]): readonly Problem[] {
  if (places === undefined) return [];
  const folders = [...new Set(files.flatMap(foldersOf))];
  return (fleet.suspendFolders ?? []).flatMap((folder, index) => {
    if (files.some((file) => suspendedFolder({ suspendFolders: [folder] }, file) !== undefined)) return [];
    const path = ['spec', 'suspendFolders', index];
    const advice = didYouMean(folder.replace(/\/+$/, ''), folders, 'correct it, or remove it');
    const message = `${toDotted(path)}: ${clipJson(folder)} matches no folder with nodes, so that it suspends nothing; ${advice}`;
    return [{ ...at('UnmatchedFolder', showable(message)), level: 'warning' as const, ...places.of(path) }];
  });
}

/** `nodes/a/b.yaml`: `nodes` and `nodes/a` */
function foldersOf(file: string): readonly string[] {
  const parts = file.split('/').slice(0, -1);
  return parts.map((_, index) => parts.slice(0, index + 1).join('/'));
}

function missing(): Problem {
  return {
    ...at('NoFleet', 'there is no fleet.yaml: defaults and guards have their default values; add one'),
    level: 'warning',
  };
}

function consequence(until = 'this file is corrected'): Problem {
  return at('FleetBroken', `until ${until}, no node is changed or deleted, because defaults and guards are unknown`);
}

function at(code: ProblemCode, message: string): Problem {
  return { level: 'error', code, file: FLEET_FILE, line: 1, column: 1, message };
}
