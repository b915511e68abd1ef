// Makes one unary gRPC call to a running node, over HTTP/2 without TLS. A failed call is a reply too.
//
// The protocol is in doc/PROTOCOL-HTTP2.md of grpc/grpc: a POST, one message with a prefix of five bytes in each
// direction, and the status in the trailers, or in the headers when there is no message.

import { connect, type ClientHttp2Session, type IncomingHttpHeaders } from 'node:http2';

import { authorityOf, DEFAULT_MAX_BYTES, DEFAULT_TIMEOUT_MS, type Target } from './ask.ts';
import { describeTrouble, failed, TooLarge, type Trouble } from './trouble.ts';

export interface GrpcQuestion {
  readonly port: number;
  /** `/package.Service/Method` */
  readonly path: string;
  /** The request's message, encoded. */
  readonly message: Uint8Array;
  /** Largest reply. */
  readonly maxBytes?: number;
}

export type GrpcReply = { readonly ok: true; readonly message: Uint8Array } | Trouble;

/** One connection per call, because calls are rare. Never rejects. `target.credentials` are not used. */
export async function askGrpc(question: GrpcQuestion, target: Target): Promise<GrpcReply> {
  const timeout = AbortSignal.timeout(target.timeoutMs ?? DEFAULT_TIMEOUT_MS);
  const signal = AbortSignal.any([target.signal, timeout]);
  let session: ClientHttp2Session | undefined;
  try {
    signal.throwIfAborted();
    session = connect(`http://${authorityOf(target.host, question.port)}`, CONNECTION);
    return await exchange(session, question, signal);
  } catch (error) {
    return describeTrouble(error, { timedOut: timeout.aborted, cancelled: target.signal.aborted });
  } finally {
    session?.destroy();
  }
}

/** No server push, and a small limit of what a node can make this process store. */
const CONNECTION = { settings: { enablePush: false }, maxSessionMemory: 1, maxHeaderListPairs: 64 };

async function exchange(
  session: ClientHttp2Session,
  { path, message, maxBytes = DEFAULT_MAX_BYTES }: GrpcQuestion,
  signal: AbortSignal,
): Promise<GrpcReply> {
  const { promise, resolve, reject } = Promise.withResolvers<GrpcReply>();
  const received: Received = { head: {}, trailers: {}, chunks: [] };
  let size = 0;
  signal.addEventListener('abort', () => reject(signal.reason), { once: true });
  session.on('error', reject);
  const stream = session.request({ ...HEADERS, ':path': path });
  stream
    // A stream that ends with its connection reports only a cancellation; its cause has the reason.
    .on('error', (error) => reject(error.cause ?? error))
    .on('response', (head) => {
      received.head = head;
      if (head[':status'] !== 200) resolve(failed(`HTTP ${head[':status']}`));
    })
    .on('data', (chunk: Buffer) => {
      size += chunk.length;
      if (size > maxBytes) reject(new TooLarge(`the reply is larger than ${maxBytes} bytes`));
      else received.chunks.push(chunk);
    })
    .on('trailers', (trailers) => (received.trailers = trailers))
    .on('close', () => resolve(replyOf(received)))
    .end(framed(message));
  return await promise;
}

const HEADERS = { ':method': 'POST', 'content-type': 'application/grpc', te: 'trailers' };

interface Received {
  head: IncomingHttpHeaders;
  trailers: IncomingHttpHeaders;
  readonly chunks: Buffer[];
}

/** The message of a status is not quoted, because it is untrusted. */
function replyOf({ head, trailers, chunks }: Received): GrpcReply {
  if (head['content-type']?.startsWith('application/grpc') === false) return failed('the reply is not gRPC');
  const status = trailers['grpc-status'] ?? head['grpc-status'];
  if (status === undefined) return failed('the reply was cut off');
  if (status !== '0') return failed(`gRPC status ${describeStatus(String(status))}`);
  const message = messageIn(Buffer.concat(chunks));
  return message === undefined ? failed('the reply is not one gRPC message') : { ok: true, message };
}

/** One byte for the compression (none), and four for the length. */
function framed(message: Uint8Array): Buffer {
  const prefix = Buffer.alloc(5);
  prefix.writeUInt32BE(message.length, 1);
  return Buffer.concat([prefix, message]);
}

/** Undefined also for a compressed message, which was not requested. */
function messageIn(bytes: Buffer): Uint8Array | undefined {
  const isWhole = bytes.length >= 5 && bytes[0] === 0 && bytes.readUInt32BE(1) === bytes.length - 5;
  return isWhole ? bytes.subarray(5) : undefined;
}

/** From doc/statuscodes.md of grpc/grpc, by number. */
const STATUSES = [
  'OK', 'CANCELLED', 'UNKNOWN', 'INVALID_ARGUMENT', 'DEADLINE_EXCEEDED', 'NOT_FOUND', 'ALREADY_EXISTS',
  'PERMISSION_DENIED', 'RESOURCE_EXHAUSTED', 'FAILED_PRECONDITION', 'ABORTED', 'OUT_OF_RANGE', 'UNIMPLEMENTED',
  'INTERNAL', 'UNAVAILABLE', 'DATA_LOSS', 'UNAUTHENTICATED',
]; // prettier-ignore

function describeStatus(status: string): string {
  const name = /^[0-9]{1,2}$/.test(status) ? STATUSES[Number(status)] : undefined;
  return name === undefined ? 'that does not exist' : `${status} (${name})`;
}
