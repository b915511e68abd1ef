// The part of a cluster's DNS that pods need: A records of Services (RFC 1035 §4.1), over UDP.

import { createSocket, type RemoteInfo } from 'node:dgram';

export interface DnsOptions {
  /** The cluster's bridge address. */
  readonly address: string;
  /** The addresses behind a name like `eth-0.novacula-system.svc.cluster.local`; undefined when there is no such name. */
  readonly lookup: (name: string) => readonly string[] | undefined;
}

const HEADER = 12;
const TYPE_A = 1;
const NO_ERROR = 0;
const NO_SUCH_NAME = 3;
/** A message over UDP has at most 512 bytes; a record takes 16 of them. */
const MAX_RECORDS = 16;

/** Answers on UDP port 53 until the process ends. Names outside the cluster do not exist: nothing of a pod leaves it. */
export async function serveNames({ address, lookup }: DnsOptions): Promise<void> {
  const socket = createSocket('udp4');
  socket.on('message', (query: Buffer, from: RemoteInfo) => {
    const reply = answer(query, lookup);
    // Who asked may be gone by now; without a listener that would end the process.
    if (reply !== undefined)
      socket.send(reply, from.port, from.address, (error) => error && console.error(error.message));
  });
  await new Promise<void>((resolve, reject) => {
    socket.once('error', reject);
    socket.bind(53, address, resolve);
  });
  socket.on('error', (error) => console.error(error.message));
}

/** The reply to one query, or undefined when it can't be read. */
export function answer(query: Buffer, lookup: DnsOptions['lookup']): Buffer | undefined {
  const question = readQuestion(query);
  if (question === undefined) return undefined;
  const found = lookup(question.name);
  const records = question.type === TYPE_A ? (found ?? []).slice(0, MAX_RECORDS).map(addressRecord) : [];
  const header = Buffer.alloc(HEADER);
  query.copy(header, 0, 0, 2);
  // A response, authoritative, recursion "available": resolvers give up on a server that denies it.
  header.writeUInt16BE(0x85_80 | (found === undefined ? NO_SUCH_NAME : NO_ERROR), 2);
  header.writeUInt16BE(1, 4);
  header.writeUInt16BE(records.length, 6);
  return Buffer.concat([header, query.subarray(HEADER, question.end), ...records]);
}

interface Question {
  /** Lower-case, without a dot at the end. */
  readonly name: string;
  readonly type: number;
  /** Where it ends in the query. */
  readonly end: number;
}

function readQuestion(query: Buffer): Question | undefined {
  const labels: string[] = [];
  let at = HEADER;
  for (let length = query[at] ?? 0; length > 0; length = query[at] ?? 0) {
    if (length > 63 || at + length >= query.length) return undefined;
    labels.push(query.toString('latin1', at + 1, at + 1 + length).toLowerCase());
    at += 1 + length;
  }
  const end = at + 5;
  return end > query.length ? undefined : { name: labels.join('.'), type: query.readUInt16BE(at + 1), end };
}

/** Points at the name in the question; good for no time at all, because pods get new addresses. */
function addressRecord(address: string): Buffer {
  const bytes = address.split('.').map(Number);
  return Buffer.from([0xc0, HEADER, 0, TYPE_A, 0, 1, 0, 0, 0, 0, 0, bytes.length, ...bytes]);
}
