// FleetPatches, and the nodes that each changes.

import { FleetPatchSpec } from '../api/fleet.ts';
import { mapInSteps } from '../lib/finish.ts';
import { clipJson } from '../lib/clip.ts';
import { toDotted, type Path } from '../lib/json-pointer.ts';
import { didYouMean } from '../lib/nearest.ts';
import type { PatchOperation } from '../lib/json-patch.ts';
import { member, textAt, type JsonObject } from '../lib/json-value.ts';
import type { Chain } from '../chains/chain.ts';
import { readDocuments, type FileContent, type GoodDocument } from './file-content.ts';
import type { Places } from './text/places.ts';
import { type Problem, showable } from './text/problem.ts';
import { checkSchema } from './check-schema.ts';

type Match = FleetPatchSpec['match'];

export interface FleetPatch {
  readonly file: string;
  readonly places: Places;
  readonly match: Match;
  readonly operations: readonly PatchOperation[];
}

export interface PatchFiles {
  /** In the order in which they apply: by file path, then by position in the file. */
  readonly patches: readonly FleetPatch[];
  /** The `match` of broken patches; undefined when it cannot be read, which stands for every node. */
  readonly broken: readonly { readonly file: string; readonly match: Match | undefined }[];
  readonly problems: readonly Problem[];
  readonly objects: number;
}

/** Reads all files of `patches/`, with pauses. A broken patch keeps the nodes it matches in their last good state. */
export function* readPatches(files: readonly FileContent[], chains: readonly Chain[]): Generator<void, PatchFiles> {
  const sorted = files.toSorted((a, b) => (a.path < b.path ? -1 : 1));
  const read = yield* mapInSteps(sorted, (file) => ({ file, ...readDocuments(file, chains) }));
  return {
    patches: read.flatMap(({ file, good }) =>
      good.flatMap(({ data, places }) => {
        const spec = FleetPatchSpec.safeParse(data.spec);
        return spec.success
          ? [{ file: file.path, places, match: spec.data.match, operations: operationsOf(spec.data) }]
          : [];
      }),
    ),
    broken: read.flatMap(({ file, bad, unreadable }) => [
      ...bad.map(({ document }) => ({ file: file.path, match: matchOf(document) })),
      ...(unreadable ? [{ file: file.path, match: undefined }] : []),
    ]),
    problems: [...read.flatMap(({ problems }) => problems), ...doubtful(read, chains)],
    objects: read.reduce((sum, { good }) => sum + good.length, 0),
  };
}

interface ReadPatch {
  readonly file: FileContent;
  readonly good: readonly GoodDocument[];
}

/** Warnings of patches that do less, or more, than their authors think. */
function doubtful(read: readonly ReadPatch[], chains: readonly Chain[]): readonly Problem[] {
  const known = chains.map(({ name }) => name);
  const first = new Map<string, string>();
  return read.flatMap(({ file: { path: file }, good }) =>
    good.flatMap(({ data, places }) => {
      const warn = (code: Problem['code'], path: Path, message: string): Problem => {
        return { level: 'warning', code, file, ...places.of(path), message: showable(message) };
      };
      const { name } = data.metadata;
      const twin = first.get(name);
      first.set(name, twin ?? file);
      const chain = textAt(data.spec, ['match', 'chain']);
      const advice = didYouMean(chain, known, `known chains are ${known.join(', ')}`);
      return [
        ...(twin === undefined
          ? []
          : [
              warn(
                'DuplicatePatch',
                ['metadata', 'name'],
                `metadata.name: ${name} is also in ${twin}; both apply, so give one another name`,
              ),
            ]),
        ...(chain === undefined || known.includes(chain)
          ? []
          : [
              warn(
                'UnknownChain',
                ['spec', 'match', 'chain'],
                `spec.match.chain: ${clipJson(chain)} is no chain, so that no node matches; ${advice}`,
              ),
            ]),
      ];
    }),
  );
}

/** What has been found of a node's file. */
interface Patched {
  /** `namespace/name` */
  readonly key: string;
  readonly layers: { readonly patches: readonly FleetPatch[] };
}

/** Warnings of patches without a node, and of names in them that are none. `nodes`: all that the commit declares, broken ones too. */
export function unmatchedIn(
  { patches }: Pick<PatchFiles, 'patches'>,
  nodes: readonly Patched[],
  chains: readonly Chain[],
): readonly Problem[] {
  const used = new Set(nodes.flatMap(({ layers }) => layers.patches.map(idOf)));
  const names = [...new Set(nodes.map(({ key }) => key.slice(key.indexOf('/') + 1)))];
  const known = new Set(names);
  return patches.flatMap((patch) => {
    const { match } = patch;
    const unknown = (match.names ?? []).findIndex((name) => !known.has(name));
    if (unknown !== -1) {
      const name = match.names?.[unknown] ?? '';
      const advice = didYouMean(name, names, 'correct it, or remove it');
      return [unmatchedProblem(patch, ['spec', 'match', 'names', unknown], `no node has the name ${name}; ${advice}`)];
    }
    // Of an unknown chain there is a warning already.
    const isKnown = match.chain === undefined || chains.some(({ name }) => name === match.chain);
    if (used.has(idOf(patch)) || !isKnown) return [];
    const message = `matches none of the nodes, so that the patch changes nothing; correct it, or remove the patch`;
    return [unmatchedProblem(patch, ['spec', 'match'], message)];
  });
}

/** A node that was read before has the patches of that time, in files that are equal. */
function idOf({ file, places }: FleetPatch): string {
  const { line, column } = places.of(['spec', 'patch']);
  return `${file}:${line}:${column}`;
}

function unmatchedProblem({ file, places }: FleetPatch, path: Path, message: string): Problem {
  const place = places.of(path);
  return {
    level: 'warning',
    code: 'UnmatchedPatch',
    file,
    ...place,
    message: showable(`${toDotted(path)}: ${message}`),
  };
}

/** The type of the library requires the members of each operation; they are checked when the patch is applied. */
function operationsOf(spec: FleetPatchSpec): readonly PatchOperation[] {
  return spec.patch as readonly PatchOperation[];
}

function matchOf(document: JsonObject): Match | undefined {
  const found = checkSchema(FleetPatchSpec.shape.match, member(document['spec'], 'match'), ['spec', 'match']);
  return found.ok ? found.data : undefined;
}

/** The fields of a node that a patch can match. */
export interface Matchable {
  readonly spec: JsonObject;
  readonly name: string;
  readonly labels: Readonly<Record<string, string>>;
}

/** Whether all given conditions hold. */
export function matches(match: Match, { spec, name, labels }: Matchable): boolean {
  if (match.chain !== undefined && textAt(spec, ['chain']) !== match.chain) return false;
  if (match.network !== undefined && textAt(spec, ['network']) !== match.network) return false;
  if (match.names !== undefined && !match.names.includes(name)) return false;
  return Object.entries(match.labels ?? {}).every(([label, value]) => member(labels, label) === value);
}
