// `<executor>/keys.yaml` of the status branch.

import { z } from 'zod';

import { readYaml } from '../lib/yaml/read.ts';
import { sealBefore } from './seal.ts';
import type { KeyMemory } from './memory.ts';

const Text = z.string().max(600);

const Entry = z.object({
  key: z.string().regex(/^sha256:[0-9a-f]{64}$/),
  node: Text,
  since: Text,
  state: z.enum(['Reserved', 'Released']),
  seal: z.string().regex(/^[0-9a-f]{64}$/),
});
const Document = z.object({ keys: z.array(Entry).max(20_000) });

export type KeyEntry = z.infer<typeof Entry> & { readonly executor: string };

/** Files by path; undefined for one that is there and cannot be read. */
export type KeyFiles = ReadonlyMap<string, string | undefined>;

export interface PublishedKeys {
  readonly entries: readonly KeyEntry[];
  /** Executors whose file cannot be read: they may hold any key. */
  readonly unreadable: readonly string[];
}

const PATH = /^([^/]+)\/keys\.yaml$/;
/** Longer than any file that Git gives: some four thousand entries. */
const LIMITS = { length: 2 ** 20 };

export function keysPath(executor: string): string {
  return `${executor}/keys.yaml`;
}

export function isKeysPath(path: string): boolean {
  return PATH.test(path);
}

export function readKeys(files: KeyFiles): PublishedKeys {
  const entries: KeyEntry[] = [];
  const unreadable: string[] = [];
  for (const [path, text] of files) {
    const executor = PATH.exec(path)?.[1];
    if (executor === undefined) continue;
    const found = text === undefined ? undefined : entriesIn(text);
    if (found === undefined) unreadable.push(executor);
    else entries.push(...found.map((entry) => ({ ...entry, executor })));
  }
  return { entries, unreadable };
}

function entriesIn(text: string): readonly z.infer<typeof Entry>[] | undefined {
  return Document.safeParse(readYaml(text, LIMITS)).data?.keys;
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
