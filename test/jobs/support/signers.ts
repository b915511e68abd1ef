// What keys sign and what volumes know of it, in memory: a key that signs at or below what it has signed is caught.

import type { TaskParameters, TaskResult } from '../../../src/api/worker-task.ts';

/** The file's text for a height; empty for no file. */
export function textOf(height: number | undefined): string {
  return height === undefined ? '' : JSON.stringify({ height: String(height), round: 0, step: 3, signature: 'c2ln' });
}

export class Signers {
  /** By node: the height in the signer state on its volume; undefined where there is no file. */
  readonly files = new Map<string, number | undefined>();
  /** By key: the highest that it ever signed. */
  readonly highest = new Map<string, number>();
  readonly violations: string[] = [];

  add(node: string, key: string, height: number | undefined): void {
    this.files.set(node, height);
    if (height !== undefined) this.highest.set(key, height);
  }

  /** As eager as a client may be: the next height after the one in its file, from the start without a file. */
  sign(node: string, key: string): void {
    const height = (this.files.get(node) ?? 0) + 1;
    const before = this.highest.get(key) ?? 0;
    if (height <= before) this.violations.push(`${key} signs ${height} on ${node}, although it has signed ${before}`);
    this.files.set(node, height);
    this.highest.set(key, Math.max(height, before));
  }

  /** Neither lower, which would sign twice, nor higher, which could stand a small chain still. */
  checkKey(node: string, key: string): void {
    const [file, signed] = [this.files.get(node), this.highest.get(key)];
    if (file !== signed)
      this.violations.push(`${node} is given ${key}, which has signed ${signed}, but its volume says ${file}`);
  }

  /** What the verb does on the volume of `node`; undefined for any other work. */
  act(node: string, parameters: TaskParameters): TaskResult | undefined {
    if (parameters.verb === 'readSigner') return { ok: true, text: textOf(this.files.get(node)) };
    if (parameters.verb !== 'writeSigner') return undefined;
    const { text, expect } = parameters;
    if (![text, ...expect].includes(textOf(this.files.get(node))))
      return { ok: false, code: 'SignerStateChanged', message: 'the node has signed meanwhile', swapped: false };
    this.files.set(node, Number((JSON.parse(text) as { height: string }).height));
    return { ok: true, swapped: true };
  }
}
