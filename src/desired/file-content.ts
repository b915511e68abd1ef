// One file of one kind: its documents checked as far as they can be checked alone.

import type { Chain } from '../chains/chain.ts';
import { isObject, type JsonObject } from '../lib/json-value.ts';
import type { SourceFile } from './desired-set.ts';
import { checkEnvelope, type Envelope } from './envelope.ts';
import { kindAt, type GitKind } from './kinds.ts';
import { parseFile, unreadableFile, type BrokenName, type ParsedFile } from './parse.ts';
import type { Places } from './places.ts';
import type { Problem } from './problem.ts';
import { toProblem, type Remark } from './remark.ts';
import { checkSchema } from './schema-remarks.ts';

export interface FileContent extends ParsedFile {
  readonly kind: GitKind;
}

/** Parses a file that lies where a kind belongs; undefined for any other path. */
export function parseSource(file: SourceFile): FileContent | undefined {
  const kind = kindAt(file.path);
  if (kind === undefined) return undefined;
  if (file.text !== undefined && file.trouble === undefined) return { kind, ...parseFile(file.path, file.text) };
  const { code, message } = file.trouble ?? { code: 'Unreadable', message: 'the file could not be read' };
  return { kind, ...unreadableFile(file.path, { level: 'error', code, file: file.path, line: 1, column: 1, message }) };
}

export interface GoodDocument {
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

/** Checks every document's envelope, and its spec unless it is a node's, which is complete only with its defaults. */
export function readDocuments(file: FileContent, chains: readonly Chain[]): Documents {
  const checked = file.documents.map(({ value, places }) => ({
    value,
    places,
    result: checkDocument(value, file.kind, chains),
  }));
  const bad = checked.flatMap(({ value, places, result }) =>
    result.ok ? [] : [{ document: value, places, remarks: result.remarks }],
  );
  return {
    good: checked.flatMap(({ places, result }) => (result.ok ? [{ data: result.data, places }] : [])),
    bad,
    problems: [
      ...file.problems,
      ...bad.flatMap(({ places, remarks }) => remarks.map((one) => toProblem(file.path, places, one))),
    ],
    brokenNames: [...file.brokenNames, ...bad.flatMap(({ document }) => brokenName(document) ?? [])],
    unreadable: file.unreadable || bad.some(({ document }) => brokenName(document) === undefined),
  };
}

function checkDocument(
  document: JsonObject,
  kind: GitKind,
  chains: readonly Chain[],
): ReturnType<typeof checkEnvelope> {
  const envelope = checkEnvelope(document, kind);
  const isSpecComplete = kind.kind !== 'BlockchainNode';
  const spec =
    isSpecComplete && isObject(document['spec'])
      ? checkSchema(kind.spec(chains), document['spec'], ['spec'])
      : undefined;
  if (spec === undefined || spec.ok) return envelope;
  const remarks: readonly Remark[] = [...(envelope.ok ? [] : envelope.remarks), ...spec.remarks];
  return { ok: false, remarks };
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
