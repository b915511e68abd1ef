// DNS for pods of a test cluster, which has none: answers for headless Services with the pod's address.

import { createSocket, type RemoteInfo, type Socket } from 'node:dgram';

import { codeOf } from '../../src/lib/errors.ts';
import { waitFor } from './wait-for.ts';

export interface PodNamesOptions {
  /** An address of this machine that pods reach: the cluster's bridge. */
  readonly address: string;
  /** The address behind `<service>.<namespace>.svc.cluster.local` at this moment. */
  readonly lookup: (service: string, namespace: string) => string | undefined;
}

export interface PodNames {
  close(): Promise<void>;
}

const HEADER = 12;
const TYPE_A = 1;
const NO_ERROR = 0;
const NO_SUCH_NAME = 3;

/** How long another run on the same cluster is waited for. */
const PATIENCE_MS = 600_000;

/** Answers on UDP port 53 until it is closed. One at a time can run on an address: another one is waited for. */
export async function servePodNames({ address, lookup }: PodNamesOptions): Promise<PodNames> {
  const socket = await waitFor(`UDP port 53 of ${address} to be free`, () => bound(address), PATIENCE_MS);
  socket.on('message', (query: Buffer, from: RemoteInfo) => {
    const reply = answer(query, lookup);
    if (reply !== undefined) socket.send(reply, from.port, from.address);
  });
  return { close: () => new Promise((resolve) => void socket.close(() => resolve())) };
}

/** Undefined while somebody else has the port. */
async function bound(address: string): Promise<Socket | undefined> {
  const socket = createSocket('udp4');
  try {
    await new Promise<void>((resolve, reject) => {
      socket.once('error', reject);
      socket.bind(53, address, resolve);
    });
    return socket;
  } catch (error) {
    socket.close();
    if (codeOf(error) === 'EADDRINUSE') return undefined;
    throw error;
  }
}

/** The reply to one query (RFC 1035 §4.1), or undefined when it can't be read. */
function answer(query: Buffer, lookup: PodNamesOptions['lookup']): Buffer | undefined {
  const question = readQuestion(query);
  if (question === undefined) return undefined;
  const [service = '', namespace = '', kind] = question.labels;
  const found = kind === 'svc' ? lookup(service, namespace) : undefined;
  const records = found === undefined || question.type !== TYPE_A ? [] : [addressRecord(found)];
  const header = Buffer.alloc(HEADER);
  query.copy(header, 0, 0, 2);
  // A response, authoritative, recursion "available": resolvers give up on a server that denies it.
  header.writeUInt16BE(0x85_80 | (found === undefined ? NO_SUCH_NAME : NO_ERROR), 2);
  header.writeUInt16BE(1, 4);
  header.writeUInt16BE(records.length, 6);
  return Buffer.concat([header, query.subarray(HEADER, question.end), ...records]);
}

interface DnsQuestion {
  readonly labels: readonly string[];
  readonly type: number;
  /** Where it ends in the query. */
  readonly end: number;
}

function readQuestion(query: Buffer): DnsQuestion | undefined {
  const labels: string[] = [];
  let at = HEADER;
  for (let length = query[at] ?? 0; length > 0; length = query[at] ?? 0) {
    if (length > 63 || at + length >= query.length) return undefined;
    labels.push(query.toString('latin1', at + 1, at + 1 + length).toLowerCase());
    at += 1 + length;
  }
  const end = at + 5;
  return end > query.length ? undefined : { labels, type: query.readUInt16BE(at + 1), end };
}

/** Points at the name in the question; good for no time at all, because pods get new addresses. */
function addressRecord(address: string): Buffer {
  const bytes = address.split('.').map(Number);
  return Buffer.from([0xc0, HEADER, 0, TYPE_A, 0, 1, 0, 0, 0, 0, 0, bytes.length, ...bytes]);
}
