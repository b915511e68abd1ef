// One YAML document that a program wrote, read back as plain data. Others may have written to the same place.

import { isMap, isScalar, isSeq } from 'yaml';

import { finish } from '../finish.ts';
import { composeInSteps, type YamlLimits } from './compose.ts';

export interface ReadLimits {
  /** Characters of the text. */
  readonly length: number;
  /** See YamlLimits. Default: what is read within a tenth of a second. */
  readonly tokens?: number;
}

/** Enough for what the controller writes itself, which has a depth of about ten. */
const DEPTH = 48;
export const TOKENS = 80_000;

/** The value; undefined for anything that is not one plain document within the limits: no alias, no key twice. Never throws. */
export function readYaml(text: string, limits: ReadLimits): unknown {
  return finish(readYamlInSteps(text, limits));
}

/** The same with pauses. */
export function* readYamlInSteps(text: string, { length, tokens = TOKENS }: ReadLimits): Generator<void, unknown> {
  if (text.length > length) return undefined;
  const limits: YamlLimits = { documents: 1, depth: DEPTH, tokens };
  const { documents, exceeded } = yield* composeInSteps(text, limits);
  const [document] = documents;
  if (document === undefined || exceeded !== undefined || document.errors.length > 0) return undefined;
  try {
    return plain(document.contents);
  } catch (error) {
    if (error instanceof NotPlain) return undefined;
    throw error;
  }
}

class NotPlain extends Error {}

function plain(node: unknown): unknown {
  if (isScalar(node)) return node.value;
  if (isSeq(node)) return node.items.map(plain);
  if (node === null) return null;
  if (!isMap(node)) throw new NotPlain();
  const names = new Set<string>();
  const members = node.items.map(({ key, value }): [string, unknown] => {
    const name = isScalar(key) ? String(key.value) : undefined;
    if (name === undefined || names.has(name)) throw new NotPlain();
    names.add(name);
    return [name, plain(value)];
  });
  return Object.fromEntries(members);
}
