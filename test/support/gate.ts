// A way to a server that can be cut: bytes pass as they are, so that TLS stays between client and server.

import { once } from 'node:events';
import { type AddressInfo, connect, createServer, type Socket } from 'node:net';

export interface Gate {
  /** On loopback. */
  readonly port: number;
  /** `refused`: every connection ends and new ones are refused. `silent`: they stay open and nothing passes any more. */
  cut(how: 'refused' | 'silent'): void;
  /** New connections pass. Those from before the cut end. */
  restore(): void;
  close(): void;
}

export async function openGate(host: string, port: number): Promise<Gate> {
  const sockets = new Set<Socket>();
  let isSilent = false;
  const server = createServer((client) => {
    keep(client, sockets);
    if (isSilent) return;
    const onward = connect(port, host);
    keep(onward, sockets);
    client.pipe(onward).pipe(client);
    client.on('close', () => onward.destroy());
    onward.on('close', () => client.destroy());
  });
  const endAll = (): void => {
    for (const socket of sockets) socket.destroy();
  };
  const listen = (at: number): void => void server.listen(at, '127.0.0.1');
  listen(0);
  await once(server, 'listening');
  const own = (server.address() as AddressInfo).port;
  return {
    port: own,
    cut(how) {
      isSilent = how === 'silent';
      if (isSilent) for (const socket of sockets) socket.unpipe().pause();
      else {
        server.close();
        endAll();
      }
    },
    restore() {
      isSilent = false;
      endAll();
      if (!server.listening) listen(own);
    },
    close() {
      server.close();
      endAll();
    },
  };
}

function keep(socket: Socket, sockets: Set<Socket>): void {
  sockets.add(socket);
  socket.on('error', () => undefined);
  socket.on('close', () => sockets.delete(socket));
}
