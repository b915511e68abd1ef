// Execution clients that answer what a node is asked, each at an address of its own on loopback, in this process.

import { createServer, type Server } from 'node:http';

export interface Clients {
  /** Clients that were asked since the start, each question set once. */
  readonly observations: () => number;
  close(): Promise<void>;
}

/** The range of their addresses: the whole of 127.0.0.0/8 leads to this machine (RFC 1122). */
export const CLIENT_RANGE = '127.1.0.0/16';
const PORT = 8545;
const SECONDS_A_BLOCK = 12;

/** Starts `count` clients at the first addresses of the range, of the development network, whose chain grows by a block every 12 seconds. */
export async function startClients(count: number): Promise<Clients> {
  let observed = 0;
  const servers: Server[] = [];
  // Limits of geth (rpc/http.go): the controller may keep its connections.
  const options = { keepAliveTimeout: 120_000, headersTimeout: 30_000 };
  for (let index = 0; index < count; index++) {
    const address = `127.1.${index >> 8}.${index & 255}`;
    const server = createServer(options, (request, response) => {
      const parts: Buffer[] = [];
      request.on('data', (part: Buffer) => parts.push(part));
      request.on('end', () => {
        const { id, method } = JSON.parse(Buffer.concat(parts).toString()) as { id: number; method: string };
        if (method === 'eth_syncing') observed++;
        response.setHeader('content-type', 'application/json');
        response.end(JSON.stringify({ jsonrpc: '2.0', id, result: ANSWERS[method]?.() ?? null }));
      });
    });
    await new Promise<void>((resolve, reject) => {
      server.once('error', reject);
      server.listen(PORT, address, resolve);
    });
    servers.push(server);
  }
  return {
    observations: () => observed,
    async close() {
      for (const server of servers) server.closeAllConnections();
      await Promise.all(servers.map((server) => new Promise((resolve) => server.close(resolve))));
    },
  };
}

const ANSWERS: Readonly<Record<string, () => unknown>> = {
  eth_syncing: () => false,
  eth_getBlockByNumber: block,
  net_peerCount: () => '0x10',
  web3_clientVersion: () => 'Geth/v1.16.7-stable/linux-amd64/go1.25.1',
  eth_chainId: () => '0x539',
};

/** As long as that of a real client, with 200 transactions. */
function block(): unknown {
  const number = Math.floor(Date.now() / 1000 / SECONDS_A_BLOCK);
  const hash = `0x${number.toString(16).padStart(64, '0')}`;
  return {
    number: hex(number),
    timestamp: hex(number * SECONDS_A_BLOCK),
    hash,
    parentHash: hash,
    stateRoot: hash,
    receiptsRoot: hash,
    transactionsRoot: hash,
    logsBloom: `0x${'0'.repeat(512)}`,
    gasLimit: '0x3938700',
    gasUsed: '0x1c9c380',
    transactions: TRANSACTIONS,
  };
}

function hex(value: number): string {
  return `0x${value.toString(16)}`;
}

const TRANSACTIONS = Array.from({ length: 200 }, (_, index) => `0x${index.toString(16).padStart(64, '0')}`);
