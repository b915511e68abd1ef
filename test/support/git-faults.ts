// What the test Git server can do wrong, one small case each.

import type { ServerResponse } from 'node:http';

import type { CgiAnswer, SeenRequest } from './git-exchange.ts';

export type Fault =
  | 'pass'
  /** Answers with a status of its own; Git is not run. */
  | {
      readonly do: 'status';
      readonly status: number;
      readonly headers?: Record<string, string>;
      readonly body?: string;
    }
  /** Never answers. */
  | { readonly do: 'stall' }
  /** Sends this many body bytes, then nothing more, with the connection open. */
  | { readonly do: 'stall-body'; readonly after: number }
  /** Sends one byte of the answer at a time, forever slow. */
  | { readonly do: 'drip'; readonly everyMs: number }
  /** Announces the whole body, sends this many bytes, destroys the socket. */
  | { readonly do: 'cut'; readonly after: number }
  /** Ends the body cleanly after this many bytes, anywhere in a pkt-line. */
  | { readonly do: 'truncate'; readonly after: number }
  /** Ends the body cleanly on a pkt-line boundary, after this many pack-data lines. */
  | { readonly do: 'truncate-on-boundary'; readonly lines: number }
  /** Flips one bit of the byte at this distance from the end of the pack, or of an answer without one. */
  | { readonly do: 'flip'; readonly fromEnd: number }
  /** Answers a fetch with a side-band 3 (fatal) message. */
  | { readonly do: 'sideband-fatal'; readonly message: string }
  /** Answers with an ERR pkt-line. */
  | { readonly do: 'err'; readonly message: string }
  /** A valid beginning and then a pack without end. */
  | { readonly do: 'endless' }
  /** A beginning and then these packet lines again and again without end. */
  | { readonly do: 'flood'; readonly first: readonly string[]; readonly lines: readonly string[] }
  | { readonly do: 'redirect'; readonly to: string; readonly status?: number }
  /** Lets Git do the work, then destroys the socket instead of answering. */
  | { readonly do: 'drop-answer' };

interface Exchange {
  readonly fault: Fault;
  readonly res: ServerResponse;
  readonly seen: SeenRequest;
  /** Runs the real program. */
  readonly run: () => Promise<CgiAnswer>;
}

/** Answers one request, truthfully or with the fault. */
export async function answerWithFault(exchange: Exchange): Promise<void> {
  const { fault, res, run } = exchange;
  if (fault === 'pass') return send(exchange, await run());
  switch (fault.do) {
    case 'status':
      return send(exchange, {
        status: fault.status,
        headers: fault.headers ?? {},
        body: Buffer.from(fault.body ?? ''),
      });
    case 'redirect':
      return send(exchange, { status: fault.status ?? 302, headers: { location: fault.to }, body: Buffer.alloc(0) });
    case 'stall':
      return undefined;
    case 'drop-answer':
      await run();
      res.destroy();
      return undefined;
    case 'err':
      return send(exchange, { ...(await run()), body: pktLine(Buffer.from(`ERR ${fault.message}\n`)) });
    case 'sideband-fatal':
      return send(exchange, { ...(await run()), body: fatalAnswer(fault.message) });
    case 'endless':
      return sendEndless(exchange, ['NAK\n'], [`\u0001${'\u0007'.repeat(60_000)}`]);
    case 'flood':
      return sendEndless(exchange, fault.first, fault.lines);
    default:
      return sendDamaged(exchange, fault, await run());
  }
}

type Damage = Extract<Fault, { do: 'stall-body' | 'drip' | 'cut' | 'truncate' | 'truncate-on-boundary' | 'flip' }>;

function sendDamaged(exchange: Exchange, fault: Damage, answer: CgiAnswer): void {
  const { res, seen } = exchange;
  switch (fault.do) {
    case 'flip': {
      const body = Buffer.from(answer.body);
      const at = fromEndOfPack(body, fault.fromEnd);
      body.writeUInt8(body.readUInt8(at) ^ 1, at);
      return send(exchange, { ...answer, body });
    }
    case 'truncate':
      return send(exchange, { ...answer, body: answer.body.subarray(0, fault.after) });
    case 'truncate-on-boundary':
      return send(exchange, { ...answer, body: cutOnBoundary(answer.body, fault.lines) });
    case 'drip':
      return drip(exchange, answer, fault.everyMs);
    default: {
      const part = answer.body.subarray(0, fault.after);
      res.writeHead(answer.status, { ...answer.headers, 'content-length': String(answer.body.length + 1) });
      res.write(part, () => {
        if (fault.do === 'cut') res.destroy();
      });
      seen.sent = part.length;
    }
  }
}

function send({ res, seen }: Exchange, answer: CgiAnswer): void {
  seen.sent = answer.body.length;
  res.writeHead(answer.status, { ...answer.headers, 'content-length': String(answer.body.length) }).end(answer.body);
}

function drip({ res, seen }: Exchange, answer: CgiAnswer, everyMs: number): void {
  res.writeHead(answer.status, answer.headers);
  const timer = setInterval(() => {
    if (seen.sent >= answer.body.length) res.end();
    else res.write(answer.body.subarray(seen.sent, ++seen.sent));
  }, everyMs);
  res.on('close', () => clearInterval(timer));
}

function sendEndless({ res, seen }: Exchange, first: readonly string[], lines: readonly string[]): void {
  const kind = seen.method === 'GET' ? 'advertisement' : 'result';
  res.writeHead(200, { 'content-type': `application/x-${seen.service}-${kind}` });
  res.write(pktLines(first));
  const noise = pktLines(lines);
  const more = (): void => {
    for (let ready = true; ready && !res.destroyed; seen.sent += noise.length) ready = res.write(noise);
  };
  res.on('drain', more);
  more();
}

/** An empty text is a flush. */
function pktLines(texts: readonly string[]): Buffer {
  return Buffer.concat(texts.map((text) => (text === '' ? Buffer.from('0000') : pktLine(Buffer.from(text)))));
}

/** One pkt-line: four hex digits of length, then the data (gitprotocol-common). */
function pktLine(data: Buffer): Buffer {
  return Buffer.concat([Buffer.from((data.length + 4).toString(16).padStart(4, '0')), data]);
}

function fatalAnswer(message: string): Buffer {
  const fatal = Buffer.concat([Buffer.from([3]), Buffer.from(`${message}\n`)]);
  return Buffer.concat([pktLine(Buffer.from('NAK\n')), pktLine(fatal), Buffer.from('0000')]);
}

/** Keeps everything up to and including the n-th side-band 1 line, ends with a flush as a careless proxy would. */
function cutOnBoundary(body: Buffer, lines: number): Buffer {
  return body.subarray(0, packPieces(body)[lines - 1]?.end ?? body.length);
}

/** What Git says of its progress (side-band 2) may come after the last of the pack. */
function fromEndOfPack(body: Buffer, distance: number): number {
  let left = distance;
  for (const { start, end } of packPieces(body).toReversed()) {
    if (end - start >= left) return end - left;
    left -= end - start;
  }
  return Math.max(0, body.length - distance);
}

/** Where the data of each side-band 1 line begins and ends. */
function packPieces(body: Buffer): readonly { readonly start: number; readonly end: number }[] {
  const pieces = [];
  for (let at = 0; at + 4 <= body.length;) {
    const length = Number.parseInt(body.subarray(at, at + 4).toString('latin1'), 16);
    if (body[at + 4] === 1 && length > 4) pieces.push({ start: at + 5, end: at + length });
    at += Math.max(4, length);
  }
  return pieces;
}
