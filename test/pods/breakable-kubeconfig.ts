// A way to the API server that can be cut: what a client sees when the server is restarted, without disturbing others.

import { once } from 'node:events';
import { mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import { type AddressInfo, connect, createServer, type Server, type Socket } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';

export interface BreakableKubeconfig {
  /** Path of a kubeconfig that goes this way. */
  readonly kubeconfig: string;
  /** Cuts every connection; new ones are refused. */
  breakAll(): void;
  restore(): void;
  close(): Promise<void>;
}

/** Bytes pass as they are: TLS is between client and server, whose certificate names 127.0.0.1 too. */
export async function breakableKubeconfig(original: string): Promise<BreakableKubeconfig> {
  const text = await readFile(original, 'utf8');
  const found = /server"?: *"?https:\/\/([0-9.]+):([0-9]+)/.exec(text);
  if (found === null) throw new Error(`${original} names no server by its address`);
  const [, host = '', port = ''] = found;
  const sockets = new Set<Socket>();
  const make = (): Server =>
    createServer((client) => {
      const server = connect(Number(port), host);
      for (const [one, other] of [
        [client, server],
        [server, client],
      ] as const) {
        // prettier-ignore
        sockets.add(one);
        one.on('error', () => other.destroy());
        one.on('close', () => void (sockets.delete(one), other.destroy()));
        one.pipe(other);
      }
    });
  let listener = make().listen(0, '127.0.0.1');
  await once(listener, 'listening');
  const own = (listener.address() as AddressInfo).port;
  const folder = await mkdtemp(join(tmpdir(), 'nodewright-way-'));
  const kubeconfig = join(folder, 'kubeconfig');
  await writeFile(kubeconfig, text.replaceAll(`https://${host}:${port}`, `https://127.0.0.1:${own}`), { mode: 0o600 });
  const cut = (): void => {
    listener.close();
    for (const socket of sockets) socket.destroy();
  };
  return {
    kubeconfig,
    breakAll: cut,
    restore: () => void (listener = make().listen(own, '127.0.0.1')),
    async close() {
      cut();
      await rm(folder, { recursive: true, force: true });
    },
  };
}
