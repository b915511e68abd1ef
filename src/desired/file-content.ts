// The documents of one file, checked as far as possible without other files.

import type { SpecProblem } from '../api/spec-problem.ts';
import type { Chain } from '../chains/chain.ts';
import { isObject, type JsonObject } from '../lib/json-value.ts';
import type { SourceFile } from './desired-set.ts';
import { checkEnvelope, type Envelope, unusedMetadata } from './envelope.ts';
import { kindsAt, type GitKind, type GitRole } from './kinds.ts';
import { parseInSteps, unreadableFile, type BrokenName, type ParsedFile } from './text/parse.ts';
import type { Places } from './text/places.ts';
import type { Problem } from './text/problem.ts';
import { toProblem } from './text/problem.ts';
import { checkSchema } from './check-schema.ts';
import { checkCitaDocument, fromCitaDocument } from './cita-document.ts';

export interface FileContent extends ParsedFile {
  readonly role: GitRole;
  /** The kinds that belong in the folder of the file; at least one. */
  readonly kinds: readonly GitKind[];
}

/** Parses a file in a place where a kind belongs, with pauses; undefined for any other path. */
export function* parseSource(file: SourceFile): Generator<void, FileContent | undefined> {
  const kinds = kindsAt(file.path);
  const [first] = kinds;
  if (first === undefined) return undefined;
  const place = { kinds, role: first.role };
  if (file.text !== undefined && file.trouble === undefined)
    return { ...place, ...(yield* parseInSteps(file.path, file.text)) };
  const { code, message } = file.trouble ?? { code: 'Unreadable', message: 'the file could not be read' };
  const problem: Problem = { level: 'error', code, file: file.path, line: 1, column: 1, message };
  return { ...place, ...unreadableFile(file.path, problem) };
}

export interface GoodDocument {
  readonly kind: GitKind;
  readonly data: Envelope;
  readonly places: Places;
}

export interface Documents {
  readonly good: readonly GoodDocument[];
  /** Documents that could be read, but not used. */
  readonly bad: readonly { readonly document: JsonObject }[];
  readonly problems: readonly Problem[];
  readonly brokenNames: readonly BrokenName[];
  readonly unreadable: boolean;
}

/** Checks the envelope of every document, and the spec except that of a node, which is complete only with its defaults. */
export function readDocuments(file: FileContent, chains: readonly Chain[]): Documents {
  const checked = file.documents.map(({ value, places }) => {
    const document = fromCitaDocument(value);
    const kind = kindOf(document, file.kinds);
    const problems = checkCitaDocument(value);
    if (problems.length > 0) return { value, places, kind, result: { ok: false as const, problems } };
    return { value, places, kind, result: checkDocument(document, { kind, kinds: file.kinds, chains }) };
  });
  const good = checked.flatMap(({ kind, places, result }) => (result.ok ? [{ kind, data: result.data, places }] : []));
  const bad = checked.flatMap(({ value, places, result }) =>
    result.ok ? [] : [{ document: value, places, problems: result.problems }],
  );
  return {
    good,
    bad,
    problems: [
      ...file.problems,
      ...bad.flatMap(({ places, problems }) => problems.map((one) => toProblem(file.path, places, one))),
      ...good.flatMap(({ kind, data, places }) =>
        unusedMetadata(data, kind).map((one) => toProblem(file.path, places, one)),
      ),
    ],
    brokenNames: [...file.brokenNames, ...bad.flatMap((one) => namedProblem(file.path, one))],
    unreadable: file.unreadable || bad.some(({ document }) => brokenName(document) === undefined),
  };
}

/** The kind of the document if it belongs here; else the first kind that does, for the messages. */
function kindOf(document: JsonObject, kinds: readonly GitKind[]): GitKind {
  const [first] = kinds;
  const found = kinds.find(({ kind }) => kind === document['kind']) ?? first;
  if (found === undefined) throw new Error('every file that is read has at least one kind');
  return found;
}

interface Expected {
  readonly kind: GitKind;
  readonly kinds: readonly GitKind[];
  readonly chains: readonly Chain[];
}

function checkDocument(document: JsonObject, { kind, kinds, chains }: Expected): ReturnType<typeof checkEnvelope> {
  const envelope = checkEnvelope(document, kind, kinds);
  // The problems of an unknown kind's spec under another schema would be misleading.
  const isCheckable = kind.role !== 'node' && document['kind'] === kind.kind;
  const spec =
    isCheckable && isObject(document['spec']) ? checkSchema(kind.spec(chains), document['spec'], ['spec']) : undefined;
  if (spec === undefined || spec.ok) return envelope;
  const problems: readonly SpecProblem[] = [...(envelope.ok ? [] : envelope.problems), ...spec.problems];
  return { ok: false, problems };
}

function namedProblem(
  path: string,
  { document, places, problems: [first] }: { document: JsonObject; places: Places; problems: readonly SpecProblem[] },
): readonly BrokenName[] {
  const name = brokenName(document);
  if (name === undefined || first === undefined) return [];
  return [{ ...name, problem: toProblem(path, places, first) }];
}

function brokenName(document: JsonObject): BrokenName | undefined {
  const { kind, metadata } = document;
  if (!isObject(metadata) || typeof metadata['name'] !== 'string') return undefined;
  const { name, namespace } = metadata;
  return {
    name,
    namespace: typeof namespace === 'string' ? namespace : undefined,
    kind: typeof kind === 'string' ? kind : undefined,
  };
}
