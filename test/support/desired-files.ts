// Builds the files of a repository for tests of what reads them.

import type { SourceFile } from '../../src/desired/desired-set.ts';
import type { DesiredSet } from '../../src/desired/desired-set.ts';
import { readDesired, type ReadOptions } from '../../src/desired/read.ts';
import { sha256 } from '../../src/lib/hash.ts';

export const FLEET = `apiVersion: validatoros.com/v1alpha1
kind: Fleet
metadata: { name: fleet }
spec:
  executors: [{ name: demo }]
`;

/** A valid file of one node; `change` edits its text. */
export function nodeFile(name: string, change: (text: string) => string = (text) => text): string {
  return change(`apiVersion: validatoros.com/v1alpha1
kind: BlockchainNode
metadata:
  name: ${name}
spec:
  chain: ethereum
  network: hoodi
  clients:
    el: { name: geth, version: "1.16.7" }
    cl: { name: lighthouse, version: "8.0.0" }
  storage:
    data: { size: 2Ti }
  checkpoint: { url: "https://checkpoint.example.com" }
`);
}

/** Files by path, with the ids that Git would give them: equal for equal content. */
export function sources(files: Readonly<Record<string, string>>): readonly SourceFile[] {
  return Object.entries(files).map(([path, text]) => ({ path, text, oid: sha256(text) }));
}

/** Reads files beside a good fleet.yaml, unless they bring their own. */
export function read(files: Readonly<Record<string, string>>, options: Partial<ReadOptions> = {}): DesiredSet {
  return readDesired(sources({ 'fleet.yaml': FLEET, ...files }), { defaultNamespace: 'novacula-system', ...options });
}
