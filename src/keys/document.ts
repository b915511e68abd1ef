// `<executor>/keys.yaml` of the status branch.

import { z } from 'zod';

import { finish } from '../lib/finish.ts';
import { readYamlInSteps } from '../lib/yaml/read.ts';
import { sealBefore } from './seal.ts';
import type { KeyMemory } from './memory.ts';

/** `namespace/name` of a node, and a time. Printable, and without what JSON would make longer: it is remembered. */
const NodeKey = z
  .string()
  .max(320)
  .regex(/^[ !#-[\]-~]*$/);
const Time = z
  .string()
  .max(40)
  .regex(/^[ !#-[\]-~]*$/);

const Entry = z.object({
  key: z.string().regex(/^sha256:[0-9a-f]{64}$/),
  node: NodeKey,
  since: Time,
  state: z.enum(['Reserved', 'Released']),
  seal: z.string().regex(/^[0-9a-f]{64}$/),
});
/** Of one executor: twice the releases that stay listed. */
const MAX_ENTRIES = 2000;
const Document = z.object({ keys: z.array(Entry).max(MAX_ENTRIES) });

/** Of all executors together. Each file may take a second to read, and each entry has to be compared. */
const BUDGET = { files: 256, characters: 4 * 2 ** 20, entries: 5000 };

export type KeyEntry = z.infer<typeof Entry> & { readonly executor: string };

/** Files by path; undefined for one that is there and cannot be read. */
export type KeyFiles = ReadonlyMap<string, string | undefined>;

export interface PublishedKeys {
  readonly entries: readonly KeyEntry[];
  /** Executors whose file cannot be read: they may hold any key. */
  readonly unreadable: readonly string[];
  /** Those of them that were not read because the files of all executors together are too many or too large. */
  readonly beyond: ReadonlySet<string>;
}

const PATH = /^([^/]+)\/keys\.yaml$/;
/** No executor has another one: such a file counts as one that cannot be read. */
const NAME = /^[!#-[\]-~]{1,253}$/;
/** Longer than any file that Git gives. An entry has up to 24 tokens. */
const LIMITS = { length: 2 ** 20, tokens: 56_000 };

export function keysPath(executor: string): string {
  return `${executor}/keys.yaml`;
}

export function isKeysPath(path: string): boolean {
  return PATH.test(path);
}

/** Without pauses, and with nothing remembered. */
export function readKeys(files: KeyFiles): PublishedKeys {
  return finish(createKeysReader().readInSteps(files, []));
}

export interface KeysReader {
  /**
   * Within a budget for all files together: those of `first` are read before the others, in that order. What is beyond it counts as
   * unreadable.
   */
  readInSteps(files: KeyFiles, first: readonly string[]): Generator<void, PublishedKeys>;
}

type Entries = readonly z.infer<typeof Entry>[] | undefined;

/** A reader that remembers the texts of the last time: of the files only those that changed are parsed, and equal ones once. */
export function createKeysReader(): KeysReader {
  let known: ReadonlyMap<string, Entries> = new Map();
  return {
    *readInSteps(files, first) {
      const read = new Map<string, Entries>();
      const entries: KeyEntry[] = [];
      const [unreadable, beyond]: [string[], Set<string>] = [[], new Set()];
      const left = { ...BUDGET };
      // One that is there and cannot be read has no text, and that is no document either.
      for (const { executor, text } of inOrder(files, first)) {
        left.files -= 1;
        left.characters -= text.length;
        if (hasRoom(left) && !read.has(text)) read.set(text, yield* readOnce(text, known));
        const found = read.get(text);
        left.entries -= found?.length ?? 0;
        if (!hasRoom(left)) beyond.add(executor);
        if (found === undefined || beyond.has(executor)) unreadable.push(executor);
        else for (const entry of found) entries.push({ ...entry, executor });
        yield;
      }
      known = read;
      return { entries, unreadable, beyond };
    },
  };
}

function* readOnce(text: string, known: ReadonlyMap<string, Entries>): Generator<void, Entries> {
  return known.has(text) ? known.get(text) : yield* entriesIn(text);
}

function hasRoom({ files, characters, entries }: typeof BUDGET): boolean {
  return Math.min(files, characters, entries) >= 0;
}

interface KeyFile {
  readonly executor: string;
  readonly text: string;
}

function inOrder(files: KeyFiles, first: readonly string[]): readonly KeyFile[] {
  const all = [...files].flatMap(([path, text]): KeyFile[] => {
    const executor = PATH.exec(path)?.[1];
    return executor === undefined ? [] : [{ executor, text: NAME.test(executor) ? (text ?? '') : '' }];
  });
  const places = new Map(first.map((executor, place) => [executor, place]));
  const placeOf = ({ executor }: KeyFile): number => places.get(executor) ?? places.size;
  return all.sort((a, b) => placeOf(a) - placeOf(b));
}

function* entriesIn(text: string): Generator<void, Entries> {
  return Document.safeParse(yield* readYamlInSteps(text, LIMITS)).data?.keys;
}

/** Released keys that stay listed: who saw the reservation has to see its end. */
const MAX_RELEASED = 1000;

export interface KeysDocument {
  readonly executor: string;
  readonly keys: readonly object[];
}

/** What is published of the memory: neither roots nor requests. A request after a release shows that release still. */
export function keysDocument(executor: string, { own }: Pick<KeyMemory, 'own'>): KeysDocument {
  const entries = Object.entries(own).flatMap(([key, { node, since, state, step, seal }]) => {
    if (state !== 'Requested') return [{ key, node, since, state, seal }];
    return step === 0 ? [] : [{ key, node, since, state: 'Released' as const, seal: sealBefore(seal) }];
  });
  const released = entries.filter(({ state }) => state === 'Released').sort((a, b) => (a.since < b.since ? 1 : -1));
  const forgotten = new Set(released.slice(MAX_RELEASED).map(({ key }) => key));
  const keys = entries.filter(({ key }) => !forgotten.has(key)).sort((a, b) => (a.key < b.key ? -1 : 1));
  return { executor, keys };
}
