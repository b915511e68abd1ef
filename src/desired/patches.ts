// FleetPatches, and the nodes that each changes.

import { FleetPatchSpec } from '../api/fleet.ts';
import { mapInSteps } from '../lib/finish.ts';
import { clipJson } from '../lib/clip.ts';
import type { Path } from '../lib/json-pointer.ts';
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
