// Stands in for CITA-Cloud's `controller` in tests: over gRPC it reports the height of the node's storage, which lies in
// /data, as protos/controller.proto of cita_cloud_proto has it; and it logs every second that it signs.

import { createHash } from 'node:crypto';
import { readFileSync } from 'node:fs';
import { createServer, type ServerHttp2Stream } from 'node:http2';

const key = readFileSync(`${process.env['ACCOUNT'] ?? '/mnt'}/private_key`);
const signature = createHash('sha256').update(key).digest('hex').slice(0, 8);

createServer()
  .on('stream', (stream, { ':path': path }) => answer(stream, path))
  .listen(50_004);
setInterval(() => console.log(`height ${height()} signed by ${signature}`), 1000);
process.on('SIGTERM', () => process.exit(0));

function answer(stream: ServerHttp2Stream, path: string | undefined): void {
  const isKnown = path === '/controller.RPCService/GetBlockNumber';
  const type = { ':status': 200, 'content-type': 'application/grpc' };
  if (!isKnown) return stream.respond({ ...type, 'grpc-status': '12' }, { endStream: true });
  stream.respond(type, { waitForTrailers: true });
  stream.on('wantTrailers', () => stream.sendTrailers({ 'grpc-status': '0' }));
  const message = blockNumber(height());
  stream.end(Buffer.from([0, 0, 0, 0, message.length, ...message]));
}

/** `BlockNumber { uint64 block_number = 1; }`, which for 0 is empty. */
function blockNumber(value: number): readonly number[] {
  if (value === 0) return [];
  const bytes = [0x08];
  let rest = value;
  for (; rest > 0x7f; rest = Math.floor(rest / 128)) bytes.push((rest % 128) + 128);
  return [...bytes, rest];
}

/** The storage of a new chain has no file yet. */
function height(): number {
  try {
    return Number(readFileSync('/data/chain_data/current_height', 'utf8'));
  } catch {
    return 0;
  }
}
