// Connections to nodes. Everything that arrives for one query is limited, also what is no body and no header: the parser passes over the
// extensions of chunks, for example, and shows them to no one.

import type { Socket } from 'node:net';

import { buildConnector } from 'undici';

import { TooLarge } from './trouble.ts';

/** Twice the longest reply, because small chunks have a length each. */
const MAX_ARRIVING_BYTES = 2_097_152;

export function nodeConnector(): buildConnector.connector {
  // The self-signed certificate of a client proves nothing, so none is verified. The query is protected by the address of
  // the pod in the cluster's network, as it is without TLS.
  const connect = buildConnector({ rejectUnauthorized: false });
  return (options, callback) => {
    connect(options, (...result) => {
      const [error, socket] = result;
      if (error === null) limitArrivals(socket);
      callback(...result);
    });
  };
}

/** One query at a time: what was sent last is a query, and what arrives since is its reply. */
function limitArrivals(socket: Socket): void {
  let sent = -1;
  let from = 0;
  socket.on('readable', () => {
    if (socket.bytesWritten !== sent) {
      sent = socket.bytesWritten;
      from = socket.bytesRead - socket.readableLength;
    }
    if (socket.bytesRead - from <= MAX_ARRIVING_BYTES) return;
    socket.destroy(new TooLarge(`more than ${MAX_ARRIVING_BYTES} bytes arrive before the end of the reply`));
  });
}
