// The example nodes of this folder, read through the real schema.

import { readdirSync, readFileSync } from 'node:fs';

import { parse } from 'yaml';
import { z } from 'zod';

import { type BlockchainNode, NodeSpecBase } from '../../src/api/blockchain-node.ts';
import type { Chain } from '../../src/chains/chain.ts';
import { chains, findChain } from '../../src/chains/index.ts';

export interface Example {
  readonly name: string;
  readonly node: BlockchainNode;
  readonly chain: Chain;
}

const folder = new URL('examples/', import.meta.url);
const blocks = Object.fromEntries(
  chains.flatMap((chain) => (chain.options === undefined ? [] : [[chain.name, chain.options.optional()]])),
);
const Document = z.strictObject({
  apiVersion: z.literal('validatoros.com/v1alpha1'),
  kind: z.literal('BlockchainNode'),
  metadata: z.strictObject({ name: z.string(), namespace: z.string(), uid: z.string().optional() }),
  spec: NodeSpecBase.extend(blocks),
});

export const examples: readonly Example[] = readdirSync(folder)
  .filter((file) => file.endsWith('.yaml'))
  .sort()
  .map((file) => readExample(file.replace('.yaml', '')));

export function example(name: string): Example {
  const found = examples.find((one) => one.name === name);
  if (found === undefined) throw new Error(`no example ${name}`);
  return found;
}

/** A copy of an example's node with other spec fields. */
export function nodeWith(name: string, fields: Record<string, unknown>): BlockchainNode {
  const { node } = example(name);
  return { ...node, spec: { ...node.spec, ...fields } };
}

function readExample(name: string): Example {
  const text = readFileSync(new URL(`${name}.yaml`, folder), 'utf8');
  const node = Document.parse(parse(text)) as BlockchainNode;
  const chain = findChain(node.spec.chain);
  if (chain === undefined) throw new Error(`${name}: no chain ${node.spec.chain}`);
  return { name, node, chain };
}
