// A way to the API server that can be cut: what a client sees when the server is restarted, without disturbing others.

import { mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';

import { type Gate, openGate } from '../support/gate.ts';

export interface BreakableKubeconfig {
  /** Path of a kubeconfig that goes this way. */
  readonly kubeconfig: string;
  readonly gate: Gate;
  /** Cuts every connection; new ones are refused. */
  breakAll(): void;
  restore(): void;
  close(): Promise<void>;
}

/** The server's certificate names 127.0.0.1 too. */
export async function breakableKubeconfig(original: string): Promise<BreakableKubeconfig> {
  const text = await readFile(original, 'utf8');
  const found = /server"?: *"?https:\/\/([0-9.]+):([0-9]+)/.exec(text);
  if (found === null) throw new Error(`${original} names no server by its address`);
  const [, host = '', port = ''] = found;
  const gate = await openGate(host, Number(port));
  const folder = await mkdtemp(join(tmpdir(), 'nodewright-way-'));
  const kubeconfig = join(folder, 'kubeconfig');
  const changed = text.replaceAll(`https://${host}:${port}`, `https://127.0.0.1:${gate.port}`);
  await writeFile(kubeconfig, changed, { mode: 0o600 });
  return {
    kubeconfig,
    gate,
    breakAll: () => gate.cut('refused'),
    restore: () => gate.restore(),
    async close() {
      gate.close();
      await rm(folder, { recursive: true, force: true });
    },
  };
}
